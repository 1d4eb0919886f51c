"""What the operator's command knows of federation: the root key and what it signs, and tables for people."""
