"""Preparation: from the columns of a table to a network's inputs; fitted on training rows, plain data, invertible."""

from deltaw.preparation.recipe import Preparation
from deltaw.preparation.target import Target

__all__ = ["Preparation", "Target"]
