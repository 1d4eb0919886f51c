"""Our read-only copy of the organisations, fed by what identity announces."""
