"""Numbers that are written with a unit are numbers, everywhere, and the unit is held to."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deltaw
from deltaw import models
from deltaw.exceptions import ColumnError, ModelFileError
from deltaw.preparation import Preparation
from deltaw.tables import kinds, read
from deltaw.tables.cells import numbers_in
from deltaw.tables.units import Units, unit_of

QUICK: dict[str, Any] = {"hidden": 4, "epochs": 3, "folds": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)).round(2)
PLAIN = pl.DataFrame({"kg": 70 + X[:, 0], "price": (1000 + 2000 * np.abs(X[:, 1])).round(), "y": 3 * X[:, 0] + X[:, 1]})
PLAIN = PLAIN.with_columns(kg=pl.when(pl.int_range(len(X)) % 9 > 0).then("kg")).with_columns(pl.all().round(2))
TEXT = PLAIN.with_columns(
    kg=pl.format("{} kg", "kg"), price="$" + pl.Series([f"{p:,.0f}" for p in PLAIN["price"]]), y=pl.format("{}°N", "y")
)


@pytest.mark.parametrize(
    ("cells", "unit", "numbers"),
    [
        (["12 kg", "13.5kg", None], "#kg", [12.0, 13.5, None]),
        (["$1,200", "$ 3"], "$#", [1200, 3]),
        (["US$1.5", "US$2"], "US$#", [1.5, 2.0]),
        (["48.1°N", "-3°N", "−2.5 °N"], "#°N", [48.1, -3.0, -2.5]),
        (["1 day", "2 days"], "#day", [1, 2]),
        (["EUR 1.200,5", "EUR 3"], "EUR#", [1200.5, 3.0]),
        (["Rs.500", "Rs. 1,250.50", "-Rs.3", "Rs..5"], "Rs.#", [500, 1250.5, -3, 0.5]),
        (["kr 5", "kr -3.5", "kr5"], "kr#", [5, -3.5, 5]),
        (["kr.5", "kr. 3.5"], "kr.#", [5, 3.5]),
        (["Fr. 5", "Fr.1'234.50"], "Fr.#", [5, 1234.5]),
        (["SFr. 5", "SFr.12"], "SFr.#", [5, 12]),
        (["CHF 1'234.50", "CHF 7"], "CHF#", [1234.5, 7]),
        (["Rp 15.000,5", "Rp. 3"], "", None),
        (["35 %", "1e3%"], "#%", [35, 1000]),
        (["1.5k", ".2k"], "#k", [1.5, 0.2]),
        (["5岁", "12岁"], "#岁", [5, 12]),
        (["7.8 l/100km", "6 l/100km"], "#l/100km", [7.8, 6.0]),
        (["12 345 m²", "1 m²"], "#m²", [12345, 1]),
        (["89.5㎡", "120 ㎡"], "#㎡", [89.5, 120]),
        (["23.5℃", "−3 ℃", "+1℃"], "#℃", [23.5, -3, 1]),
        (["$15/hr", "$ 1,020.50/hr"], "$#/hr", [15, 1020.5]),
        (["￥5,800/㎡", "¥300/㎡"], "¥#/㎡", [5800, 300]),
        ([*["12 kg"] * 30, "13"], "#kg", [*[12] * 30, 13]),
        (["11:38:36", "0:05", "100:00", None], "#s", [41916, 300, 360_000, None]),
        (["3:05 PM", "12:30 a.m.", "12:00pm"], "#s", [54_300, 1800, 43_200]),
        (["1 days 00:00:01.5", "1 day, 0:00:02", "90 s"], "#s", [86_401.5, 86_402, 90]),
        (["2h 50m", "19h", "45m", "1 hr, 5 mins 3.5 secs"], "#s", [10_200, 68_400, 2700, 3903.5]),
        (["PT4M13S", "PT1H", "P1DT2H", "P2D"], "#s", [253, 3600, 93_600, 172_800]),
        (["$4.99", "0", "0.00", "$1.50"], "$#", [4.99, 0, 0, 1.5]),
        (["\\2,120", "\\800"], "\\#", [2120, 800]),  # the yen of Shift_JIS
        (["$ (5,762.82)", "$ 1.5", "R$ (2)"], "", None),
        (["$ (5,762.82)", "$ 1.5"], "$#", [-5762.82, 1.5]),
        (["Rs. 4,12,317/-", "Rs. 500/-"], "Rs.#", [412_317, 500]),
        (["±758", "± 1,020"], "±#", [758, 1020]),
    ],
)
def test_numbers_with_a_unit(cells: list[str | None], unit: str, numbers: list[float | None] | None) -> None:
    assert unit_of(pl.Series(cells)) == unit
    assert numbers is None or numbers_in(pl.Series(cells), unit, "x.csv").to_list() == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["Q1", "Q2"], ["A12", "B7"], ["16:9", "2:1"], ["12:60", "1:00:75"],
        ["2024-01-05", "2024-02-06"], ["5-9 kg", "1-2 kg"], ["5", "6"],
        ["red", "blue"], [""], [None], ["3/10", "4/10"], ["Jan 5", "Jan 6"], ["+49 30 1", "+49 40 2"],
        ["P3M", "P12M"], ["5h 3", "2h 4"], ["3m 20cm", "2m 10cm"], ["5'11\"", "5'10\""], ["1.10.2b", "1.9.0b"],
    ],
)  # fmt: skip
def test_what_is_no_unit(cells: list[str | None]) -> None:
    assert unit_of(pl.Series("w", cells, pl.String)) == ""
    words = pl.Series("w", cells, pl.String)
    assert Units.of(words).several(words) == ()


MULTIPLES: dict[str, tuple[str, dict[str, float]]] = {  # name -> (form, how cells are written and what they stand for)
    "players": ("€#×", {"€{}M": 1e6, "€{}K": 1e3, "€{}": 1}),
    "views": ("#×", {"{}k": 1e3, "{}": 1}),
    "播放量": ("#×", {"{}万": 1e4, "{}亿": 1e8, "{}": 1}),
    "price": ("₹#×", {"₹{} Cr": 1e7, "₹{} Lac": 1e5, "₹{} Lakhs": 1e5}),
    "fans": ("#×", {"{} millions": 1e6, "{} thousand": 1e3}),
    "总价": ("#×元", {"{}万元": 1e4, "{} 元": 1}),
    "Umsatz": ("#×€", {"{} Mio. €": 1e6, "{} Tsd. €": 1e3}),
    "worth": ("#×", {"{} million": 1e6, "{} billion": 1e9, "{} Million": 1e6}),
    "cap": ("$#×", {"${}B": 1e9, "-${}M": -1e6}),
    "fee": ("£#×", {"£{}m": 1e6, "£{}k": 1e3}),
    "market value": ("€#×", {"€{}m": 1e6, "€{}Th.": 1e3}),
    "file": ("#×B", {"{} MB": 1e6, "{} kB": 1e3, "{}KB": 1e3, "{} B": 1}),
    "mass": ("#×g", {"{} kg": 1e3, "{} g": 1, "{}mg": 1e-3}),
    "took": ("#×s", {"{} ms": 1e-3, "{} s": 1}),
    "way": ("#×m", {"{} km": 1e3, "{}m": 1, "{} cm": 1e-2}),
}


def test_multiples_below_many_plain_numbers() -> None:
    """Whatever the order of the rows is; the first of them decided."""
    cells = [*(f"{i}.5" for i in range(100)), "1.2万", "3万"]
    for each in (cells, cells[::-1]):
        (column,) = kinds(read({"x": each}))
        assert (column.kind, column.format) == ("number", "#×")


@pytest.mark.parametrize("name", MULTIPLES)
@pytest.mark.parametrize("comma", [False, True])
def test_multiples_of_one_unit_are_numbers_in_it(name: str, comma: bool, tmp_path: Path) -> None:
    form, written = MULTIPLES[name]
    ways, size = [*written.items()], RNG.integers(10, 9999, 120) / 10
    cells = [ways[i % len(ways)][0].format(x).replace(".", "," if comma else ".", 1) for i, x in enumerate(size)]
    expected = [x * ways[i % len(ways)][1] for i, x in enumerate(size)]
    pl.DataFrame({name: cells, "y": size}).write_csv(path := tmp_path / "m.csv", separator=";" if comma else ",")
    table = read(path)
    (kind,) = kinds(table, "y")
    assert (kind.kind, kind.format) == ("number", form)
    assert kind.note.startswith(f'"{name}" has numbers in multiples of one unit: "')
    np.testing.assert_allclose(numbers_in(table.column(name), form, "m.csv"), expected, rtol=1e-12)
    model = deltaw.fit(table, "y", **QUICK)
    model.save(tmp_path / "m.deltaw")
    answers = model.predict(table)
    for which in (slice(7, 8), slice(None, None, -1)):  # a model knows the multiples, whatever rows are beside one
        alone = deltaw.load(tmp_path / "m.deltaw").predict(table.frame[which])
        np.testing.assert_array_equal(alone, answers[which])


@pytest.mark.parametrize(
    "ways",
    [
        ("{}MG", "{}G"), ("{}ML", "{}L"), ("{}m", "{}M"), ("{} kg", "{} lb"), ("1,{}K", "{}M"),  # another unit; 1,200K
        ("{}K",), ("{}K", "{}X"), ("€{}M", "${}K"), ("{} km²", "{} m²"),
    ],
)  # fmt: skip
def test_what_is_no_multiple(ways: tuple[str, ...]) -> None:
    cells = pl.Series("w", [ways[i % len(ways)].format(200 + i) for i in range(90)])
    assert "×" not in unit_of(cells)


def test_few_numbers_with_letters_are_codes() -> None:
    assert unit_of(pl.Series("w", [f"{1 + i % 9}{'KM'[i % 2]}" for i in range(90)])) == ""


@given(st.lists(st.text(st.sampled_from("1.,5 -+e#$€%kgA\n°"), max_size=6), max_size=5))
def test_any_text_has_a_unit_or_none(cells: list[str]) -> None:
    words = pl.Series("w", cells, pl.String)
    unit = unit_of(words)
    if unit:
        with suppress(ColumnError):
            assert numbers_in(words, unit, "x.csv").dtype.is_numeric()


def test_a_table_with_units_is_that_of_its_numbers(tmp_path: Path) -> None:
    model, plain = (deltaw.fit(table, "y", **QUICK) for table in (TEXT, PLAIN))
    assert "in $: " in str(model.preparation.describe())
    assert model.target.statement == "regression in °N, numbers with fractions"
    assert [each.reason[-6:] for each in kinds(deltaw.read(TEXT), "y")] == [" in kg", ", in $"]
    model.save(tmp_path / "m.deltaw")
    model = deltaw.load(tmp_path / "m.deltaw")
    for rows in (TEXT, PLAIN, TEXT[5:6]):
        np.testing.assert_array_equal(model.predict(rows), plain.predict(PLAIN if len(rows) > 1 else PLAIN[5:6]))
    assert model.evaluate(TEXT).document() == plain.evaluate(PLAIN).document()
    for column, other in (("kg", "lb"), ("y", "°S")):
        wrong = TEXT.with_columns(pl.col(column).str.replace("kg|°N", other))
        with pytest.raises(ColumnError, match=f'a number in .* in row . of column "{column}", found ".*{other}"'):
            model.evaluate(wrong)
    with pytest.raises(ColumnError, match="expected a number in row 2"):
        plain.predict(TEXT)
    plain.predict(TEXT.with_columns(PLAIN["kg"]))  # signs of money were never kept


def test_times_of_day_are_those_of_a_frame() -> None:
    """As Polars and pandas write what they know as times and as durations."""
    clock = pl.Series(RNG.integers(0, 86_400, len(X))).cast(pl.Int64)
    shown = PLAIN.with_columns(
        kg=(clock * 1_000_000_000).cast(pl.Time).cast(pl.String),
        price=pl.Series([str(lasted) for lasted in pd.to_timedelta(clock.to_numpy() * 7, unit="s")]),
    )
    known = PLAIN.with_columns(
        kg=(clock * 1_000_000_000).cast(pl.Time), price=(clock * 7_000_000).cast(pl.Duration("us"))
    )
    assert [each.reason[-6:] for each in kinds(deltaw.read(shown), "y")] == [", in s", ", in s"]
    answers = [deltaw.fit(table, "y", **QUICK).predict(table) for table in (shown, known)]
    np.testing.assert_array_equal(*answers)


def test_units_in_a_stream(tmp_path: Path) -> None:
    TEXT.write_csv(tmp_path / "d.csv")
    PLAIN.write_csv(tmp_path / "plain.csv")
    made = [deltaw.fit(str(tmp_path / name), "y", memory=1000, hidden=4, epochs=3) for name in ("d.csv", "plain.csv")]
    np.testing.assert_array_equal(made[0].predict(TEXT), made[1].predict(PLAIN))


def test_numbers_that_lack_the_unit_are_told(tmp_path: Path) -> None:
    """0.83 among 59% may be 83%."""
    path, cells = tmp_path / "t.csv", [f"{30 + i}%" for i in range(60)]
    cells[7], cells[9] = "0.83", ""
    path.write_text("share,y\n" + "".join(f"{cell},{i * i % 37 / 2}\n" for i, cell in enumerate(cells)), "utf-8")
    for target in ("y", "share"):
        made = models.plan(path, target)
        told = '"share" has no unit in 1 of 59 cells ("0.83"): read in % too; write the unit if not'
        assert [note for note in made.table.notes if "unit" in note] == [told]


def test_several_units_are_words_and_are_told() -> None:
    mixed = TEXT.with_columns(kg=pl.when(pl.int_range(120) % 2 > 0).then("kg").otherwise(pl.lit("3 lb")))
    plan = models.plan(mixed, "y", **QUICK)
    assert plan.preparation.kinds["kg"] == "category"
    told = '"kg" is read as categories, since its numbers have several units (lb, kg): use one unit'
    assert plan.table.notes == (told,)
    assert models.plan(mixed, "y", kinds={"kg": "category"}, **QUICK).table.notes == ()
    with pytest.raises(ColumnError, match="expected a number in row 1"):
        models.plan(mixed, "y", kinds={"kg": "number"}, **QUICK)


@pytest.mark.parametrize(
    "words", [["7a", "6m", "5a", "6a"], ["1st", "2nd", "3rd"], ["2XL", "3XL", "4L"], ["9b", "10c"]]
)
def test_codes_of_a_number_and_letters_have_no_units(words: list[str]) -> None:
    coded = TEXT.with_columns(kg=pl.Series(RNG.choice(words, len(X))))
    plan = models.plan(coded, "y", **QUICK)
    assert plan.preparation.kinds["kg"] == "category"
    assert plan.table.notes == ()


def test_a_cell_that_is_another_unit() -> None:
    wrong = TEXT.with_columns(kg=pl.when(pl.int_range(120) == 7).then(pl.lit("9 lb")).otherwise("kg"))
    with pytest.raises(ColumnError, match='a number in kg in row 8 of column "kg", found "9 lb"'):
        deltaw.fit(wrong, "y", **QUICK)
    assert models.plan(wrong, "y", kinds={"kg": "category"}, **QUICK).preparation.kinds["kg"] == "category"


@pytest.mark.parametrize("unit", ["kg", "#", "#k#g", 3, None, "#" + "k" * 99])
def test_documents_with_another_unit_are_refused(unit: Any) -> None:
    document = models.plan(TEXT, "y", **QUICK).preparation.document()
    document["steps"][0]["unit"] = unit
    with pytest.raises(ModelFileError):
        Preparation.from_document(document)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_comma_before_a_point_parts_thousands(tmp_path: Path, separator: str) -> None:
    """In files with semicolons, too, where 1,781.80 € had become 1.78."""
    cells, numbers = ["1,781.80 €", "999.50 €", "2,000 €", "12,345,678.9 €"], [1781.8, 999.5, 2000.0, 12345678.9]
    frame = pl.DataFrame({"price": cells * 5, "other": ["a", "b"] * 10})
    frame.write_csv(path := tmp_path / "t.csv", separator=separator)
    assert numbers_of(read(path).frame["price"]) == numbers * 5


def test_a_comma_alone_is_a_decimal_sign_between_semicolons(tmp_path: Path) -> None:
    frame = pl.DataFrame({"price": ["1.781,80 €", "999,50 €", "2,000 €"] * 5, "other": ["a"] * 15})
    frame.write_csv(path := tmp_path / "t.csv", separator=";")
    assert numbers_of(read(path).frame["price"]) == [1781.8, 999.5, 2.0] * 5


def numbers_of(words: pl.Series) -> list[float]:
    return numbers_in(words, unit_of(words), "t").to_list()
