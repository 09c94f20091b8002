"""Small models, trained once for all tests of this folder."""

from __future__ import annotations

import polars as pl
import pytest
from small import QUICK, frame

import deltaw


@pytest.fixture(scope="session")
def table() -> pl.DataFrame:
    return frame()


@pytest.fixture(scope="session")
def classifier(table: pl.DataFrame) -> deltaw.Model:
    return deltaw.fit(table.drop("price"), "grade", **QUICK)


@pytest.fixture(scope="session")
def regressor(table: pl.DataFrame) -> deltaw.Model:
    return deltaw.fit(table.drop("grade"), "price", **QUICK)


@pytest.fixture(scope="session")
def notes() -> deltaw.Model:
    return deltaw.fit("digits", recipe="notes", engine="native", hidden=(20,), epochs=2)


@pytest.fixture(params=["classifier", "regressor", "notes"])
def model(request: pytest.FixtureRequest) -> deltaw.Model:
    return request.getfixturevalue(request.param)
