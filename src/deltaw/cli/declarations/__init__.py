"""What each command takes, and what its help says. What it does stands in `commands`, which is loaded when it runs."""
