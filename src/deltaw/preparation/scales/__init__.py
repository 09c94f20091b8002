"""Scales: how numbers become the small numbers that a network learns from, and back."""
