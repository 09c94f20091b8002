"""What a training takes: seconds, memory, disk, processes."""
