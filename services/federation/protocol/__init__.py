"""The protocol between regions, as pure functions on values: no I/O, no clock, no database."""
