"""What two organisations agreed, and how it went."""
