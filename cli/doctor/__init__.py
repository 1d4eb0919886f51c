"""Looking a region over: each check says what is well, what is not, and what to do."""
