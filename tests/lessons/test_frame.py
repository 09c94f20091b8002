"""The frame of the lessons: words in both languages, every way to show a page, and the command."""

from __future__ import annotations

import inspect
import io
import json
import math
import re
import shlex
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from commands import refused
from deltaw.cli import main
from deltaw.exceptions import SettingError
from deltaw.lessons import LESSONS, Lesson, checks
from deltaw.lessons import words as wording
from deltaw.lessons.words import FOLDER, SHARED, Words, texts
from deltaw.pages import FORMATS
from deltaw.speech import LANGUAGES
from whole import WIDTHS, missing

SOURCES = FOLDER.parent
# Of lessons whose run takes seconds: a shorter one, on few images.
SHORT: dict[str, dict[str, Any]] = {
    "split": {"hidden": 6, "epochs": 2, "runs": 1},
    "data": {"hidden": 6, "epochs": 2, "runs": 1},
    "network": {"hidden": 20, "epochs": 3, "runs": 2},
}
# For every parameter of a lesson another value, which has to give other numbers.
OTHERWISE: dict[str, dict[str, Any]] = {
    "line": {
        "learning_rate": 0.5, "examples": 20, "wrong": 0, "margin": 0.5, "slope": 3.0, "bias": True, "seed": 1,
    },
    "lines": {"gate": "and", "hidden": 3, "learning_rate": 1.0, "epochs": 100, "runs": 3, "seed": 5},
    "neuron": {
        "inputs": "1,2,3", "weights": "0.1,-2,1", "bias": 1.0, "activation": "tanh", "sharpen": "1,3", "shift": "-1",
    },
    "signals": {"inputs": "1,2,3", "layers": 2, "activation": "relu", "weights": "random", "seed": 1},
    "errors": {"learning_rate": 0.1, "start": 1.0, "target": -2.0, "steps": 4, "bad_weight": -4.0},
    "descent": {"learning_rate": 0.1, "starts": "1,2", "rates": "0.2", "begin": "1,1", "steps": 5},
    "split": {"learning_rate": 0.2, "high_rate": 2.5, "hidden": 9, "epochs": 3, "runs": 2, "seed": 1},
    "gradient": {
        "to": 2, "of": 0, "inputs": "0.5,0.5,0.5", "target": "0.5,0.5,0.5", "activation": "tanh", "loss": "absolute",
        "weights": "random", "seed": 1,
    },
    "step": {
        "learning_rate": 0.6, "inputs": "0.5,0.5", "target": 0.7, "tolerance": 0.1, "hidden": 3, "backward": "notes",
        "seed": 1,
    },
    "data": {
        "learning_rate": 0.4, "inputs": "0.1,4", "targets": "-1,2", "weights": 2.0, "hidden": 7, "epochs": 1, "runs": 2,
        "seed": 1,
    },
    "network": {"learning_rate": 0.2, "hidden": 9, "epochs": 2, "backward": "gradient", "runs": 1, "seed": 1},
}  # fmt: skip
# Where a parameter only shows beside another one.
BESIDE = {(name, "seed"): {"weights": "random"} for name in ("signals", "gradient")}
# What no number of a run tells: whose images, and which of them its table shows.
NO_NUMBER = {"data", "digit"}
# What a parameter cannot be; of the first lessons `test_bad_input_is_one_line` asks.
WRONG: dict[str, list[dict[str, Any]]] = {
    "split": [{"learning_rate": 0.0}, {"high_rate": math.nan}, {"hidden": 0}, {"epochs": 2.5}, {"runs": 0},
              {"seed": -1}, {"lang": "fr"}],
    "gradient": [{"to": 3}, {"of": -1}, {"inputs": "1,2"}, {"target": "a,b,c"}, {"activation": "softmax"},
                 {"activation": "step"}, {"loss": "difference"}, {"loss": "cross_entropy"}, {"weights": "mine"},
                 {"seed": -1}],
    "step": [{"learning_rate": 0.0}, {"inputs": "1"}, {"target": math.inf}, {"tolerance": 0.0}, {"hidden": 0},
             {"backward": "Notes"}, {"seed": 0.5}, {"lang": "de"}],
    "data": [{"learning_rate": -1.0}, {"inputs": "1"}, {"inputs": "3,1"}, {"targets": "a,b"}, {"weights": math.nan},
             {"hidden": 0}, {"epochs": 0}, {"runs": True}, {"seed": -1}],
    "network": [{"learning_rate": 0.0}, {"hidden": 0}, {"epochs": 0}, {"backward": "chain"}, {"runs": 0},
                {"digit": "11"}, {"seed": -2}],
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def few(few_digits: str) -> None:
    """Lessons that take long take few images."""
    for settings in SHORT.values():
        settings["data"] = few_digits


@cache
def run(name: str, **settings: Any) -> Lesson:
    return LESSONS[name].function(**SHORT.get(name, {}) | settings)


def plain(name: str, **settings: Any) -> dict[str, Any]:
    return run(name, **settings).page.json()


def without(content: Any, key: str) -> Any:
    """The same, with nothing of that name in it."""
    if not isinstance(content, dict):
        return content
    return {name: without(value, key) for name, value in content.items() if name != key}


# --- words ----------------------------------------------------------------------------------------------------------


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("name", [*LESSONS, SHARED])
def test_words_are_complete_in_both_languages(name: str) -> None:
    for key, languages in texts(name).items():
        assert set(languages) == set(LANGUAGES), key
        assert fields(languages["en"]) == fields(languages["zh"]), key


@pytest.mark.parametrize("name", LESSONS)
def test_every_word_is_used(name: str) -> None:
    """Every key stands in the lesson's code: whole, or as the group of a key that is put together there."""
    code = inspect.getsource(inspect.getmodule(LESSONS[name].function))  # type: ignore[arg-type]
    code += "".join(p.read_text(encoding="utf-8") for p in SOURCES.glob("*.py") if p.stem not in LESSONS)
    parameters = {f"parameters.{p.name}" for p in LESSONS[name].parameters}
    for key in texts(name):
        group = key.split(".")[0]
        assert f'"{key}"' in code or f'f"{group}.{{' in code or f"f'{group}.{{" in code or key in parameters, key


@pytest.mark.parametrize("name", LESSONS)
def test_every_parameter_is_explained(name: str) -> None:
    entry = LESSONS[name]
    assert entry.name == name
    assert all(entry.help(p.name, lang) for p in entry.parameters for lang in LANGUAGES)
    own = {key.removeprefix("parameters.") for key in texts(name) if key.startswith("parameters.")}
    assert own <= {p.name for p in entry.parameters}
    assert all(p.kind in {int, float, str, bool} and isinstance(p.default, p.kind) for p in entry.parameters)
    signature = inspect.signature(entry.function)
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in signature.parameters.values())
    assert signature.parameters["lang"].default is None  # the language that is spoken


def test_words_about_figures_hold_on_a_dark_page_too() -> None:
    """There drawings are inverted: what is dark on paper is light."""
    for name in LESSONS:
        for key, languages in texts(name).items():
            if "alt" in key or "caption" in key:
                assert not re.search(r"\b(dark|light|bright|black|white)", languages["en"], re.I), f"{name}: {key}"
                assert not re.search("越深|越浅|深色|浅色|越暗|越亮|黑|白", languages["zh"]), f"{name}: {key}"


def test_chinese_is_chinese() -> None:
    """Chinese sentences have Chinese punctuation, which the English ones do not."""
    for name in (*LESSONS, SHARED):
        for key, languages in texts(name).items():
            assert not set("，。；：（）") & set(languages["en"]), f"{name}: {key}"
            assert not any(
                sign in ",;:" and "\u4e00" <= before <= "\u9fff"
                for before, sign in zip(languages["zh"], languages["zh"][1:], strict=False)
            ), f"{name}: {key}"


def test_numbers_in_words_read_as_in_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.toml").write_text('[said]\nen = "{x}, {n}, {s}, {x:.1f}"\nzh = "{x}"\n', encoding="utf-8")
    (tmp_path / "lesson.toml").write_text('[shared]\nen = "a"\nzh = "b"\n', encoding="utf-8")
    monkeypatch.setattr(wording, "FOLDER", tmp_path)
    texts.cache_clear()
    try:
        assert Words("one")("said", x=-1.23456, n=12, s="-w") == "−1.235, 12, -w, −1.2"
        assert Words("one", "zh")("shared") == "b"
        with pytest.raises(KeyError):
            Words("one")("missing")
    finally:
        texts.cache_clear()


# --- lessons --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", LESSONS)
def test_every_form(name: str, lang: str, request: pytest.FixtureRequest) -> None:
    """Figures, which take longest, are drawn of one lesson in English; of all in `test_every_figure_is_drawn`."""
    if (name, lang) != ("line", "en"):
        request.getfixturevalue("undrawn")
    lesson = run(name, lang=lang)
    title = LESSONS[name].title(lang)
    shown = {form: render(lesson.page) for form, render in FORMATS.items()}
    assert {form for form, text in shown.items() if title in text} == {"text", "markdown", "html"}
    assert shown["text"] == str(lesson)
    assert "{" not in shown["text"]  # no field without its number
    assert json.loads(shown["json"]) == lesson.page.json()
    assert shown["html"].count("<figure>") == len(lesson.page.figures) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_every_figure_is_drawn(name: str) -> None:
    text = LESSONS[name].function().page.html()
    assert "mathdefault" not in text  # matplotlib's own numbers on logarithmic axes
    assert text.count("<svg ") >= text.count("<figure>") >= 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", LESSONS)
def test_numbers_stand_whole_at_any_width(name: str, lang: str) -> None:
    page = run(name, lang=lang).page
    assert [missing(page, page.text(width), width) for width in WIDTHS] == [{}] * len(WIDTHS)


@pytest.mark.parametrize("name", LESSONS)
def test_the_same_seed_gives_the_same_lesson(name: str) -> None:
    again = LESSONS[name].function(**SHORT.get(name, {}))
    assert again.page.json() == run(name).page.json()
    assert str(again) == str(run(name))


def test_a_notebook_shows_figures_and_page() -> None:
    lesson = run("line")
    assert [isinstance(figure, Figure) for figure in lesson.figures] == [True]
    assert "<table" in lesson._repr_html_()


@pytest.mark.parametrize("name", LESSONS)
def test_languages_share_their_numbers(name: str) -> None:
    assert plain(name, lang="zh") == plain(name, lang="en")


@pytest.mark.parametrize(
    ("name", "parameter"), [(n, p.name) for n in LESSONS for p in LESSONS[n].parameters if p.name not in NO_NUMBER]
)
def test_every_parameter_changes_the_run(name: str, parameter: str) -> None:
    beside = BESIDE.get((name, parameter), {})
    changed = plain(name, **beside, **{parameter: OTHERWISE[name][parameter]})
    assert without(changed, parameter) != without(plain(name, **beside), parameter)


@pytest.mark.parametrize("name", LESSONS)
def test_a_language_that_there_is_not(name: str) -> None:
    with pytest.raises(SettingError, match=r"^lang: expected one of en, zh, found 'fr'; "):
        run(name, lang="fr")


def test_figures_do_without_a_chinese_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltaw.plots.style.CHINESE_FONTS", ())
    figure = run("errors", lang="zh").figures[0]
    with pytest.warns(UserWarning, match="Glyph"):
        figure.savefig(png := io.BytesIO(), format="png")
    assert png.getvalue()[:4] == b"\x89PNG"


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, some in WRONG.items() for wrong in some])
def test_bad_parameters_get_one_line(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(wrong))) as found:
        run(name, **wrong)
    assert "\n" not in str(found.value)


# --- checks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "1", None, True, 3, -0.5])
def test_a_number_out_of_bounds(bad: Any) -> None:
    with pytest.raises(SettingError, match=r"^x: expected a .*number"):
        checks.number(bad, "x", 0, 2)


@pytest.mark.parametrize("bad", [1.0, "1", None, True, 3, -1])
def test_a_whole_number_out_of_bounds(bad: Any) -> None:
    with pytest.raises(SettingError, match=r"^n: expected a whole number from 0 to 2, found "):
        checks.whole(bad, "n", 0, 2)


@pytest.mark.parametrize("bad", ["", "a,b", "1,,2", "nan,1", "1,inf", "1,2,3", None, 4])
def test_numbers_that_are_none(bad: Any) -> None:
    with pytest.raises(SettingError, match=r"^inputs: expected 2 finite numbers with commas between them, found "):
        checks.numbers(bad, "inputs", 2)
    assert checks.numbers("1, -2.5e1", "inputs", 2) == [1.0, -25.0]


def test_bounds_read_well() -> None:
    for call, words in (
        (lambda: checks.number(5, "x", high=1), "of 1 or less"),
        (lambda: checks.whole(0, "n", 1), "of 1 or more"),
        (lambda: checks.choice("a", "gate", ("xor", "and")), "one of xor, and"),
        (lambda: checks.choice(["a"], "gate", ("xor", "and")), "one of xor, and"),  # type: ignore[type-var]
        (lambda: checks.choice(np.zeros(2), "gate", ("xor", "and")), "one of xor, and"),  # type: ignore[type-var]
        (lambda: checks.flag("no", "bias"), "bias: expected True or False, found 'no'"),  # type: ignore[arg-type]
        (lambda: checks.numbers("1,2,3", "rates", range(1, 3)), "rates: expected 1 to 2 finite numbers"),
    ):
        with pytest.raises(SettingError, match=words):
            call()


# --- the command ----------------------------------------------------------------------------------------------------


def command(capsys: pytest.CaptureFixture[str], arguments: str) -> tuple[int, str, str]:
    status = main(["lesson", *shlex.split(arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_list(capsys: pytest.CaptureFixture[str], lang: str) -> None:
    status, out, _ = command(capsys, f"--lang {lang}")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[1] for line in lines] == list(LESSONS)
    assert all(line.endswith(entry.title(lang)) for line, entry in zip(lines, LESSONS.values(), strict=True))
    status, out, _ = command(capsys, f"--json --lang {lang}")
    assert [row["name"] for row in json.loads(out)["lessons"]] == list(LESSONS)


@pytest.mark.parametrize("name", LESSONS)
def test_what_to_try_next_works(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Of lessons that take seconds only its words are asked."""
    proposals = [row[0] for row in run(name).page.sections[-1].blocks[0].rows]  # type: ignore[union-attr]
    assert len(proposals) >= 3
    options = {parameter.option for parameter in LESSONS[name].parameters}
    for proposal in proposals:
        assert proposal.startswith(f"deltaw lesson {name}")
        assert {word.split("=")[0] for word in shlex.split(proposal) if word.startswith("--")} <= options
    if name in SHORT:
        return
    outputs = {str(run(name))}
    for proposal in proposals:
        status, out, err = command(capsys, proposal.removeprefix("deltaw lesson "))
        assert (status, err) == (0, "")
        assert out.startswith(LESSONS[name].title())
        outputs.add(out)
    assert len(outputs) == 1 + len(proposals)


def test_json_is_the_lessons_data(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = command(capsys, "errors --json --learning-rate 0.25 --steps 5")
    assert (status, err) == (0, "")
    assert json.loads(out) == plain("errors", learning_rate=0.25, steps=5)


def test_html_is_written_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "line.html"
    status, out, err = command(capsys, f"line --html {page} --lang zh --no-bias")
    assert (status, out) == (0, "")
    assert str(page) in err.replace("\n", "")
    text = page.read_text(encoding="utf-8")
    assert 'lang="zh' in text
    assert text.count("<figure>") == 1
    assert "http" not in text.replace("http://www.w3.org/", "")


def test_options_stand_before_a_name_or_behind_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["lesson", "--lang", "zh", "--html", str(tmp_path / "a.html"), "signals"]) == 0
    assert main(["lesson", "signals", "--lang", "zh", "--html", str(tmp_path / "b.html")]) == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert '<html lang="zh' in (tmp_path / "a.html").read_text()
    said = []
    for arguments in (["--json", "--lang", "zh", "signals", "--lang", "en"], ["signals", "--json"]):
        capsys.readouterr()
        assert main(["lesson", *arguments]) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1]
    assert main(["lesson", "--html", str(tmp_path / "c.html")]) == 2
    assert "expected a lesson to write" in capsys.readouterr().err
    assert not (tmp_path / "c.html").exists()


def test_help_shows_parameters_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = command(capsys, "signals --help")
    assert status == 0
    for parameter in LESSONS["signals"].parameters:
        assert parameter.option in out
        assert str(parameter.default) in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("nothing", "nothing"),
        ("line --lerning-rate 3", "expected an option of --learning-rate, --examples, --wrong"),
        ("line --learning-rate fast", "--learning-rate"),
        ("line --learning-rate", "--learning-rate"),
        ("line --learning-rate 3", "learning_rate: expected a number from 0 to 2, found 3.0"),
        ("line --examples 1", "examples: expected a whole number from 2 to 100, found 1"),
        ("line --wrong 13", "wrong: expected a whole number from 0 to 12, found 13"),
        ("line --seed -1", "seed: expected a whole number, 0 or more, found -1"),
        ("line extra", "extra"),
        ("line --lang fr", "lang: expected one of en, zh, found 'fr'"),
        ("--lang fr", "lang: expected one of en, zh, found 'fr'"),
        ("line --html /nowhere/at/all.html", "/nowhere/at/all.html"),
        ("lines --gate nor2", "gate: expected one of xor, xnor, and, nand, or, nor, found 'nor2'"),
        ("lines --hidden 0", "hidden: expected a whole number from 1 to 6, found 0"),
        ("neuron --inputs 1,2", "weights: expected 2 finite numbers with commas between them, found '0.9,0.3,0.4'"),
        ("neuron --activation softmax", "activation: expected one of identity, step"),
        ("signals --inputs 1,2", "inputs: expected 3 finite numbers"),
        ("signals --layers 1", "layers: expected a whole number from 2 to 8, found 1"),
        ("errors --learning-rate 0", "learning_rate: expected a number, more than 0, found 0.0"),
        ("errors --learning-rate nan", "learning_rate: expected a number, more than 0, found nan"),
        ("descent --rates 0.1,2", "rates: expected a number from 0 to 1, found 2.0"),
        ("descent --starts 1,2,3,4,5", "starts: expected "),
        ("descent --begin 1", "begin: expected 2 finite numbers"),
        ("step --rate 1", "expected an option of --learning-rate, --inputs"),
        ("step --tolerance 0", "tolerance: expected a number from"),
        ("step --hidden two", "--hidden: expected a whole number, found 'two'"),
    ],
)
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], arguments: str, said: str) -> None:
    assert said in refused(command(capsys, arguments))


def test_data_is_arrays_in_python() -> None:
    assert isinstance(run("line").data["moderated"]["slope"], np.ndarray)
