"""What is decided before a training, as data. Nothing is trained here but what tells which columns to leave out."""
