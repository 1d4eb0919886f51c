"""People: joining, moving, leaving, and what is held on them."""
