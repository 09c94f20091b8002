"""Answers on a log scale or not: three folds on tables whose answers are numbers of 0 or more, by every score.

Run: python -m benchmarks.recipe.target_scale [--set choosing|unseen] [--tables ames …] [--json].

What `--target-scale auto` does was chosen on the tables of the first set; those of the second were looked at once, and
chose nothing. Each network is trained twice on the same rows, from the same seed, once on each scale, its weights
chosen by the score that is asked for: once by the loss, and once by the mean absolute error. A number in the table is
how much lower the error of all rows is on the log scale: +7 % is 7 % lower; of R² it is that of 1 − R².
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import KFold

import deltaw
from benchmarks import commands
from benchmarks.tables.public import PUBLIC, Public, answered
from deltaw.models import METRICS, Outcome

FOLDS, SEED, MOST_ROWS = 3, 0, 2_000

# Each by its name in PUBLIC, or as it is told here.
SETS: dict[str, dict[str, Public]] = {
    "choosing": {
        **{name: PUBLIC[name] for name in ("ames", "Sacramento", "HousePrices", "CPS1985", "Hitters", "diamonds",
                                           "Computers", "Boston", "concrete")},
        "car_prices": Public("modeldata", "car_prices", "Price"),
        "Wage": Public("ISLR", "Wage", "wage", ("logwage",)),
        "College": Public("ISLR", "College", "Expend"),
        "NMES1988": Public("AER", "NMES1988", "visits"),
        "gapminder": Public("gapminder", "gapminder", "gdpPercap", ("country",)),
        "movies": Public("ggplot2movies", "movies", "votes", ("title", *(f"r{i}" for i in range(1, 11)))),
    },
    "unseen": {
        **{name: PUBLIC[name] for name in ("Salaries", "deliveries")},
        "kielmc": Public("wooldridge", "kielmc", "price", ("lprice", "rprice", "larea", "lland", "linst", "lintst")),
        "hprice2": Public("wooldridge", "hprice2", "price", ("lprice", "lnox", "lproptax")),
        "wage1": Public("wooldridge", "wage1", "wage", ("lwage",)),
        "SLID": Public("carData", "SLID", "wages"),
        "acs12": Public("openintro", "acs12", "income"),
        "BudgetFood": Public("Ecdat", "BudgetFood", "totexp"),
        "txhousing": Public("ggplot2", "txhousing", "median", ("volume",)),
    },
}  # fmt: skip


def compared(frame: pl.DataFrame, target: str, metric: str | None) -> dict[str, float]:
    """By how much each error of the rows, all out of fold, is lower on the log scale, as a share."""
    truth = frame.get_column(target).to_numpy().astype(float)
    said = {scale: np.zeros(len(frame)) for scale in ("none", "log")}
    for train, test in KFold(FOLDS, shuffle=True, random_state=SEED).split(truth):
        for scale, answers in said.items():
            model = deltaw.fit(
                frame[train], target, task="regression", metric=metric, target_scale=scale, test_size=0.0, folds=0
            )
            answers[test] = model.predict(frame[test])
    found = {}
    for row in METRICS["regression"]:
        plain, log = (row.score(Outcome(truth, said[scale])) for scale in ("none", "log"))
        found[row.name] = 1 - ((1 - log) / (1 - plain) if row.name == "r2" else log / plain)
    return found


def skewness(x: Any) -> float:
    """The third moment of standardised numbers."""
    return float((((x - x.mean()) / x.std()) ** 3).mean())


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--set", choices=SETS, default="choosing")
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    names = [row.name for row in METRICS["regression"]]
    print(f"{'table':<12} {'rows':>5} {'skew':>6} {'of ln':>6}  {'kept by':<7}", *(f"{name:>12}" for name in names))
    for table in asked.tables or SETS[asked.set]:
        known = SETS[asked.set][table]
        frame = answered(known, MOST_ROWS)
        x = frame.get_column(known.target).to_numpy().astype(float)
        logs = np.log(x + (0 if x.min() > 0 else x[x > 0].min()))
        skews = skewness(x), skewness(logs)
        for metric in (None, "mae"):
            found = compared(frame, known.target, metric)
            if asked.json:
                print(json.dumps({"table": table, "rows": len(frame), "skew": skews, "metric": metric} | found))
                continue
            cells = " ".join(f"{found[name]:>+12.1%}" for name in names)
            skew = f"{skews[0]:>6.1f} {skews[1]:>6.1f}"
            print(f"{table:<12} {len(frame):>5} {skew}  {metric or 'loss':<7} {cells}", flush=True)


if __name__ == "__main__":
    main()
