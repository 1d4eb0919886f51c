"""The operator's command: start, fill, look after and repair one region."""
