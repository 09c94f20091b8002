"""The commands' implementations: read, call, write. Results go to stdout, everything else to stderr."""
