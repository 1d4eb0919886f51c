"""The pages, one file for what a person comes to do."""
