"""Tables of any width: nothing is cut, nothing is lost, and no line is too long."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deltaw.pages import Page, Section, Table
from deltaw.pages.layout import broken, table
from whole import missing

NUMBERS = st.one_of(st.floats(allow_nan=True), st.integers(-(10**7), 10**7))
WORDS = st.text("abcdefgh 学习一二（）。é", max_size=30)
CELLS = {"numbers": st.one_of(NUMBERS, st.none()), "words": WORDS, "mixed": st.one_of(NUMBERS, WORDS, st.booleans())}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=7))
    rows = draw(st.lists(st.tuples(*(CELLS[kind] for kind in kinds)), max_size=5))
    return Table([draw(WORDS) for _ in kinds], rows)


@given(tables(), st.integers(40, 130))
def test_nothing_is_cut_and_no_line_is_too_long(block: Table, width: int) -> None:
    page = Page("t", "", [Section("s", [block])])
    text = page.text(width)
    assert missing(page, text, width) == Counter()
    assert max(map(cell_len, text.splitlines())) <= width
    signs = Counter("".join(text.split()))
    for column in block.columns():  # every sign of every cell, wherever its line was broken
        assert Counter("".join("".join([column.heading, *column.cells]).split())) <= signs


@given(st.integers(20, 200), st.integers(10**5, 10**60))
def test_a_number_is_never_divided(width: int, value: int) -> None:
    text = "\n".join(table(Table(["a number", "another"], [[value, "word"], ["mixed", value]]).columns(), width))
    assert text.count(f"{value:,}") == 2
    assert f"{value:,}" in "\n".join(broken(f"it is {value:,}m", width))


def test_a_table_that_fits_stands_in_one_block_with_room() -> None:
    lines = table(Table(["name", "x"], [["a", 1.5], ["b", -20]]).columns(), 80)
    assert lines == ["name       x", "────────────", "a        1.5", "b      −20"]


@pytest.mark.parametrize(("width", "blocks"), [(120, 1), (60, 2), (30, 3)])
def test_a_table_that_is_too_wide_folds_and_says_what_a_row_is(width: int, blocks: int) -> None:
    block = Table(["α", *(f"measured{i}" for i in range(6))], [[0.03, *[0.123456] * 6], [0.1, *[0.654321] * 6]])
    lines = table(block.columns(), width)
    assert sum(line.strip().startswith("0.03") for line in lines) == blocks
    assert sum(set(line) == {"─"} for line in lines) == blocks


def test_a_heading_that_is_wider_than_its_column_wraps() -> None:
    headings = [f"a long heading of column {i}" for i in range(4)]
    lines = table(Table(["row", *headings], [["one", 1, 2, 3, 4]]).columns(), 60)
    assert len([line for line in lines if set(line) == {"─"}]) == 1
    assert Counter(" ".join(lines).split())["heading"] == 4
