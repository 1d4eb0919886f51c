"""What is searched: the published notices in memory, following the read model."""
