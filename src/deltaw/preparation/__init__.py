"""Preparing columns for a network: a recipe fitted on training rows, replayed anywhere, plain data, and invertible."""

from deltaw.preparation.recipe import Preparation
from deltaw.preparation.target import Target

__all__ = ["Preparation", "Target"]
