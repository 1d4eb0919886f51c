"""What people ask of their own manager."""
