"""A believable region to look at: real councils, invented people, the size the original scheme had."""
