"""One page, four forms: the same words and numbers in each, and nothing taken for markup that is not."""

from __future__ import annotations

import json
import re
import unicodedata
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from matplotlib.figure import Figure as Drawing
from rich.cells import cell_len

from deltaw.exceptions import SettingError
from deltaw.numbers import number
from deltaw.pages import FORMATS, Figure, Formula, Page, Section, Table, Text, html, latex_number
from deltaw.pages.layout import broken
from deltaw.pages.numbers import aligned
from deltaw.signs import HIDDEN
from reader import Reader

NASTY = "<script>x</script> & $a_b$ | *c* [d](http://evil) \\ #1"


def drawn() -> Drawing:
    figure = Drawing()
    figure.subplots().plot([1, 2], [3, 4])
    return figure


def page(word: str = "weight", lang: str = "en") -> Page:
    table = Table(
        [word, "value", "rows", "kept"],
        [[word, 0.123456789, 3, True], ["long", -12.5, 70000, False], [None, None, 1, None], ["tiny", 1.5e-7, 2, True]],
        f"About {word}.",
    )
    formula = Formula(r"\begin{aligned} z &= 2 \cdot 0.4 \\ &= 0.8 \end{aligned}", "z = 2·0.4\n  = 0.8")
    blocks = [Text(f"The {word} of `a_b`."), formula, table, Figure(drawn, "a line", "It rises.")]
    return Page(f"On {word}", f"A lead with {word}.", [Section(f"Some {word}", blocks)], {"a": np.arange(3.0)}, lang)


@pytest.mark.parametrize("word", ["weight", NASTY, "权重"])
def test_html_stands_alone_and_takes_nothing_for_markup(word: str) -> None:
    text = page(word).html()
    read = Reader(text)
    assert not read.tags & {"script", "img", "link", "iframe", "object"}
    assert all(link.startswith("#") for link in read.links)
    assert set(re.findall(r'https?://[^"\s<)]*', text.replace("http://evil", ""))) <= {
        "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink",
    }  # fmt: skip
    assert f"The {word} of " in "".join(read.words)
    assert {"math", "svg", "table"} <= read.tags


def test_formulas_are_well_formed_mathml() -> None:
    for math in re.findall(r"<math.*?</math>", page().html(), re.S):
        ElementTree.fromstring(math)
        assert "aligned" not in math


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_carries_the_same_numbers(form: str) -> None:
    shown = page().render(form)
    if form == "json":
        assert json.loads(shown) == {"a": [0.0, 1.0, 2.0]}
        return
    words = "".join(Reader(shown).words) if form == "html" else shown
    for text in ("0.12346", "−12.5", "70,000", "1.5e−7", "It rises.", "About weight."):
        assert text in words


@pytest.mark.parametrize("word", ["weight", NASTY])
def test_markdown_escapes_and_keeps_code(word: str) -> None:
    text = page(word).markdown()
    assert " of `a_b`." in text
    assert "$$\n\\begin{aligned}" in text
    widths = {
        len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")
    }  # unescaped bars: as many in every line of the table
    assert widths == {5}
    assert "<script>" not in text


@settings(max_examples=300)
@given(st.text("ab<>&|*_[]()#`~$\\!-+=1.:\n\t {}\"'", max_size=25))
def test_a_reader_of_markdown_finds_the_words_and_no_markup(text: str) -> None:
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    written = Page("t", "", [Section("s", [Text(text), Table([text, "b"], [[text, 1]])])]).markdown()
    read = Reader(markdown.render(written))
    assert read.tags <= {"h1", "h2", "p", "code", "table", "thead", "tbody", "tr", "th", "td"}
    assert bare("".join(read.words)) == bare(f"ts{text}{text}b{text}1")


def bare(text: str) -> str:
    """Without blanks and backticks."""
    return "".join(text.replace("`", "").split())


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_no_form_hides_a_sign_or_turns_a_line_round(form: str) -> None:
    shown = page("\x1b]0;X\x07\u202eevil\u200b\ud800").render(form)
    assert {sign for sign in shown if unicodedata.category(sign) in HIDDEN} == {"\n"}
    assert "202eevil" in shown


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("word", ["weight", NASTY, "权重"])
def test_terminal_lines_fit(width: int, word: str) -> None:
    long = Formula("z", "z = " + " + ".join(["0.25·0.5"] * 40))
    text = Page(word, word * 9, [*page(word).sections, Section("long", [long])]).text(width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert text.replace("\n", " ").count("0.25·0.5") == 40


@given(st.text("ab 。，（学习一二）、x《y》", max_size=120), st.integers(6, 40))
def test_lines_are_broken_where_they_may_be(text: str, width: int) -> None:
    lines = broken(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)
    words = re.findall("[ab]+", text)
    if all(len(word) < width - 4 for word in words):  # then none had to be cut
        assert [word for line in lines for word in re.findall("[ab]+", line)] == words


def test_chinese_lines_begin_and_end_as_they_should() -> None:
    text = "预测器把输入变成一个数，分类器（见第二课）判断一个东西属于两类中的哪一类。" * 3
    for width in range(8, 60):
        lines = broken(text, width)
        assert not any(line[0] in "，。）" for line in lines)
        assert not any(line[-1] == "（" for line in lines)
        assert all(cell_len(line) >= width - 5 for line in lines[:-1])  # filled, but for what must stay together


def test_points_stand_under_each_other() -> None:
    lines = [line for line in page().text(80).splitlines() if "." in line and ("weight" in line or "long" in line)]
    places = {line.index(".", 10) for line in lines if line.startswith(("weight", "long"))}
    assert len(places) == 1


@given(st.lists(st.floats(allow_nan=True), min_size=1, max_size=8))
def test_aligned_numbers_have_one_width_and_lose_nothing(values: list[float]) -> None:
    texts = [number(value) for value in values]
    padded = aligned(texts)
    assert [text.strip() for text in padded] == texts
    assert len({len(text) for text in padded}) == 1


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(2, 12))
def test_latex_numbers_are_the_same_numbers(value: float, digits: int) -> None:
    latex = latex_number(value, digits).replace("{,}", "").replace("{", "").replace("}", "")
    mantissa, _, power = latex.partition(r" \times 10^")
    assert float(f"{mantissa}e{power or 0}") == float(number(value, digits).replace("−", "-").replace(",", ""))


def test_json_is_strict() -> None:
    data = {"x": np.array([[1.5, np.nan]]), 3: (np.int64(2), np.bool_(True)), "none": None, "inf": -np.inf, "t": "…"}
    got = Page("t", "", [], data).json()
    assert got == {"x": [[1.5, None]], "3": [2, True], "none": None, "inf": None, "t": "…"}
    assert json.loads(Page("t", "", [], data).render("json")) == got


def test_a_notebook_gets_a_fragment() -> None:
    text = page()._repr_html_()
    assert not {"html", "body"} & Reader(text).tags


def test_chinese_pages_say_so() -> None:
    assert '<html lang="zh-CN">' in page(lang="zh").html()
    assert "是" in page(lang="zh").text()
    assert "图" in page(lang="zh").markdown()


def test_figures_are_drawn_only_where_they_are_shown() -> None:
    drawings = []

    def draw() -> Drawing:
        drawings.append(1)
        return drawn()

    shown = Page("t", "", [Section("s", [Figure(draw, "alt")])])
    assert len(shown.figures) == 1
    shown.text(), shown.markdown(), shown.json()
    assert drawings == []
    shown.html()
    assert drawings == [1]


def test_wrong_use() -> None:
    with pytest.raises(SettingError, match="format: expected one of text, markdown, html, json, found 'pdf'"):
        page().render("pdf")
    with pytest.raises(SettingError, match="lang: expected one of en, zh"):
        page(lang="fr")
    with pytest.raises(ValueError, match=r"shorter|longer"):
        Page("t", "", [Section("s", [Table(["a", "b"], [[1, 2], [1]])])]).text()
    assert html.prose("`<b>`") == "<code>&lt;b&gt;</code>"


def test_a_cell_of_many_letters_keeps_its_room() -> None:
    """On a telephone a column of sentences beside others would be a letter or two wide."""
    page = Page("t", "", [Section("s", [Table(("a", "b"), [("short", "long " * 20)])])]).html()
    assert page.count("<td class=long>") == 1
