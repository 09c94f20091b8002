"""Measurements `before` training, and `during` a training under observation."""
