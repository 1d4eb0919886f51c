"""The figures by which the scheme is judged."""
