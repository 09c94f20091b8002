"""What lies around a table: comments above it, notes and totals below it, a header that lacks a name or is marked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import InputError, TableError
from deltaw.tables import Table, kinds, read
from deltaw.tables.reading.formats.header import may_be_number
from deltaw.tables.reading.formats.heads import rows_of_names
from deltaw.tables.reading.formats.pieces import joined
from deltaw.tables.reading.source import Reading

ROWS = "".join(f"{i},{i % 7}.5,w{i % 3},{i * 3}\n" for i in range(1, 61))
NAMED = "item,x,w,y\n" + ROWS
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str, encoding: str = "utf-8", name: str = "t.csv") -> Path:
        (path := tmp_path / name).write_bytes(text.encode(encoding))
        return path

    return write


def same_rows(table: Table, first: str = "item") -> bool:
    """Whether a table has the rows of NAMED."""
    named = table.frame.rename({table.frame.columns[0]: first})
    return named.rows() == [(i, i % 7 + 0.5, f"w{i % 3}", i * 3) for i in range(1, 61)]


@pytest.mark.parametrize("last", ["", "#"])
def test_comments_of_any_length_above_the_names(written: Written, last: str) -> None:
    path = written("# a remark, and more\n" * 1_000 + last + NAMED)
    assert same_rows(table := read(path))
    assert table.notes == ("the column names are in row 1001; the rows above are ignored",)
    found = joined(path, "t", Reading())
    assert found is not None
    assert found.frame.equals(table.frame)


@pytest.mark.parametrize("notes", ["Source: somebody\n", '"Source: a, b"\n* estimated\n', "\n\nNote\n", "(60 rows)\n"])
@pytest.mark.parametrize("blank", ["\n", ",,,\n", "\r\n\r\n"])
def test_notes_below_a_table_are_left_out_and_told(written: Written, notes: str, blank: str) -> None:
    table = read(written(NAMED + blank + notes))
    assert same_rows(table)
    assert [note.startswith('what stands below the table is left out ("') for note in table.notes] == [True]


@pytest.mark.parametrize(
    "notes", ["# 60 rows\n", "__________\n(C) an office\n", "数据来源：国家统计局,,,\n", '"Source: a"\n']
)
def test_notes_that_are_signed_need_no_blank_line(written: Written, notes: str) -> None:
    table = read(written(NAMED + notes))
    assert same_rows(table)
    told = notes.partition("\n")[0].strip('",')
    assert table.notes == (f'what stands below the table is left out ("{told}")',)


@pytest.mark.parametrize("names", ["item,x,w,y\n", "item,x,w,y,\n"])
def test_a_first_line_of_other_width_is_a_title(written: Written, names: str) -> None:
    """As of phones and loggers: com.maker.weight,6008,5; rows may end with a separator that the names have not."""
    table = read(written("com.maker.weight,6\n" + names + ROWS.replace("\n", ",\n")))
    assert [row[:4] for row in table.frame.rows()] == [(i, i % 7 + 0.5, f"w{i % 3}", i * 3) for i in range(1, 61)]
    assert "the column names are in row 2; the rows above are ignored" in table.notes


def test_a_title_above_two_columns(written: Written) -> None:
    rows = "".join(f"2024-01-{i:02},<{i}\n" for i in range(1, 29))
    table = read(written("Category: All\n\nWeek,term: (Worldwide)\n" + rows))
    assert table.frame.columns == ["Week", "term: (Worldwide)"]
    assert len(table.frame) == 28


@pytest.mark.parametrize("blank", [0, 1, 3])
def test_notes_below_a_table_of_a_workbook(tmp_path: Path, blank: int) -> None:
    """As in text: its columns have the types of the rows above the notes; without a blank row they are rows."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        sheet, rows = book.add_worksheet(), [[i, i / 4, "ab"[i % 2], i % 5] for i in range(40)]
        for i, row in enumerate(
            [["n", "x", "w", "y"], *rows, *[[]] * blank, ["Source: somebody"], ["* estimated", "1"]]
        ):
            sheet.write_row(i, 0, row)
    table = read(tmp_path / "t.xlsx")
    assert (table.frame.rows() == [*map(tuple, rows)]) is bool(blank)
    told = 'what stands below the table is left out ("Source: somebody")'
    assert table.notes == ((told,) if blank else ())


@pytest.mark.parametrize("rest", [
    "Source\n",  # no blank line: a row that was cut off
    "12:30\n",
    "\n61,0.5\n",  # begins with a number
    "\nw,0.5,w1\n",  # most of the columns
])  # fmt: skip
def test_a_short_row_at_the_end_is_no_note(written: Written, rest: str) -> None:
    with pytest.raises(TableError, match=r"expected 4 fields in line 6[23]"):
        read(written(NAMED + rest))


@pytest.mark.parametrize("word", ["Total", "Grand total:", "Summe", "合计"])
def test_a_total_below_the_table_is_left_out(written: Written, word: str) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    rows = [[f"2024-01-{i:02}", i, "ab"[i % 2]] for i in range(1, 29)]
    text = "\n".join(",".join(map(str, row)) for row in [["day", "x", "w"], *rows])
    with xlsxwriter.Workbook((path := written(f"{text}\n{word},406,\n")).with_suffix(".xlsx")) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate([["day", "x", "w"], *rows, [word, 406]]):
            sheet.write_row(i, 0, row)
    for table in (read(path), read(path.with_suffix(".xlsx"))):
        assert table.frame.rows() == [*map(tuple, rows)]
        assert table.notes == (f'the last row is left out, which seems to be a total ("{word}")',)
    for others in (f"{word},1,b\n", ""):  # a word that recurs is one of the data, and few rows need no total
        few = text if others else "\n".join(text.splitlines()[:5])
        assert read(written(f"{few}\n{others}{word},406,\n")).frame[-1, "x"] == 406


def test_blank_lines_between_rows_leave_sparse_rows_alone(written: Written) -> None:
    assert len(read(written("a,b,c\n" + "\n".join(["x,1,2\n"] * 20 + ["y,,\n"]))).frame) == 21


@pytest.mark.parametrize("word", ["Total", "SUM", "合计", "Gesamt:", "Итого"])
@pytest.mark.parametrize("column", ["day", "number"])
def test_a_total_among_numbers_or_dates_is_to_be_removed(word: str, column: str) -> None:
    cells = [f"2024-01-{i:02}" if column == "day" else f"{i}.5" for i in range(1, 29)]
    table = read({column: [*cells, word], "x": [str(i % 5) for i in range(29)]})
    assert any("seems to be a total" in note for note in table.notes)
    with pytest.raises(InputError, match=r"in row 29 .*; remove the row, which seems to be a total"):
        kinds(table)


def test_a_word_that_occurs_elsewhere_is_no_total() -> None:
    assert read({"sex": ["male", "female", "total"] * 9, "x": [*range(27)]}).notes == ()


@pytest.mark.parametrize("separator", [" ", ","])
def test_a_header_without_a_name_for_what_counts_the_rows(written: Written, separator: str) -> None:
    """As R's write.table writes with quote = FALSE. Other first columns may be ones whose header lacks another name."""
    table = read(written(NAMED.removeprefix("item,").replace(",", separator)))
    assert same_rows(table)
    assert table.notes == ("the first column, which counts the rows, has no name in the header",)
    with pytest.raises(TableError, match="or name the first column there"):
        read(written("x,w,y\n" + ROWS.replace("\n", "\nr", 3)))


@pytest.mark.parametrize("mark", ["# ", "% ", "//  "])
def test_a_mark_before_the_names_is_no_name(written: Written, mark: str) -> None:
    """As numpy.savetxt writes a header."""
    table = read(written(mark + NAMED.replace(",", " ")))
    assert same_rows(table)
    assert table.frame.columns == ["item", "x", "w", "y"]


def test_a_mark_before_two_names_is_no_name(written: Written) -> None:
    table = read(written("# x y\n" + "".join(f"{i} {i}.5\n" for i in range(30))))
    assert table.frame.columns == ["x", "y"]
    assert len(table.frame) == 30


def test_a_missing_value_in_the_first_row_is_no_name(written: Written) -> None:
    rows = [f"{i}.5,{'?' if i % 9 == 0 else i},{'ab'[i % 2]}" for i in range(60)]
    assert len(read(written("\n".join(rows))).frame) == 60
    assert len(read(written("x,?,w\n" + "\n".join(rows))).frame) == 60


@pytest.mark.parametrize("encoding", ["utf-32-be", "utf-32-le", "utf-16-be"])
def test_an_encoding_that_is_given_needs_no_mark(written: Written, encoding: str) -> None:
    assert same_rows(read(written(NAMED, encoding), encoding=encoding))


def test_a_sparse_file_is_refused(written: Written) -> None:
    rows = "".join(f"{i % 2} 1:{i} 3:{i}.5 7:-1e-3\n" for i in range(20))
    with pytest.raises(TableError, match="found a sparse file"):
        read(written(rows, name="t.txt"))


GROUPED = [
    ("{}", [",x,x,y", ",mean,max,mean", "k,,,"], ["k", "x mean", "x max", "y mean"]),  # pandas, with names of an index
    ("{}", ["x,x,y,y", "mean,max,mean,max"], ["x mean", "x max", "y mean", "y max"]),
    ("{}", [",2020,,2021", "name,high,wide,high"], ["name", "2020 high", "2020 wide", "2021 high"]),
    ("{}", ["id,How old?,Which?,", ",Response,Tea,Other"], ["id", "How old? Response", "Which? Tea", "Which? Other"]),
    ("{}", ["id,Which?,,How old?", ",Tea,Coffee,"], ["id", "Which? Tea", "Which? Coffee", "How old?"]),
    ("Report of 2024,,,\n{}", [",2020,,2021", "name,high,wide,high"], ["name", "2020 high", "2020 wide", "2021 high"]),
    (
        "{}",
        [",2020,,2021", "name,high,wide,high", "x,cm,cm,m"],
        ["name x", "2020 high cm", "2020 wide cm", "2021 high m"],
    ),
]


@pytest.mark.parametrize(("above", "head", "names"), GROUPED)
def test_names_in_several_rows_are_joined(written: Written, above: str, head: list[str], names: list[str]) -> None:
    """Merged cells of a spreadsheet, what pandas writes of several levels, answers below questions."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    rows = [[i, i / 4, i % 5, 2 * i] for i in range(1, 41)]
    text = above.format("\n".join(head)) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    path = written(text)
    first = above.count("\n") + 1
    with xlsxwriter.Workbook(path.with_suffix(".xlsx")) as book:
        sheet = book.add_worksheet()
        for i, line in enumerate(text.splitlines()[: first + len(head) - 1]):
            sheet.write_row(i, 0, [cell or None for cell in line.split(",")])
        for i, row in enumerate(rows, first + len(head) - 1):
            sheet.write_row(i, 0, row)
    for table in (read(path), read(path.with_suffix(".xlsx"))):
        assert table.frame.columns == names
        assert table.frame.rows() == [*map(tuple, rows)]
        said = f"the column names are joined from rows {first} to {first + len(head) - 1} ("
        assert [said in note for note in table.notes][-1]


def test_names_that_recur_are_numbered(written: Written) -> None:
    """As exports of Jira have them."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    names, rows = ["id", "tag", "tag_1", "tag", "tag"], [[i, f"u{i % 3}", i / 4, f"v{i % 4}", "w"] for i in range(40)]
    text = "\n".join(",".join(map(str, row)) for row in [names, *rows])
    with xlsxwriter.Workbook((path := written(f"{text}\n")).with_suffix(".xlsx")) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate([names, *rows]):
            sheet.write_row(i, 0, row)
    for table in (read(path), read(path.with_suffix(".xlsx"))):
        assert table.frame.columns == ["id", "tag", "tag_1", "tag_2", "tag_3"]
        assert table.frame.rows() == [*map(tuple, rows)]
        (note,) = table.notes
        assert note.startswith('several columns are called "tag": those behind the first are read as ')


def test_groups_above_different_names_are_left_out(written: Written) -> None:
    table = read(written("Person,,Size,\n" + NAMED))
    assert same_rows(table)
    assert table.notes == ("the column names are in row 2; the rows above are ignored",)


@given(data=st.data())
def test_no_row_of_data_is_taken_for_names(data: st.DataObject) -> None:
    """In any table whose first row has a number, or whose names are different and complete."""
    width, rows = data.draw(st.integers(2, 5)), data.draw(st.integers(7, 12))
    names = data.draw(st.lists(st.sampled_from(["a", "b", "c", "", "2020"]), min_size=width, max_size=width))
    cell = st.sampled_from(["1", "2.5", "-3", "u", "v", "n.d.", "", "NA", "x y"])
    table = [names, *([data.draw(cell) for _ in range(width)] for _ in range(rows))]
    whole = len({*names} - {""}) == width
    if whole or any(map(may_be_number, table[1])):
        assert rows_of_names(table) == (0, [])


@pytest.mark.parametrize(("line", "said"), [
    ("{}:{}:{}", "its lines seem to have fields with \":\" between them: delimiter=':' if so"),
    ('"{},{},{}"', "each line seems to stand in quotes as a whole: remove these"),
    ("{}   {}  {}", "its fields seem to begin at fixed places"),
    ("{}-{}", ""),
])  # fmt: skip
def test_one_column_that_may_be_several_is_told(written: Written, line: str, said: str) -> None:
    rows = [("x", "y", "z"), *((f"{i}{' a' * (i % 3)}", f"{i % 7}", "c") for i in range(20))]
    table = read(written("".join(line.format(*row) + "\n" for row in rows)))
    assert table.frame.width == 1
    assert [note.startswith(said) for note in table.notes] == [True] * bool(said)


@pytest.mark.parametrize("above", ["", "Table 3. Sizes\n", "Table 3. Sizes\n\n"])
@pytest.mark.parametrize("note", ["", "\nSource: office\n", "* preliminary\n"])
def test_a_note_below_hides_no_rows_above(tmp_path: Path, above: str, note: str) -> None:
    rows = "".join(f"r{i},{10 * i},{20 * i},{30 * i},{40 * i}\n" for i in range(1, 13))
    heads = {
        ",2019,,2020,\nregion,height,width,height,width\n": ["2019 height", "2019 width", "2020 height", "2020 width"],
        "region,speed,mass,length,t\n,m/s,kg,cm,s\n": ["speed", "mass", "length", "t"],
    }
    for head, names in heads.items():
        (tmp_path / "x.csv").write_text(above + head + rows + note)
        frame = read(tmp_path / "x.csv").frame
        assert frame.columns == ["region", *names]
        assert frame.rows()[0] == ("r1", 10, 20, 30, 40)
        assert len(frame) == 12
