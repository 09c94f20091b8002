"""Columns of more than a hundred words: what it is worth to say what rows with a word answer, beside their slots.

Run: python -m benchmarks.recipe.many_words [--set unseen] [--tables movielens …] [--seeds 2] [--file FILE]

Each table is divided into three folds, by each seed anew; on two `default` is trained once (`folds=0`), with means and
without, and answers for the third. A table has a row: R² or accuracy without, how much better it is with means (of
classes also the log loss), the mean over folds and seeds with its standard error, and processor time in comparison.
`choosing` chose the numbers in `deltaw.preparation.columns.means` and `category`, `unseen` nothing; `fewer` are tables
whose longest column has 21 to 100 words: means are not used there, and `--many 20` says what they would be worth.
"""

from __future__ import annotations

import statistics
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import KFold

import deltaw
from benchmarks import commands, kept
from benchmarks.tables.public import Public, answered
from deltaw.preparation.columns import category

FOLDS, MOST_ROWS = 3, 6_000
NEVER = 10**9

Settings = dict[str, Any]
NUMBERS: Settings = {"task": "regression"}

# name -> (R package, data set, target, columns to leave out, settings)
SETS: dict[str, dict[str, tuple[str, str, str, tuple[str, ...], Settings]]] = {
    "choosing": {
        "movielens": ("dslabs", "movielens", "rating", ("timestamp",),
                      {**NUMBERS, "kinds": {"userId": "category", "movieId": "category"}}),
        "InstEval": ("lme4", "InstEval", "y", (), {"kinds": {"s": "category", "d": "category"}}),
        "flights": ("nycflights13", "flights", "arr_delay",
                    ("dep_time", "dep_delay", "arr_time", "air_time", "time_hour", "year"), NUMBERS),
        "restaurants": ("causaldata", "restaurant_inspections", "inspection_score", ("NumberofLocations",), NUMBERS),
        "pets": ("openintro", "seattlepets", "species",
                 ("primary_breed", "secondary_breed", "license_number", "license_issue_date"),
                 {"kinds": {"zip_code": "category"}}),
        "baseball": ("plyr", "baseball", "hr", (), NUMBERS),
        "gapminder": ("dslabs", "gapminder", "fertility", (), NUMBERS),
        "tate": ("modeldata", "tate_text", "year", ("id",), NUMBERS),
        "polls": ("dslabs", "polls_us_election_2016", "rawpoll_clinton",
                  ("adjpoll_clinton", "adjpoll_trump", "adjpoll_johnson", "adjpoll_mcmullin",
                   "rawpoll_trump", "rawpoll_johnson", "rawpoll_mcmullin"), NUMBERS),
    },
    "unseen": {
        "scorecard": ("causaldata", "scorecard", "earnings_med", ("unitid",), NUMBERS),
        "loans": ("openintro", "loans_full_schema", "annual_income", (), NUMBERS),
        "birds": ("openintro", "birds", "effect", ("remarks", "opid"), {}),
        "innovation": ("sandwich", "InstInnovation", "patents", ("cites", "Ddec"), NUMBERS),
        "hfi": ("openintro", "hfi", "hf_score",
                ("hf_rank", "hf_quartile", "pf_score", "ef_score", "pf_rank", "ef_rank", "ISO_code"), NUMBERS),
        "storms": ("dplyr", "storms", "pressure", ("category", "status", "wind"), NUMBERS),
        "unfiltered": ("gapminder", "gapminder_unfiltered", "lifeExp", (), NUMBERS),
        "epa2012": ("openintro", "epa2012", "comb_mpg", ("city_mpg", "hwy_mpg"), NUMBERS),
        "planes": ("nycflights13", "planes", "seats", (), NUMBERS),
        "Blackmore": ("carData", "Blackmore", "exercise", (), {**NUMBERS, "kinds": {"subject": "category"}}),
        "Galton": ("HistData", "GaltonFamilies", "childHeight", (), NUMBERS),
        "cars": ("stevedata", "eq_passengercars", "value", (), NUMBERS),
        "coffee": ("stevedata", "coffee_imports", "value", (), NUMBERS),
        "incidents": ("Ecdat", "incidents.byCountryYr", "Freq", (), NUMBERS),
        "Kershaw": ("Stat2Data", "Kershaw", "Result", ("Outcome", "Class", "Swing", "ABEvent", "Time"), {}),
    },
    "fewer": {
        "covid": ("medicaldata", "covid_testing", "result",
                  ("fake_first_name", "fake_last_name", "subject_id", "ct_result"), {}),
        "Bundesliga": ("vcd", "Bundesliga", "HomeGoals", ("AwayGoals",), NUMBERS),
        "radon": ("HLMdiag", "radon", "log.radon", ("county",), NUMBERS),
        "TV16": ("stevedata", "TV16", "votetrump", ("uid",), {}),
        "Sacramento": ("modeldata", "Sacramento", "price", (), NUMBERS),
        "txhousing": ("ggplot2", "txhousing", "median", ("volume",), NUMBERS),
        "ames": ("modeldata", "ames", "Sale_Price", (), NUMBERS),
        "mlc_churn": ("modeldata", "mlc_churn", "churn", (), {}),
        "lending": ("modeldata", "lending_club", "int_rate", ("sub_grade",), NUMBERS),
        "bribe": ("stevedata", "wvs_justifbribe", "f117", ("year",), NUMBERS),
        "hotel_rates": ("modeldata", "hotel_rates", "avg_price_per_room", ("arrival_date",), NUMBERS),
    },
}  # fmt: skip
PLACES = {name: (which, *known) for which, tables in SETS.items() for name, known in tables.items()}


def measured(name: str, seeds: int, many: int) -> dict[str, Any]:
    """The row of a table."""
    _, package, item, target, dropped, settings = PLACES[name]
    frame = answered(Public(package, item, target, dropped), MOST_ROWS)
    pairs = []
    for seed in range(seeds):
        for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(np.empty(len(frame))):
            pairs.append([run(frame[train], frame[test], target, words, seed, settings) for words in (NEVER, many)])
    gains = [after["score"] - before["score"] for before, after in pairs]
    losses = [after["loss"] - before["loss"] for before, after in pairs]
    return {
        "table": name,
        "rows": len(frame),
        "slots": statistics.mean(before["score"] for before, _ in pairs),
        "gain": statistics.mean(gains),
        "error": statistics.stdev(gains) / len(gains) ** 0.5,
        "loss": statistics.mean(losses),
        "time": statistics.median(after["seconds"] / before["seconds"] for before, after in pairs),
    }


def run(
    train: pl.DataFrame, test: pl.DataFrame, target: str, many: int, seed: int, settings: Settings
) -> dict[str, float]:
    """What one training scores; `many`: words of a column, of more of which it has means."""
    category.MANY, started = many, time.process_time()
    model = deltaw.fit(train, target, folds=0, test_size=0.0, seed=seed, threads=1, verbose=False, **settings)
    if model.task == "classification":
        test = test.filter(pl.col(target).cast(pl.String).is_in([str(each) for each in model.classes]))
    scores, names = model.evaluate(test), ("r2", None) if model.task == "regression" else ("accuracy", "log_loss")
    seconds = time.process_time() - started
    return {"score": scores[names[0]], "loss": scores[names[1]] if names[1] else 0.0, "seconds": seconds}


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--set", choices=SETS, default="choosing")
    parser.add_argument("--tables", nargs="+", choices=list(PLACES), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--many", type=int, default=category.MANY, help="words of a column, of more of which has means")
    parser.add_argument("--file", type=Path, help="where rows are kept, a line each")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    names = asked.tables or list(SETS[asked.set])
    rows = kept.rows(names, asked.file, partial(measured, seeds=asked.seeds, many=asked.many))
    print(f"{'':12}{'rows':>7}{'slots':>9}{'with means':>19}{'log loss':>10}{'time':>7}")
    for row in rows:
        gain, loss = f"{row['gain']:+.4f} ± {row['error']:.4f}", f"{row['loss']:+.3f}" if row["loss"] else ""
        print(f"{row['table']:12}{row['rows']:7,}{row['slots']:9.4f}{gain:>19}{loss:>10}{row['time']:7.2f}")
    print(f"{'mean':28}{statistics.mean(row['gain'] for row in rows):+11.4f}")


if __name__ == "__main__":
    main()
