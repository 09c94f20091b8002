"""A file a form, which is a language: `table` lists them all. Each has a row an operation and knows nothing else."""
