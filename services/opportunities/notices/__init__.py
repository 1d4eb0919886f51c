"""What is wanted, needed and offered."""
