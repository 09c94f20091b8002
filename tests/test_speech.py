"""What DeltaW says in another language: nothing missing, the same fields, its own punctuation, and who chooses it."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import re
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
import typer

import deltaw
from commands import Run
from deltaw import schema, speech
from deltaw.bench import OWN, PEERS, WORKLOADS
from deltaw.bench.forms import WAYS
from deltaw.cli import _EXPECTED
from deltaw.cli.app import app
from deltaw.cli.commands import lesson
from deltaw.cli.speaking import FAULTS, NOUNS, PANELS, TYPERS
from deltaw.derive import derivation
from deltaw.derive.page import DROPPED
from deltaw.doctor.findings import PLACES, SEVERITIES
from deltaw.doctor.page import in_words
from deltaw.doctor.rules.columns import PREDICTS
from deltaw.doctor.rules.table import RULES
from deltaw.engines import NEEDS
from deltaw.equations.losses import LOSSES
from deltaw.exceptions import _SYSTEM, InputError, SettingError
from deltaw.explain import prediction_page, step_page
from deltaw.export import FORMS
from deltaw.files import atomic, model
from deltaw.languages import asked, of_locale
from deltaw.models.fitting.deciding.idle import NEEDS as USES
from deltaw.models.scoring.metrics import METRICS
from deltaw.models.scoring.scores import GUESS
from deltaw.models.search.tuning import ENDS
from deltaw.models.settings import OF_DATA, meanings
from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.columns.category import OTHER
from deltaw.preparation.columns.numbers import CYCLES
from deltaw.preparation.columns.steps import MISSING
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.preparation.task import TASKS
from deltaw.progress import COUNTED
from deltaw.speech import LANGUAGES, TIGHT, Kept, catalogue, in_english, listed, reads, retold, say
from deltaw.speech.settings import by_command, given_as
from deltaw.tables.columns import KINDS, kinds
from deltaw.tables.dates import DATE_FORMATS
from deltaw.tables.reading.formats.json_lines import SORTS
from deltaw.tables.reading.formats.marks import PARTED
from deltaw.tables.reading.read import FOREIGN
from deltaw.training import checkpoints
from deltaw.training.history import Ending
from sentences import ERRORS, PACKAGE, called, calls, said
from sentences import SAID as SENTENCES

HELP: Any = typer.main.get_command(app)
LESSONS_HELP: Any = typer.main.get_command(lesson.commands())
LESSONS_HELP.commands.clear()  # what they are is said in the lessons' own words


def helps(command: Any = HELP) -> Iterator[str]:
    """Every paragraph of every help, but for the commands that are its examples."""
    texts = [command.help, command.epilog, *(getattr(each, "help", None) for each in command.params)]
    paragraphs = (" ".join(part.split()) for text in texts if text for part in text.split("\n\n"))
    yield from (part for part in paragraphs if not part.startswith("deltaw "))
    for each in getattr(command, "commands", {}).values():
        yield from helps(each)


def evidence() -> Iterator[str]:
    """The names of what the rules measured, as the doctor's page shows them."""
    for where, call, _ in calls():
        if called(call) in ("Finding", "finding") and where.startswith("doctor/rules"):
            for each in [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "evidence")]:
                if isinstance(each, ast.Dict):
                    yield from (key.value.replace("_", " ") for key in each.keys if isinstance(key, ast.Constant))


# Sentences that stand in tables and are said where they are shown.
TABLES: dict[str, Any] = {
    "help": [
        *helps(),
        *helps(LESSONS_HELP),
        *TYPERS.values(),
        *PANELS,
        *FAULTS.values(),
        *_EXPECTED.values(),
        *NOUNS.values(),
    ],
    "scores": [row.english for rows in METRICS.values() for row in rows] + [*GUESS.values(), "AUC", "accuracy"],
    "settings": [*meanings().values(), OF_DATA, *(reason for needs in USES.values() for reason, _ in needs)],
    "rules": [text for rule in RULES for text in (in_words(rule.name), rule.reason, rule.source)],
    "findings": [*SEVERITIES, *PLACES.values(), "gain of repair", *PREDICTS.values()],
    "counts": [f"{{count}} {each}{s}" for each in ("fault", "risk", "consequence", "note") for s in ("", "s")],
    "preparation": [row.summary for row in SCALINGS.values()]
    + [*CYCLES, MISSING, OTHER, *KINDS, "block", Alike.kind, *TASKS],
    "cells": [
        *DATE_FORMATS.values(),
        *SORTS.values(),
        *PARTED.values(),
        *(text for row in FOREIGN for text in row[1:]),
    ],
    "files": [
        *model._FOREIGN.values(),
        *_SYSTEM.values(),
        *(text for each in atomic._FOUND.values() for text in each),
        *schema._NAMES.values(),
    ]
    + [text for kind in (model.MODEL, model.CHECKPOINT) for text in (kind.name, kind.give, kind.make)],
    "explanations": [prediction_page.TYPICAL_ROW, *prediction_page.USUAL_CELLS.values(), *step_page.RULE_NAMES.values()]
    + [before + each for before in ("", "from ", "to ") for each in ("input", "unit", "output")],
    "searches": [*ENDS.values(), *COUNTED.values()],
    "histories": [*get_args(Ending), "loss", "validation loss", "validation rows", "test rows"],
    "options": ["names of columns", "words"],
    "networks": ["layer", "inputs", "units", "parameters", "activation", "initial weights"],
    "errors": [name.replace("_", "-") for name in LOSSES],
    "derivations": [why for _, why in DROPPED.values()],
    "bench": [row.title for row in WORKLOADS.values()]
    + [*OWN.values()]
    + [way.title for way in WAYS.values()]
    + [text for peer in PEERS.values() for text in (peer.title, peer.install) if text]
    + ["rows", "width", "depth"],
    "forms": [form.runs for form in FORMS.values()],
    "engines": [each for row in NEEDS.values() for each in row],
    "systems": [*_SYSTEM.values()],
    "runs": [*checkpoints.WORDS],
    "lists": [", ", "; ", ": ", ".", " and ", " or ", " to "],
}


FOREIGN_LANGUAGES = LANGUAGES[1:]
WORD, HAN = re.compile("[A-Za-z]{2}"), "\u4e00-\u9fff"
# A sign of English beside a Chinese letter; behind a blank, brackets are mathematics. Points stand in numbers, too.
NARROW = re.compile(f"[{HAN}）”] ?[,;:?!]|[,;:?!][{HAN}（“]|[{HAN}][()]|[()][{HAN}]")


@cache
def everything() -> dict[str, str]:
    """Every sentence -> where it comes from."""
    tables = {text: name for name, texts in TABLES.items() for text in texts}
    return tables | dict.fromkeys(evidence(), "findings") | said()


def fields(sentence: str) -> set[str | None]:
    """The fields of a sentence; "{}" is the name of one that Typer fills."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence)} - {None}


# Files whose sentences are put together of rows of TABLES.
PUT_TOGETHER = {"models/contents.py", "numbers.py", "report/learning.py"}


def test_no_sentence_is_put_together() -> None:
    """A text with its values in it already is found in no catalogue: fields hold them."""

    def made(node: ast.AST | None, names: dict[str, list[ast.expr]]) -> bool:
        if isinstance(node, ast.IfExp):
            return made(node.body, names) or made(node.orelse, names)
        if isinstance(node, ast.Name):
            return any(isinstance(e, ast.JoinedStr) and ": expected " in ast.unparse(e) for e in names.get(node.id, ()))
        texts = (each.value for each in getattr(node, "values", ()) if isinstance(each, ast.Constant))
        return isinstance(node, ast.JoinedStr) and WORD.search(" ".join(texts)) is not None

    bad = [
        where
        for where, call, names in calls()
        if isinstance(call.func, ast.Name) and where.rpartition(":")[0] not in PUT_TOGETHER
        for place in SENTENCES.get(called(call), ())
        if place < len(call.args) and made(call.args[place], names)
    ]
    assert bad == []


@pytest.fixture
def chinese() -> Iterator[None]:
    with deltaw.language("zh"):
        yield


@pytest.mark.parametrize("lang", FOREIGN_LANGUAGES)
def test_no_sentence_is_missing(lang: str) -> None:
    wanted = {text: where for text, where in everything().items() if WORD.search(re.sub(r"\{.*?\}", "", text))}
    assert {text: where for text, where in wanted.items() if text not in catalogue(lang)} == {}


@pytest.mark.parametrize("lang", FOREIGN_LANGUAGES)
def test_no_sentence_is_left_over(lang: str) -> None:
    assert sorted(catalogue(lang).keys() - everything().keys()) == []


@pytest.mark.parametrize("lang", FOREIGN_LANGUAGES)
def test_no_sentence_stands_twice(lang: str) -> None:
    files = [tomllib.loads(p.read_text("utf-8")) for p in (speech.FOLDER / lang).glob("*.toml")]
    assert sum(map(len, files)) == len(catalogue(lang))


@pytest.mark.parametrize("lang", FOREIGN_LANGUAGES)
def test_sentences_have_the_same_fields(lang: str) -> None:
    assert {english: said for english, said in catalogue(lang).items() if fields(english) != fields(said)} == {}


def told() -> list[str]:
    """Every sentence of Chinese: the catalogue's, those that are told again, and the lessons'."""
    names = [path.stem for path in (Path(deltaw.lessons.__file__).parent / "words").glob("*.toml")]
    lessons = [text["zh"] for name in names for text in deltaw.lessons.words.texts(name).values()]
    kept = [tomllib.loads(path.read_text("utf-8")) for path in (speech.FOLDER / "zh" / "kept").glob("*.toml")]
    texts = [*catalogue("zh").values(), *(text for each in kept for text in each.values()), *lessons]
    assert len(texts) > 1500
    return texts


def test_chinese_has_its_own_punctuation() -> None:
    assert [text for text in told() if NARROW.search(text)] == []


class Anything(str):
    """What a field may hold, whatever the way in which it is shown."""

    __slots__ = ()

    def __format__(self, way: str) -> str:
        return str(self)


@pytest.mark.parametrize("value", ["setosa", "0.25", "'x'", "(4, 3)", "−1", "82 %", "--set", "R²", "‖W‖"])
def test_a_blank_stands_between_chinese_and_other_letters(value: str) -> None:
    dates = re.compile("[年月日时分]")  # as they are written: 2020年1月2日
    for text in told():
        values = {name: Anything(value) for name in fields(text) if name}
        filled = speech.filled(text, values) if values else text
        assert dates.search(text) or not TIGHT.search(filled)
        assert filled.replace(" ", "") == (text.format_map(values) if values else text).replace(" ", "")


def test_no_blank_stands_beside_a_field() -> None:
    """Where it may hold Chinese: a field with a way of its own, {n:,}, holds a number."""
    said = [*catalogue("zh").values()]
    assert [text for text in said if re.search(rf"[{HAN}] \{{\w+\}}|\{{\w+\}} [{HAN}]", text)] == []


@pytest.mark.parametrize(
    ("given", "python", "command"),
    [
        (("cache",), "cache=", "--cache"),
        (("resume", True), "resume=True", "--resume"),
        (("check", False), "check=False", "--no-check"),
        (("kinds", {"the year": "number"}), "kinds={'the year': 'number'}", "--as 'the year=number'"),
        (("na", ["-999", "n/a"]), "na=['-999', 'n/a']", "--na=-999,n/a"),
        (("not_na", ["last, first"]), "not_na=['last, first']", """--not-na '"last, first"'"""),
        (("columns",), "columns=", "--only"),
    ],
)
def test_a_setting_is_said_as_its_reader_gives_it(given: tuple[Any, ...], python: str, command: str) -> None:
    assert given_as(*given) == python
    with by_command():
        assert given_as(*given) == command
    assert given_as(*given) == python


def test_what_is_kept_in_english_reads_as_it_is_spoken() -> None:
    """The name of a feature, made of parts; the words of a column stay, whatever they look like."""
    days = Kept("{column} days", column="rest days")
    name = Kept("{number} bin {k}", number=days, k=3)
    word = Kept("{column}={slot}", column="城市", slot="(other)")
    assert (str(name), json.dumps(name), copy.deepcopy(name).values["k"]) == ("rest days days bin 3", f'"{name}"', 3)
    assert pickle.loads(pickle.dumps(name)).sentence == name.sentence
    assert reads(name) == "rest days days bin 3"
    with deltaw.language("zh"):
        assert reads(name) == "rest days 天数第 3 箱"
        assert reads(word) == "城市=(other)"
        assert reads(Kept("{column}={slot}", column="城市", slot=Kept(OTHER))) == "城市=（其他）"
        assert reads(Kept("mean 价格")) == "平均价格"
        assert reads("rest days") == "rest days"
        assert say("{name}: expected {kind}", name=name, kind="x") == "rest days 天数第 3 箱：应为 x"


def test_chinese_stands_close_to_chinese(chinese: None) -> None:
    assert say("{name}: expected {kind}", name="甲.csv", kind="表格") == "甲.csv：应为表格"
    assert listed(["训练集", "测试集"], " and ") == "训练集和测试集"
    assert listed(["setosa", "训练集", "virginica"], " or ") == "setosa、训练集或 virginica"


# Words of the glossary that are names of settings, too, or mean something else elsewhere.
OTHER_SENSES = {
    "unit",
    "link",
    "weight",
    "bias",
    "activation",
    "output",
    "target",
    "error",
    "loss",
    "gradient",
    "weight change",
    "L2",
    "dropout",
    "row",
    "example",
    "step",
    "epoch",
    "fold",
    "class",
    "scaling",
    "input",
    "AUC",
    "quantile",
    "attribution",
    "recipe",
    "note",
    "fault",
    "vanishing",
    "layer",
    "seed",
}


def terms() -> Iterator[tuple[str, list[str]]]:
    """Each English term of the glossary, and how Chinese says it."""
    page = (PACKAGE.parents[1] / "docs" / "glossary.md").read_text("utf-8")
    for english, chinese in re.findall(r"^\| ([^|]+) \| ([^|]+) \|", page, re.M)[1:]:
        for term in re.split("[,:]", re.sub(r"\(.*?\)", "", english)):
            yield term.strip(), re.split("[、：]", chinese)


def test_chinese_uses_the_terms_of_the_glossary() -> None:
    wrong, seen = {}, 0
    for term, ways in terms():
        called_so = re.compile(rf"\b{re.escape(term)}s?\b", re.I)
        for english, chinese in catalogue("zh").items():
            if term not in OTHER_SENSES and called_so.search(re.sub(r"\{.*?\}", "", english)):
                seen += 1
                if not any(way in chinese for way in ways):
                    wrong[english] = (term, chinese)
    assert seen > 150
    assert wrong == {}


# --- that nobody forgets ----------------------------------------------------------------------------------------------


# What is shown, and which arguments of it are sentences.
SHOWN = {
    "print": (0,), "status": (0,), "Text": (0,), "Section": (0,), "Repair": (0,), "Finding": (0,), "words": (0,),
    "numbers": (0,), "ranges": (0,),
}  # fmt: skip
# Rooms that speak their own way (lessons), or as scikit-learn does.
OTHERS = {"lessons", "sklearn", "speech"}


def bare(node: ast.AST) -> bool:
    """Whether English stands in it that is not said."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(WORD.search(node.value))
    if isinstance(node, ast.IfExp):
        return bare(node.body) or bare(node.orelse)
    return isinstance(node, ast.JoinedStr) and any(bare(part) for part in node.values if isinstance(part, ast.Constant))


def fixed(node: ast.AST, names: dict[str, list[ast.expr]]) -> bool:
    """Whether it is a sentence as the source has it, with its fields still to be filled, or a row's."""
    if isinstance(node, ast.IfExp):
        return fixed(node.body, names) and fixed(node.orelse, names)
    if isinstance(node, ast.Name):
        return all(fixed(value, {}) for value in names.get(node.id, [node]))
    return isinstance(node, (ast.Constant, ast.Attribute))


def test_only_the_command_line_names_its_options() -> None:
    """What a Python program can be told says how a setting is given by `given_as`."""
    own = ("cli/", "bench/", "lessons/")
    assert [
        text for text, where in said().items() if re.search(r"(^|\W)--[a-z]", text) and not where.startswith(own)
    ] == []


def test_errors_are_sentences_with_fields() -> None:
    """`expected` and `remedy` are no f-strings, and what was said already has no fields that are filled again."""
    wrong = []
    for where, call, names in calls():
        if called(call) not in ERRORS or not call.args or where.startswith("exceptions"):
            continue
        expected, found, remedy = (*call.args, *[ast.Constant("")] * 3)[:3]
        if any(isinstance(each, (ast.JoinedStr, ast.BinOp)) for each in (expected, remedy)):
            wrong.append(f"{where}: an f-string")
        if call.keywords and not all(fixed(each, names) for each in (expected, remedy)):
            wrong.append(f"{where}: fields beside a text that was said already")
        if isinstance(found, ast.Constant) and (" " in found.value or found.value in everything()):
            wrong.append(f"{where}: found {ast.unparse(found)}")
    assert wrong == []


def test_what_is_shown_is_said() -> None:
    shown = [
        f"{where}: {ast.unparse(call.args[place])}"
        for where, call, _ in calls()
        if where.split("/")[0].split(".")[0] not in OTHERS
        for place in SHOWN.get(called(call), ())
        if not (isinstance(call.func, ast.Name) and call.func.id == "print")  # as lines that are put together already
        if place < len(call.args) and bare(call.args[place])
    ]
    assert shown == []


# --- who chooses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_locale_is_read_as_gettext_reads_it(environment: dict[str, str], lang: str) -> None:
    assert of_locale(environment) == lang


def test_what_is_given_goes_before_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert asked(["train", "x.csv"]) == "zh"
    assert asked(["train", "x.csv", "--lang", "en"]) == asked(["--lang=en", "train"]) == "en"
    assert asked(["train", "x.csv", "--lang", "zh", "--json"]) == "en"  # programs read it


@pytest.mark.parametrize(
    ("sentence", "n", "said"),
    [
        ("{n:,} rows of {name}", 1, "1 row of 1 rows.csv"),
        ("{n:,} rows of {name}", 1001, "1,001 rows of 1 rows.csv"),
        ("{n} different whole numbers in {name}", np.int64(1), "1 different whole number in 1 rows.csv"),
        ("{n} values of X are NaN", "1", "1 value of X is NaN"),
        ("{n:,} rows that were never trained on", 1, "1 row that was never trained on"),
        ("one-hot: {n} values, one for others", 1, "one-hot: 1 value, one for others"),
        ("{n:,} classes in {n:,} rows", 1, "1 class in 1 row"),
        ("{n} of {name}", 1, "1 of 1 rows.csv"),
        ("{n} times that", 1, "1 times that"),
    ],
)
def test_one_is_said_in_the_singular(sentence: str, n: Any, said: str) -> None:
    assert say(sentence, n=n, name="1 rows.csv") == said
    with deltaw.language("zh"):
        assert in_english(sentence, n=n, name="1 rows.csv") == said


def test_a_language_holds_to_the_end_of_its_block() -> None:
    with deltaw.language("zh"):
        assert listed(["a", "b"]) == "a、b"
        with deltaw.language("en"):
            assert listed(["a", "b", "c"], " and ") == "a, b and c"
        assert say("missing") == "缺失"
    assert say("missing") == "missing"
    with pytest.raises(SettingError, match=r"^lang: expected one of en, zh, found 'fr'"):
        deltaw.language("fr")


def test_networks_of_a_pack_speak_the_callers_language(chinese: None) -> None:
    heard = []
    nets = [deltaw.Network([2, 1], seed=seed) for seed in range(2)]
    deltaw.train_pack(
        nets, [[0.0, 1.0]] * 4, [[1.0]] * 4, epochs=1, engine="reference", threads=2,
        each=[{"callbacks": [lambda epoch: heard.append(say("missing"))]} for _ in nets],
    )  # fmt: skip
    assert heard == ["缺失"] * 2


# --- what is said -----------------------------------------------------------------------------------------------------


def test_foreign_text_stays_as_it_is(chinese: None) -> None:
    error = InputError(
        "{path}: expected TOML", say('one in column "{column}"', column="{0} and b"), "leave it out", path="{x}"
    )
    assert str(error) == "{x}：应为 TOML，实际：列“{0} and b”中只有一个；请去掉它"


def test_a_sentence_that_a_language_lacks_is_english(chinese: None) -> None:
    assert say("nobody says {what}", what="this") == "nobody says this"


def test_reasons_that_are_kept_are_told_again(chinese: None) -> None:
    table = deltaw.read("iris")
    columns = table.frame.with_row_index("id", 1).with_columns(same=pl.lit(1), flag=pl.col("id") > 9)
    reasons = [column.reason for column in kinds(deltaw.read(columns), "species")]
    assert not any(WORD.search(re.sub("true|false", "", retold(reason))) for reason in reasons)
    assert retold("numbers, 6 to 8, in kg") == "数值，6 到 8，以 kg 为单位"
    assert retold("1 distinct value in 60 rows") == "60 行中有 1 个不同的值"
    assert retold("150 distinct values in 150 rows") == "150 行中有 150 个不同的值"


@pytest.mark.parametrize("pair", [("sigmoid", "squared"), ("softmax", "cross_entropy"), ("relu", "absolute")])
def test_derivations_are_told_again(chinese: None, pair: tuple[str, str]) -> None:
    """They are found once, in English, and kept: every line and every part of one is in Chinese on its page."""
    found = derivation(*pair)
    english = {text for line in found.lines for text in (line.part, line.why) if WORD.search(text)}
    assert {text for text in english if not re.search(f"[{HAN}]", retold(text))} == set()


# --- the command line -------------------------------------------------------------------------------------------------


def test_the_same_model_in_every_language(run_in: Run, tmp_path: Path) -> None:
    for lang in LANGUAGES:
        status, out, err = run_in(
            "train", "iris", "--epochs", "2", "--folds", "1", "-o", f"{lang}.deltaw", "--lang", lang
        )
        assert status == 0
        assert bool(re.search(f"[{HAN}]", out + err)) is (lang == "zh")
    files = [(tmp_path / f"{lang}.deltaw").read_bytes() for lang in LANGUAGES]
    assert files[0] == files[1]
    shown = [run_in("show", "zh.deltaw", "--json", *more)[1] for more in ([], ["--lang", "zh"])]
    assert shown[0] == shown[1]
    assert not re.search(f"[{HAN}]", shown[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "nothing.csv"], "deltaw: nothing.csv：应为文件，实际：没有这个名称的文件；请检查路径"),
        (["train", "iris", "--epochs", "x"], "deltaw: --epochs：应为整数，实际：'x'；参见 'deltaw train --help'"),
        (["show"], "deltaw: 缺少 MODEL；参见 'deltaw show --help'"),
        (["shaw"], "deltaw: 没有名为 shaw 的命令（是不是 'show'？）；参见 'deltaw --help'"),
        (["show", "a", "b"], "deltaw: 此后不应再有内容，实际：b；参见 'deltaw show --help'"),
        (["export", "--check", "m.py", "m.json"], "deltaw: m.json：应为导出的检验文件，实际：没有这个文件；请检查路径"),
        (["predict", "m", "x", "-o"], "deltaw: -o 需要一个值；参见 'deltaw predict --help'"),
        (
            ["train", "iris", "--dropout", "0.1"],
            "deltaw: 没有 --dropout 这个选项；请用 --set dropout=VALUE，参见 'deltaw train --settings'",
        ),
        (["train", "iris", "--set", "epochs=x"], "deltaw: epochs：应为整数，或 none，实际：'x'；请改正"),
        (["show", "--frm", "x"], "deltaw: 没有 --frm 这个选项；参见 'deltaw show --help'"),
    ],
)
def test_errors_in_chinese(run_in: Run, arguments: list[str], said: str) -> None:
    status, out, err = run_in("--lang", "zh", *arguments)
    assert (status, out, err.strip()) == (2, "", said)


def test_help_in_chinese(run_in: Run) -> None:
    status, out, _ = run_in("--lang", "zh", "predict", "--help")
    assert status == 0
    for text in ("用法：", "参数", "选项", "预测表中的每一行", "显示本帮助并退出", "示例："):
        assert text in out
    assert "Options" in run_in("predict", "--help")[1]  # and is not left so


@pytest.fixture
def run_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command beside nothing, with no locale: (status, stdout, stderr)."""
    from deltaw.cli import main

    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        return (status, *capsys.readouterr())

    return run
