"""Numbers as people write them are the numbers that they mean, in frames and in files; what remains words is told."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import ColumnError, TableError
from deltaw.tables import kinds, read
from deltaw.tables.cells import read_numbers
from deltaw.tables.columns import notes_on
from deltaw.tables.numerals import MEANT, WRITTEN, plain_numerals
from deltaw.tables.reading.formats.pieces import pieces
from deltaw.tables.reading.source import Reading
from deltaw.tables.strays import check_strays

FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
ARABIC = str.maketrans("0123456789.,-", "٠١٢٣٤٥٦٧٨٩٫٬−")
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
PERSIAN = str.maketrans("0123456789.,-", "۰۱۲۳۴۵۶۷۸۹٫٬-")

# A spelling of x and what separates fields in a file that has it; None: a data frame, too.
WAYS = {
    "typeset": (lambda x: f"{x}".replace("-", "−"), None),
    "exponent": (lambda x: f"{x:.17e}".replace("-", "−"), None),
    "capital exponent": (lambda x: f"{x:.17E}", None),
    "full width": (lambda x: f"{x:,}".translate(FULL_WIDTH), None),
    "Arabic": (lambda x: f"{x:,}".translate(ARABIC), None),
    "Thai": (lambda x: f"{x:,}".translate(THAI), None),
    "Devanagari": (lambda x: f"{x}".translate(DEVANAGARI), None),
    "Persian": (lambda x: f"{x}".translate(PERSIAN), None),
    "brackets": (lambda x: f"({-x:,})" if x < 0 else f"{x:,}", None),
    "full-width brackets": (lambda x: f"（{-x:,}）" if x < 0 else f"{x:,}", None),
    "a minus behind": (lambda x: f"{abs(x):,.4f}{'-' * (x < 0)}", None),
    "the same with a comma": (lambda x: f"{abs(x):,.4f}{'-' * (x < 0)}".translate(str.maketrans(",.", ".,")), ";"),
    "blanks": (lambda x: f"{x:,}".replace(",", " "), None),
    "narrow blanks": (lambda x: f"{x:,}".replace(",", "\u202f"), None),
    "strokes": (lambda x: f"{x:,}".replace(",", "'"), None),
    "decimal comma": (lambda x: f"{x}".replace(".", ","), ";"),
    "blanks and comma": (lambda x: f"{x:,}".replace(",", " ").replace(".", ","), ";"),
    "points and comma": (lambda x: f"{x:,}".translate(str.maketrans(",.", ".,")), ";"),
    "strokes and comma": (lambda x: f"{x:,}".translate(str.maketrans(",.", "’,")), "\t"),
}
VALUES = np.array([1234567.5, -1234.25, 0.5, -0.125, 12.5, -7654321.75, 3.5, 99.5, -1.5, 1000.5, -20000.5, 0.0625])


@pytest.mark.parametrize("way", WAYS)
def test_a_spelling_is_the_number(way: str, tmp_path: Path) -> None:
    write, delimiter = WAYS[way]
    cells = [write(float(x)) for x in VALUES]
    path, separator = tmp_path / "t.csv", delimiter or ","
    lines = (f'"{cell}"{separator}{i}' for i, cell in enumerate(cells))
    path.write_text("\n".join([f"x{separator}i", *lines]) + "\n", encoding="utf-8")
    tables = [read(path), *([read(pl.DataFrame({"x": cells}))] if delimiter is None else [])]
    for frame in (*(table.frame for table in tables), *(piece.frame for piece in pieces(path, "t.csv", Reading()))):
        np.testing.assert_array_equal(frame["x"].to_numpy(), VALUES)
    assert kinds(tables[0])[0].kind == "number"


@pytest.mark.parametrize("word", ["-nan", "+NaN"])
def test_no_number_with_a_sign_is_missing(word: str) -> None:
    """As C prints it; it was NaN in the frame."""
    assert read({"x": ["1.5", word, "2"]}).frame["x"].to_list() == [1.5, None, 2.0]


def test_marks_at_school_are_not_negative() -> None:
    frame = pl.DataFrame({"mark": ["1", "1-", "2", "2-", "3"] * 9, "y": range(45)})
    assert kinds(read(frame), "y")[0].kind == "category"


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["-$5", "$1,200", "−$ 3"], [-5, 1200, -3]),
        (["($5.50)", "$1", "( $2 )"], [-5.5, 1, -2]),
        (["(12 kg)", "１３ kg", "1 kg"], [-12, 13, 1]),
        (["（５％）", "６％", "7 %"], [-5, 6, 7]),
    ],
)
def test_signs_before_a_currency_and_around_a_unit(cells: list[str], values: list[float]) -> None:
    found = kinds(read(pl.DataFrame({"x": cells * 4, "y": range(12)})))[0]
    assert (found.kind, found.reason.split(", ")[1].split(" to ")[0]) == ("number", f"{min(values)}".replace("-", "−"))


def test_indian_groups() -> None:
    assert read_numbers(pl.Series(["12,34,567.5", "1,23,456", "-1,00,000"])).to_list() == [1234567.5, 123456, -100000]


@pytest.mark.parametrize(
    "cell", ["1,2", "12,3456", "1 234,567", "1,234'567", "0x1F", "(1)(2)", "1-", "--1", "(-1)", "()"]
)
def test_what_no_reading_in_a_file_of_commas_explains(cell: str) -> None:
    assert read_numbers(pl.Series([cell])).to_list() == [None]


@given(st.text(alphabet=st.characters(exclude_characters=WRITTEN, exclude_categories=["Cs"]), max_size=12))
def test_text_without_such_signs_stays_text(text: str) -> None:
    if not re.match(r"\(|[+-]\s*[^\s\d.]", text):
        assert plain_numerals(pl.Series([text])).to_list() == [text]


def test_each_sign_has_its_meaning() -> None:
    assert len(WRITTEN) == len(MEANT) == len(set(WRITTEN))
    assert all(ord(meant) < 256 for meant in MEANT)
    assert all(meant == str(unicodedata.digit(sign, meant)) for sign, meant in zip(WRITTEN, MEANT, strict=True))


@pytest.mark.parametrize("cell", ["<0.5", ">100", "~5", "5*", "3+"])
def test_words_that_look_like_numbers_are_told(cell: str) -> None:
    column = [f"{i % 17}.5" for i in range(60)] + [cell] * 9
    (x, _), table = kinds(found := read(pl.DataFrame({"x": column, "y": range(69)}))), found
    assert x.kind == "category"
    wanted = f'"x" is read as categories, since 9 of its 69 cells are not numbers ("{cell}")'
    assert notes_on([x])[0].startswith(wanted)
    assert kinds(read(table.frame, na=cell))[0].kind == "number"


def test_a_decimal_comma_in_a_frame_is_told() -> None:
    (x, _) = kinds(read(pl.DataFrame({"x": [f"{i % 7},5" for i in range(40)], "y": range(40)})))
    assert x.kind == "category"
    assert notes_on([x])[0].startswith('"x" is read as categories, since its numbers have a decimal comma ("0,5")')


def test_few_strays_name_the_way_out() -> None:
    with pytest.raises(ColumnError, match=r'found "<0\.5"; correct the cell, leave it empty, list it in na, or drop'):
        kinds(read(pl.DataFrame({"x": [f"{i}.5" for i in range(40)] + ["<0.5"], "y": range(41)})))


def test_a_word_that_recurs_among_few_numbers_is_a_class() -> None:
    grades = [str(9 + i % 4) for i in range(190)] + ["other"] * 5
    check_strays(pl.Series("grade", grades), "t")
    for more in (["grade"] * 2, ["otter"]):  # names of columns in the middle of a file; a word that occurs once
        with pytest.raises(ColumnError, match="expected a number in row 191"):
            check_strays(pl.Series("grade", grades + more), "t")


@pytest.mark.parametrize("told", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\n"])
def test_a_file_that_tells_excel_its_separator(told: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(told + "a;b,c\n1,5;2\n2,5;3\n", encoding="utf-8")
    wanted = pl.DataFrame({"a": [1.5, 2.5], "b,c": [2, 3]})
    assert read(path).frame.equals(wanted)
    assert [piece.frame.to_dict(as_series=False) for piece in pieces(path, "t.csv", Reading())] == [
        wanted.to_dict(as_series=False)
    ]
    path.write_text(told + "a;b\n1;2\n1;2;3\n", encoding="utf-8")
    for reading in (lambda: read(path), lambda: list(pieces(path, "t.csv", Reading()))):
        with pytest.raises(TableError, match="expected 2 fields in line 4, as in the first line, found 3"):
            reading()
