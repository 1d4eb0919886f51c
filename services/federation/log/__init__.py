"""The logs that we write: what partners read of us."""
