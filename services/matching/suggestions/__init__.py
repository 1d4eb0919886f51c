"""Which notices would meet another, and why."""
