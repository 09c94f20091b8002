"""The first hour with twenty-five tables: trained, used, scored, explained and examined by the command line.

Run: python -m benchmarks.accuracy.first_hour [--only NAME …] [--seconds 5] [--file FILE]

Every table is written as a file, as somebody would have it: with row names, gaps, identifiers, words in Chinese
encodings. No option is given but the target. Scores are on rows that the scored network has not learnt from, with a
95 % interval; HistGradientBoosting, with its defaults, is trained on the same rows and answers for the same rows.
Seconds are those of the processor, on all its threads, with the start of Python.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, r2_score

from benchmarks import commands, kept
from benchmarks.tables.public import whole
from deltaw.models import Plan
from deltaw.models import plan as planned
from deltaw.preparation.reading import as_numbers

Array = NDArray[Any]
SEED = 0


@dataclass(frozen=True)
class Written:
    """A table as a file: where it comes from, what is to be predicted, and how it is written.

    Attributes:
        frame: makes it.
        target: the column to be predicted.
        encoding: of the text.
    """

    frame: Callable[[], pl.DataFrame]
    target: str
    encoding: str = "utf-8"


def public(package: str, item: str, target: str) -> Written:
    """A data set of an R package, whole, with its row names."""

    def frame() -> pl.DataFrame:
        found: pl.DataFrame = pl.from_pandas(whole(package, item))
        return found

    return Written(frame, target)


def with_gaps(values: Array, gap: Array) -> list[Any]:
    """The values, none where there is a gap."""
    return [None if empty else value for value, empty in zip(values.tolist(), gap.tolist(), strict=True)]


def houses() -> pl.DataFrame:
    """Flats of Chinese towns: words, a date as people write it, yes and no, and gaps."""
    rng, n = np.random.default_rng(SEED), 1200
    town = rng.choice(["北京", "上海", "广州", "成都", "西安"], n)
    size, year = rng.gamma(9, 10, n).round(1), rng.integers(1980, 2023, n)
    lift = rng.random(n) < 0.6
    level = {"北京": 6.1, "上海": 5.9, "广州": 3.9, "成都": 2.1, "西安": 1.7}
    price = size * np.array([level[each] for each in town]) * (1 + 0.006 * (year - 1980)) * (1 + 0.05 * lift)
    sold = [f"{2019 + d // 336}年{1 + d // 28 % 12:02d}月{1 + d % 28:02d}日" for d in rng.integers(0, 1344, n).tolist()]
    return pl.DataFrame({
        "编号": np.arange(1, n + 1), "城市": town, "面积": with_gaps(size, rng.random(n) < 0.05),
        "建成年份": year, "电梯": np.where(lift, "是", "否"), "成交日期": sold,
        "总价": (price * rng.lognormal(0, 0.08, n)).round(1),
    })  # fmt: skip


def patients() -> pl.DataFrame:
    """Who came again: classes in Chinese, and a gap in the answer now and then."""
    rng, n = np.random.default_rng(SEED + 1), 900
    age, pressure, smokes = rng.integers(20, 90, n), rng.normal(130, 18, n).round(), rng.random(n) < 0.3
    risk = 1 / (1 + np.exp(-(0.05 * (age - 55) + 0.03 * (pressure - 130) + 1.2 * smokes)))
    again = with_gaps(np.where(rng.random(n) < risk, "复诊", "痊愈"), rng.random(n) < 0.03)
    return pl.DataFrame({"年龄": age, "血压": pressure, "吸烟": np.where(smokes, "是", "否"), "结果": again})


def wide() -> pl.DataFrame:
    """Three hundred rows, four hundred columns, of which five matter."""
    rng = np.random.default_rng(SEED + 2)
    X = rng.normal(size=(300, 400)).round(4)
    y = np.where(X[:, :5].sum(axis=1) + rng.normal(size=300) > 0, "high", "low")
    return pl.DataFrame({f"gene_{i:03d}": X[:, i] for i in range(400)} | {"level": y})


def tall() -> pl.DataFrame:
    """Two hundred thousand rows of six columns."""
    rng, n = np.random.default_rng(SEED + 3), 200_000
    x, shop = rng.normal(size=(n, 4)).round(3), rng.choice(list("ABCDEFGH"), n)
    lift = np.array([0.0, 0.4, -0.3, 0.9, 0.1, -0.8, 0.5, 0.2])[[ord(each) - 65 for each in shop]]
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + lift + 0.3 * rng.normal(size=n)
    return pl.DataFrame({**{f"x{i}": x[:, i] for i in range(4)}, "shop": shop, "y": y.round(4)})


TABLES: dict[str, Written] = {
    "penguins": public("palmerpenguins", "penguins", "species"),
    "flights": public("nycflights13", "flights", "arr_delay"),
    "starwars": public("dplyr", "starwars", "gender"),
    "movielens": public("dslabs", "movielens", "rating"),
    "loans": public("openintro", "loans_full_schema", "interest_rate"),
    "email": public("openintro", "email", "spam"),
    "Caravan": public("ISLR", "Caravan", "Purchase"),
    "Titanic": public("carData", "TitanicSurvival", "survived"),
    "Boston": public("MASS", "Boston", "medv"),
    "Salaries": public("carData", "Salaries", "salary"),
    "diamonds": public("ggplot2", "diamonds", "price"),
    "Hitters": public("ISLR", "Hitters", "Salary"),
    "attrition": public("modeldata", "attrition", "Attrition"),
    "CreditCard": public("AER", "CreditCard", "card"),
    "mpg": public("ggplot2", "mpg", "hwy"),
    "births14": public("openintro", "births14", "weight"),
    "airquality": public("datasets", "airquality", "Ozone"),
    "storms": public("dplyr", "storms", "status"),
    "gapminder": public("gapminder", "gapminder", "lifeExp"),
    "stackoverflow": public("modeldata", "stackoverflow", "Remote"),
    "ames": public("modeldata", "ames", "Sale_Price"),
    "房价 (GBK)": Written(houses, "总价", "gbk"),
    "复诊 (GB18030)": Written(patients, "结果", "gb18030"),
    "wide": Written(wide, "level"),
    "tall": Written(tall, "y"),
}


def command(folder: Path, *words: str) -> tuple[float, str, str, int]:
    """`deltaw` with these words: CPU seconds, what it answered and said, and how it ended."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "deltaw", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    after = getrusage(RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.stdout, done.stderr, done.returncode


def row_of(name: str, seconds: float) -> dict[str, Any]:
    """One line: what each command took, and the score beside the trees'."""
    table = TABLES[name]
    row: dict[str, Any] = {"table": name}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        file = folder / "table.csv"
        file.write_bytes(table.frame().write_csv().encode(table.encoding))
        commands = {
            "train": ("train", "table.csv", "--target", table.target, "-o", "m.deltaw", "--json"),
            "predict": ("predict", "m.deltaw", "table.csv", "-o", "answers.csv"),
            "evaluate": ("evaluate", "m.deltaw", "table.csv", "--json"),
            "explain": ("explain", "m.deltaw", "table.csv", "--row", "2"),
            "doctor": ("doctor", "table.csv", "--target", table.target, "--seconds", f"{seconds:g}", "--json"),
        }
        for verb, words in commands.items():
            row[verb], out, err, code = command(folder, *words)
            if code:
                return row | {"failed": f"{verb}: {err.strip().splitlines()[-1] if err.strip() else code}"}
            if verb == "train":
                row |= scores(json.loads(out))
            if verb == "doctor":
                row["findings"] = [f["rule"] for f in json.loads(out)["findings"] if f["severity"] == "fault"]
        plan = planned(file, table.target)
        row["rows"], row["trees"] = plan.rows, trees(plan)
    return row


def scores(document: dict[str, Any]) -> dict[str, Any]:
    """The score that `train` shows first, and its interval."""
    name = {"classification": "accuracy", "regression": "r2"}[document["task"]]
    found = document["scores"]
    return {
        "score": name,
        "ours": found["scores"][name],
        "interval": found["intervals"][name],
        "guess": found["baseline"][name],
    }


def trees(plan: Plan) -> float:
    """HistGradientBoosting's score on the rows that score ours, learnt from the rows that ours may learn from."""
    rows = plan.table.frame
    if plan.scored_by_folds:
        parts = [(rows[np.union1d(each.training, each.validation)], rows[each.test]) for each in plan.folds]
    else:
        assert plan.test is not None
        known = [part.frame for part in (plan.training, plan.validation) if part is not None]
        parts = [(pl.concat(known), plan.test.frame)]
    classes = plan.target.task == "classification"
    made = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    truths, answers = [], []
    for learnt, scored in parts:
        (X, Xt), is_word = matrices(plan, learnt, scored)
        y, yt = (truth(plan, part) for part in (learnt, scored))
        answers.append(made(categorical_features=is_word, random_state=SEED).fit(X, y).predict(Xt))
        truths.append(yt)
    true, answered = np.concatenate(truths), np.concatenate(answers)
    return float(accuracy_score(true, answered) if classes else r2_score(true, answered))


def truth(plan: Plan, frame: pl.DataFrame) -> Array:
    """The answers: class numbers, or numbers."""
    series = frame.get_column(plan.target.name)
    return plan.target.encode(series, "") if plan.target.task == "classification" else as_numbers(series, "")


def matrices(plan: Plan, *frames: pl.DataFrame) -> tuple[list[Array], list[bool]]:
    """The columns that ours uses as the trees take them: words by their place in the alphabet, the rest as numbers."""
    whole = pl.concat([frame.select(plan.preparation.input_names) for frame in frames])
    columns, is_word = [], []
    for series in whole.iter_columns():
        worded = not (series.dtype.is_numeric() or series.dtype.is_temporal())
        places = series.cast(pl.String).rank("dense") - 1 if worded else series
        is_word.append(worded and series.n_unique() <= 255)
        columns.append(places.cast(pl.Float64, strict=False).to_numpy())
    X, starts = np.column_stack(columns), np.cumsum([0, *map(len, frames)])
    return [X[a:b] for a, b in pairwise(starts)], is_word


def markdown(rows: list[dict[str, Any]]) -> str:
    """A row a table, and what failed."""
    lines = [
        "| table | rows | score | network, 95 % | trees | guess | train | predict | evaluate | explain | doctor |",
        "|---" * 11 + "|",
    ]
    for row in rows:
        if "failed" in row:
            lines.append(f"| {row['table']} | – | failed: {row['failed']} |" + " |" * 8)
            continue
        low, high = row["interval"]
        times = " | ".join(f"{row[verb]:.1f} s" for verb in ("train", "predict", "evaluate", "explain", "doctor"))
        lines.append(
            f"| {row['table']} | {row['rows']:,} | {row['score']} | {row['ours']:.3f} ({low:.3f} – {high:.3f}) "
            f"| {row['trees']:.3f} | {row['guess']:.3f} | {times} |"
        )
    failed = [row["table"] for row in rows if "failed" in row]
    return "\n".join([*lines, "", f"Failed: {len(failed)} of {len(rows)}. {', '.join(failed)}".rstrip()])


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--only", nargs="+", default=list(TABLES), choices=TABLES, metavar="NAME", help="these tables")
    parser.add_argument("--seconds", type=float, default=5.0, help="for an examination")
    parser.add_argument("--file", type=Path, help="one line a table; those in it are not run again")
    options = parser.parse_args()
    print(markdown(kept.rows(options.only, options.file, lambda name: row_of(name, options.seconds))))


if __name__ == "__main__":
    main()
