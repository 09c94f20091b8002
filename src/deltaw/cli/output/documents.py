"""What `--json` prints: plain data, one document a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.pages.numbers import plain

if TYPE_CHECKING:
    import polars as pl

    from deltaw.models import Answers, Model, Scores
    from deltaw.tables import Column

MAX_PROBABILITY_COLUMNS = 100  # beyond so many classes a file of answers has the answer's own probability only
# Texts that a spreadsheet takes for a formula, unless they are a plain number: OWASP, CSV Injection. The wide signs are
# taken for the narrow ones where one types Chinese or Japanese.
FORMULA, PLAIN_NUMBER = r"^[=+\-@＝＋－＠\t\r\n]", r"^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$"


def training(
    model: Model, columns: tuple[Column, ...], output: Path, report: Path | None, left_out: int
) -> dict[str, Any]:
    """Of `deltaw train`."""
    from deltaw.models import document

    content = document(model)
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
        "recipe": content["recipe"],
        "history": content["history"] | {"seconds": model.history.seconds},
        "scores": None if model.scores is None else scores(model.scores),
        "origin": content["origin"],
    }


def scores(found: Scores) -> dict[str, Any]:
    """Of `deltaw evaluate`."""
    content = found.document()
    if found.task == "classification":
        content["classes"] = [
            {"class": plain(name), "precision": plain(p), "recall": plain(r)}
            for name, p, r in zip(found.classes, found.precision, found.recall, strict=True)
        ]
    return content


def answers(model: Model, found: Answers) -> dict[str, Any]:
    """Of `deltaw predict`."""
    return {
        "task": model.task,
        "target": model.target.name,
        "classes": None if found.probabilities is None else list(map(plain, model.classes)),
        "threshold": model.target.threshold,
        "predictions": list(map(plain, found.values.tolist())),
        "probabilities": None if found.probabilities is None else plain(found.probabilities),
    }


def answers_frame(model: Model, found: Answers) -> pl.DataFrame:
    """The table that `deltaw predict` writes: `prediction`, and for classes `probability_…` of each."""
    import polars as pl

    frame = pl.DataFrame({"prediction": found.values.tolist()})
    if found.probabilities is None:
        return frame
    if len(model.classes) > MAX_PROBABILITY_COLUMNS:
        return frame.with_columns(pl.Series("probability", found.probabilities.max(axis=1)))
    return frame.with_columns(
        pl.Series(f"probability_{name}", found.probabilities[:, i]) for i, name in enumerate(model.classes)
    )


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    """A table in which no text is a formula to a spreadsheet: such texts get an apostrophe in front."""
    import polars as pl

    def quoted(texts: pl.Expr) -> pl.Expr:
        formula = texts.str.contains(FORMULA) & ~texts.str.contains(PLAIN_NUMBER)
        return pl.when(formula).then(pl.lit("'") + texts).otherwise(texts)

    names = pl.DataFrame({"": frame.columns}).select(quoted(pl.col(""))).to_series()
    texts = [quoted(pl.col(name)).alias(name) for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(texts).rename(dict(zip(frame.columns, names, strict=True)))
