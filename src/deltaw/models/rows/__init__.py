"""Rows: their division into training, validation and test rows, their weights, and the arrays made of them."""
