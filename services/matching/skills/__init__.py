"""The framework of skills: ESCO's, which are data, and the operator's own, which are entities."""
