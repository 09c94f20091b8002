"""Parameters and help of the commands; their implementations in `commands` are loaded when they run."""
