"""What each command does: read, call, write. Answers go to stdout, everything else to stderr."""
