"""The hash-chained record of every privileged act."""
