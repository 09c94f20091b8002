"""Answers on a log scale or not: three folds on tables whose answers are numbers of 0 or more, by every score.

Run: python -m benchmarks.recipe.target_scale [--set choosing|unseen] [--tables ames …] [--json].

What `--target-scale auto` does was chosen on the tables of the first set; those of the second were looked at once, and
chose nothing. Each network is trained twice on the same rows, from the same seed, once on each scale, its weights
chosen by the score that is asked for: once by the loss, and once by the mean absolute error. A number in the table is
how much lower the error of all rows is on the log scale: +7 % is 7 % lower; of R² it is that of 1 − R².
"""

from __future__ import annotations

import argparse
import json
import warnings
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import KFold

import deltaw
from benchmarks.tables import public
from deltaw.models import METRICS, Outcome

FOLDS, SEED, MOST_ROWS = 3, 0, 2_000

# name -> (R package, data set, target, columns to leave out)
SETS: dict[str, dict[str, tuple[str, str, str, tuple[str, ...]]]] = {
    "choosing": {
        "ames": ("modeldata", "ames", "Sale_Price", ()),
        "Sacramento": ("modeldata", "Sacramento", "price", ()),
        "car_prices": ("modeldata", "car_prices", "Price", ()),
        "HousePrices": ("AER", "HousePrices", "price", ()),
        "CPS1985": ("AER", "CPS1985", "wage", ()),
        "Wage": ("ISLR", "Wage", "wage", ("logwage",)),
        "Hitters": ("ISLR", "Hitters", "Salary", ()),
        "College": ("ISLR", "College", "Expend", ()),
        "diamonds": ("ggplot2", "diamonds", "price", ()),
        "Computers": ("Ecdat", "Computers", "price", ()),
        "NMES1988": ("AER", "NMES1988", "visits", ()),
        "Boston": ("MASS", "Boston", "medv", ()),
        "concrete": ("modeldata", "concrete", "compressive_strength", ()),
        "gapminder": ("gapminder", "gapminder", "gdpPercap", ("country",)),
        "movies": ("ggplot2movies", "movies", "votes", ("title", *(f"r{i}" for i in range(1, 11)))),
    },
    "unseen": {
        "kielmc": ("wooldridge", "kielmc", "price", ("lprice", "rprice", "larea", "lland", "linst", "lintst")),
        "hprice2": ("wooldridge", "hprice2", "price", ("lprice", "lnox", "lproptax")),
        "wage1": ("wooldridge", "wage1", "wage", ("lwage",)),
        "Salaries": ("carData", "Salaries", "salary", ()),
        "SLID": ("carData", "SLID", "wages", ()),
        "acs12": ("openintro", "acs12", "income", ()),
        "BudgetFood": ("Ecdat", "BudgetFood", "totexp", ()),
        "deliveries": ("modeldata", "deliveries", "time_to_delivery", ()),
        "txhousing": ("ggplot2", "txhousing", "median", ("volume",)),
    },
}


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="choosing")
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    names = [row.name for row in METRICS["regression"]]
    print(f"{'table':<12} {'rows':>5} {'skew':>6} {'of ln':>6}  {'kept by':<7}", *(f"{name:>12}" for name in names))
    for table in asked.tables or SETS[asked.set]:
        known = SETS[asked.set][table]
        frame = public.answered(public.Public(*known), MOST_ROWS)
        x = frame.get_column(known[2]).to_numpy().astype(float)
        logs = np.log(x + (0 if x.min() > 0 else x[x > 0].min()))
        skews = skewness(x), skewness(logs)
        for metric in (None, "mae"):
            found = compared(frame, known[2], metric)
            if asked.json:
                print(json.dumps({"table": table, "rows": len(frame), "skew": skews, "metric": metric} | found))
                continue
            cells = (f"{found[name]:>+12.1%}" for name in names)
            print(
                f"{table:<12} {len(frame):>5} {skews[0]:>6.1f} {skews[1]:>6.1f}  {metric or 'loss':<7}",
                *cells,
                flush=True,
            )


if __name__ == "__main__":
    main()
