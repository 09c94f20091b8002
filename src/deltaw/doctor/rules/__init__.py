"""The rules: `table` lists them all, each in the file of its subject."""
