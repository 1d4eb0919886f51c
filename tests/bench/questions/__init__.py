"""What `make bench-matching` asks: a file for each question, with a function `rows`."""
