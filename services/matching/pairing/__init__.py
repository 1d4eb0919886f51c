"""Cohort pairing: applicants, who may meet whom, how well they fit, and the best pairs there can be, with proof."""
