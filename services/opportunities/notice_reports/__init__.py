"""What people tell the operator of notices that should not be there."""
