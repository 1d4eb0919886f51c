"""What is held on one person: shown whole to them, and erased."""
