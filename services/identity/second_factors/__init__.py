"""A second factor beside the password: codes of an app, recovery codes, and the second step of signing in."""
