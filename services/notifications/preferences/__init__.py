"""What people want to be told by mail, and in which language."""
