"""How a region is deployed, and the checks of it."""
