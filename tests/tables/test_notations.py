"""A text file that is read in slices, or lies in several, has the numbers that it has in one piece."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deltaw.exceptions import ColumnError
from deltaw.models.rows.survey import survey
from deltaw.tables import Reading, kinds, read, stream
from deltaw.tables.notations import Notations
from deltaw.tables.reading import streams
from deltaw.tables.reading.formats import pieces
from deltaw.tables.reading.read import read_as

# How cells of one notation look; a column begins with some of one, and goes on with others.
CELLS = {
    "decimal commas": ["12,5", "0,25", "3,125", "-7,5"],
    "may be either": ["1,234", "12,345", "7,500"],
    "thousands": ["1,234.5", "12,345,678", "1,000.25"],
    "of three": ["1.234", "12.500", "7.125"],
    "points": ["12.5", "0.25", "1e3"],
    "decimal commas and thousands": ["1.234,5", "12.345.678", "1 234,5"],
    "apart": ["1 234", "12'345"],
    "whole": ["12", "1234", "-7"],
    "in brackets": ["(1.5)", "(12)", "−7"],
    "minus behind": ["1.50-", "12.25"],
    "minus behind a comma": ["1.234,50-", "12,50-", "3,25"],
    "gaps": ["", "NA"],
    "units": ["12,5 kg", "0,25 kg"],
    "units of either": ["1,234 kg", "12,345 kg"],
    "units of three": ["1.234 kg", "7.500 kg"],
    "units with points": ["1,234.5 kg", "12.5 kg"],
    "money": ["€ 1.234,50", "€ 12,5"],
    "money of either": ["€ 1,234", "€ 12"],
    "per cent": ["12,5 %", "3 %"],
    "per cent of either": ["1,250 %", "12.5%"],
    "truth": ["true", "FALSE"],
    "yes": ["yes", "No"],
    "bits": ["1", "0"],
    "days": ["03/04/2024", "05/06/2023"],
    "days first": ["25/04/2024", "31/12/2023"],
    "months first": ["04/25/2024", "12/31/2023"],
    "words": ["red", "blue"],
}
PARTS = st.lists(st.tuples(st.sampled_from(sorted(CELLS)), st.integers(10, 60)), min_size=1, max_size=3)


def column(parts: list[tuple[str, int]]) -> list[str]:
    return [cells[i % len(cells)] for name, n in parts for cells in [CELLS[name]] for i in range(n)]


def written(cells: list[str], separator: str, first: int = 0) -> str:
    rows = (f'"{cell}"{separator}{first + i}.5{separator}w{i % 3}' for i, cell in enumerate(cells))
    return "\n".join([separator.join(("a", "y", "w")), *rows, ""])


def said(frame: pl.DataFrame, name: str) -> Any:
    """What a model is given of the column: its kind, and the numbers that its cells say."""
    from deltaw.preparation.reading import as_days, as_numbers
    from deltaw.tables.table import Table

    found = next(each for each in kinds(Table(frame, "t"), "y") if each.name == name)
    cells = frame.get_column(name)
    numbers = {"number": as_numbers, "date": as_days}.get(found.kind)
    if numbers is not None:
        return found.kind, [*map(repr, numbers(cells, "t", found.format).tolist())]
    return found.kind, cells.cast(pl.String).str.to_lowercase().to_list()


def outcome(what: Any) -> Any:
    from deltaw.exceptions import InputError

    try:
        return what()
    except InputError as error:
        return f"refused: {type(error).__name__}"


def in_slices(path: Path) -> pl.DataFrame:
    rows = stream(path, Reading())
    assert rows is not None
    seen = survey(replace(rows, memory=1), ["a", "y", "w"], "y", None, {}, 0, 10**9)
    seen.divide(0)
    return seen.sample.select("a", "y", "w").sort("y")


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LEAST_TEXT", 300)
    monkeypatch.setattr(streams, "FEWEST", 1)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("separator", ["\t", ";", ",", "|"])
@pytest.mark.parametrize(
    ("first", "then", "numbers"),
    [
        ("decimal commas", "may be either", [12.5, 1.234]),
        ("may be either", "decimal commas", [1.234, 12.5]),
        ("of three", "decimal commas", [1234, 12.5]),
        ("points", "decimal commas and thousands", [12.5, 1234.5]),
        ("may be either", "thousands", [1234, 1234.5]),
        ("units of either", "units", [1.234, 12.5]),
    ],
)
def test_a_notation_that_later_rows_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separator: str, first: str, then: str, numbers: list[float]
) -> None:
    monkeypatch.setattr(streams, "LEAST_TEXT", 1200)  # several slices of each of the two
    cells = column([(first, 200), (then, 200)])
    path = tmp_path / "t.csv"
    path.write_text(written(cells, separator), encoding="utf-8")
    whole, sliced = said(read(path).frame, "a"), said(in_slices(path), "a")
    assert sliced == whole
    if separator != "," or then in ("thousands", "units"):
        assert [float(whole[1][i]) for i in (0, 200)] == numbers


# Beside decimal commas in another column: what cells of one are, and the numbers that they mean.
BESIDE = {
    "thousands": (["3.153", "512", "-1.000", "12.345.678"], [3153, 512, -1000, 12345678]),
    "fractions, for one has two digits": (["3.153", "3.15"], [3.153, 3.15]),
    "fractions, for nobody writes 0 before thousands": (["3.153", "0.153"], [3.153, 0.153]),
    "fractions, for 3153 would have a point": (["1.500", "3153"], [1.5, 3153]),
    "a comma alone": (["1,234", "12,345"], [1.234, 12.345]),
    "commas behind 0": (["0,123", "1,234"], [0.123, 1.234]),
    "a unit": (["3.153 kg", "512 kg"], [3153, 512]),
    "money": (["€ 3.153", "€ 512"], [3153, 512]),
    "whole": (["3153", "512"], [3153, 512]),
}


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("cells", BESIDE)
@pytest.mark.parametrize(("separator", "sure"), [("\t", "12,5"), (";", "1.234,50 €")])
def test_decimal_commas_of_a_file_say_what_a_point_is(tmp_path: Path, separator: str, cells: str, sure: str) -> None:
    """Where others of its numbers have decimal commas, 3.153 is what who wrote it meant: 3153. It is said."""
    written, numbers = BESIDE[cells]
    lines = [separator.join((cell, f"{i}.5", sure)) for i, cell in enumerate(40 * written)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([separator.join(("a", "y", "w")), *lines, ""]), encoding="utf-8")
    whole, joined = read(path), pieces.joined(path, "t.csv", Reading())
    assert joined is not None
    for frame in (whole.frame, in_slices(path), joined.frame):
        assert [*map(float, said(frame, "a")[1])] == 40 * numbers
    told = ('"a": points are read as thousands separators, since other numbers of the file have decimal commas',)
    assert whole.notes == joined.notes == (told if cells == "thousands" else ())


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize(
    ("beside", "number", "because"),
    [
        ("3.5", 217572, "commas are read as thousands separators, since other numbers of the file have decimal points"),
        ("1,234,567", 217572, "commas are read as thousands separators, since"),
        ("$1,234.50", 217572, "commas are read as thousands separators, since"),
        ("3", 217.572, "commas are read as decimal commas; if they separate thousands"),
        ("3.153", 217.572, "commas are read as decimal commas; if they separate thousands"),
        ("0,5", 217.572, None),
    ],
)
def test_decimal_points_of_a_file_say_what_a_comma_is(tmp_path: Path, beside: str, number: float, because: str) -> None:
    """The same of a file with semicolons: it has either mark, and what nothing tells is pointed out."""
    path = tmp_path / "t.csv"
    path.write_text("a;y;w\n" + "".join(f"217,572;{i};{beside}\n12;{i + 100};\n" for i in range(40)), encoding="utf-8")
    whole, joined = read(path), pieces.joined(path, "t.csv", Reading())
    assert joined is not None
    for frame in (whole.frame, in_slices(path), joined.frame):
        assert {*map(float, said(frame, "a")[1])} == {number, 12}
    for notes in (whole.notes, joined.notes):
        assert [because in note for note in notes if '"a"' in note] == ([True] if because else [])
    row = tmp_path / "row.csv"
    row.write_text("a;y;w\n217,572;1;\n", encoding="utf-8")
    assert read_as(row, Reading(decimals=whole.decimals)).frame["a"].to_list() == [number]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_decimal_comma_in_any_file_decides(tmp_path: Path, order: tuple[int, int]) -> None:
    """Of files whose other columns disagree, whatever comes first; and none says that it was read otherwise."""
    told = ["217,572;0,5;\n12;1,5;\n", "217,572;;3.5\n12;;4.5\n"]
    for name, which in zip(("0.csv", "1.csv"), order, strict=True):
        (tmp_path / name).write_text("a;b;c\n" + 10 * told[which], encoding="utf-8")
    table = read(tmp_path)
    assert [*table.frame["a"]] == 20 * [217.572, 12.0]
    assert (table.notes, table.decimals) == ((), {"a": ",", "b": ",", "c": "."})


def test_no_decimal_comma_leaves_points_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b;w\n" + "3.153;1,234;a, b\n1.512;2,345;c, d\n" * 20, encoding="utf-8")
    assert read(path).frame["a"].to_list() == [3.153, 1.512] * 20


@pytest.mark.usefixtures("small_slices")
def test_who_reads_once_is_told_the_row(tmp_path: Path) -> None:
    """Answers that are written already cannot be taken back."""
    path = tmp_path / "t.tsv"
    path.write_text(written(column([("may be either", 200), ("decimal commas", 200)]), "\t"), encoding="utf-8")
    rows = stream(path, Reading())
    assert rows is not None
    line = 'expected a number written as those before it in row 201 of column "a", found "12,5"'
    with pytest.raises(ColumnError, match=line):
        list(replace(rows, memory=1).once(set(), ["a"]))
    assert len(list(replace(rows, memory=1, notations=Notations()).once(set(), ["y"]))) > 1


@pytest.mark.usefixtures("small_slices")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(parts=[("apart", 10), ("bits", 10), ("money", 10)], separator=";")  # too few cells have the unit of some
@example(parts=[("may be either", 12), ("units of either", 388)], separator=";")
@example(parts=[("gaps", 10), ("truth", 10), ("apart", 10)], separator=",")  # true is no number
@given(parts=PARTS, separator=st.sampled_from(["\t", ";", ",", "|"]))
def test_slices_have_the_numbers_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, int]], separator: str
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text(written(column(parts), separator), encoding="utf-8")
    whole = outcome(lambda: said(read(path).frame, "a"))
    sliced = outcome(lambda: said(in_slices(path), "a"))
    assert sliced == whole or str(sliced).startswith("refused"), (whole, sliced)


@settings(deadline=None)
@example(parts=[("may be either", 10), ("units of either", 390)], separator=";")
@example(parts=[("units of either", 390), ("may be either", 10)], separator=";")
@given(parts=PARTS, separator=st.sampled_from(["\t", ";", ",", "|"]))
def test_files_of_one_table_have_the_numbers_of_one_file(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, int]], separator: str
) -> None:
    folder, first = tmp_path_factory.mktemp("t"), 0
    (folder / "many").mkdir()
    (folder / "t.csv").write_text(written(column(parts), separator), encoding="utf-8")
    for i, part in enumerate(parts):
        cells = column([part])
        (folder / "many" / f"{i}.csv").write_text(written(cells, separator, first), encoding="utf-8")
        first += len(cells)
    whole = outcome(lambda: said(read(folder / "t.csv").frame, "a"))
    many = outcome(lambda: said(read(str(folder / "many")).frame, "a"))
    if whole[0] == many[0] == "category":  # words that are spelt as numbers in a file are spelt as that has them
        return
    assert many == whole or str(many).startswith("refused"), (whole, many)
