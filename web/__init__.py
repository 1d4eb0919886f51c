"""The pages for people: a client of the gateway's public API and of nothing else."""
