"""What is decided before a training, as data; nothing is trained here."""
