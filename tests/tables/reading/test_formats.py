"""JSON Lines, workbooks, standard input, and what pandas leaves in files."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deltaw
from deltaw.exceptions import InputError, MissingError, SettingError, TableError
from deltaw.tables import kinds, read
from deltaw.tables.reading import loading, places
from deltaw.tables.reading.formats import columnar
from deltaw.tables.reading.formats.json_lines import read_json
from deltaw.tables.reading.source import Source

ROWS: list[dict[str, Any]] = [{"a": 1, "b": "x"}, {"b": "null", "c": 2.5}, {"a": 3, "c": 1}, {"b": "y", "d": True}]
EXPECTED = {"a": [1, None, 3, None], "b": ["x", None, None, "y"], "c": [None, 2.5, 1.0, None],
            "d": [None, None, None, True]}  # fmt: skip


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


JSON = {
    "x.jsonl": lines(ROWS),
    "x.ndjson": b"\n" + lines(ROWS).replace(b"\n", b"\r\n\r\n"),
    "x.json": json.dumps(ROWS, indent=2).encode(),
    "x.jsonl.gz": gzip.compress(lines(ROWS)),
    "x.csv": lines(ROWS),
    "wide.jsonl": lines(ROWS).decode().encode("utf-16"),
}


@pytest.mark.parametrize("name", JSON)
def test_json(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(JSON[name])
    assert read(tmp_path / name).frame.to_dict(as_series=False) == EXPECTED


def test_json_of_python_that_says_nan(tmp_path: Path) -> None:
    text = "x\u2028y\x85z"  # signs at which Python divides lines, and JSON does not
    (tmp_path / "x.jsonl").write_text(f'{{"a": NaN, "b": 1}}\n{{"a": 2, "b": "{text}"}}\r\n', encoding="utf-8")
    assert read(tmp_path / "x.jsonl").frame.to_dict(as_series=False) == {"a": [None, 2.0], "b": ["1", text]}


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "rows", "pandas"])
def test_half_a_sign_is_read_as_damage(tmp_path: Path, name: str) -> None:
    """As where a program has cut a text within an emoji; escapes of whole signs, and of backslashes, stay."""
    rows = [{"a": "x\ud83d", "b": "\U0001f600", "c": "\\ud83d"}, {"a": "\udc00y", "b": "", "c": "1"}]
    (tmp_path / "x.json").write_text(json.dumps(rows))
    (tmp_path / "x.jsonl").write_bytes(lines(rows))
    sources: dict[str, Any] = {"rows": rows, "pandas": pd.DataFrame(rows, dtype=object)}
    found = read(sources.get(name, tmp_path / name)).frame.to_dict(as_series=False)
    assert found == {"a": ["x\ufffd", "\ufffdy"], "b": ["\U0001f600", None], "c": ["\\ud83d", "1"]}
    with pytest.raises(TableError, match="column names without half a character"):
        read([{"a\ud83d": 1}])


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "rows", "pandas", "pandas, typed", "Polars"])
def test_whole_numbers_of_any_size_and_a_name_of_no_letters(tmp_path: Path, name: str) -> None:
    rows = [{"": 10**40, "b": 2**64, "c": 1}, {"": -3, "b": None, "c": "x"}]
    (tmp_path / "x.json").write_text(json.dumps(rows))
    (tmp_path / "x.jsonl").write_bytes(lines(rows))
    typed = pl.DataFrame({"": [1e40, -3.0], "b": [2.0**64, None], "c": pl.Series(["1", "x"], dtype=pl.Categorical)})
    sources: dict[str, Any] = {"rows": rows, "pandas": pd.DataFrame(rows, dtype=object), "Polars": typed}
    sources["pandas, typed"] = typed.to_pandas()
    found = read(sources.get(name, tmp_path / name)).frame.to_dict(as_series=False)
    assert found == {"": [1e40, -3.0], "b": [2.0**64, None], "c": ["1", "x"]}


def test_nested_json_is_refused_where_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(lines([{"a": [1, 2][i % 2 :], "b": i % 3} for i in range(20)]))
    table = read(tmp_path / "x.jsonl")
    assert kinds(table, "a")[0].name == "b"
    with pytest.raises(InputError, match='column "a", found the type List'):
        kinds(table, "b")


@pytest.mark.parametrize("named", [True, False])
def test_json_of_lists(tmp_path: Path, named: bool) -> None:
    """As the US Census Bureau answers; pandas' `to_json(orient="values")` has no names."""
    rows = [[f"town {i % 7}", str(1000 + i), f"{i:02}", None] for i in range(30)]
    (tmp_path / "x.json").write_text(json.dumps([["NAME", "P1", "state", "rest"], *rows] if named else rows))
    found = read(tmp_path / "x.json").frame
    assert found.columns == (["NAME", "P1", "state", "rest"] if named else [f"column_{i}" for i in range(1, 5)])
    assert found.rows() == [(town, int(number), code, None) for town, number, code, _ in rows]


def test_columns_within_an_object_are_a_table(tmp_path: Path) -> None:
    """As Open-Meteo answers; a short list in a row is one."""
    for n, columns in (
        (24, ["time", "rain"]),
        (2, ["lat", "hourly.time.0", "hourly.time.1", "hourly.rain.0", "hourly.rain.1"]),
    ):
        hourly = {"time": [*range(n)], "rain": [i / 4 for i in range(n)]}
        (tmp_path / "x.json").write_text(json.dumps({"lat": 52.5, "hourly": hourly}))
        table = read(tmp_path / "x.json")
        assert table.frame.columns == columns
        assert table.notes == (('the rows are those of "hourly" in the file',) if n > 2 else ())


def test_lists_in_columnar_files(tmp_path: Path) -> None:
    """As in JSON and frames: a table with coordinates or tags was refused."""
    made = pl.DataFrame(
        {"at": [[i / 2, i / 4] for i in range(9)], "tags": [["a"] * (i % 3) for i in range(9)], "y": [*range(9)]}
    )
    made.write_parquet(tmp_path / "x.parquet")
    made.write_ipc(tmp_path / "x.arrow")
    (tmp_path / "parts").mkdir()
    made.write_parquet(tmp_path / "parts" / "a.parquet")
    made.write_parquet(tmp_path / "parts" / "b.parquet")
    for name in ("x.parquet", "x.arrow", "parts"):
        found = read(tmp_path / name).frame
        assert found.columns == ["at.0", "at.1", "tags", "y"]
        assert found[:9].equals(read(made).frame)


def test_a_model_of_nested_json_answers_for_rows_of_python(tmp_path: Path) -> None:
    rows = [{"place": {"lat": i / 7, "kind": "uv"[i % 2]}, "y": i % 2} for i in range(60)]
    (tmp_path / "x.json").write_text(json.dumps({"type": "list", "features": rows}))
    model = deltaw.fit(tmp_path / "x.json", "y", epochs=2, folds=0, hidden=3, verbose=False)
    assert model.preparation.input_names == ("place.lat", "place.kind")
    assert model.predict(tmp_path / "x.json").tolist() == model.predict(rows).tolist()
    assert model.predict([{"place": {"lat": 1.0, "kind": "u"}}]).shape == (1,)


BAD = {
    '{"a": 1}\n{"a": 2\n': ["line 2", "mend the line"],
    '{"a": 1}\n[1, 2]\n': ["line 2", "a list"],
    '{"a": 1}\n7\n': ["line 2", "a number"],
    "[1, 2]": ["a number as element 1"],
    "null": ["null as element 1"],
    '[{"a": 1}, [2]]': ["a list as element 2"],
    '[{"a": 1},': ["a mistake"],
    '{"train": [{"a": 1}], "test": [{"a": 2}]}': ["a single object"],
    '{"ann": {"age": 31}, "bob": {"age": 44}}': ["a single object"],
    '{"a": [1, 2], "b": [3]}': ["a single object"],
    '{"columns": ["a", "a"], "data": [[1, 2]]}': ["a single object"],
    "[]": ["no columns"],
    "{}": ["a single object"],
    '{"a":' + "[" * 100_000: ["lists nested without end"],
    "[" * 100_000: ["lists nested without end"],
    '{"a": 1}\n{"a": "\xff"}\n': ["UTF-8"],
}


ONE_OBJECT = {
    "count": '{"count": 2, "results": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], "next": null}',
    "lists": '{\n"a": [1, 2],\n"b": ["x", "y"]\n}',
    **{way: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_json(orient=way) for way in ("columns", "index", "split")},
}


@pytest.mark.parametrize("text", ONE_OBJECT.values(), ids=ONE_OBJECT)
def test_one_json_object_may_be_a_table(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    table = read(tmp_path / "x.json")
    assert table.frame.to_dict(as_series=False) == {"a": [1, 2], "b": ["x", "y"]}
    assert table.notes == (('the rows are those of "results" in the file',) if "results" in text else ())


def test_one_json_object_may_be_a_row(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{\n  "a": 1,\n  "b": "x"\n}', encoding="utf-8")
    assert read(tmp_path / "x.json").frame.to_dict(as_series=False) == {"a": [1], "b": ["x"]}


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "b": 2, "a": 3}\n{"b": 4}\n', '[{"b": 4}, {"a": 1, "a": 3}]', '{"rows": [{"a": 1, "b": 2, "a": 3}]}'],
    ids=["lines", "array", "object"],
)
def test_a_name_that_an_object_has_twice_is_refused(tmp_path: Path, text: str) -> None:
    """One of its cells would be lost."""
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=r'a name of its own for every column, found "a" for columns 1 and [23]; '):
        read(tmp_path / "x.json")


@pytest.mark.parametrize("text", BAD, ids=[text[:20] for text in BAD])
def test_bad_json_ends_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(TableError) as caught:
        read(tmp_path / "x.json")
    message = str(caught.value)
    assert "x.json" in message
    assert "\n" not in message
    assert not [word for word in BAD[text] if word not in message], message


def test_many_names_are_a_large_table(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(lines([{f"a{i}": 1} for i in range(3_000)]))
    with pytest.raises(TableError, match="max_bytes="):
        read(tmp_path / "x.jsonl", max_bytes=1 << 20)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text(max_size=5)
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1), min_size=1, max_size=8), st.booleans())
def test_any_objects_give_a_frame_or_one_line(rows: list[dict[str, Any]], array: bool) -> None:
    data = json.dumps(rows).encode() if array else lines(rows)
    assert len(read_json(Source(data, "x", Path("x"))).frame) == len(rows)


# --- workbooks ------------------------------------------------------------------------------------------------------


def workbook(**sheets: list[list[Any]]) -> bytes:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("fastexcel")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    sheet.write(i, j, cell)
    return buffer.getvalue()


SHEET = [
    ["id", "when", "share", "word", "是", None],
    [1, datetime(2020, 1, 2), 0.5, "x", True, None],
    [None] * 6,
    [2, datetime(2020, 1, 3), None, "NA", False, None],
    [3, None, 1.0, 7, True, None],
]


def test_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(workbook(Notes=[], Data=SHEET, More=[["k"], [5]]))
    table = read(tmp_path / "x.xlsx")
    assert table.notes == ('read from its sheet "Data", not Notes, More; sheet= to change',)
    assert table.frame["when"].dtype == pl.Datetime("us")
    assert table.frame.with_columns(pl.col("when").cast(pl.Date)).to_dict(as_series=False) == {
        "id": [1, 2, 3],
        "when": [date(2020, 1, 2), date(2020, 1, 3), None],
        "share": [0.5, None, 1.0],
        "word": ["x", None, "7"],
        "是": [True, False, True],
    }
    assert table.frame["id"].dtype == pl.Int64
    asked = read(tmp_path / "x.xlsx", sheet="More")
    assert (asked.frame.rows(), asked.notes) == ([(5,)], ())


def test_cells_that_only_seem_to_have_a_value_are_told(tmp_path: Path) -> None:
    """Those below the first of merged cells, and formulas of programs that calculate none; not a merged title."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("fastexcel")
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        book.add_worksheet("Notes & more")
        sheet = book.add_worksheet("A & B")
        sheet.merge_range("A1:C2", "Report")
        for i, row in enumerate([["group", "x", "double"], *([None, i, None] for i in range(4))]):
            sheet.write_row(i + 2, 0, row)
            if i:
                sheet.write_formula(i + 2, 2, f"=2*B{i + 3}", None, "" if i > 2 else 2 * (i - 1))
        sheet.merge_range("A4:A7", "all")
    table = read(tmp_path / "x.xlsx")
    assert table.frame["group"].to_list() == ["all", None, None, None]
    merged, formulas = table.notes[-2:]
    assert "A4:A7" in merged
    assert "A1:C2" not in merged
    assert "(C6, C7)" in formulas
    assert table.frame["double"].to_list() == [0, 2, None, None]


def test_sheets_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(workbook(Data=SHEET, Empty=[], Header=[["a", "b"]]))
    for sheet, words in (("data", "did you mean Data"), ("zzz", "Data, Empty, Header")):
        with pytest.raises(SettingError, match=words):
            read(tmp_path / "x.xlsx", sheet=sheet)
    for sheet in ("Empty", "Header"):
        with pytest.raises(TableError, match="a sheet with a header and rows"):
            read(tmp_path / "x.xlsx", sheet=sheet)
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(SettingError, match=r"expected a workbook, found .*x\.csv"):
        read(tmp_path / "x.csv", sheet="Data")


def test_a_workbook_that_fills_a_memory_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(100 << 20))
    with pytest.raises(TableError, match="max_bytes="):
        read(tmp_path / "x.xlsx")


def test_a_cell_far_from_all_others_is_refused(tmp_path: Path) -> None:
    """Around it and the others lie 2^34 cells: fastexcel would make all of them, and end the process."""
    (tmp_path / "x.xlsx").write_bytes(
        workbook(Data=[*SHEET, *[[]] * (2**20 - len(SHEET) - 1), [None] * (2**14 - 1) + [1]])
    )
    with pytest.raises(
        TableError, match='side by side in the sheet "Data", found a rectangle of 17,179,869,184 around'
    ):
        read(tmp_path / "x.xlsx")


def test_damaged_workbooks_end_in_one_line(tmp_path: Path) -> None:
    whole = workbook(Data=SHEET)
    for length in range(100, len(whole), len(whole) // 10):
        (tmp_path / "x.xlsx").write_bytes(whole[:length])
        with pytest.raises(TableError, match="expected a workbook") as caught:
            read(tmp_path / "x.xlsx")
        assert "\n" not in str(caught.value)


def test_without_fastexcel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.xlsx").write_bytes(workbook(Data=SHEET))
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with pytest.raises(MissingError, match=r'pip install "deltaw\[excel\]"'):
        read(tmp_path / "x.xlsx")


# --- standard input -------------------------------------------------------------------------------------------------


class Given:
    """A stdin of these bytes, or a terminal."""

    closed = False

    def __init__(self, data: bytes = b"", terminal: bool = False) -> None:
        self.buffer, self.isatty = io.BytesIO(data), lambda: terminal


@pytest.mark.parametrize(
    "data",
    [b"a,b\n1,x\n2,y\n", gzip.compress(b"a,b\n1,x\n2,y\n"), lines([{"a": 1}, {"a": 2}])],
    ids=["text", "gzip", "lines"],  # its bytes would be a name that changes with the time of day
)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", Given(data))
    table = read("-")
    assert (table.name, table.frame["a"].to_list()) == ("stdin", [1, 2])


def test_nothing_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for given_, words in (
        (Given(terminal=True), "a terminal"),
        (None, "closed"),
        (Given(), "stdin: .*nothing to read"),
    ):
        monkeypatch.setattr(sys, "stdin", given_)
        with pytest.raises(TableError, match=words):
            read("-")
    monkeypatch.setattr(sys, "stdin", Given(b"a\n" * 99))
    with pytest.raises(TableError, match="stdin: expected at most 50 bytes"):
        read("-", max_bytes=50)
    assert loading.STDIN == "-"


# --- of pandas ------------------------------------------------------------------------------------------------------

FRAME = pd.DataFrame({"x": [1.5, 2.5, 3.5], "y": ["a", "b", "a"]})


@pytest.mark.parametrize(
    ("index", "notes"),
    [
        (pd.Index([7, 3, 5]), ()),
        (pd.Index([7, 3, 5], name="who"), ("without who, the index of pandas",)),
        (
            pd.MultiIndex.from_tuples([(1, "a"), (2, "b"), (3, "c")], names=["k", None]),
            ("without k, the index of pandas",),
        ),
        (pd.RangeIndex(3), ()),
    ],
)
def test_an_index_is_no_column(tmp_path: Path, index: Any, notes: tuple[str, ...]) -> None:
    frame = FRAME.set_axis(index)
    frame.to_parquet(tmp_path / "x.parquet")
    table = read(tmp_path / "x.parquet")
    assert table.frame.columns == ["x", "y"]
    assert table.notes == notes
    assert read(frame).frame.columns == ["x", "y"]  # nor is it in memory
    assert "__index_level_0__" not in read(pa.Table.from_pandas(frame)).frame.columns


def test_the_index_in_a_csv_is_an_identifier(tmp_path: Path) -> None:
    """Also where rows were sorted out, after which it does not count them any more."""
    frame = pd.DataFrame({"x": [i * 0.5 for i in range(40)], "y": ["a", "b"] * 20})
    for part in (frame, frame[frame.x > 5], frame.sort_values("y")):
        part.to_csv(tmp_path / "x.csv")
        table = read(tmp_path / "x.csv")
        assert table.frame.columns == list(pd.read_csv(tmp_path / "x.csv").columns) == ["Unnamed: 0", "x", "y"]
        assert [column.kind for column in kinds(table, "y")] == ["identifier", "number"]


# --- of Chinese -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["2020年01月02日", "2020年1月3日", "2021年12月31日"], "date"),
        (["2020年01月02日 03:04", "2020年1月3日 13:04"], "date"),
        (["2020年01月02日 03:04:05", "2020年1月3日 13:04:05"], "date"),
        (["2020年1月2日3时04分", "2020年1月3日13时04分"], "date"),
        (["是", "否"], "boolean"),
        (["有", "无"], "boolean"),
        (["真", "假"], "boolean"),
        (["对", "错"], "boolean"),
        (["男", "女"], "category"),
    ],
)
def test_dates_and_answers_in_chinese(cells: list[str], kind: str) -> None:
    column = kinds(read(pl.DataFrame({"c": cells * 9, "y": [1.5, 2.5, 3.5] * 3 * len(cells)})), "y")[0]
    assert column.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><html><meta content='a,b'>\n<p>1,2",
        "<?xml version='1.0'?>\n<a>1,2</a>",
        "<HTML>\n",
        "<table>\n1,2",
        "<a/>",
    ],
)
def test_markup_is_no_table(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(TableError, match="found HTML or XML; write its table as CSV"):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_name_may_begin_like_markup(tmp_path: Path, delimiter: str) -> None:
    names = ["<script>alert(1)</script>", "<b>", "y"]
    rows = [names, ["1", "2", "3"], ["4", "5", "6"]]
    (tmp_path / "t.csv").write_text("\n".join(map(delimiter.join, rows)))
    assert read(tmp_path / "t.csv").frame.columns == names


def test_a_first_name_in_brackets_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("[x],y\n1,2\n3,4\n", encoding="utf-8")
    assert read(path).frame.columns == ["[x]", "y"]
    path.write_text('[ {"x": 1}, {"x": 2} ]', encoding="utf-8")
    assert read(path).frame.columns == ["x"]


@pytest.mark.parametrize("group", [1000, 7])
def test_rows_of_a_large_parquet_file_lie_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    """Each in memory of its own, whatever groups the file has: it can be let go alone."""
    frame = pl.DataFrame({"a": range(100), "b": [f"w{i}" for i in range(100)], "c": [i / 3 for i in range(100)]})
    frame.write_parquet(tmp_path / "d.parquet", row_group_size=group)
    monkeypatch.setattr(columnar, "AT_ONCE", 200)
    monkeypatch.setattr(places, "PART", 3 * 32)
    found = read(tmp_path / "d.parquet").frame
    assert found.equals(frame)
    heights = {tuple(map(len, column.get_chunks())) for column in found.iter_columns()}
    assert len(heights) == 1
    assert max(heights.pop()) <= 32


@pytest.mark.parametrize(
    "name", ["a.parquet", "a.csv", "a", "a.arrow", "a.jsonl", "a.npz", "a.xlsx", "a.idx", "a.csv.gz"]
)
def test_a_file_of_zeros_is_said_to_be_one(name: str, tmp_path: Path) -> None:
    """What a disk leaves of a write that was broken off; it began as IDX files do."""
    (tmp_path / name).write_bytes(bytes(5000))
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "b")
    for source in (tmp_path / name, tmp_path):
        with pytest.raises(TableError, match=rf"{name}: expected CSV, .*, found zero bytes"):
            deltaw.read(source)
