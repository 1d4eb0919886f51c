"""The programs of a region, each with data of its own."""
