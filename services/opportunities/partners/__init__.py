"""What partner regions tell us: their standing, and copies of their notices."""
