"""The forms (languages), one file each, listed in `table`: each writes every operation."""
