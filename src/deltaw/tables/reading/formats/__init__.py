"""The formats of files: what each makes a table of, and what it says where that cannot be."""
