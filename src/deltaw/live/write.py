"""`deltaw.lab`: a table, or a model and rows, as a page that trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deltaw.exceptions import SettingError
from deltaw.files import check_outputs, path_of, write_bytes
from deltaw.given import is_path, name_of
from deltaw.live.contents import Contents, of_model, of_plan
from deltaw.live.page import empty, filled
from deltaw.models import Model, load, plan
from deltaw.models.fitting.deciding.planning import replan
from deltaw.models.rows.parts import with_known_target
from deltaw.preparation.columns.text import Text
from deltaw.speech import listed, say
from deltaw.tables import Reading, Table, origins, read_as
from deltaw.tables.columns import LEFT_OUT, kinds
from deltaw.tables.reading.loading import comes_once

ENDING = ".deltaw"
OUTPUT = "lab.html"

# One network, trained to the end without validation.
SINGLE: dict[str, Any] = {
    "folds": 0, "validation": 0.0, "networks": 1, "target_scale": "none", "calibrate": False, "screening": False,
}  # fmt: skip
HELD_OUT = {"test_size": 0.2}
# Changes of the default recipe where none is given: easy to follow.
FEW: dict[str, Any] = {"scaling": "standard", "dropout": 0.0, "label_smoothing": 0.0}
HIDDEN, HIDDEN_OF_PICTURES = (8, 8), (32,)


def lab(
    source: Any = None,
    rows: Any = None,
    *,
    target: str | None = None,
    recipe: str | None = None,
    output: str | Path | None = None,
    **settings: Any,
) -> Path:
    """Write the lab: one HTML page in which a network trains live on the table, with every number in reach.

    It needs no server and makes no requests. The network starts from the weights that `deltaw.train` draws with the
    same seed, and sees the same rows in the same order. A fifth of the rows is held out for scores. A table of more
    than 50 MB after preparation is sampled, and the page says so.

    Args:
        source: a table as for `deltaw.fit`, a model (or its file, NAME.deltaw), or None for an empty page, on which a
            table can be dropped.
        rows: with a model: a table with answers to continue on. Rows that the model was trained on are recognised.
        target: the column to predict.
        recipe: as for `deltaw.fit`; None: the default recipe with few units, standardised numbers and no dropout,
            which is easy to follow.
        output: path of the page; by default, lab.html.
        settings: other arguments of `deltaw.fit`: epochs, hidden, learning_rate, seed, drop, kinds, encoding, …

    Returns:
        The path of the page.

    Raises:
        InputError: the table, the model or a setting cannot be used; the messages are those of `deltaw.fit`.
        OutputError: the page cannot be written.
        MissingError: the page is not there: this DeltaW was installed without it.
    """
    path = path_of(OUTPUT if output is None else output, "output")
    named = [name_of(each) for each in (source, rows) if is_path(each)]
    check_outputs({"output": path}, [file for name in named for file in origins(name)])
    if source is None:
        write_bytes(path, empty())
        return path
    is_model = is_path(source) and name_of(source).endswith(ENDING)
    write_bytes(path, filled(contents(load(source) if is_model else source, rows, target, recipe, settings)))
    return path


def contents(source: Any, rows: Any, target: str | None, recipe: str | None, settings: dict[str, Any]) -> Contents:
    """The contents of the page of a table, or of a model and rows; see `lab`."""
    reading, others = Reading.taken(settings)
    if not isinstance(source, Model):
        if rows is not None:
            raise SettingError(
                "expected DATA, or a model and DATA", listed([str(source), str(rows)], " and "), "give one table"
            )
        table = read_as(source, reading)
        few = _few(table, target) if recipe is None else {}
        apart = {} if others.get("test") is not None or table.test is not None else HELD_OUT
        if not comes_once(source):  # is read again, as `deltaw.fit` reads it: by what is predicted
            table, others = source, settings
        return of_plan(plan(table, target, "default" if recipe is None else recipe, **SINGLE | apart | few | others))
    given = [*others, *(name for name, value in (("target", target), ("recipe", recipe)) if value is not None)]
    if given:
        raise SettingError("with a model, expected its own settings", listed(given), "leave that out")
    if rows is None:
        raise SettingError("with a model, expected rows to train on", say("none"), "give a table with answers, too")
    table = source.read(rows, reading)
    table.column(source.target.name)
    again = replan(source, table)
    if again is not None:
        return of_model(source, table, again.training.frame, None if again.test is None else again.test.frame, 0.0)
    table, _ = with_known_target(table, source.target)
    return of_model(source, table, table.frame, table.test, 0.0 if table.test is not None else HELD_OUT["test_size"])


def _few(table: Table, target: str | None) -> dict[str, Any]:
    """FEW for a table. Words of text are learnt from where numbers have bins: with text alone that scaling stays."""
    few = FEW | {"hidden": HIDDEN_OF_PICTURES if table.blocks else HIDDEN}
    used = {column.kind for column in kinds(table) if column.name != target} - set(LEFT_OUT)
    return {name: value for name, value in few.items() if name != "scaling"} if used == {Text.kind} else few
