"""The options that say how a table is trained on: `train` has them, and `doctor`, which says how that would go.

To add one to both, add a row of `TRAINING`: its name is the argument of `deltaw.fit`, or a setting of the recipe.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

from deltaw.cli import completion
from deltaw.exceptions import SettingError

Options = dict[str, Any]  # the arguments of `deltaw.fit` that were given, by name
Given = dict[str, Any]  # how DATA is read, as `deltaw.tables.Reading` has it


class Row(NamedTuple):
    """An option.

    Attributes:
        kind: its type, annotated with what Typer shows of it.
        default: where it is not given; None is left to `deltaw.fit`.
        read: what the value given means.
        of_file: whether it says how the table is read, which a saved model does not know either.
    """

    kind: Any
    default: Any = None
    read: Callable[[Any], Any] = lambda value: value
    of_file: bool = False


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the rows of `TRAINING` as options in the place of its parameter `options`, which gets them."""
    return widened(command, "options", TRAINING)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same of what says how a file is read and no model knows, for its parameter `reading`."""
    return widened(command, "reading", {name: row for name, row in TRAINING.items() if row.of_file})


def widened(command: Callable[..., None], place: str, table: dict[str, Row]) -> Callable[..., None]:
    """The same of any table, for the parameter called `place`."""
    hints = get_type_hints(command, include_extras=True)
    parameters = {}
    for name, parameter in inspect.signature(command).parameters.items():
        rows = {name: (hints[name], parameter.default)}
        if name == place:
            rows = {each: (row.kind, row.default) for each, row in table.items()}
        for each, (kind, default) in rows.items():
            parameters[each] = inspect.Parameter(each, parameter.KEYWORD_ONLY, default=default, annotation=kind)

    @wraps(command)
    def run(**given: Any) -> None:
        values = {name: given.pop(name) for name in table}
        command(**{place: _read(table, *_levels(values, given.get("context")))}, **given)

    run.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    run.__annotations__ = {name: parameter.annotation for name, parameter in parameters.items()}
    return run


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


def _levels(values: Options, context: typer.Context | None) -> tuple[Options, Options]:
    """What a file of options says (`config`), and what the command line says."""
    file = dict((context and context.default_map) or {})
    sources = {} if context is None else {name: context.get_parameter_source(name) for name in values}
    of_file = {name for name, source in sources.items() if source is not None and source.name == "DEFAULT_MAP"}
    lists = {name: value for name, value in file.items() if name in values and isinstance(value, list)}
    return lists | {name: values[name] for name in of_file}, {n: v for n, v in values.items() if n not in of_file}


def _read(table: dict[str, Row], *levels: Options) -> Options:
    """What was given: the later level wins, in each an option over the same by --set, and that over a default.

    Of pairs (--set, --as) each is for itself.
    """
    asked = {name for values in levels for name in values}
    found = {name: row.default for name, row in table.items() if name in asked and row.default is not None}
    for values in levels:
        given = {name: table[name].read(value) for name, value in values.items() if value != table[name].default}
        pairs: Options = given.pop("setting", {})
        both = {name: found.get(name, {}) | value for name, value in given.items() if isinstance(value, dict)}
        found |= pairs | given | both
    return found


def read_bytes(text: str | None) -> int | None:
    """ "8G" -> 8 · 2³⁰."""
    if text is None:
        return None
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in UNITS else (text, "")
    try:
        found = float(number) * UNITS[unit]
    except ValueError:
        found = 0.0
    if not 1 <= found < 2**63:
        raise SettingError("--max-bytes: expected a number of bytes", repr(text), "give e.g. 8G, 500M or 1000000")
    return int(found)


UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def _hidden(text: str) -> tuple[int, ...]:
    """ "64,32" -> (64, 32); "none" -> ()."""
    try:
        return () if text == "none" else tuple(int(size) for size in text.split(","))
    except ValueError:
        raise SettingError("--hidden: expected units of each hidden layer", repr(text), "give e.g. 64,64") from None


def how_many(text: str | None) -> float | None:
    """ "all" -> infinity, "48" -> 48: how many columns are listed."""
    if text is None:
        return None
    if text == "all":
        return float("inf")
    if not text.isascii() or not text.isdigit() or not int(text):
        raise SettingError("--columns: expected all, or how many", repr(text), "give e.g. --columns all")
    return int(text)


def column_names(
    option: str, texts: list[str], what: str = "names of columns", example: str = "id,'sub_*'"
) -> tuple[str, ...]:
    """["a,b", '"last, first"'] -> ("a", "b", "last, first"): quotes keep a comma within a name."""
    import csv

    names = tuple(name.strip() for record in csv.reader(texts, skipinitialspace=True) for name in record)
    if not names or not all(names):
        raise SettingError(
            "{option}: expected {what}",
            repr(",".join(texts)),
            "give e.g. {example}",
            option=option,
            what=what,
            example=example,
        )
    return names


_words = partial(column_names, what="words", example="none,-,?")


def _kinds(texts: list[str]) -> dict[str, str]:
    """["userId=category", "a=number,b=date"] -> {"userId": "category", "a": "number", "b": "date"}."""
    pairs = [pair.rpartition("=") for pair in column_names("--as", texts)]
    for name, _, kind in pairs:
        if not name or not kind:
            raise SettingError("--as: expected COLUMN=KIND", repr(",".join(texts)), "give e.g. --as year=number")
    return {name.strip(): kind.strip() for name, _, kind in pairs}


def _rows(text: str) -> str | float:
    """A share of the rows, or a table with others."""
    try:
        return float(text)
    except ValueError:
        return text


def _settings(pairs: list[str]) -> dict[str, Any]:
    """["dropout=0.1", "activation=relu"] -> {"dropout": 0.1, "activation": "relu"}."""
    return dict(map(_setting, pairs))


def _setting(pair: str) -> tuple[str, Any]:
    import ast

    name, equals, text = pair.partition("=")
    if not equals or not name:
        raise SettingError("--set: expected NAME=VALUE", repr(pair), "give e.g. --set dropout=0.1")
    try:
        return name, ast.literal_eval(text.capitalize() if text in {"true", "false", "none"} else text)
    except (ValueError, SyntaxError):
        return name, text


TRAINING: dict[str, Row] = {
    "target": Row(
        Annotated[
            str | None,
            typer.Option("--target", "-t", help="The column to be predicted.", autocompletion=completion.columns),
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
                help="Leave these out, e.g. id,'sub_*'; again for more.",
                autocompletion=completion.columns,
            ),
        ],
        read=partial(column_names, "--drop"),
    ),
    "columns": Row(
        Annotated[
            list[str] | None,
            typer.Option("--only", metavar="COLUMNS", help="Use these only, beside the target; again for more."),
        ],
        read=partial(column_names, "--only"),
    ),
    "kinds": Row(
        Annotated[
            list[str] | None,
            typer.Option(
                "--as",
                metavar="COLUMN=KIND",
                help="Take it for a number, category, boolean or date, e.g. year=number; again for more.",
            ),
        ],
        read=_kinds,
    ),
    "hidden": Row(
        Annotated[str | None, typer.Option(help="Units of each hidden layer, e.g. 64,64 (or none).")], read=_hidden
    ),
    "epochs": Row(
        Annotated[int | None, typer.Option(help="Passes over the training rows; by their number if not given.")]
    ),
    "learning_rate": Row(
        Annotated[
            float | None, typer.Option(help="α: how far a step goes down the gradient; by the recipe if not given.")
        ]
    ),
    "batch_size": Row(
        Annotated[
            int | None, typer.Option(help="Rows that a step takes the mean gradient of; by the recipe if not given.")
        ]
    ),
    "setting": Row(
        Annotated[
            list[str] | None,
            typer.Option(
                "--set",
                metavar="NAME=VALUE",
                help="Any other setting of the recipe (--settings lists them); again for more.",
                autocompletion=completion.settings,
            ),
        ],
        read=_settings,
    ),
    "test": Row(
        Annotated[
            str | None, typer.Option(metavar="FILE", help="A table whose rows score; all of DATA is learnt from.")
        ]
    ),
    "validation": Row(
        Annotated[
            str | None,
            typer.Option(metavar="FILE", help="A table whose rows choose the best weights; or a share of the rows."),
        ],
        read=_rows,
    ),
    "test_size": Row(
        Annotated[
            float | None, typer.Option(help="Share of the rows to score on and never learn from; 0 for no scores.")
        ]
    ),
    "folds": Row(
        Annotated[
            int | None,
            typer.Option(
                help="Parts that are left out in turn, to be scored, before all is learnt from; 1: one part only; "
                "0: one, not learnt from later either. 5 below 5,000 rows, 1 below 50,000 if not given."
            ),
        ]
    ),
    "group": Row(
        Annotated[str | None, typer.Option(metavar="COLUMN", help="Rows that have the same in it are never divided.")]
    ),
    "time": Row(
        Annotated[
            str | None, typer.Option(metavar="COLUMN", help="Later rows score networks that know only earlier ones.")
        ]
    ),
    "task": Row(
        Annotated[str | None, typer.Option(help="classification or regression; by the target's values if not given.")]
    ),
    "metric": Row(
        Annotated[
            str | None,
            typer.Option(
                help="The score that chooses the weights: auc, f1, mae, …; the loss if not given.",
                autocompletion=completion.metrics,
            ),
        ]
    ),
    "threshold": Row(
        Annotated[
            str | None,
            typer.Option(
                metavar="P", help="Of two classes, answer the second from this probability on: 0.3, or best:f1."
            ),
        ]
    ),
    "class_weight": Row(
        Annotated[
            str | None,
            typer.Option(metavar="WEIGHTS", help="How much classes count in training: balanced, or no=1,yes=5."),
        ]
    ),
    "weight": Row(
        Annotated[
            str | None,
            typer.Option(metavar="COLUMN", help="It says how much each row counts, in training and scores."),
        ]
    ),
    "target_scale": Row(
        Annotated[
            str | None,
            typer.Option(help="Of numbers to be predicted: log, none, or auto: log where it pays."),
        ]
    ),
    "seed": Row(
        Annotated[
            int,
            typer.Option(help="Of the split, the first weights and the order of rows: the same seed, the same model."),
        ],
        0,
    ),
    "engine": Row(
        Annotated[
            str,
            typer.Option(
                help="native (C++, float32), or reference (the equations in NumPy, float64: slow and plain).",
                autocompletion=completion.engines,
            ),
        ],
        "native",
    ),
    "threads": Row(
        Annotated[int | None, typer.Option(metavar="N", help="At most N threads; the result does not depend on it.")]
    ),
    "na": Row(
        Annotated[
            list[str] | None,
            typer.Option(metavar="WORDS", help="These mean a missing value, too, e.g. -,unknown,-999; again for more."),
        ],
        read=partial(_words, "--na"),
    ),
    "not_na": Row(
        Annotated[
            list[str] | None,
            typer.Option(metavar="WORDS", help="These do not, e.g. none where that is a class; again for more."),
        ],
        read=partial(_words, "--not-na"),
    ),
    "delimiter": Row(
        Annotated[str | None, typer.Option(help="Between the fields of a text file; found out if not given.")],
        of_file=True,
    ),
    "encoding": Row(
        Annotated[
            str | None,
            typer.Option(metavar="NAME", help="Of a text file, e.g. gb18030, windows-1252; found out if not given."),
        ],
        of_file=True,
    ),
    "sheet": Row(
        Annotated[str | None, typer.Option(metavar="NAME", help="Of a workbook; the first with rows if not given.")],
        of_file=True,
    ),
    "max_bytes": Row(
        Annotated[
            str | None,
            typer.Option(metavar="BYTES", help="Refuse larger tables, e.g. 8G; a quarter of the memory if not given."),
        ],
        read=read_bytes,
        of_file=True,
    ),
}
