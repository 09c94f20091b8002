"""The options that several commands share, and those of a run that is kept: a row each."""
