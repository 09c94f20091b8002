"""The JSON documents of `--json`, and the tables of predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.exceptions import SettingError
from deltaw.pages.numbers import plain
from deltaw.speech import say

if TYPE_CHECKING:
    import polars as pl

    from deltaw.cli.output.endings import Writer
    from deltaw.models import Answers, Model, Scores
    from deltaw.tables import Column, Table

MAX_PROBABILITY_COLUMNS = 100  # beyond this many classes a file of answers has the answer's own probability only
# Texts that a spreadsheet takes for a formula, unless they are a plain number: OWASP, CSV Injection. The wide signs are
# taken for the narrow ones where one types Chinese or Japanese.
FORMULA, PLAIN_NUMBER = r"^[=+\-@＝＋－＠\t\r\n]", r"^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$"


def model_file(model: Model) -> dict[str, Any]:
    """The JSON document of `deltaw show`: what the file holds, epochs counted from 1."""
    from deltaw.models import document

    content = document(model)
    return content | {"history": content["history"] | {"best_epoch": model.history.best_epoch}}


def training(
    model: Model, columns: tuple[Column, ...], output: Path, report: Path | None, left_out: int
) -> dict[str, Any]:
    """The JSON document of `deltaw train`."""
    content = model_file(model)
    network = content["network"] | {"parameters": model.network.parameter_count}
    kinds = [{"name": c.name, "kind": c.kind, "reason": c.reason, "missing": c.n_missing} for c in columns]
    return {
        "model": str(output),
        "report": None if report is None else str(report),
        "task": model.task,
        "target": model.target.name,
        "classes": None if model.task == "regression" else list(map(plain, model.classes)),
        "threshold": model.target.threshold,
        "rows_left_out": left_out,
        "columns": kinds,
        "network": network,
        "networks": len(model.members),
        "recipe": content["recipe"],
        "history": content["history"] | {"seconds": model.history.seconds},
        "scores": None if model.scores is None else scores(model.scores),
        "origin": content["origin"],
    }


def scores(found: Scores) -> dict[str, Any]:
    """The JSON document of `deltaw evaluate`."""
    content = found.document()
    if found.task == "classification":
        content["classes"] = [
            {"class": plain(name), "precision": plain(p), "recall": plain(r)}
            for name, p, r in zip(found.classes, found.precision, found.recall, strict=True)
        ]
    return content


def answers(model: Model, found: Answers, kept: pl.DataFrame, numbered: bool) -> dict[str, Any]:
    """The JSON document of `deltaw predict`: lists with an entry per row, and for kept columns an object per row."""
    beside: dict[str, Any] = {"row": list(range(1, len(found.values) + 1))} if numbered else {}
    if kept.width:
        beside["kept"] = json.loads(kept.write_json())
    return beside | {
        "task": model.task,
        "target": model.target.name,
        "classes": None if found.probabilities is None else list(map(plain, model.classes)),
        "threshold": model.target.threshold,
        "predictions": list(map(plain, found.values.tolist())),
        "probabilities": None if found.probabilities is None else plain(found.probabilities),
    }


def kept(table: Table, names: tuple[str, ...]) -> pl.DataFrame:
    """The columns matched by names and patterns. Raises ColumnError if one matches none."""
    import polars as pl

    from deltaw.models import rows_of
    from deltaw.tables.choice import matching_columns

    rows = rows_of(table)
    written = rows if table.written is None or table.test is not None else table.written
    columns = list(matching_columns(replace(table, frame=written), names))
    return written[columns] if columns else pl.DataFrame()


def check_cells(kept: pl.DataFrame, writer: Writer) -> None:
    """Raise SettingError for a column whose cells the file format cannot represent."""
    import polars as pl

    from deltaw.tables.cells import check_years

    for name, kind in kept.schema.items():
        if writer.text and kind in (pl.Date, pl.Datetime):
            check_years(kept[name], "--keep")
        if (kind.is_nested() and not writer.lists) or (kind in (pl.Binary, pl.Object) and writer.text):
            expected = say("--keep: expected columns of cells that the output can have")
            raise SettingError(
                expected, say('"{name}", of the type {kind}', name=name, kind=kind), "write .parquet, or leave it out"
            )


def answers_frame(
    model: Model, found: Iterable[Answers], kept: pl.DataFrame, numbered: bool
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The table that `deltaw predict` writes, and new names of kept columns that clash with predictions.

    Columns: `row`, counted from 1; kept columns; `prediction`; for classification `probability_…` of each class.
    """
    return beside(answers_alone(model, found), kept, numbered)


def answers_alone(model: Model, found: Iterable[Answers]) -> pl.DataFrame:
    """`prediction`; for classification `probability_…` of each class."""
    import polars as pl

    return pl.concat([_of_answers(model, some) for some in found])


def beside(found: pl.DataFrame, kept: pl.DataFrame, numbered: bool) -> tuple[pl.DataFrame, dict[str, str]]:
    """`answers_frame` from `answers_alone`."""
    import polars as pl

    columns = found.get_columns()
    rows = [pl.Series("row", range(1, len(columns[0]) + 1), dtype=pl.Int64)] if numbered else []
    ours = {column.name for column in (*rows, *columns)}
    taken, renamed = ours | set(kept.columns), {}
    for name in kept.columns:
        if name in ours:
            renamed[name] = name
            while renamed[name] in taken:
                renamed[name] = f"kept_{renamed[name]}"
    whole = (*rows, *kept.rename(renamed).iter_columns(), *columns)
    return pl.DataFrame({column.name: column for column in whole}), renamed


def _of_answers(model: Model, found: Answers) -> pl.DataFrame:
    import polars as pl

    columns = [pl.Series("prediction", found.values.tolist())]
    if found.probabilities is not None and len(model.classes) > MAX_PROBABILITY_COLUMNS:
        columns.append(pl.Series("probability", found.probabilities.max(axis=1)))
    elif found.probabilities is not None:
        names = [f"probability_{name}" for name in model.classes]
        columns += [pl.Series(name, found.probabilities[:, i]) for i, name in enumerate(names)]
    return pl.DataFrame(columns)


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before texts that a spreadsheet would take for formulas."""
    import polars as pl

    def quoted(texts: pl.Expr) -> pl.Expr:
        formula = texts.str.contains(FORMULA) & ~texts.str.contains(PLAIN_NUMBER)
        return pl.when(formula).then(pl.lit("'") + texts).otherwise(texts)

    names = pl.DataFrame({"": frame.columns}).select(quoted(pl.col(""))).to_series()
    texts = [quoted(pl.col(name)).alias(name) for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(texts).rename(dict(zip(frame.columns, names, strict=True)))
