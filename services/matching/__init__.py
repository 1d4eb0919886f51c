"""Finding notices, and saying which belong together and why."""
