"""The check of a form: random rows, like the training rows and worse, and the interpreter's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from deltaw.export import operations as o
from deltaw.export.interpreter import run
from deltaw.export.operations import Program
from deltaw.speech import say

ROWS, MOST_CELLS, FEWEST = 1_000, 200_000, 50
MISSING, EXTREME, UNSEEN = 0.08, 0.01, 0.05  # shares of the cells
EXTREMES = (0.0, -1.0, 1e-300, 1e6, -1e9, 1e30, -1e300)
JOINTS = (" ", "", ", ", "\n")  # between the words of a text
ODD_WORDS = ("never seen", "ÄÖ 中文", "'\"; -- \\", "</script>", "0")
RELATIVE, ABSOLUTE = 1e-5, 2e-7  # of a probability; of a number the second is a share of `_unit`
SINGLE = 4  # times what float32 itself changes, where that is more: others add in other orders, by other formulas
DAYS = 20_000  # about today

Check = dict[str, Any]
Remark = Callable[[], str]  # returns a sentence in the current language


def check_of(program: Program, rows: int = ROWS) -> Check:
    """Rows, expected answers and tolerance as plain JSON data."""
    rng = np.random.default_rng(0)
    n = min(max(MOST_CELLS // len(program.inputs), FEWEST), rows)
    cells = _cells(program, n, rng)
    answers, labels = run(program, cells)
    finite = np.asarray(np.isfinite(answers).all(axis=1))
    absolute = max(ABSOLUTE * _unit(program, answers[finite]), SINGLE * _rounding(program, cells, answers))
    return {
        "model": program.digest,
        "made_by": program.made_by,
        "target": program.target,
        "classes": [str(each) for each in program.classes],
        "threshold": next((each.threshold for each in program.all(o.Label)), None),
        "tolerance": {"relative": RELATIVE, "absolute": absolute},
        "columns": list(program.inputs),
        "kinds": list(program.kinds.values()),
        "blocks": {name: list(columns) for name, columns in program.blocks.items()},
        "rows": [[_plain(cells[column][i]) for column in program.inputs] for i in range(n)],
        "answers": [list(map(float, row)) if fine else None for row, fine in zip(answers, finite, strict=True)],
        "labels": None if labels is None else labels.tolist(),
    }


def differences(check: Check, answers: Any, labels: Any) -> tuple[float, int]:
    """(largest difference of answers (n, k) from the expected ones, in tolerances; number of labels (n,) that differ
    without a tie). Rows whose expected answer overflows do not count."""
    counted = [i for i, row in enumerate(check["answers"]) if row is not None]
    expected = np.array([check["answers"][i] for i in counted])
    found = np.asarray(answers, np.float64).reshape(len(check["rows"]), -1)[counted]
    allowed = check["tolerance"]["relative"] * np.abs(expected) + check["tolerance"]["absolute"]
    off = np.abs(found - expected) / allowed
    worst = float(off.max(initial=0.0)) if not np.isnan(off).any() else np.inf
    if check["labels"] is None:
        return worst, 0
    wrong = np.asarray(labels)[counted] != np.asarray(check["labels"])[counted]
    if check["threshold"] is None:
        best = np.sort(expected, axis=1)
        tie = best[:, -1] - best[:, -2] <= 2 * allowed.max(axis=1)
    else:
        tie = np.abs(expected[:, 1] - check["threshold"]) <= allowed[:, 1]
    return worst, int((wrong & ~tie).sum())


def loss(whole: Program, other: Program) -> Remark:
    """A sentence about the differences of an approximate program (int8) on rows like those of the check."""
    cells = _cells(whole, ROWS, np.random.default_rng(0))
    (expected, labels), (found, others) = run(whole, cells), run(other, cells)
    off = np.abs(found - expected)
    off = off[np.isfinite(off).all(axis=1)]
    values = {"mean": off.mean(), "most": off.max(initial=0.0), "n": len(expected)}
    if labels is None or others is None:
        return lambda: say(
            "int8 weights on {n:,} random rows: answers are off by {mean:.2g} on average, {most:.2g} at most",
            **values,
        )
    wrong = int((labels != others).sum())
    return lambda: say(
        "int8 weights on {n:,} random rows: probabilities are off by {mean:.2g} on average, {most:.2g} at most; "
        "{wrong:,} other labels", wrong=wrong, **values,
    )  # fmt: skip


# --- rows -----------------------------------------------------------------------------------------------------------


def _cells(program: Program, n: int, rng: np.random.Generator) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for read in program.all(o.Read):
        of_read = {"word": _words, "feature": _features}.get(read.kind, _numbers)(program, read, n, rng)
        cells |= dict(zip(read.columns, of_read, strict=True))
    return cells


def _unit(program: Program, answers: Any) -> float:
    """The unit of absolute errors: 1 for probabilities, else the target's scale, or the offset of its logarithm."""
    if program.classes or not len(answers):
        return 1.0
    sizes = [abs(each.width if each.offset is None else each.offset) for each in program.all(o.Unscale)]
    return max([float(np.median(np.abs(answers))), *sizes]) or 1.0


def _rounding(program: Program, cells: dict[str, Any], answers: Any) -> float:
    """The largest excess of float32 rounding over the relative tolerance."""
    with np.errstate(invalid="ignore"):
        off = np.abs(run(program, cells, single=True)[0] - answers) - RELATIVE * np.abs(answers)
    return float(off[np.isfinite(off)].max(initial=0.0))


def _numbers(program: Program, read: o.Read, n: int, rng: np.random.Generator) -> list[Any]:
    """Random numbers around each column's scale and bin edges, and numbers with a mean; some missing, some extreme."""
    filled = next(each for each in program.all(o.Impute) if read.out in each.of)
    scale = next(each for each in program.all(o.Scale) if filled.out in each.of)
    bins = [each for each in program.all(o.Bins) if filled.out in each.of]
    columns = []
    for i in range(read.size):
        x = scale.centre[i] + scale.width[i] * rng.normal(0.3, 1.0, n)
        edges = [low for each in bins for place, low, _ in each.bins if place == i]
        recalls = [each for each in program.all(o.Recall) if read.out in each.of and each.place == i]
        edges += [number for each in recalls for number in each.numbers]
        if edges:
            x = np.where(rng.random(n) < 0.5, rng.choice(edges, n), x)
        if read.kind == "date":
            x = np.clip(x, -DAYS, 3 * DAYS)
            x = np.round(x * 86_400) / 86_400 if rng.random() < 0.5 or edges else np.round(x)
        else:
            x = np.where(rng.random(n) < EXTREME, rng.choice(EXTREMES, n), x)
        columns.append(np.where(rng.random(n) < MISSING, np.nan, x))
    return columns


def _features(program: Program, read: o.Read, n: int, rng: np.random.Generator) -> list[Any]:
    return list(rng.normal(0.0, 1.0, (read.size, n)).astype(np.float32).astype(np.float64))


def _words(program: Program, read: o.Read, n: int, rng: np.random.Generator) -> list[Any]:
    looks = [each for each in program.all(o.Look) if read.out in each.of]
    texts = dict.fromkeys(word for look in looks for word in look.words)
    known = [word for word in texts if "\0" not in word] or ["a"]  # which C and databases do not have in texts
    words: Any = rng.choice(np.array(known, dtype=object), n)
    contains = [each for each in program.all(o.Contain) if read.out in each.of]
    if contains:
        parts = np.array([spelt for each in contains for word in each.words for spelt in word], dtype=object)
        words = np.array([rng.choice(JOINTS).join(rng.choice(parts, rng.integers(5))) for _ in range(n)], dtype=object)
    if contains or any(look.fold for look in looks):
        words = np.array([_in_any_letters(word, rng) for word in words], dtype=object)
    odd = (*ODD_WORDS, *(_in_any_letters(word, rng) for word in program.missing))
    words = np.where(rng.random(n) < UNSEEN, rng.choice(np.array(odd, dtype=object), n), words)
    words[rng.random(n) < MISSING] = None
    return [words]


def _in_any_letters(word: str, rng: np.random.Generator) -> str:
    """With capitals anywhere; C knows those of English alone."""
    return "".join(sign.upper() if sign.isascii() and rng.random() < 0.5 else sign for sign in word)


def _plain(cell: Any) -> Any:
    return None if cell is None or cell != cell else cell if isinstance(cell, str) else float(cell)
