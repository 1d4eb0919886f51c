"""Making the files that matching's encoders are made of, from packages that others published."""
