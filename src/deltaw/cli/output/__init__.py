"""What a command says: where text meets the terminal, and what people and programs read there."""
