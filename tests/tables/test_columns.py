"""The kind of every column, with a reason, and the errors that name row and column."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from deltaw.exceptions import ColumnError
from deltaw.preparation.reading import as_days
from deltaw.tables import Block, Table, kinds, read
from deltaw.tables.cells import as_words
from deltaw.tables.dates import DATE_FORMATS, MONTH_FORMATS, date_format, read_dates
from deltaw.tables.months import month_of

N = 40
WORDS = ["red", "green", "blue", "red"] * (N // 4)


def kind_of(cells: list[Any] | pl.Series, name: str = "c") -> tuple[str, str]:
    frame = pl.DataFrame({name: cells, "other": list(np.linspace(0, 1, len(cells)))})
    return next((c.kind, c.reason) for c in kinds(Table(frame, "x.csv")) if c.name == name)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1.5, None, 2.5] * 10, "number"),
        ([1, 2, 3] * 10, "number"),
        ([0, 1] * 10, "number"),
        (list(range(20, 60)), "number"),
        (list(range(N)), "identifier"),
        (list(range(1, N + 1))[::-1], "identifier"),
        ([f"row {i}" for i in range(N)], "identifier"),
        (WORDS, "category"),
        ([None, *WORDS], "category"),
        (["x", None] * 10, "category"),
        ([True, False] * 10, "boolean"),
        (["Yes", "no", None] * 10, "boolean"),
        (["y", "n"] * 10, "boolean"),
        (["t", "f"] * 10, "boolean"),
        (["Yes", "NO", "no", "yes", "YES"] * 10, "boolean"),
        (["y", "f"] * 10, "category"),
        (["2020-01-31", "2021-12-01"] * 10, "date"),
        (["31.01.2020", "01.12.2021"] * 10, "date"),
        (["2020-01-31 12:30:00", "2021-12-01 01:00:59"] * 10, "date"),
        (["2020-01-31T12:30:00.5Z"] * 5 + ["2021-12-01T01:00:59Z"] * 5, "date"),
        (pl.Series(["2020-01-31", "2021-12-01"] * 10).str.to_date(), "date"),
        (["x"] * 10, "constant"),
        ([3.0] * 10, "constant"),
        ([None] * 10, "constant"),
        ([f"this is the review number {i} of many" for i in range(N)], "text"),
        (["a short text of words", "and another one of words"], "text"),
    ],
)
def test_kind(cells: list[Any], kind: str) -> None:
    found, reason = kind_of(cells)
    assert found == kind
    assert reason


def test_names_that_say_identifier() -> None:
    numbers = list(range(1000, 1000 + 7 * N, 7))
    assert kind_of(numbers, "price")[0] == "number"
    for name in ("id", "ID", "customer_id", "PassengerId", "Unnamed: 0", "", "order id", "uuid"):
        assert kind_of(numbers, name)[0] == "identifier", name
    for name in ("humid", "paid", "width", "solid"):
        assert kind_of(numbers, name)[0] == "number", name


def test_reasons_are_for_the_user() -> None:
    assert kind_of([f"row {i}" for i in range(N)])[1] == "40 distinct values in 40 rows"
    assert kind_of([0.5, 2.0])[1] == "numbers, 0.5 to 2"
    assert kind_of(["x"] * 3)[1] == "always x"
    assert "12x" in kind_of(["1", "2", "12x"])[1]


def test_counts() -> None:
    frame = pl.DataFrame({"a": [1, 2, 2, None], "b": ["x", None, None, "x"], "y": [1, 2, 3, 4]})
    a, b = kinds(Table(frame, "x.csv"), target="y")
    assert (a.n_missing, a.n_distinct, b.n_missing, b.n_distinct) == (1, 2, 2, 1)


def test_a_counter_is_a_number_where_nothing_else_is_left() -> None:
    frame = pl.DataFrame({"x": range(N), "y": [i % 3 for i in range(N)]})
    assert kinds(Table(frame, "x.csv"), target="y")[0].kind == "number"


def test_a_name_that_polars_takes_for_all() -> None:
    frame = pl.DataFrame({"*": [1.0, 2.0], "b": ["1,5", "x"], "y": [1, 2]})
    assert [column.name for column in kinds(Table(frame, "x.csv"), target="y")] == ["*", "b"]


def test_a_block_is_one_column_in_its_place() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0], "p0": [0, 1], "p1": [2, 3], "b": ["x", "y"]})
    table = Table(frame, "x.csv", blocks=(Block("pixels", ("p0", "p1"), 0, 255, (1, 2)),))
    assert [column.name for column in kinds(table)] == ["a", "pixels", "b"]
    with pytest.raises(ColumnError, match="pixels"):
        kinds(table, target="p1")


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinity(value: float) -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0], "age": [1.0, value]})
    with pytest.raises(ColumnError, match=r'x.csv: expected a finite number in row 2 of column "age", found -?inf'):
        kinds(Table(frame, "x.csv"))
    assert read(frame, na=["inf", "-inf"]).frame["age"].to_list() == [1.0, None]  # as it says


def test_a_bad_date() -> None:
    frame = pl.DataFrame({"when": ["2020-01-31"] * N + ["2020-02-31"]})
    with pytest.raises(ColumnError, match=r'row 41 of column "when", found "2020-02-31"'):
        kinds(Table(frame, "x.csv"))


def test_unknown_target() -> None:
    with pytest.raises(ColumnError, match='did you mean "species"'):
        kinds(Table(pl.DataFrame({"species": ["a"]}), "x.csv"), target="Speces")


def test_dates_written_in_every_format_are_read() -> None:
    days = pl.Series("d", ["1999-12-31T23:59:00", "2020-02-29T08:05:00", "2024-07-13T16:00:00"]).str.to_datetime(
        time_zone="UTC"
    )
    for spelling in DATE_FORMATS:
        for month in ("%b", "%B") if "%b" in spelling else ("",):
            words = days.dt.strftime(spelling.replace("%.f", "").replace("%#z", "%z").replace("%b", month))
            found, failures = date_format(words)
            assert failures == 0, spelling
            arabic = words.str.replace_many([*"0123456789"], [*"٠١٢٣٤٥٦٧٨٩"])
            assert date_format(arabic) == (found, 0), spelling
            read = read_dates(words, found)
            assert read_dates(arabic, found).equals(read), spelling
            assert read.dt.date().equals((days.dt.month_start() if spelling in MONTH_FORMATS else days).dt.date())
            assert not {"%I", "%H"} & {*re.split("[ :]", spelling)} or read.dt.hour().equals(days.dt.hour()), spelling


@pytest.mark.parametrize("words", [
    ["2009-10", "2010-11", "2011-12"],  # seasons
    ["1/1000", "1/2000", "1/4000"],
    ["2024-01", "2024-13", "2024-02"],
    ["2000-1", "2000-2", "2000-3"],  # terms
])  # fmt: skip
def test_what_only_looks_like_months(words: list[str]) -> None:
    assert date_format(pl.Series(words * 9)) == ("", 0)


@pytest.mark.parametrize(("cells", "told"), [
    ([20240100 + i for i in range(1, 29)], "write 2024-01-01 "),
    ([y * 100 + m for y in (2023, 2024) for m in range(1, 13)], "write 2023-01 "),
    ([float(f"{m}.{y}") for y in (2010, 2011) for m in range(1, 13)], "write 2010-01 "),
    ([*range(20240101, 20240141)], ""),  # no day 32
    ([20240101] * 40 + [20240102], ""),  # too few
    ([i / 7 for i in range(10, 60)], ""),
    ([f"{i}h on Jan {i:02} 2024" for i in range(1, 24)], "in no known way"),
    ([f"{i}.{i}.2024, 10:00 CET" for i in range(1, 13)], "in no known way"),
    ([f"2024-Q{i % 4 + 1}" for i in range(20)], "in no known way"),
    ([f"10.0.{i}.{i}" for i in range(30)], ""),
    ([f"{1990 + i // 9}F{i % 9}" for i in range(30)], ""),
    (["2009-10", "2010-11", "2011-12"] * 9, ""),  # seasons, all of which could be months
    ([f"{2000 + i // 3}-{i % 3 + 1}" for i in range(30)], ""),  # terms
    ([f"{i:02}-03-{18 + i % 3}" for i in range(1, 29)], "yy-month-day, but all of its dates could also be day-month"),
    ([f"20{i}-{i + 1}" for i in range(12, 40)], ""),
    ([f"A-2024-{i:04}" for i in range(30)], ""),
    (["2001: A Space Odyssey (1968)", "Blade Runner 2049 (2017)", "Se7en (1995)", "8 1/2 (1963)", "M (1931)"], ""),
])  # fmt: skip
def test_dates_that_are_not_read_as_such_are_told(cells: list[object], told: str) -> None:
    (column,) = kinds(read({"d": cells}))
    assert (told in column.note) if told else column.note == ""


def test_a_unit_in_some_cells_alone_is_told() -> None:
    (column,) = kinds(read({"sold": [f"{1 + i / 10}箱" if i % 3 else str(900 + i * 100) for i in range(80)]}))
    assert 'its numbers are followed by other text ("1.1箱")' in column.note
    (column,) = kinds(read({"firm": ["3COM CORP", *(f"firm {chr(97 + i)}" for i in range(26))]}))
    assert column.note == ""


def test_rows_without_days_are_no_dates_of_a_model_that_knows_days() -> None:
    days, months = pl.Series("d", ["2024-01-31", "2024-02-01"]), pl.Series("d", ["2024-01", "2024-02"])
    assert (as_days(days, "", "%Y-%m") == as_days(days, "", "%Y-%m-%d")).all()
    with pytest.raises(ColumnError, match="expected a date, year-month-day in row 1"):
        as_days(months, "", "%Y-%m-%d")


def test_times_with_a_zone_are_those_of_utc() -> None:
    """A zone of summer and one of winter in one column, as every clock east or west of London writes them."""
    winter, summer, west = (
        datetime(2022, 12, 31, 23),
        datetime(2023, 6, 30, 22, 0, 0, 500_000),
        datetime(2023, 1, 1, 5, 30),
    )
    written = [
        "2023-01-01T00:00:00+01:00",
        "2023-07-01T00:00:00.5+0200",
        "2023-01-01T00:00:00-05:30",
        "2022-12-31T23:00:00Z",
    ]
    for words in (pl.Series(written), pl.Series([each.replace("T", " ") for each in written])):
        found, failures = date_format(words)
        assert failures == 0
        assert read_dates(words, found).to_list() == [winter, summer, west, winter]
    assert kind_of(written * 10)[0] == "date"


@pytest.mark.parametrize(
    "cell", ["8/6/20 18:57", "8/6/20", "06.08.20", "6.8.20 0:00", "20-08-06", "6-Aug-20", "30/08/20"]
)
def test_a_year_of_two_digits_is_one_of_our_days(cell: str) -> None:
    """They were taken for days of the year 20, whose weekdays are others."""
    words = pl.Series([cell, cell.replace("20", "99")])
    found, failures = date_format(words)
    assert failures == 0
    assert [day.year for day in read_dates(words, found)] == [2020, 1999]


@pytest.mark.parametrize("cells", [
    ["1er janvier 2020", "2 FÉVR. 2021", "3 aout 1999"], ["1. Januar 2020", "2. Feb. 2021", "3 August 1999"],
    ["1 de enero de 2020", "2 de febrero del 2021", "3 ago 1999"], ["1 января 2020 г.", "2 февр. 2021", "3 авг 1999"],
    ["1 Ocak 2020", "2 Şubat 2021", "3 Ağu 1999"], ["Wed, 01 Jan 2020", "Tuesday, 2 Feb 2021", "Tue, 03 Aug 1999"],
    ["1st of January 2020", "2nd Feb. 2021", "3rd Aug 1999"],
])  # fmt: skip
def test_months_have_names_in_many_languages(cells: list[str]) -> None:
    assert date_format(pl.Series(cells)) == ("%d %b %Y", 0)
    assert read_dates(pl.Series(cells), "%d %b %Y").to_list() == [date(2020, 1, 1), date(2021, 2, 2), date(1999, 8, 3)]


@pytest.mark.parametrize("cell", [
    "Tue Mar 05 14:30:00 2024", "Tue Mar  5 14:30:00 +0000 2024", "Tue, 05 Mar 2024 14:30:00 +0000",
    "Tue Mar 05 2024 15:30:00 GMT+0100 (Central European Standard Time)", "05/Mar/2024:14:30:00 +0000",
    "05MAR2024:14:30:00", "2024/03/05 2:30:00 PM GMT", "2024/03/05 3:30:00 PM GMT+1", "2024/03/05 8:00:00 PM GMT+5:30",
    "2024/03/05 4:30:00 am UTC-10", "March 5, 2024 at 2:30 PM", "Dienstag, 5. März 2024 um 14:30 Uhr",
    "mar. 5 mars 2024 à 14:30", "Di, 05.03.2024 14:30", "terça-feira, 5 de março de 2024 14:30", "5. 3. 2024 14:30",
    "вт, 05.03.2024 14:30", "2024. 03. 05 14:30", "2024년 3월 5일 14:30", "2024年3月5日(火) 14:30",
    "2024/3/5 星期二 14:30", "05Mar24 14:30", "05/Mar/24 2:30 PM",
    "05-MAR-24 02.30.00.000000 PM", "2024-03-05-14.30.00.000000", "2024-03-05 14.30.00", "2024-03-05 14:30:00,000",
    "2024-03-05 14:30:00 +0000 UTC", "2024-03-05T15:30:00+01:00[Europe/Berlin]", "05.03.2024 14h30",
    "2024/3/5 下午 2:30:00", "2024-03-05 午後2:30", "2024. 3. 5. 오후 2:30:00", "5. 3. 2024 v 14:30",
])  # fmt: skip
def test_dates_of_servers_mails_forms_and_calendars(cell: str) -> None:
    spelling, wrong = date_format(pl.Series([cell, cell.replace("2024", "2023")]))
    assert wrong == 0
    assert read_dates(pl.Series([cell]), spelling).to_list() == [datetime(2024, 3, 5, 14, 30)]


LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "pl", "cs", "hu", "ro", "tr", "ru", "uk", "el"]


def test_names_of_weekdays_are_those_of_cldr() -> None:
    babel = pytest.importorskip("babel")
    names = [name for each in LANGUAGES for name in babel.Locale(each).days["format"]["wide"].values()]
    days = pl.Series([f"{name}, 05.03.2024" for name in names])
    assert read_dates(days, "%d.%m.%Y").n_unique() == 1
    assert not read_dates(days, "%d.%m.%Y").has_nulls()
    for cell in ("mar. 5, 2024", "Mar 5, 2024", "May 5, 2024"):  # no mardi
        assert date_format(pl.Series([cell])) == ("%b %d, %Y", 0)
    for cell in ("from 5 March 2024", "to 5 March 2024", "Rome 05.03.2024"):
        assert date_format(pl.Series([cell])) == ("", 0)


def test_names_of_months_are_those_of_cldr() -> None:
    babel = pytest.importorskip("babel")
    for language in LANGUAGES:
        for names in (names for form in babel.Locale(language).months.values() for names in form.values()):
            words = {month: name for month, name in names.items() if len(name.strip(".")) >= 3}
            assert {month: month_of(name) for month, name in words.items()} == {month: month - 1 for month in words}
    sent = pl.Series(["Mon, 02 Jan 2023 00:01:02 GMT", "Tue, 03 Jan 2023 23:00:00 GMT"])  # RFC 2822
    assert read_dates(sent, date_format(sent)[0]).dt.second().to_list() == [2, 0]
    assert date_format(pl.Series(["Rome, 3 March 2021", "Oslo, 4 May 2021"])) == ("", 0)
    assert [month_of(name) for name in ("jui", "de", "marble", "cerven", "červenec")] == [None, None, None, 5, 6]


def test_a_year_has_all_its_digits() -> None:
    """Versions were taken for days of the years 2000 to 2009; Polars takes Dec 1999 for December 19 of the year 99."""
    assert date_format(pl.Series(["Dec 1999", "Jan 2000"] * 20)) == ("%b %Y", 0)
    assert date_format(pl.Series(["Dec 1 1999", "Jan 12 2000"] * 20)) == ("%b %d %Y", 0)
    for cells in (["1.9.0", "1.10.2", "3.1.4"], ["1/2/3", "4/5/6"], ["9-1-2", "8-11-3"]):
        assert date_format(pl.Series(cells)) == ("", 0)
        assert kind_of(cells * 10)[0] == "category"
    assert read_dates(pl.Series(["06.08.09", "1.2.3"]), "%d.%m.%y").to_list() == [date(2009, 8, 6), None]


def test_years_of_another_calendar() -> None:
    """In Thailand 2020 is 2563, and has a February 29; in Iran it is 1399, with other months."""
    days = [date(2020, 2, 20) + timedelta(days=i) for i in range(60)]
    thai = [f"{day.day}/{day.month}/{day.year + 543}" for day in days]
    assert kind_of([each for each in thai if each != "29/2/2563"])[0] == "date"
    (column,) = kinds(read({"d": thai}))
    assert column.note.endswith("its years are of another calendar, whose 29/2/2563 is no day in this")
    with pytest.raises(ColumnError, match='found "29/2/2021"'):
        kinds(read({"d": [*(f"{day.day}/{day.month}/2020" for day in days), "29/2/2021"]}))


def test_month_first_unless_a_cell_says_otherwise() -> None:
    assert date_format(pl.Series(["01/02/2020", "03/04/2020"]))[0] == "%m/%d/%Y"
    assert date_format(pl.Series(["01/02/2020", "13/04/2020"]))[0] == "%d/%m/%Y"


def test_words_are_spelt_alike_whatever_their_type() -> None:
    ones = [pl.Series([1, None]), pl.Series([1.0, None]), pl.Series(["1", None]), pl.Series([" 1", " "])]
    assert all(as_words(series).to_list() == ["1", None] for series in ones)
    assert as_words(pl.Series([1], dtype=pl.UInt8)).to_list() == ["1"]
    assert as_words(pl.Series([0.5, float("nan")])).to_list() == ["0.5", None]
    assert as_words(pl.Series([True])).to_list() == ["true"]


@pytest.mark.parametrize("name", ["count", "rows", "cell", "literal"])
@pytest.mark.parametrize("cells", [["ja", "nein", " oft", ""], ["3", "4", "x1"], ["2020-01-02", "2021-03-04", None]])
def test_many_cells_of_few_words_are_read_as_each_of_them(name: str, cells: list[str | None]) -> None:
    """Of a long column the different words are looked at, whatever Polars may call what it counts."""
    many = pl.Series(name, [cells[i % len(cells)] for i in range(400)], dtype=pl.String)
    stripped = [None if cell is None else cell.strip() or None for cell in many]
    assert as_words(many).to_list() == stripped
    frames = (pl.Series(name, some, dtype=pl.String).to_frame() for some in (stripped[:60], stripped))
    few, all_ = (kinds(Table(frame, "data"))[0] for frame in frames)
    assert (few.kind, few.n_distinct, few.format) == (all_.kind, all_.n_distinct, all_.format)


MORE_BEHIND = {
    "blood pressure": ([f"{110 + i % 40}/{70 + i % 30}" for i in range(N)], True),
    "spread": ([f"{i / 7:.2f} ± {1 + i % 3}" for i in range(N)], True),
    "marks": ([f"{i / 7:.2f}{'*' * (1 + i % 3)}" for i in range(N)], True),
    "flags": ([f"{i / 7:.2f}{('', ' p', ' be')[i % 3]}" for i in range(N)], True),
    "few": ([f"{1 + i % 3}/4" for i in range(N)], False),
    "codes": ([f"2024-{i:03d}" for i in range(N)], False),
    "versions": ([f"1.{i}.{i % 3}" for i in range(N)], False),
    "addresses": ([f"10.0.{i}.1" for i in range(N)], False),
    "houses": ([f"{i}a" for i in range(N)], False),
}


@pytest.mark.parametrize("name", MORE_BEHIND)
def test_numbers_with_more_behind_them_are_told(name: str) -> None:
    cells, told = MORE_BEHIND[name]
    frame = pl.DataFrame({"c": cells, "other": list(np.linspace(0, 1, N))})
    column = next(each for each in kinds(Table(frame, "x.csv")) if each.name == "c")
    assert column.kind in ("category", "identifier")
    first = cells[1 if name == "flags" else 0]
    line = f'"c" is read as categories, since its numbers are followed by other text ("{first}"): move that text'
    assert column.note.startswith(line) == told


def test_a_long_text_is_no_date() -> None:
    """Patterns of dates would take minutes on it."""
    text = " ".join(f"{i}-{i % 12}/{i % 28} Jan" for i in range(4000))
    assert date_format(pl.Series("t", [f"{text} {i}" for i in range(60)])) == ("", 0)
    days = pl.Series("t", ["2024-01-31"] * 58 + [text] * 2)
    assert date_format(days) == ("%Y-%m-%d", 2)
