"""The last thousand traces of a region that sends them nowhere else: received, found, and shown as waterfalls."""
