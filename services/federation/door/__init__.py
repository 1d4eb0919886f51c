"""Where partners ask: one HTTP request in, one answer out."""
