"""What lessons 7 to 11 have in common: forms, languages, commands that work. The frame's own tests take the rest."""

from __future__ import annotations

import json
import shlex
from functools import cache
from typing import Any

import pytest

from deltaw.cli import main
from deltaw.lessons import LESSONS, Lesson
from deltaw.pages import FORMATS
from deltaw.speech import LANGUAGES
from whole import WIDTHS, missing

# As they are, or shortened where a run takes seconds.
SHORT: dict[str, dict[str, Any]] = {
    "split": {"hidden": 6, "epochs": 2, "runs": 1},
    "gradient": {},
    "step": {},
    "data": {"hidden": 6, "epochs": 2, "runs": 1},
    "network": {"hidden": 20, "epochs": 3, "runs": 2},
}


@cache
def run(name: str, lang: str = "en") -> Lesson:
    return LESSONS[name].function(**SHORT[name], lang=lang)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", SHORT)
def test_every_form(name: str, lang: str, request: pytest.FixtureRequest) -> None:
    """Figures, which take longest, are drawn of one lesson in English; of all in `test_every_figure_is_drawn`."""
    if (name, lang) != ("step", "en"):
        request.getfixturevalue("undrawn")
    lesson = run(name, lang)
    shown = {form: render(lesson.page) for form, render in FORMATS.items()}
    title = LESSONS[name].title(lang)
    assert {form for form, text in shown.items() if title in text} == {"text", "markdown", "html"}
    assert "{" not in shown["text"]  # no field without its number
    assert json.loads(shown["json"]) == lesson.page.json()
    assert shown["html"].count("<figure>") == len(lesson.page.figures) >= 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", SHORT)
def test_numbers_stand_whole_at_any_width(name: str, lang: str) -> None:
    page = run(name, lang).page
    assert [missing(page, page.text(width), width) for width in WIDTHS] == [{}] * len(WIDTHS)


@pytest.mark.parametrize("name", SHORT)
def test_languages_and_runs_share_their_numbers(name: str) -> None:
    assert run(name, "en").page.json() == run(name, "zh").page.json()
    assert LESSONS[name].function(**SHORT[name]).page.json() == run(name).page.json()


@pytest.mark.parametrize("name", SHORT)
def test_what_to_try_next_are_commands(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    proposals = [row[0] for row in run(name).page.sections[-1].blocks[0].rows]  # type: ignore[union-attr]
    assert len(proposals) >= 3
    options = {parameter.option for parameter in LESSONS[name].parameters}
    for proposal in proposals:
        _, command, lesson, *given = shlex.split(proposal)
        assert (command, lesson) == ("lesson", name)
        assert {word.split("=")[0] for word in given if word.startswith("--")} <= options
        if not SHORT[name]:  # the others take seconds each
            assert main(["lesson", name, *given]) == 0
            assert capsys.readouterr().out.startswith(LESSONS[name].title())


def test_a_lesson_as_a_page_and_a_wrong_option(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "step.html"
    assert main(["lesson", "step", "--html", str(page), "--lang", "zh"]) == 0
    assert "<html" in page.read_text(encoding="utf-8")
    capsys.readouterr()
    for wrong in (["--rate", "1"], ["--tolerance", "0"], ["--hidden", "two"]):
        assert main(["lesson", "step", *wrong]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
