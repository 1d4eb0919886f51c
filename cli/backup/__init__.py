"""A region in one file: every database at one moment, every stream up to it, and the keys."""
