"""Options of a training, shared by `train`, `doctor`, `crossval`, `tune` and `lab`.

To add one to both, add a row of `TRAINING`: its name is the argument of `deltaw.fit`, or a setting of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import typer

from deltaw.cli import completion
from deltaw.cli.options.row import Row, option, widened
from deltaw.cli.options.values import column_names, hidden_units, kinds, read_bytes, rows, settings, words
from deltaw.exceptions import SettingError
from deltaw.speech import listed


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the rows of `TRAINING` as options in place of its parameter `options`."""
    return widened(command, "options", TRAINING)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the rows about reading files as options in place of its parameter `reading`."""
    return widened(command, "reading", {name: row for name, row in TRAINING.items() if row.of_file})


def not_for_a_model(context: typer.Context) -> list[str]:
    """Given options that do not apply to a saved model, as they are written."""
    ours = [p for p in context.command.params if p.name in TRAINING and not TRAINING[p.name].of_file]
    sources = {p: context.get_parameter_source(str(p.name)) for p in ours}
    return [max(p.opts, key=len) for p, source in sources.items() if source and source.name == "COMMANDLINE"]


def brings_a_model(command: str, source: str, data: str | None, given: list[str]) -> bool:
    """Whether the arguments are MODEL DATA, not DATA. Raises SettingError for neither, or for `given` with a model."""
    is_model = source.endswith(".deltaw")
    if is_model != (data is not None):
        expected = "expected DATA, or a model file and DATA"
        remedy = "give e.g. deltaw {command} flowers.csv --target species, or deltaw {command} model.deltaw flowers.csv"
        raise SettingError(expected, " ".join(filter(None, (source, data))), remedy, command=command)
    if is_model and given:
        remedy = "leave that out, or give DATA without a model"
        raise SettingError("with a model, expected its own settings", listed(given), remedy)
    return is_model


TRAINING: dict[str, Row] = {
    "target": option(str, "The column to predict.", "--target", "-t", autocompletion=completion.columns),
    "recipe": option(
        str,
        "default; quick: a fifth of its epochs; accurate: the mean of several networks; or notes: the method of the "
        "study notes.",
        "--recipe",
        "-r",
        default="default",
        autocompletion=completion.recipes,
        show_default=False,  # "default" says it, and the lab has its own
    ),
    "drop": option(
        list[str],
        "Columns to leave out, e.g. id,'sub_*'; may be repeated.",
        metavar="COLUMNS",
        autocompletion=completion.columns,
        read=partial(column_names, "--drop"),
    ),
    "columns": option(
        list[str],
        "Use only these columns and the target; may be repeated.",
        "--only",
        metavar="COLUMNS",
        read=partial(column_names, "--only"),
    ),
    "kinds": option(
        list[str],
        "Treat a column as number, category, boolean, date or text, e.g. year=number; may be repeated.",
        "--as",
        metavar="COLUMN=KIND",
        read=kinds,
    ),
    "hidden": option(str, "Units of each hidden layer, e.g. 64,64 (or none).", read=hidden_units),
    "epochs": option(int, "Passes over the training rows; by default, chosen by their number."),
    "learning_rate": option(float, "α: how far a step goes down the gradient; by default, the recipe's."),
    "batch_size": option(int, "Rows per step, whose gradient is averaged; by default, the recipe's."),
    "setting": option(
        list[str],
        "Any other setting of the recipe (--settings lists them); may be repeated.",
        "--set",
        metavar="NAME=VALUE",
        autocompletion=completion.settings,
        read=settings,
    ),
    "test": option(str, "A test table to score on; all of DATA is then trained on.", metavar="FILE"),
    "validation": option(
        str,
        "A validation table that chooses the best weights; or a share of the rows, with --folds 1 or 0.",
        metavar="FILE",
        read=rows,
    ),
    "test_size": option(float, "Share of the rows held out for scores only; 0 for no scores."),
    "folds": option(
        int,
        "Cross-validation folds, scored before the final training on all rows; 1: a single held-out "
        "part; 0: one training only, whose held-out rows choose the best epoch. By default, 5 below "
        "5,000 rows, 1 below 50,000.",
    ),
    "group": option(str, "Rows with the same value in this column are never split apart.", metavar="COLUMN"),
    "time": option(str, "Split by time: networks trained on earlier rows are scored on later ones.", metavar="COLUMN"),
    "task": option(str, "classification or regression; by default, decided by the target's values."),
    "metric": option(
        str,
        "The score that chooses the best weights: auc, f1, mae, …; by default, the loss.",
        autocompletion=completion.metrics,
    ),
    "threshold": option(
        str, "With two classes: predict the second from this probability on: 0.3, or best:f1.", metavar="P"
    ),
    "class_weight": option(str, "Class weights for training: balanced, or e.g. no=1,yes=5.", metavar="WEIGHTS"),
    "weight": option(str, "The column of row weights, for training and scores.", metavar="COLUMN"),
    "target_scale": option(str, "Scale of a numeric target: log, none, or auto (log where it helps)."),
    "seed": option(
        int, "Seed of the split, the initial weights and the order of rows: same seed, same model.", default=0
    ),
    "engine": option(
        str,
        "native (C++, float32), reference (the equations in NumPy, float64; slow) or torch (PyTorch, "
        "float32; GPUs, several processes).",
        default="native",
        autocompletion=completion.engines,
    ),
    "device": option(str, "Device of the torch engine: cpu, cuda, cuda:1, mps; by default, a GPU if there is one."),
    "threads": option(int, "Use at most N threads; the result does not depend on it.", metavar="N"),
    "na": option(
        list[str],
        "More words for a missing value, e.g. -,unknown,-999; may be repeated.",
        metavar="WORDS",
        read=partial(words, "--na"),
    ),
    "not_na": option(
        list[str],
        "Words that do not mean a missing value, e.g. none if it is a class; may be repeated.",
        metavar="WORDS",
        read=partial(words, "--not-na"),
    ),
    "delimiter": option(str, "Delimiter of a text file; by default, detected.", of_file=True),
    "encoding": option(
        str, "Encoding of a text file, e.g. gb18030, windows-1252; by default, detected.", metavar="NAME", of_file=True
    ),
    "sheet": option(str, "Sheet of a workbook; by default, the first with rows.", metavar="NAME", of_file=True),
    "max_bytes": option(
        str,
        "Refuse larger tables, e.g. 8G; by default, a quarter of the memory.",
        metavar="BYTES",
        read=partial(read_bytes, "--max-bytes"),
        of_file=True,
    ),
}
