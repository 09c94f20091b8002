"""Delimited text: what Python's csv module writes is read back, and everything odd ends in one line."""

import contextlib
import csv
import gzip
import io
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import ColumnError, InputError, SettingError, TableError
from deltaw.tables import Table, kinds, read
from deltaw.tables.missing import MISSING
from deltaw.tables.reading.formats import pieces
from deltaw.tables.reading.formats.delimited import read_delimited
from deltaw.tables.reading.formats.header import has_header
from deltaw.tables.reading.formats.separators import find_delimiter, rectangle
from deltaw.tables.reading.source import Reading


def frame_of(text: str | bytes, delimiter: str | None = None) -> dict[str, list[object]]:
    data = text.encode() if isinstance(text, str) else text
    return read_delimited(data, "x.csv", Reading(delimiter)).frame.to_dict(as_series=False)


CELLS = st.text(alphabet='abcé& ,;\t"\n|', max_size=6)


@given(
    rows=st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=12)
    ),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writes_is_read_back(rows: list[list[str]], delimiter: str, quoting: int, line_end: str) -> None:
    names = [f"name{i}" for i in range(len(rows[0]))]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=line_end).writerows([names, *rows])
    found = frame_of(file.getvalue(), delimiter if len(names) == 1 else None)
    stripped = [[None if cell.strip().lower() in MISSING else cell.strip() for cell in row] for row in rows]
    if len(names) == 1:  # of one column, blank lines at the end are no rows
        while len(stripped) > len(found["name0"]):
            assert stripped.pop() == [None]
    assert found == {name: [row[i] for row in stripped] for i, name in enumerate(names)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n3,4\n", {"a": [1, 3], "b": [2, 4]}),
        ('a,b,c\n1,"\n\n",""\n2,3,4\n', {"a": [1, 2], "b": [None, 3], "c": [None, 4]}),
        ('a,b,c\n"\n\n","x",""\n', {"a": [None], "b": ["x"], "c": [None]}),
        ("a,b\r\n1,x\r\n3,y", {"a": [1, 3], "b": ["x", "y"]}),
        ("\ufeff\ufeffa;b\n1,5;x\n2,25;y\n", {"a": [1.5, 2.25], "b": ["x", "y"]}),
        ("a;b\n1.234,5;1\n0,25;2\n", {"a": [1234.5, 0.25], "b": [1, 2]}),
        ("a\tb\n1\tx y\n2\tz\n", {"a": [1, 2], "b": ["x y", "z"]}),
        ("a|b\n1|x,y\n2|z,w\n", {"a": [1, 2], "b": ["x,y", "z,w"]}),
        ("1.0  2.0   3\n  4.0 5.0 6\n", {"column_1": [1.0, 4.0], "column_2": [2.0, 5.0], "column_3": [3, 6]}),
        ('a,b\n1,"x,\ny""z"\n2,w\n\n', {"a": [1, 2], "b": ['x,\ny"z', "w"]}),
        (f'a,b\n1,"{"x,y " * 50_000}"\n2,w\n', {"a": [1, 2], "b": [("x,y " * 50_000).strip(), "w"]}),
        ("a,b\n\n1,x\n\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("\n\na,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
        ('a,b\n1,5" pipe\n2,6" pipe\n', {"a": [1, 2], "b": ['5" pipe', '6" pipe']}),
        ("a\n1\n\n3\n", {"a": [1, None, 3]}),
        ("a;b;c\r\n1;2;\r\n3;4;\r\n;;\r\n; ;\r\n", {"a": [1, 3], "b": [2, 4], "c": [None, None]}),
        (
            "a,b\n1,NA\n2, n/a \n3,?\n4,None\n5,7\n6,\n7,NaN",
            {"a": [1, 2, 3, 4, 5, 6, 7], "b": [None] * 4 + [7, None, None]},
        ),
        (
            "a,b\n1,.\n2,..\n3,\\N\n4,(null)\n5,#DIV/0!\n6,#value!\n7,1.5\n8,.5",
            {"a": [1, 2, 3, 4, 5, 6, 7, 8], "b": [None] * 6 + [1.5, 0.5]},
        ),
        ('p,q\n"1,234",1\n"12,345.5",2\n', {"p": [1234.0, 12345.5], "q": [1, 2]}),
        ('p,q\n" 12 ",1\n13 ,2\n', {"p": [12, 13], "q": [1, 2]}),
        ("a,b\nTrue,yes\nFALSE,no\n", {"a": [True, False], "b": ["yes", "no"]}),
        ('p,q\n"$1,200",5%\n$15,12.5 %\n', {"p": ["$1,200", "$15"], "q": ["5%", "12.5 %"]}),
        ("p,q\n−1.5,-2\n3,−4\n", {"p": [-1.5, 3.0], "q": [-2.0, -4.0]}),
        ("p;q\n1.200,5 €;1,5%\n-0,3€;12 %\n", {"p": ["1200.5 €", "-0.3€"], "q": ["1.5%", "12 %"]}),
        ("*,a$\n1,x\n2,y\n", {"*": [1, 2], "a$": ["x", "y"]}),
        ("a,\n1,2\n", {"a": [1], "column_2": [2]}),
        (",Unnamed: 0,b\n1,2,x\n3,4,y\n", {"Unnamed: 0.1": [1, 3], "Unnamed: 0": [2, 4], "b": ["x", "y"]}),  # as pandas
        ('="a",b\n="34.9","=""007"""\n="1","=""012"""\n', {"a": [34.9, 1.0], "b": ["007", "012"]}),  # for Excel
        ('a,b\n=1,"=""x"" is"\n=2,="\n', {"a": ["=1", "=2"], "b": ['="x" is', '="']}),
        ('"a" "b c"\n"1" 2 "x y"\n"2" 3 "z"\n', {"Unnamed: 0": [1, 2], "a": [2, 3], "b c": ["x y", "z"]}),  # of R
        ('"a","b"\n"u",2,1\n"v",3,4\n', {"Unnamed: 0": ["u", "v"], "a": [2, 3], "b": [1, 4]}),
        ("a\tb\nu\t2\t1\nv\t3\t4\n", {"Unnamed: 0": ["u", "v"], "a": [2, 3], "b": [1, 4]}),
        ('a, b, c\n"u, v", 1, "x, y"\n"w", 2,  "q ""r"""\n', {"a": ["u, v", "w"], "b": [1, 2], "c": ["x, y", 'q "r"']}),
        ('a,b\n"he said, ""no"" ",2\n"x, ""y"", z",3\n', {"a": ['he said, "no"', 'x, "y", z'], "b": [2, 3]}),
        (
            'a,b\n"he said \\"hi, all\\" to me",1\n"{\\"k\\": \\"v\\"}",2\n"C:\\dir",3\n',
            {"a": ['he said "hi, all" to me', '{"k": "v"}', "C:\\dir"], "b": [1, 2, 3]},
        ),
        ('a,b\n"C:\\dir\\",1\n5\\" pipe,2\n', {"a": ["C:\\dir\\", '5\\" pipe'], "b": [1, 2]}),
        ("only\nwords here\nand there\n", {"only": ["words here", "and there"]}),
        ("a\rb\r", None),
    ],
)
def test_spellings_of_a_table(text: str, expected: dict[str, list[object]] | None) -> None:
    assert frame_of(text) == (expected or {"a": ["b"]})


def test_numbers_that_appear_late_change_the_type_of_the_column() -> None:
    cells = ["1"] * 3000 + ["2.5", "NA", "3"]
    assert frame_of("a,b\n" + "".join(f"{c},x\n" for c in cells))["a"] == [1.0] * 3000 + [2.5, None, 3.0]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","), ("a;b\n1,5;2,5\n", ";"), ("1,5;2,5\n3,5;4,5\n", ";"), ("a\tb,c\n1\t2,3\n", "\t"),
        ("x y\n1 2\n", " "), ("a\n1\n", ","), ('"a;b",c\n"d;e",f\n', ","), ("a,b\nNew York,1\nRome,2\n", ","),
        ("a|b\n1|2\n", "|"), ("a^b\n1^2\n", "^"), ("a~b\n1~2\n", "~"), ("a\x01b\n1\x012\n", "\x01"),
        ("18.0  8  ?\t\"ford x\"\n7.0   4  1\t\"a b\"\n", " "), ("first name\tx\nA B\t1\nC D\t2\n", "\t"),
        ("a\n" + "12 kg\n" * 60, ","),
        ('u,"a""b&amp;",w\nx,"c;""d",y\n', ","), ("u,a&amp;b\nx,c&amp;d\n", ","), ('"a;b"|2\n"c;d"|3\n', "|"),
        ("200|(X11; x86)|a\n404|(Win; x64)|b\n", "|"), ("a b;c,5\nd e;1.234,5\n", ";"), ("1,5;2\n3;4,5\n", ";"),
        ('"a"\t"b  c  d"\n"x"\t"y  z  w"\n', "\t"),
        ("about\n~1\n~2\n~3\n", ","), ("a,b\n~1,^2\n~3,^4\n", ","),
    ],
)  # fmt: skip
def test_delimiter_found(text: str, delimiter: str) -> None:
    assert find_delimiter(text.encode()) == delimiter


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["a", "b"], ["1", "2"]], True),
        ([["1", "2"], ["3", "4"]], False),
        ([["country", "2019", "2020"], ["A", "1", "2"], ["B", "3", "4"]], True),
        ([["5.1", "3.5", "setosa"], ["4.9", "3.0", "virginica"]], False),
        ([["39", "Private", "13"], ["50", "Private", "9"]], False),
        ([["name", "colour"], ["x", "red"], ["y", "blue"]], True),
        ([["1", "", "3"], ["1", "2", "3"]], False),
        ([["a", "b"]], True),
        ([["colour", "shape"], *[["red", "square"], ["colour", "round"]] * 4], True),
        ([["red", "square"], *[["red", "square"], ["blue", "round"]] * 4], False),
        ([["anna", "square"], *[[f"n{i}", "square"] for i in range(8)]], False),
        ([["-37,5", "a"], ["1,25", "b"]], False),
        ([["2024-01-05", "a"], ["2023-11-30", "b"]], False),
        ([["12 kg", "P007", "a"], ["9 kg", "P1", "b"]], False),
        ([["anna", "34"], ["bob", "51"], ["carl", "45"]], False),
        ([["anna", "2019"], ["bob", "2020"], ["carl", "2018"]], False),
        ([["1", "2", "3"], ["4", "5", "6"]], False),
        ([["name", "2019"], ["anna", "3"], ["bob", "4"]], True),
        ([["0", "1", "2"], ["5.1", "3.5", "0"], ["4.9", "3.0", "0"]], True),  # as pandas names columns of arrays
        ([["", "0", "1"], *[[f"{i}", "5.1", "3.5"] for i in range(5)]], True),
        ([["", "2019", "2020"], ["anna", "3", "5"], ["bob", "4", "7"]], True),
        ([["id", *map(str, range(400, 460, 10))], ["a", *"591372"], ["b", *"481357"]], True),
        ([[f"{400.5 + i}" for i in range(6)], [*"591372"], [*"481357"]], True),  # wave lengths
    ],
)
def test_header_found(rows: list[list[str]], header: bool) -> None:
    assert has_header(rows) is header


BAD = [
    (b"", TableError, ["empty"]),
    (b" \n\n", TableError, ["empty"]),
    (b"a,b\n", TableError, ["only the header"]),
    (b"a,b\n1,2\n3\n4,5\n", TableError, ["line 3", "expected 2", "found 1"]),
    (b'a,b\n1,"x\ny"\n3,4,5\n4,5\n', TableError, ["line 4", "expected 2", "found 3"]),
    (b'a,b\n1,2\n3,"4\n5,6\n', TableError, ["line 3", "quotes"]),
    (b"a,b\n1,Li, Bo\n2,Ek, Al\n", TableError, ["line 2", "expected 2", "found 3"]),
    (b"a\tb\nu\t2\t1\nu\t3\t4\n", TableError, ["line 2", "expected 2", "found 3"]),
    ("a,b\n1,\xfc\xfc\n".encode("latin1"), TableError, ["UTF-8", "0xfc", "position 6", "line 2"]),
    (b"a,b\n1,\0\n", TableError, ["zero byte", "position 6", "remove such bytes"]),
    (b"a,b\n1,\1\0\n", TableError, ["binary data", "position 7", "give CSV"]),
    (b"id,age\n" + b"".join(b"%d,%d\n" % (i, 20 + i % 50) for i in range(730)) + b"730,12.5x\n731,3\n",
     ColumnError, ["row 731", '"age"', '"12.5x"']),
    (b"a,^.*$\n1,2\n", TableError, ['"^.*$"', "rename"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "error", "words"), BAD)
def test_bad_text_ends_in_one_line(data: bytes, error: type[InputError], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        kinds(Table(read_delimited(data, "x.csv").frame, "x.csv"))
    message = str(caught.value)
    assert message.startswith("x.csv")
    assert "\n" not in message
    assert not [word for word in words if word not in message], message


@pytest.mark.parametrize("delimiter", [";;", "\n", '"', "é"])
def test_delimiter_must_be_one_character(delimiter: str) -> None:
    with pytest.raises(SettingError, match="one character"):
        read_delimited(b"a,b\n1,2\n", "x.csv", Reading(delimiter))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_frame_or_one_line(data: bytes) -> None:
    with contextlib.suppress(InputError):
        assert read_delimited(data, "x.csv").frame.height > 0


@given(st.text(alphabet='a1,"\n .;-', max_size=60))
def test_any_text_gives_a_frame_or_one_line(text: str) -> None:
    with contextlib.suppress(InputError):
        assert read_delimited(text.encode(), "x.csv").frame.height > 0


@pytest.mark.parametrize(
    ("text", "width", "records"),
    [
        ("a,b\n1,2\n", 2, 2),
        ("a,b\n1\n", 2, 0),
        ("a,b\n1,2,3\n4\n", 2, 0),
        ('a,"b,\nc"\n1,2\n', 2, 2),
        ("a\n\nb\n", 1, 3),
    ],
)
def test_rectangle(text: str, width: int, records: int) -> None:
    assert rectangle(text.encode(), ",", width) == records


@pytest.mark.parametrize(
    "body",
    [
        "1,2,x\n3,4\n5,6,y,z\n",  # as many separators as a rectangle has
        "1,2,x\n3,4,y,z\n5,6\n",
        "1,2,3\n4,5\n6,7,8,9\n",
    ],
)
def test_no_record_lends_another_a_field(body: str) -> None:
    with pytest.raises(TableError, match=r"expected 3 fields in line [34]"):
        read_delimited(f"a,b,c\n{body}".encode(), "x.csv")


FIELDS = st.sampled_from(["1", "2.5", "x", "NA"])


@given(
    st.lists(
        st.lists(FIELDS | st.just(""), min_size=1, max_size=3).map(lambda row: ["1", *row]), min_size=1, max_size=8
    )
)
def test_records_of_one_width_are_read_and_no_others(rows: list[list[str]]) -> None:
    text = "".join(",".join(row) + "\n" for row in [["a", "b", "c"], *rows])
    if len({*map(len, rows)}) == 1 and not any("".join(row[3:]) for row in rows):
        rows = [row[:3] for row in rows]  # of all rows alike, separators behind the last field are passed over
    if any(len(row) != 3 for row in rows):
        with pytest.raises(TableError, match=r"expected \d fields in line"):
            read_delimited(text.encode(), "x.csv", Reading(","))
    else:
        frame = read_delimited(text.encode(), "x.csv", Reading(",", written=True)).written
        assert frame is not None
        assert [[cell or "" for cell in row[:3]] for row in frame.rows()] == rows


def test_utf16_from_a_spreadsheet(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x.csv"
    path.write_bytes("a\tb\n1\té\n".encode("utf-16"))
    assert read(path).frame.equals(pl.DataFrame({"a": [1], "b": ["é"]}))


def test_gzip(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read(path).frame.equals(pl.DataFrame({"a": [1], "b": [2]}))


OF_NUMBERS = "a,b,c,w\n" + "".join(f"{i},{i / 7},{'' if i < 40 else i},{'kl'[i % 2]}\n" for i in range(100))


@pytest.mark.parametrize(
    "text",
    [
        OF_NUMBERS,
        OF_NUMBERS.replace("\n", "\r\n"),
        OF_NUMBERS.replace("99,", "99.5,"),  # whole numbers, and then fractions
        OF_NUMBERS.replace("\n90,", "\nNA,"),
        OF_NUMBERS.replace("\n90,", "\n9O,"),  # a word in the last piece: 007 before it was one, too
        OF_NUMBERS.replace("\n5,", "\n005,").replace("\n90,", "\nx90,"),
        OF_NUMBERS.replace(",k\n", ',"k\n,k"\n'),
        OF_NUMBERS.replace(",k\n", ",12/31/2024\n").replace(",l\n", ",01/02/2024\n"),
        OF_NUMBERS.replace(",k\n", ",true\n").replace(",l\n", ",false\n"),
        OF_NUMBERS.replace(",k\n", ",é\n"),
        OF_NUMBERS.replace("\n50,", "\n50,50,"),  # ragged
        "\n".join(OF_NUMBERS.split("\n")[1:]),
        OF_NUMBERS.replace("\n90,", f"\n{2**70},"),
    ],
)
def test_large_text_is_read_in_pieces_as_it_is_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(text.encode())

    def found() -> object:
        try:
            table = read(path)
        except InputError as error:
            return str(error)
        return table.frame.to_dict(as_series=False), table.frame.schema, table.notes

    monkeypatch.setattr("deltaw.tables.reading.formats.separators.HEAD_BYTES", 300)  # no more than a piece, as it is
    whole = found()
    monkeypatch.setattr(pieces, "LARGE", 100)
    monkeypatch.setattr(pieces, "SMALL", 300)
    assert found() == whole


def test_the_rows_of_large_text_lie_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d.csv").write_text(OF_NUMBERS)
    monkeypatch.setattr(pieces, "LARGE", 100)
    monkeypatch.setattr(pieces, "SMALL", 300)
    assert 4 < read(tmp_path / "d.csv").frame.n_chunks() < 12


ODD = {
    "a field more": b"1,2,x,6\n",
    "an open quote": b'1,2,"never closed\n',
    "no UTF-8": b"1,2,caf\xe9\xff\n",
    "a zero": b"1,2,a\0b\n",
}


@pytest.mark.parametrize("what", ODD)
def test_a_piece_names_the_place_in_the_file(what: str, tmp_path: Path) -> None:
    """A fault is where it is in the whole, however many pieces, lines in quotes and blank lines stand before it."""
    cells = ["plain", '"two\nlines"', '"x,y"']
    rows = ["\n" * (i % 50 == 0) + f"{i},2,{cells[i % 3]}\n" for i in range(900)]
    above, below = "".join(["a,b,c\n", *rows[:600]]).encode(), "".join(rows[600:]).encode()
    (tmp_path / "d.csv").write_bytes(above + ODD[what] + below)
    with pytest.raises(TableError) as whole:
        read_delimited(above + ODD[what] + below, "d.csv")
    with pytest.raises(TableError) as piece:
        list(pieces.pieces(tmp_path / "d.csv", "d.csv", Reading(), size=1000))
    assert str(piece.value) == str(whole.value)
    position, line = len(above) + ODD[what].find(b"\0"), above.count(b"\n") + 1
    place = f"position {position:,}" if what == "a zero" else f"line {line:,}"
    assert what == "an open quote" or place in str(piece.value)  # which the next quote closes


ROWS = [f"{i},{i / 7:.3f},word {i % 5},{'no' if i % 3 else 'yes'}" for i in range(400)]


@pytest.mark.parametrize(("opens", "others"), [("word", "word"), ("yes", "no"), ("12,", r"1\."), ("word", "yes")])
def test_a_quote_that_is_not_closed_has_its_line(opens: str, others: str) -> None:
    """Where the next one, which opens a cell some lines below, closes it: rows went into a cell, and nobody heard."""
    lines = ["a,b,w,y", *ROWS]
    lines[13] = lines[13].replace(opens, f'"{opens}', 1)
    lines[30:] = [re.sub(rf"({others}[^,]*)", r'"\1"', line) for line in lines[30:]]
    with pytest.raises(TableError, match=r"^t\.csv: expected .*\bline 14\b"):
        read_delimited("\n".join(lines).encode(), "t.csv")


def test_rows_in_a_cell_are_told() -> None:
    """Two quotes that are wrong by themselves make a cell that is right: nothing but its contents is odd."""
    lines = ["a,b,w,y", *ROWS]
    lines[20], lines[22] = lines[20].replace("word", '"word'), re.sub(r"(word \d)", r'\1"', lines[22])
    found = read_delimited("\n".join(lines).encode(), "t.csv")
    assert len(found.frame) == 398
    assert found.notes == ('line 21: a cell of column "w" holds what looks like 3 rows; is a quote missing?',)


@pytest.mark.parametrize(("other", "told"), [("1.5", True), ("", False), ("3", False), ("1e300", True)])
def test_whole_numbers_that_are_rounded_are_told(other: str, told: bool, tmp_path: Path) -> None:
    """Two identifiers above 2^53 are one float64; where all are whole they stay what they are."""
    ids = [str(2**53 + 1 + 2 * (i % 5)) for i in range(50)]
    text = "id,x\n" + "".join(f"{each},{i}\n" for i, each in enumerate([*ids, other]))
    found = read_delimited(text.encode(), "t.csv")
    note = 'column "id" has whole numbers above 2^53 beside fractions: they are rounded, and two may become one'
    assert found.notes == ((note,) if told else ())
    assert found.frame["id"].drop_nulls().n_unique() == (3 + 1 if told else 5 + (other != ""))
    pl.DataFrame({"id": [int(each) for each in ids]}).write_parquet(tmp_path / "0.parquet")
    pl.DataFrame({"id": [float(other or 7)]}).write_parquet(tmp_path / "1.parquet")
    assert read(tmp_path).notes == (note,)


def test_a_name_may_begin_as_what_zlib_packs_does() -> None:
    """Polars takes x^ for that, and unpacks it."""
    assert frame_of("x^2,y\n1.5,a\n2,b\n") == {"x^2": [1.5, 2.0], "y": ["a", "b"]}
