"""Dates in text: the formats, parsing, and notes on ambiguous or mixed ones."""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

from deltaw.speech import listed, say
from deltaw.tables.months import in_usual_order, with_english_months
from deltaw.tables.numerals import plain_numerals
from deltaw.tables.table import clip

# Format -> what messages call it. Unambiguous ones come first, since of equally good ones the first is taken.
DAY_FORMATS = {
    "%Y-%m-%d": "year-month-day",
    "%Y/%m/%d": "year/month/day",
    "%d.%m.%Y": "day.month.year",
    "%m/%d/%Y": "month/day/year",
    "%d/%m/%Y": "day/month/year",
    "%d-%m-%Y": "day-month-year",
    "%d %b %Y": "day name year",
    "%d-%b-%Y": "day-name-year",
    "%b %d, %Y": "name day, year",
    "%d.%m.%y": "day.month.yy",
    "%m/%d/%y": "month/day/yy",
    "%d/%m/%y": "day/month/yy",
    "%y-%m-%d": "yy-month-day",
    "%d-%b-%y": "day-name-yy",
    "%Y年%m月%d日": "year年month月day日",
    "%Y.%m.%d": "year.month.day",
    "%Y. %m. %d.": "year. month. day.",
    "%b %d %Y": "name day year",
    "%m-%d-%Y": "month-day-year",
    "%d-%m-%y": "day-month-yy",
    "%d. %m. %Y": "day. month. year",
    "%Y. %m. %d": "year. month. day",
    "%Y년 %m월 %d일": "year년 month월 day일",
    "%d %b %y": "day name yy",
    "%d/%b/%Y": "day/name/year",
    "%d/%b/%y": "day/name/yy",
}
ISO_FORMATS = {
    "%Y-%m-%d %H:%M:%S%.f": "year-month-day time",
    "%Y-%m-%dT%H:%M:%S%.f": "year-month-dayTtime",
    "%Y-%m-%dT%H:%M:%S%.fZ": "year-month-dayTtimeZ",
    "%Y-%m-%dT%H:%M:%S%.f%#z": "year-month-dayTtime, its zone",
    "%Y-%m-%d %H:%M:%S%.f%#z": "year-month-day time, its zone",
    "%Y-%m-%d %H:%M:%S%.f UTC": "year-month-day time UTC",
    "%Y-%m-%d %H:%M": "year-month-day time",
    "%Y-%m-%dT%H:%M": "year-month-dayTtime",
    "%Y-%m-%dT%H:%MZ": "year-month-dayTtimeZ",
    "%Y年%m月%d日%H时%M分": "year年month月day日hour时minute分",
}
CLOCKS = {
    "%H:%M:%S": "time",
    "%H:%M": "time",
    "%I:%M:%S %p": "time AM or PM",
    "%I:%M %p": "time AM or PM",
    "%H:%M:%S%.f": "time",
    "%H:%M:%S%#z": "time",
    "%I:%M:%S %p%#z": "time AM or PM",
}
TIME_FORMATS = ISO_FORMATS | {
    f"{day}{between}{clock}": f"{how} {said}"
    for between in (" ", ", ")
    for clock, said in CLOCKS.items()
    for day, how in DAY_FORMATS.items()
}
MONTH_FORMATS = {  # read as their first days
    "%Y-%m": "year-month",
    "%Y/%m": "year/month",
    "%m/%Y": "month/year",
    "%m-%Y": "month-year",
    "%b %Y": "name year",
    "%b-%Y": "name-year",
    "%YM%m": "yearMmonth",
    "%Y年%m月": "year年month月",
}
DATE_FORMATS = DAY_FORMATS | TIME_FORMATS | MONTH_FORMATS

# How the parts of a date are written. Polars also takes 20 for a year, 1.9.0 for a day, and Dec 1999 for Dec 19, 99.
PARTS = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%b": "[a-z]+",
    "%p": "[ap]m",
    "%.f": r"(?:\.[0-9]+)?",
    "%#z": r"\s*(?:z|[+-].*)",
}
OTHERS = "[0-9]{1,2}"

OF_MONTHS = 1800, 2199  # years of dates without a day
TERMS = 4  # of a year, at most

# Up to this share of invalid cells a column is taken for numbers (or dates) with mistakes, rather than for words.
MISTAKES = 0.05

LIKE_A_DATE = r"\d\D+\d|\p{L}{3}\.?(?: del?)?[ -]\d{4}"
# Dates without signs between, the smallest and largest, and how many numbers, and different ones, tell them.
DIGITS, BOUNDS = r"^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?$", (190001, 20991231)
LOOKED, FEWEST = 1_000, 10

LONGEST = 80  # signs of a date
HERE = 1500, 2300  # years of most dates in this calendar; in that of Thailand 2020 is 2563, in that of Iran 1399
MOST_SHAPES = 3  # of dates in one way of writing
SOME = 50  # cells by which the formats are found
ENOUGH = 0.5  # share of cells from which on a note is worth it


def date_format(words: pl.Series) -> tuple[str, int]:
    """The date format of a column of text (without nulls), and the number of cells that do not match it.

    It is the first of DATE_FORMATS that reads most cells; "" if even that fails for more than the share MISTAKES.
    """
    few = words.head(50)
    short = few.filter(few.str.len_chars() <= LONGEST)  # patterns take long on a long text
    if short.str.contains(LIKE_A_DATE).sum() < (1 - 2 * MISTAKES) * len(few):  # faster than trying all formats
        return "", 0
    most = 2 * MISTAKES * len(few)
    hopeful = [each for each in _shaped(short, most - (len(few) - len(short))) if unread(few, each) <= most]
    failures = {each: unread(words, each) for each in hopeful}
    best = min(failures, key=lambda each: failures[each], default="")
    if not best or failures[best] > MISTAKES * len(words) or (best in MONTH_FORMATS and _no_months(words, best)):
        return "", 0
    return best, failures[best]


def _plain(words: pl.Series) -> pl.Series:
    """Text with digits and names of months in ASCII, in the usual order."""
    return with_english_months(in_usual_order(plain_numerals(words)))


def unread(words: pl.Series, spelling: str) -> int:
    """The number of words that are no dates in this format."""
    return read_dates(words, spelling).null_count()


def are_dates(words: pl.Series) -> bool:
    """Whether any word is a date, in any format."""
    shapes = "|".join(_shape(each).pattern for each in DATE_FORMATS)
    some = words.filter(_plain(words).str.contains(f"(?i)^(?:{shapes})$"))  # mostly none
    return len(some) > 0 and any(unread(some, each) < len(some) for each in DATE_FORMATS)


def _shaped(words: pl.Series, most: float) -> list[str]:
    """The formats whose shape all words but `most` have: faster to check than parsing."""
    cells = _plain(words).to_list()

    def fits(pattern: re.Pattern[str]) -> bool:
        left = most
        for cell in cells:
            if not pattern.fullmatch(cell):
                left -= 1
                if left < 0:
                    return False
        return bool(cells)

    return [each for each in DATE_FORMATS if fits(_shape(each))]


def _no_months(words: pl.Series, spelling: str) -> bool:
    """Whether months may be something else: seasons (2010-11), or terms and quarters (2000-1), of a single digit."""
    found = read_dates(words, spelling).drop_nulls()
    seasons = ((found.dt.year() + 1) % 100 == found.dt.month()).all()
    single = words.str.contains(r"(^|\D)\d(\D|$)").any()
    return bool(seasons or (single and found.dt.month().max() <= TERMS))  # type: ignore[operator]


@lru_cache(len(DATE_FORMATS))
def _shape(spelling: str) -> re.Pattern[str]:
    """A pattern of dates in this format, of ASCII digits; blanks may be lacking, or more."""
    parts = re.split(r"(%[.#]?[A-Za-z]|\s+)", spelling)
    said = (
        r"\s*" if part.isspace() else PARTS.get(part, OTHERS) if part.startswith("%") else re.escape(part)
        for part in parts
    )
    return re.compile("".join(said), re.IGNORECASE)


def of_another_calendar(dates: pl.Series) -> bool:
    """Whether most dates have years of another calendar, some of whose days, 29/2/2563, are none in this."""
    return not HERE[0] <= (dates.dt.year().median() or HERE[0]) <= HERE[1]  # type: ignore[operator]


def read_dates(words: pl.Series, spelling: str) -> pl.Series:
    """Date or Datetime values from text in the format `spelling` (strftime); null if a cell does not match.

    Names of months may be full or abbreviated, in many languages. Times with a zone are converted to UTC.
    """
    words = _plain(words) if "%b" in spelling else in_usual_order(plain_numerals(words))
    kind = pl.Datetime("us") if spelling in TIME_FORMATS else pl.Date
    names = spelling.replace("%b", "%B")  # reads both
    if spelling in MONTH_FORMATS:
        found = (words + " 1").str.strptime(kind, names + " %d", strict=False)
        return found.set(~found.dt.year().is_between(*OF_MONTHS), None)  # 1/4000 is none
    found = words.str.strptime(kind, names, strict=False).cast(kind)  # times with a zone are then in UTC
    year = found.dt.year()
    if (year < 1000 if "%Y" in spelling else year % 100 < 10).any():
        shaped = words.str.contains(f"(?i)^{_shape(spelling).pattern}$")
        return pl.select(pl.when(shaped).then(found).alias(words.name)).to_series()
    return found


def swapped_format(spelling: str) -> str:
    """The format by which the same text is another date, "" for none: 03/04/2024 and 03-04-24 are ambiguous."""
    others = (spelling.translate(str.maketrans(pair, pair[::-1])) for pair in ("dm", "dy"))
    return next((other for other in others if other != spelling and other in DATE_FORMATS), "")


def note_on_dates(words: pl.Series, spelling: str) -> str:
    """A note on a column whose dates are all valid in another format, too; "" for none."""
    other = swapped_format(spelling)
    if not other or read_dates(words.head(SOME), other).has_nulls() or read_dates(words, other).has_nulls():
        return ""
    line = '"{name}" is read as {how}, but all of its dates could also be {other}: write year-month-day to be sure'
    return say(line, name=clip(words.name), how=say(DATE_FORMATS[spelling]), other=say(DATE_FORMATS[other]))


def note_on_words(words: pl.Series) -> str:
    """A note on words (stripped, no nulls) that look like dates, but not nearly all in one format; "" for none."""
    some = words.gather_every(max(1, len(words) // SOME)).head(SOME)
    if some.str.contains(LIKE_A_DATE).sum() < ENOUGH * len(some):  # faster than trying all formats
        return ""
    shaped = _shaped(some, len(some) - 1) or [*DATE_FORMATS][:1]
    read = {spelling: read_dates(some, spelling).is_not_null() for spelling in shaped}
    best = max(read, key=lambda spelling: read[spelling].sum())
    together, ways = read[best], [best]
    for spelling, found in read.items():
        if (found & ~together).any():
            together, ways = together | found, [*ways, spelling]
    name = clip(words.name)
    if len(ways) > 1 and together.sum() >= (1 - MISTAKES) * len(some):
        line = '"{name}" is read as categories, since its dates are written in several ways ({ways}): use one'
        return say(line, name=name, ways=listed(dict.fromkeys(say(DATE_FORMATS[way]) for way in ways)))
    if read[best].sum() < ENOUGH * len(some):
        strange = all(map(_may_be_date, some)) and _shapes(some) <= MOST_SHAPES
        line = (
            '"{name}" looks like dates ("{cell}"), but in no known way of writing: write year-month-day, to have dates'
        )
        return say(line, name=name, cell=clip(some[0], 40)) if strange else ""
    if best in MONTH_FORMATS and _no_months(words, best):
        return ""
    found = read_dates(words, best)
    wrong = words.filter(found.is_null())
    if of_another_calendar(found):
        line = '"{name}" is read as categories, since its years are of another calendar, whose {cell} is no day in this'
        return say(line, name=name, cell=clip(str(wrong[0]), 20))
    line = (
        '"{name}" is read as categories, since {n:,} of its {rows:,} cells are not dates written {how} '
        '("{cell}"): correct them, or list them in na, which makes them missing'
    )
    how = say(DATE_FORMATS[best])
    return say(line, name=name, n=len(wrong), rows=len(words), how=how, cell=clip(str(wrong[0]), 20))


def _may_be_date(cell: str) -> bool:
    """Whether the numbers in a text are a year and others below 60, without a fraction of seconds and a zone, and its
    letters are words, or mark a quarter, a week or a time; but not seasons (2010-11).
    """
    if re.fullmatch(r"\d{4}[-/]\d\d", cell) or re.search(r"(?<![A-Za-z])[A-PR-SU-VX-Y](?![A-Za-z])", cell):
        return False
    found = re.findall(r"\d+", re.sub(r"(?<=:\d\d)[.,]\d+| [+-]\d{4}", "", cell))
    years = [part for part in found if re.fullmatch(r"(19|20)\d\d", part)]
    return len(years) == 1 < len(found) and all(part in years or (len(part) < 3 and int(part) < 60) for part in found)


def _shapes(words: pl.Series) -> int:
    """The number of different texts, whatever their digits and letters are."""
    return words.str.replace_all(r"\d+", "0").str.replace_all(r"\p{L}+", "a").n_unique()


def note_on_digits(numbers: pl.Series) -> str:
    """A note on numbers that are all days or months written without dashes: 20240131, 202401, 01.2024; "" for none."""
    low, high, kind = numbers.min(), numbers.max(), numbers.dtype
    months = kind.is_float() and low is not None and 1 < low <= high < 13  # type: ignore[operator]
    if not (months or (kind.is_integer() and low is not None and BOUNDS[0] <= low <= high <= BOUNDS[1])):  # type: ignore[operator]
        return ""
    present = numbers.drop_nulls().head(LOOKED).unique()
    if months:
        present = (present % 1 * 10_000).round().cast(pl.Int64) * 100 + present.cast(pl.Int64)
    if len(present) < FEWEST or not present.is_between(*BOUNDS).all():
        return ""
    words = present.cast(pl.String)
    if not words.str.contains(DIGITS).all() or words.str.len_bytes().n_unique() > 1:
        return ""
    cell = words[0] if numbers.dtype.is_integer() else f"{words[0][4:]}.{words[0][:4]}"
    date = "-".join(filter(None, (words[0][:4], words[0][4:6], words[0][6:])))
    line = '"{name}" is read as numbers, but they look like dates ("{cell}"): write {date} to have dates'
    return say(line, name=clip(numbers.name), cell=cell, date=date)
