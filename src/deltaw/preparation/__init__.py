"""Preparation: from the columns of a table to a network's inputs; fitted on training rows, plain data, invertible.

- `recipe.py` has `Preparation`, a list of steps; `columns/` a module per kind of step, `scales/` the scales of numbers;
- `reading.py` converts cells, `fitting.py` fits the steps, `making.py` encodes rows with them, `document.py` validates
  their JSON;
- `screening.py` and `equal_rows.py` decide which columns, and which inputs, are worth it;
- `target.py` has `Target`, and `task.py` the choice between classification and regression;
- `arithmetic.py` explains the inputs of a row, `unknown.py` finds what a model does not know.
"""

from deltaw.preparation.recipe import Preparation
from deltaw.preparation.target import Target

__all__ = ["Preparation", "Target"]
