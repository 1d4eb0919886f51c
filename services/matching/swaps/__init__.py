"""Multi-way swaps: who could take whose post, and which rings of them are worth proposing."""
