"""Cohorts: who runs them, who applies, what a run found, and what people are told of it."""
