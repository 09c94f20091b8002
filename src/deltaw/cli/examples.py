"""The examples at the end of each command's help. A test runs all of them in this order, with a file flowers.csv."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "train": (
        "deltaw train flowers.csv --target species",
        "deltaw train flowers.csv -t species --drop 'id*' --set dropout=0.1 --report flowers.html",
        "deltaw train flowers.csv -t petal_width --epochs 20 --log runs.jsonl -o width.deltaw",
        "deltaw train flowers.csv -t species --print-config",
    ),
    "tune": (
        "deltaw tune flowers.csv --target species --rounds 1",
        "deltaw tune flowers.csv -t species --seconds 2 --set dropout=0 --report tuned.html -o tuned.deltaw",
    ),
    "predict": (
        "deltaw predict model.deltaw flowers.csv -o answers.csv",
        "deltaw predict model.deltaw flowers.csv --keep 'petal*' -o answers.parquet",
    ),
    "evaluate": (
        "deltaw evaluate model.deltaw flowers.csv",
        "deltaw evaluate model.deltaw flowers.csv --report scores.html",
    ),
    "importance": (
        "deltaw importance model.deltaw flowers.csv",
        "deltaw importance model.deltaw flowers.csv --metric log_loss --repeats 10",
    ),
    "show": ("deltaw show model.deltaw", "deltaw show model.deltaw --columns all", "deltaw show model.deltaw --json"),
    "explain": (
        "deltaw explain model.deltaw flowers.csv --row 7",
        "deltaw explain model.deltaw flowers.csv --row 7 --against 60 -o row-7.html",
        "deltaw explain model.deltaw flowers.csv --link 2,0,1",
    ),
    "export": (
        "deltaw export model.deltaw -o m.py",
        "deltaw export model.deltaw -o m.c --no-libm",
        "deltaw export --check m.py m.check.json",
    ),
    "derive": (
        "deltaw derive",
        "deltaw derive --activation softmax --error cross_entropy --layers 3 -o derivation.html",
    ),
    "bench": ("deltaw bench --list", "deltaw bench --quick", "deltaw bench --quick --json"),
    "doctor": (
        "deltaw doctor flowers.csv --target species",
        "deltaw doctor flowers.csv -t species --seconds 5 --html doctor.html",
        "deltaw doctor model.deltaw flowers.csv --seconds 0",
    ),
    "lab": (
        "deltaw lab",
        "deltaw lab flowers.csv --target species --recipe notes",
        "deltaw lab model.deltaw flowers.csv -o trained.html",
    ),
    "crossval": (
        "deltaw crossval flowers.csv --target species",
        "deltaw crossval flowers.csv -t species --folds 3 --repeats 2 --drop id --json",
    ),
    "lesson": ("deltaw lesson", "deltaw lesson line", "deltaw lesson line --lang zh --html line.html"),
}
LONG = {"deltaw bench --quick", "deltaw bench --quick --json"}  # a minute each


def epilog(command: str) -> str | None:
    """The end of a command's help; None where there are no examples."""
    lines = EXAMPLES.get(command)
    return None if lines is None else "\n\n".join(("Examples:", *lines))
