"""What strangers bring first: titles above the names, files of other programs, columns of types of pandas' own."""

from __future__ import annotations

import gzip
import io
import pickle
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.exceptions import ColumnError, TableError
from deltaw.preparation.reading import places_of
from deltaw.tables import Reading, Table, kinds, read
from deltaw.tables.reading.formats.pieces import joined as pieces_joined
from deltaw.tables.reading.formats.pieces import pieces

ABOVE = [
    "Report of 2024\n",
    "# made by a tool\n# and another\n",
    "Report;;\n\n",
    "sep=;\n\nReport;2024\n",
    '"A title\nin two lines";\n\n\n"as of";"1 May"\n',
    "".join(f"setting {i};{i}\n" for i in range(30)),
]
NAMED = "x;w;y;z\n", "".join(f"{i};a{i % 3};{i}.5;b\n" for i in range(90))
UNITS = [
    "kg;;m;\n",
    "continuous;discrete;float;discrete\n;;class;\n",
    "[kg];text;(m);a, b\n",
    "What is x?;What is w?;What is y?;\nid 1;id 2;id 3;id 4\n",
]


@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("below", ["", *UNITS])
def test_lines_that_are_no_rows(tmp_path: Path, above: str, below: str) -> None:
    """Those above the names, and units or descriptions below them, are left out, and said, however the file is read."""
    (plain := tmp_path / "plain.csv").write_text("".join(NAMED))
    (path := tmp_path / "t.csv").write_text(above + NAMED[0] + below + NAMED[1])
    found, joined = read(path), pieces_joined(path, "t", Reading())
    sliced = pl.concat(part.frame for part in pieces(path, "t", Reading(), 1_000))
    assert joined is not None
    for frame in (found.frame, joined.frame, sliced):
        assert frame.equals(read(plain).frame)
    notes = [f"the column names are in row {above.count(chr(10)) + 1}; the rows above are ignored"]
    if below:
        n, words = ("1 row", "2 rows")[below.count("\n") - 1], below.split("\n")[0].split(";")
        said = ", ".join(f'"{word}"' for word in [word for word in words if word][:3])
        notes += [f"{n} below the column names left out, with words ({said}) where the others have numbers"]
    assert [*found.notes] == [*joined.notes] == notes
    path.write_text(above + NAMED[0] + below + NAMED[1] + "1;2\n")
    line = (above + NAMED[0] + below + NAMED[1]).count("\n") + 1
    with pytest.raises(TableError, match=f"expected 4 fields in line {line},"):
        read(path)


@pytest.mark.parametrize("text", [
    "Statement\n12345\n\na,b\n1,2\n",
    "Report\n" + "5.1,3.5,setosa\n4.9,3.0,virginica\n" * 9,  # no names
    "a,b\n" + "1,2,3\n4,5,6\n" * 9,  # a name is lacking
])  # fmt: skip
def test_where_no_line_names_all_columns_nothing_is_left_out(tmp_path: Path, text: str) -> None:
    (path := tmp_path / "t.csv").write_text(text)
    with pytest.raises(deltaw.InputError, match=r"in line [24].*remove the lines above the column names"):
        read(path)


@pytest.mark.parametrize(
    ("first", "n"), [("unknown,3,u", 9), ("n/a,n/a,u", 9), ("unknown,,u", 9), ("n.d.,n.d.,u", 9), ("kg,m,u", 4)]
)
def test_a_first_row_with_words_is_a_row(tmp_path: Path, first: str, n: int) -> None:
    """If it has a number, missing values, or a single word, once or again; or if too few are below it."""
    (path := tmp_path / "t.csv").write_text(f"x,y,w\n{first}\n" + "1,2,v\n" * n)
    assert (len(read(path).frame), read(path).notes) == (n + 1, ())


def workbook(path: Path, rows: list[list[Any]], sheets: tuple[str, ...] = ("Data",)) -> Path:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(path) as book:
        for name in sheets:
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return path


TABLE = [[f"pupil {i}", 0.5 + i / 100, "ill" if i % 20 == 3 else i % 6, "yes"] for i in range(40)]
NAMES = ["name", "there", "mark", "passed"]


@pytest.mark.parametrize("above", [
    [["Marks of 2024"]],
    [["Marks of 2024"], ["as of", "1 May"], [], [None, "was", None, "end"]],
    [["Marks of 2024", None, None, "page 1"]],
    [[], [], ["Marks of 2024"], []],
])  # fmt: skip
def test_a_title_above_the_names_of_a_workbook(tmp_path: Path, above: list[list[Any]]) -> None:
    """The row of the names is found and said, and columns are of the types that stand below it."""
    plain = read(workbook(tmp_path / "plain.xlsx", [NAMES, *TABLE]))
    titled = read(workbook(tmp_path / "titled.xlsx", [*above, NAMES, *TABLE]))
    assert titled.frame.equals(plain.frame)
    assert titled.frame["there"].dtype == pl.Float64
    assert titled.notes == (f"the column names are in row {len(above) + 1}; the rows above are ignored",)
    assert plain.notes == ()


@pytest.mark.parametrize("first", [
    [None, None, "passed", "x"],  # two levels of an index of pandas
    ["a", "b", None, None],  # nothing below names all columns
    ["Marks", None, None, None],
])  # fmt: skip
def test_where_no_row_names_all_columns_the_first_does(tmp_path: Path, first: list[Any]) -> None:
    rows = [[f"a{i % 3}", f"b{i % 2}", i, "yes"] for i in range(30)]
    found = read(workbook(tmp_path / "t.xlsx", [first, *rows]))
    assert len(found.frame) == 30
    assert found.notes == ()


def test_a_comma_far_below_is_no_title(tmp_path: Path) -> None:
    (path := tmp_path / "t.csv").write_text("x\n" + "1\n" * 99 + "1,5\n")
    with pytest.raises(TableError, match="expected 1 field in line 101, as in the first line, found 2; mend the line"):
        read(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("behind", [1, 3])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_behind_the_last_field(tmp_path: Path, separator: str, behind: int, end: str) -> None:
    """Of all rows but not of the names, as some programs write them."""
    rows = [separator.join((f"{i}.5", f"w{i % 3}")) + separator * behind for i in range(30)]
    (path := tmp_path / "t.csv").write_bytes(end.join([f"x{separator}w", *rows, ""]).encode())
    whole, parts = read(path), [*pieces(path, "t.csv", Reading(), 100)]
    assert whole.frame.columns[:2] == ["x", "w"]
    assert whole.frame["x"].to_list() == [i + 0.5 for i in range(30)]
    assert [x for part in parts for x in part.frame["x"]] == whole.frame["x"].to_list()
    assert [column.kind for column in kinds(whole)][2:] == ["constant"] * (whole.frame.width - 2)


@pytest.mark.parametrize(("rows", "remedy"), [
    ("1,2\n3,4,\n", 'remove each "," behind its last field, or add them to all lines'),
    ("1,2,3\n4,5\n", "remove the lines above the column names"),
    ("1,2\n" * 5 + "3\n", 'mend the line, or put fields that contain "," in quotes'),
])  # fmt: skip
def test_some_lines_of_another_length(tmp_path: Path, rows: str, remedy: str) -> None:
    (path := tmp_path / "t.csv").write_text("a,b\n" + rows)
    with pytest.raises(TableError, match=re.escape(f"; {remedy}")):
        read(path)


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_the_one_file_in_a_zip_archive(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1.5, 2.5], "w": ["a", "b"]})
    data = frame.write_csv().encode()
    frame.write_parquet(packed := io.BytesIO())
    beside = {"folder/": b"", "__MACOSX/._t.csv": b"\0\5", ".DS_Store": b"\0"}
    for files in ({"t.csv": data}, {"folder/t.csv": data, **beside}, {"t": packed.getvalue()}):
        assert read(zipped(tmp_path / "t.zip", **files)).frame.equals(frame)


@pytest.mark.parametrize(("name", "beside"), [
    ("data/t.csv", {"README.md": b"# a, b", "LICENSE": b"MIT", "map.png": b"\x89PNG"}),
    ("t.data", {"t.names": b"1. Title: Bank", "Index": b"a", "t.txt": b"a b"}),  # as UCI packs it
    ("API_t.csv", {"Metadata_Country.csv": b"a,b\n1,2\n", "Metadata_Indicator.csv": b"a\n1\n"}),  # the World Bank
    ("t.tsv", {"datapackage.json": b"{}", "codebook.pdf": b"%PDF"}),
    ("t.txt", {"README.txt": b"Read me"}),
])  # fmt: skip
def test_the_one_table_in_a_zip_archive(tmp_path: Path, name: str, beside: dict[str, bytes]) -> None:
    """Beside what describes it, which a note names."""
    table = read(zipped(tmp_path / "t.zip", **{**beside, name: b"x\tw\n1\ta\n2\tb\n"}))
    assert table.frame.rows() == [(1, "a"), (2, "b")]
    assert table.notes == (f'read from "{name}" in the archive, not {", ".join(beside)}',)


def _zip() -> bytes:
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        archive.writestr("t.csv", "x\n1\n")
    return packed.getvalue()


ZIP = _zip()


@pytest.mark.parametrize(("files", "found"), [
    ({"a.csv": b"x\n1\n", "b.csv": b"x\n1\n"}, "found a.csv, b.csv; unpack it, and give one of its files"),
    ({"a.csv": b"x\n1\n", "b.csv": b"x\n1\n", "README": b"a"}, "found a.csv, b.csv; unpack it"),
    ({"README": b"a", "map.png": b"a"}, "found README, map.png; unpack it"),
    ({"folder/": b""}, "found none; unpack it"),
    ({}, "found none; unpack it"),
    ({"t.csv.gz": gzip.compress(b"x\n1\n")}, "found a file that is compressed twice; unpack it once"),
    ({"t.zip": b"PK\x05\x06" + b"\0" * 18}, "found none; unpack it"),
    ({"t.zip": ZIP}, "found a ZIP archive; unpack it"),
    ({"a.csv": b"0" * 2**27}, "expected at most"),
])  # fmt: skip
def test_other_zip_archives(tmp_path: Path, files: dict[str, bytes], found: str) -> None:
    with pytest.raises(TableError, match=found):
        read(zipped(tmp_path / "t.zip", **files))


def test_a_member_without_a_name(tmp_path: Path) -> None:
    data = zipped(tmp_path / "t.zip", Q=b"a", R=b"b").read_bytes()
    (tmp_path / "t.zip").write_bytes(data.replace(b"Q", b"\0"))
    with pytest.raises(TableError, match="found , R; unpack it"):
        read(tmp_path / "t.zip")


def test_a_damaged_zip_archive(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "t.zip", **{"a.csv": bytes(range(256))}).read_bytes())
    data[40:50] = b"\xff" * 10
    (tmp_path / "t.zip").write_bytes(data)
    with pytest.raises(TableError, match=r"with one table in it, found an unreadable one .*; unpack it"):
        read(tmp_path / "t.zip")


APART = unicodedata.normalize("NFD", "Köln")


def test_letters_that_are_taken_apart_are_the_same_word(tmp_path: Path) -> None:
    """As macOS writes them: in files, in frames, in the target, in a missing value."""
    towns = ["Köln", APART, "Bonn", "fällt aus", unicodedata.normalize("NFD", "fällt aus")] * 12
    frame = pl.DataFrame(
        {"town": towns, "y": [1.0, 1.0, 2.0, 3.0, 3.0] * 12, "t": [APART, "Köln", "Ulm", "Ulm", "Ulm"] * 12}
    )
    frame.write_csv(path := tmp_path / "t.csv")
    frame.write_parquet(packed := tmp_path / "t.parquet")
    for source in (frame, frame.cast({"town": pl.Categorical}), frame.to_pandas(), path, packed):
        assert read(source, na="fällt aus").frame["town"].unique().sort().to_list() == [None, "Bonn", "Köln"]
    model = deltaw.fit(path, "t", epochs=1, folds=0, hidden=4)
    assert model.classes == ("Köln", "Ulm")
    alone = [model.predict_proba(frame[["town", "y"]].with_columns(town=pl.lit(word))) for word in ("Köln", APART)]
    np.testing.assert_array_equal(*alone)
    assert model.evaluate(frame).rows == 60


def test_words_of_earlier_versions_may_be_taken_apart() -> None:
    assert places_of([APART, "Bonn"]) == {"Köln": 0, "Bonn": 1}
    assert places_of(["Köln", APART]) == {"Köln": 0, APART: 1}
    assert places_of([APART, "Köln"]) == {"Köln": 1, APART: 0}


def test_a_name_that_looks_the_same_is_told() -> None:
    with pytest.raises(ColumnError, match="rename the one that looks the same"):
        read(pl.DataFrame({APART: [1, 2], "y": [1, 2]})).column("Köln")


def test_a_sum_below_the_table_is_told(tmp_path: Path) -> None:
    rows = [f"{i},{i % 4}.25,{int(i == 7)},a" for i in range(20)]
    (path := tmp_path / "t.csv").write_text("\n".join(["n,x,one,w", *rows, "190,35.00,1,Total", ""]))
    assert read(path).notes == (
        "row 21, the last, is the total of the rows above it (n, x): remove it, or it counts as a row",
    )
    assert read(read(path)).notes == read(path).notes
    path.write_text("\n".join(["n,x,one,w", *rows, "191,0.25,1,a", ""]))
    assert read(path).notes == ()


def test_names_within_the_table_are_told(tmp_path: Path) -> None:
    """Files that were joined with their first lines, and with what stands before those."""
    words = "\n".join(["a,b,y", *["u,p,k", "v,q,l"] * 150])
    (path := tmp_path / "t.csv").write_text(f"{words}\n\ufeff{words}\n", encoding="utf-8")
    assert read(path).notes == ("row 301 repeats the column names: remove it, or it counts as a row",)
    path.write_text(words)
    assert read(path).notes == ()
    numbers = "\n".join(["a,y", *[f"{i},k" for i in range(40)]])
    path.write_text(f"{numbers}\n{numbers}\n")
    with pytest.raises(
        ColumnError, match='number in row 41 of column "a", found "a"; remove the row, which repeats the column names'
    ):
        kinds(read(path))


DAYS = {
    "several ways": (
        ["2024-01-31", "31.01.2024", "Jan 31, 2024"],
        "its dates are written in several ways (year-month-day, day.month.year, name day, year): use one",
    ),
    "other words": (
        ["2024-01-31", "2024-02-29", "2023-05-06", "not yet"],
        '10 of its 40 cells are not dates written year-month-day ("not yet"): correct them',
    ),
    "either way": (
        ["03/04/2024", "05/06/2024"],
        "month/day/year, but all of its dates could also be day/month/year",
    ),
    "one way": (["03/04/2024", "25/06/2024"], ""),
    "words with numbers": (["room 3-12", "room 4-7", "hall 3"], ""),
}


@pytest.mark.parametrize("case", DAYS)
def test_dates_that_are_none_are_told(case: str) -> None:
    cells, said = DAYS[case]
    column = kinds(Table(pl.DataFrame({"d": cells * (40 // len(cells))}), "t"))[0]
    assert said in column.note
    assert bool(said) == bool(column.note)


@pytest.mark.parametrize("cells", ["a,{}", "1,{}"])
def test_an_answer_asked_for_as_a_column_is_no_title(tmp_path: Path, cells: str) -> None:
    rows = [cells.format(["no", "yes"][i % 2]) for i in range(20)]
    (path := tmp_path / "t.csv").write_text("\n".join(["x,answer", *rows]))
    with pytest.raises(ColumnError, match='"yes", found the columns x, answer; give one of these names'):
        read(path).column("yes")


def test_a_workbook_with_a_title(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(path) as book:
        first, second = book.add_worksheet("first"), book.add_worksheet("second")
        first.merge_range(0, 0, 0, 1, "Both")
        for row, cells in enumerate([["a", "y"], [1, "u"], [2, "v"]], 1):
            first.write_row(row, 0, cells)
        second.write_row(0, 0, ["a", "z"])
        second.write_row(1, 0, [1, 2])
    with pytest.raises(deltaw.InputError, match=r'sheet "first", not second.*row 1 below has it') as caught:
        models.plan(path, "y")
    assert "\n" not in str(caught.value)


FILES = {
    "SAS": b"\0" * 12 + b"\xc2\xea\x81\x60" + b"\0" * 99,
    "old SAS": b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!",
    "MATLAB": b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\1IM",
    "SPSS": b"$FL2@(#) SPSS" + b"\0" * 99,
    "Stata": b"<stata_dta><header>",
    "old Stata": b"\x72\x02\x01\0" + b"\0" * 99,
    "ARFF": b"% of Weka\r\n\r\n@RELATION iris\r\n@ATTRIBUTE a NUMERIC\r\n@DATA\r\n1\r\n",
    "object of R": gzip.compress(b"X\n\0\0\0\3" + b"\0" * 99),
    "OpenDocument": b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument",
    "compressed by another method": b"\x28\xb5\x2f\xfd" + b"\0" * 99,
    "old compressed by another method": b"\x1f\x9d\x90" + b"\0" * 99,
    "ORC": b"ORC\x08\3" + b"\0" * 99,
    "Avro": b"Obj\x01" + b"\0" * 99,
    "SQL statements": b"-- MySQL dump\n/*!40101 SET x=1 */;\n\nDROP TABLE IF EXISTS `t`;\n",
    "SQL": b"COPY public.t (id, y) FROM stdin;\n1\t2\n",
    "DuckDB": b"checksumDUCK@\0" + b"\0" * 99,
    "tar archive": b"t.csv".ljust(257, b"\0") + b"ustar\0" + b"\0" * 99,
    "compressed twice": gzip.compress(gzip.compress(b"x,y\n1,2\n")),
}


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("name", ["data", "data.csv"])
def test_files_of_other_programs(tmp_path: Path, what: str, name: str) -> None:
    (path := tmp_path / name).write_bytes(FILES[what])
    with pytest.raises(TableError, match=f"found an? .*{what.removeprefix('old ')}"):
        read(path)


def test_names_that_begin_like_them(tmp_path: Path) -> None:
    for name in ("ORCID", "Object", "RDX", "BZ", "rank", "$FL", "@relation"):
        (path := tmp_path / "t.csv").write_text(f"{name},y\n1,2\n3,4\n")
        assert read(path).frame.columns == [name, "y"]
    for name in ("ORC", "ORC值", "FEA1", "BZh1", "RDX2"):  # a column alone, whose name ends the line
        path.write_text(f"{name}\n1\n3\n", encoding="utf-8")
        assert read(path).frame.columns == [name]


def test_a_column_in_the_index_of_pandas_is_told() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0] * 20, "y": [0, 1, 2] * 20, "id": range(60)})
    for left in (rows.set_index("y"), rows.set_index(["id", "y"]), pickle.loads(pickle.dumps(rows.set_index("y")))):
        with pytest.raises(ColumnError, match=r'"y".*it is in the index: call frame.reset_index\(\)'):
            kinds(read(left), "y")
        assert pickle.loads(pickle.dumps(read(left).name)) == "data frame"
    with pytest.raises(ColumnError, match="found the columns x; give one of these names"):
        kinds(read(rows.set_index(["id", "y"])), "z")


def test_intervals_and_periods_of_pandas() -> None:
    x = np.arange(60.0)
    frame = pd.DataFrame({"bin": pd.cut(x, 3), "month": pd.period_range("2020-01", periods=60, freq="M"), "x": x})
    found = read(frame).frame
    assert found["bin"].unique().len() == 3
    assert found["bin"][0] == "(-0.059, 19.667]"
    assert found["month"].dtype == pl.Datetime("us")
    assert models.plan(frame, "bin", epochs=1).target.task == "classification"


@pytest.mark.parametrize("name", ["编号", "学号", "订单号", "身份证号", "手机号码", "主键"])
def test_chinese_names_of_identifiers(name: str) -> None:
    numbers = np.random.default_rng(0).permutation(1000)[:60]
    frame = pl.DataFrame({name: numbers, "房间": numbers, "y": ["a", "b"] * 30})
    assert [column.kind for column in kinds(read(frame), "y")] == ["identifier", "number"]


def test_a_chinese_name_with_a_mistake() -> None:
    frame = pl.DataFrame({"身高": [1.0, 2.0], "及格": ["是", "否"]})
    with pytest.raises(ColumnError, match='did you mean "及格"'):
        read(frame).column("及各")


def test_a_target_without_a_name() -> None:
    frame = pl.DataFrame({"x": np.arange(40.0), "": ["a", "b"] * 20})
    assert models.plan(frame, "", epochs=1).target.name == ""
    with pytest.raises(ColumnError, match="y"):
        models.plan(frame, "y", epochs=1)
