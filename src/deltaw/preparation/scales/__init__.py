"""Scales of numbers, and their inverses."""
