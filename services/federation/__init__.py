"""The federation service: what this region tells other regions, and what it takes from them."""
