"""Identity: organisations, their managers, people, sign-in, and the record of every privileged act."""
