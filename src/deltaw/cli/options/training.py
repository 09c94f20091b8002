"""The options that say how a table is trained on: `train` has them, and `doctor`, which says how that would go.

To add one to both, add a row of `TRAINING`: its name is the argument of `deltaw.fit`, or a setting of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from deltaw.cli import completion
from deltaw.cli.options.row import Row, widened
from deltaw.cli.options.values import column_names, hidden_units, kinds, read_bytes, rows, settings, words
from deltaw.exceptions import SettingError


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the rows of `TRAINING` as options in the place of its parameter `options`, which gets them."""
    return widened(command, "options", TRAINING)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same of what says how a file is read and no model knows, for its parameter `reading`."""
    return widened(command, "reading", {name: row for name, row in TRAINING.items() if row.of_file})


def not_for_a_model(context: typer.Context) -> list[str]:
    """Which options stand in the command, as they are written there, that a model was trained with."""
    ours = [p for p in context.command.params if p.name in TRAINING and not TRAINING[p.name].of_file]
    sources = {p: context.get_parameter_source(str(p.name)) for p in ours}
    return [max(p.opts, key=len) for p, source in sources.items() if source and source.name == "COMMANDLINE"]


def brings_a_model(command: str, source: str, data: str | None, given: list[str]) -> bool:
    """Whether MODEL DATA stands there, and not DATA. Raises SettingError for neither, or for `given` beside a model."""
    is_model = source.endswith(".deltaw")
    if is_model != (data is not None):
        raise SettingError(
            "expected DATA, or a model file and DATA", " ".join(filter(None, (source, data))),
            "give e.g. deltaw {command} flowers.csv --target species, or deltaw {command} model.deltaw flowers.csv",
            command=command,
        )  # fmt: skip
    if is_model and given:
        remedy = "leave that out, or give DATA without a model"
        raise SettingError("with a model, expected its own settings", ", ".join(given), remedy)
    return is_model


TRAINING: dict[str, Row] = {
    "target": Row(
        Annotated[
            str | None,
            typer.Option("--target", "-t", help="The column to predict.", autocompletion=completion.columns),
        ]
    ),
    "recipe": Row(
        Annotated[
            str,
            typer.Option(
                "--recipe",
                "-r",
                help="default; quick; accurate: the mean of several networks; or notes: the method of the notes.",
                autocompletion=completion.recipes,
            ),
        ],
        "default",
    ),
    "drop": Row(
        Annotated[
            list[str] | None,
            typer.Option(
                metavar="COLUMNS",
                help="Columns to leave out, e.g. id,'sub_*'; may be repeated.",
                autocompletion=completion.columns,
            ),
        ],
        read=partial(column_names, "--drop"),
    ),
    "columns": Row(
        Annotated[
            list[str] | None,
            typer.Option("--only", metavar="COLUMNS", help="Use only these columns and the target; may be repeated."),
        ],
        read=partial(column_names, "--only"),
    ),
    "kinds": Row(
        Annotated[
            list[str] | None,
            typer.Option(
                "--as",
                metavar="COLUMN=KIND",
                help="Treat a column as number, category, boolean or date, e.g. year=number; may be repeated.",
            ),
        ],
        read=kinds,
    ),
    "hidden": Row(
        Annotated[str | None, typer.Option(help="Units of each hidden layer, e.g. 64,64 (or none).")], read=hidden_units
    ),
    "epochs": Row(
        Annotated[int | None, typer.Option(help="Passes over the training rows; by default, chosen by their number.")]
    ),
    "learning_rate": Row(
        Annotated[
            float | None, typer.Option(help="α: how far a step goes down the gradient; by default, the recipe's.")
        ]
    ),
    "batch_size": Row(
        Annotated[int | None, typer.Option(help="Rows per step, whose gradient is averaged; by default, the recipe's.")]
    ),
    "setting": Row(
        Annotated[
            list[str] | None,
            typer.Option(
                "--set",
                metavar="NAME=VALUE",
                help="Any other setting of the recipe (--settings lists them); may be repeated.",
                autocompletion=completion.settings,
            ),
        ],
        read=settings,
    ),
    "test": Row(
        Annotated[
            str | None, typer.Option(metavar="FILE", help="A test table to score on; all of DATA is then trained on.")
        ]
    ),
    "validation": Row(
        Annotated[
            str | None,
            typer.Option(
                metavar="FILE", help="A validation table that chooses the best weights; or a share of the rows."
            ),
        ],
        read=rows,
    ),
    "test_size": Row(
        Annotated[float | None, typer.Option(help="Share of the rows held out for scores only; 0 for no scores.")]
    ),
    "folds": Row(
        Annotated[
            int | None,
            typer.Option(
                help=(
                    "Cross-validation folds, scored before the final training on all rows; 1: a single held-out "
                    "part; 0: one training only, whose held-out rows choose the best epoch. By default, 5 below "
                    "5,000 rows, 1 below 50,000."
                )
            ),
        ]
    ),
    "group": Row(
        Annotated[
            str | None,
            typer.Option(metavar="COLUMN", help="Rows with the same value in this column are never split apart."),
        ]
    ),
    "time": Row(
        Annotated[
            str | None,
            typer.Option(
                metavar="COLUMN", help="Split by time: networks trained on earlier rows are scored on later ones."
            ),
        ]
    ),
    "task": Row(
        Annotated[
            str | None, typer.Option(help="classification or regression; by default, decided by the target's values.")
        ]
    ),
    "metric": Row(
        Annotated[
            str | None,
            typer.Option(
                help="The score that chooses the best weights: auc, f1, mae, …; by default, the loss.",
                autocompletion=completion.metrics,
            ),
        ]
    ),
    "threshold": Row(
        Annotated[
            str | None,
            typer.Option(
                metavar="P", help="With two classes: predict the second from this probability on: 0.3, or best:f1."
            ),
        ]
    ),
    "class_weight": Row(
        Annotated[
            str | None,
            typer.Option(metavar="WEIGHTS", help="Class weights for training: balanced, or e.g. no=1,yes=5."),
        ]
    ),
    "weight": Row(
        Annotated[
            str | None,
            typer.Option(metavar="COLUMN", help="The column of row weights, for training and scores."),
        ]
    ),
    "target_scale": Row(
        Annotated[
            str | None,
            typer.Option(help="Scale of a numeric target: log, none, or auto (log where it helps)."),
        ]
    ),
    "seed": Row(
        Annotated[
            int,
            typer.Option(help="Seed of the split, the initial weights and the order of rows: same seed, same model."),
        ],
        0,
    ),
    "engine": Row(
        Annotated[
            str,
            typer.Option(
                help=(
                    "native (C++, float32), reference (the equations in NumPy, float64; slow) or torch (PyTorch, "
                    "float32; GPUs, several processes)."
                ),
                autocompletion=completion.engines,
            ),
        ],
        "native",
    ),
    "device": Row(
        Annotated[
            str | None,
            typer.Option(help="Device of the torch engine: cpu, cuda, cuda:1, mps; by default, a GPU if there is one."),
        ]
    ),
    "threads": Row(
        Annotated[
            int | None, typer.Option(metavar="N", help="Use at most N threads; the result does not depend on it.")
        ]
    ),
    "na": Row(
        Annotated[
            list[str] | None,
            typer.Option(metavar="WORDS", help="More words for a missing value, e.g. -,unknown,-999; may be repeated."),
        ],
        read=partial(words, "--na"),
    ),
    "not_na": Row(
        Annotated[
            list[str] | None,
            typer.Option(
                metavar="WORDS",
                help="Words that do not mean a missing value, e.g. none if it is a class; may be repeated.",
            ),
        ],
        read=partial(words, "--not-na"),
    ),
    "delimiter": Row(
        Annotated[str | None, typer.Option(help="Delimiter of a text file; by default, detected.")],
        of_file=True,
    ),
    "encoding": Row(
        Annotated[
            str | None,
            typer.Option(
                metavar="NAME", help="Encoding of a text file, e.g. gb18030, windows-1252; by default, detected."
            ),
        ],
        of_file=True,
    ),
    "sheet": Row(
        Annotated[
            str | None, typer.Option(metavar="NAME", help="Sheet of a workbook; by default, the first with rows.")
        ],
        of_file=True,
    ),
    "max_bytes": Row(
        Annotated[
            str | None,
            typer.Option(metavar="BYTES", help="Refuse larger tables, e.g. 8G; by default, a quarter of the memory."),
        ],
        read=partial(read_bytes, "--max-bytes"),
        of_file=True,
    ),
}
