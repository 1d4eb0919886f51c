"""What is said: a text for each thing that people are told of, and what is known of it beside its words."""
