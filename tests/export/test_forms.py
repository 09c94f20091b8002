"""Every form says what the list says, where it runs: Python, node, a C compiler."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unicodedata import bidirectional, category

import numpy as np
import polars as pl
import pytest
import zoo
from test_program import program_of

import deltaw
from deltaw.exceptions import InputError, MissingError, SettingError
from deltaw.export import FORMS, interpreter, program, proof, runners
from deltaw.export.forms import Options
from deltaw.export.forms.c import field_names
from deltaw.export.forms.text import date_pattern, identifiers
from deltaw.export.operations import Matrix, Program
from deltaw.network import Network
from deltaw.tables.dates import DATE_FORMATS

ENDINGS = {name: form.endings[0] for name, form in FORMS.items()}


def written(form: str, made: Program, folder: Path, **options: Any) -> Path:
    path = folder / f"m{ENDINGS[form]}"
    for name, data in FORMS[form].write(made, path, Options(**options)).files.items():
        (folder / name).write_bytes(data)
    return path


def hold(form: str, made: Program, folder: Path) -> None:
    """Write the program as a form, run that, and hold it against the list."""
    agree(form, made, proof.check_of(made, 200), folder)


def agree(form: str, made: Program, check: proof.Check, folder: Path) -> None:
    """The same of these rows."""
    check = check | {"dialect": "duckdb", "table": "data"}
    try:
        answers, labels = runners.RUNNERS[form](written(form, made, folder), check)
    except MissingError as error:
        pytest.skip(str(error))
    worst, wrong = proof.differences(check, answers, labels)
    assert worst <= 1
    assert wrong == 0


def test_thousands_of_columns_without_a_letter_of_c_have_names_of_their_own() -> None:
    """Hours, if each name were looked for among all before it, from the first number on."""
    assert len({*identifiers(["列"] * 20_000, ())}) == 20_000
    assert identifiers(["a", "a", "a_2", "a"], ()) == ["a", "a_2", "a_2_2", "a_3"]


# The rest of the zoo tells of the list alone: each operation of it is said by a form in one way.
NAMES = (
    "digits", "notes grade", "target kind", "target yes", "target number", "log", "range", "threshold",
    "missing numbers", "100 classes", "accurate grade", "many words price", "numbers that are names grade",
)  # fmt: skip
SAME = (
    "notes digits",
    "scaling none",
    "scaling piecewise",
    "clamp",
    "deep",
    "accurate price",
    "many words grade",
)  # of operations, with settings, that these have


TEXTS = ("c", "javascript", "python")
WITHOUT_NUL = ("onnx", "sql")


@pytest.mark.parametrize("form", [*FORMS])
@pytest.mark.parametrize("name", [*NAMES, *(pytest.param(name, marks=pytest.mark.slow) for name in SAME)])
def test_a_form_says_what_the_list_says(name: str, form: str, tmp_path: Path) -> None:
    hold(form, program_of(zoo.model(name)), tmp_path)


@pytest.mark.parametrize("form", [*FORMS])
def test_every_activation(form: str, tmp_path: Path) -> None:
    hold(form, program.of_network(zoo.every_activation()), tmp_path)


@pytest.mark.parametrize("form", [*FORMS])
def test_several_networks(form: str, tmp_path: Path) -> None:
    for target in ("grade", "price"):
        model = zoo.model(f"target {target}")
        other = Network(
            [model.network.sizes[0], 5, model.network.sizes[-1]], ["relu", model.network.activations[-1]], seed=7
        )
        made = program.of_model(model.preparation, model.target, [model.network, other], model.missing)
        hold(form, made, tmp_path)


@pytest.mark.parametrize("form", [*FORMS])
def test_prepared_features(form: str, tmp_path: Path) -> None:
    model = zoo.model("target cost")
    hold(form, program.of_features(model.preparation.feature_names, model.target, [model.network]), tmp_path)


@pytest.mark.parametrize("form", [*FORMS])
def test_nothing_breaks_out(form: str, tmp_path: Path) -> None:
    """Names of columns, words and classes that end strings, comments, scripts and lines, or are keywords."""
    model = zoo.model("odd names")
    assert set(zoo.ODD_NAMES) == set(model.preparation.input_names)
    made = program_of(model)
    if form in WITHOUT_NUL:
        with pytest.raises(SettingError, match="NUL"):
            written(form, made, tmp_path)
        made = program_of(zoo.model("odd names without nul"))
    hold(form, made, tmp_path)
    for path in tmp_path.iterdir():
        if form in TEXTS:
            text = path.read_text(encoding="utf-8")
            turning = [sign for sign in text if bidirectional(sign) in {"R", "AL", "AN"} or category(sign) == "Cf"]
            assert not turning, "signs that turn the order of others"
            assert path.suffix != ".mjs" or "</script" not in text


@pytest.mark.parametrize("form", [*FORMS])
def test_a_column_without_a_name(form: str, tmp_path: Path) -> None:
    made = program_of(deltaw.fit(pl.DataFrame({"": [0.5, 1.0, 2.0] * 9, "y": [1, 2, 4] * 9}), "y", **zoo.QUICK))
    if form in WITHOUT_NUL:
        with pytest.raises(SettingError, match='expected a name for every column, found ""; rename it'):
            written(form, made, tmp_path)
    else:
        hold(form, made, tmp_path)


@pytest.mark.parametrize("form", [*FORMS])
def test_classes_that_float64_does_not_tell_apart(form: str, tmp_path: Path) -> None:
    """Whole numbers above 2^53, as identifiers are."""
    x = np.arange(90) % 3
    table = pl.DataFrame({"x": x + np.linspace(0, 0.5, 90), "y": 2**53 + x})
    hold(form, program_of(deltaw.fit(table, "y", **zoo.QUICK)), tmp_path)


@pytest.mark.parametrize("form", [*FORMS])
def test_letters_that_are_taken_apart(form: str, tmp_path: Path) -> None:
    """Every form knows both ways in which systems write ö; the rows of the proof have them."""
    rng = np.random.default_rng(0)
    towns = rng.choice(["Köln", "Ulm"], 90)
    made = program_of(
        deltaw.fit(pl.DataFrame({"town": towns, "y": rng.normal(size=90) + (towns == "Ulm")}), "y", **zoo.QUICK)
    )
    assert "Ko\u0308ln" in {cell for row in proof.check_of(made, 200)["rows"] for cell in row}
    hold(form, made, tmp_path)


@pytest.mark.parametrize(("dialect", "column", "other"), [
    ("duckdb", "size", "SIZE"), ("duckdb", "prediction", "Prediction"), ("postgres", "x" * 63, "x" * 64),
], ids=("case", "answer", "cut"))  # fmt: skip
def test_sql_refuses_names_that_a_database_takes_for_one(dialect: str, column: str, other: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({name: rng.normal(size=60) for name in (column, other, "z", "y")})
    made = program_of(deltaw.fit(table, "y", **zoo.QUICK))
    with pytest.raises(SettingError, match=f'that the database tells apart, found "{column[:59]}.*" and "{other[:59]}'):
        written("sql", made, tmp_path, dialect=dialect)


@pytest.mark.parametrize(("dialect", "column"), [("postgres", "prediction"), ("duckdb", "Prediction")])
def test_sql_says_which_column_is_called_as_an_answer(dialect: str, column: str, tmp_path: Path) -> None:
    made = program_of(deltaw.fit(zoo.frame(60).select(pl.col("size").alias(column), "price"), "price", **zoo.QUICK))
    with pytest.raises(
        SettingError, match=f'found the column "{column}", as the answer "prediction" is called; rename'
    ):
        written("sql", made, tmp_path, dialect=dialect)


@pytest.mark.parametrize("form", ["c", "onnx"])
def test_a_model_that_answers_0_for_most_rows_is_sound(
    monkeypatch: pytest.MonkeyPatch, form: str, tmp_path: Path
) -> None:
    """Its answers are cut off where its network says less, so their usual size is no measure of its errors."""
    monkeypatch.setattr("deltaw.preparation.scales.bins.FINER", 0)  # by finer ones it says little more than 0 there
    x = np.random.default_rng(8).normal(size=300)
    table = pl.DataFrame({"x": x, "y": np.where(x > 1, np.exp(3 * x), 0.0)})
    made = program_of(
        deltaw.fit(
            table, "y", epochs=40, hidden=(64, 64), clamp=True, target_scale="none", folds=0, seed=1, from_line=False
        )
    )
    assert np.median(interpreter.run(made, {"x": list(x)})[0]) == 0
    hold(form, made, tmp_path)


@pytest.mark.parametrize(("stem", "header"), [("数", "u6570.h"), ("--", "model.h"), ("1", "c_1.h"), ("m", "m.h")])
def test_the_header_of_any_name(stem: str, header: str, tmp_path: Path) -> None:
    done = zoo.model("target number").export(tmp_path / f"{stem}.c", check=False)
    assert [file.name for file in done.files] == [f"{stem}.c", header]
    assert f'#include "{header}"' in (tmp_path / f"{stem}.c").read_text()


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_c_where_a_double_is_a_float(tmp_path: Path) -> None:
    """As avr-gcc has it: with extreme numbers it ends, too, and answers as well as a float can."""
    made = program_of(zoo.model("target grade"))
    check, path = proof.check_of(made, 200), written("c", made, tmp_path, libm=False)
    main = runners.c_main(path, check, runners.C.replace("#include <stdio.h>", "int printf(const char *, ...);"))
    built = runners.built(path, main, ("-std=c99", "-Ddouble=float"), tmp_path)
    said = subprocess.run([built], capture_output=True, text=True, timeout=30, check=True).stdout
    found = [[*map(float, line.split()[1:])] for line in said.splitlines()]
    np.testing.assert_allclose(found, check["answers"], atol=0.01)


def in_units(x_unit: float, y_unit: float) -> deltaw.Model:
    x = np.random.default_rng(0).normal(size=60)
    return deltaw.fit(pl.DataFrame({"x": x_unit * x, "y": y_unit * (3 * x + 1)}), "y", **zoo.QUICK)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("unit", [1e-12, 1e-60])
def test_tiny_numbers(form: str, unit: float, tmp_path: Path) -> None:
    """ONNX Runtime would leave a tiny centre out, and a tolerance in other units would take all answers for right."""
    made = program_of(in_units(unit, max(unit, 1e-30) if form == "c" else unit))
    check = proof.check_of(made, 50)
    assert proof.differences(check, np.zeros(50), None)[0] > 100
    agree(form, made, check, tmp_path)


@pytest.mark.parametrize("unit", [1e40, 1e-40])
def test_c_refuses_answers_that_are_no_float(unit: float, tmp_path: Path) -> None:
    model = in_units(1.0, unit)
    with pytest.raises(SettingError, match=r"C: expected answers from 1.2e-38 to 3.4e\+38, as its float holds"):
        model.export(tmp_path / "m.c")
    assert not any(tmp_path.iterdir())
    model.export(tmp_path / "m.py")


def test_sql_that_does_not_run_is_one_line(tmp_path: Path) -> None:
    made = program_of(zoo.model("target price"))
    path = written("sql", made, tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("WITH s0", "WITH s0,"), encoding="utf-8")
    pytest.importorskip("duckdb")
    with pytest.raises(InputError, match="DuckDB: expected a form that runs, found") as raised:
        runners.sql(path, proof.check_of(made, 5) | {"dialect": "duckdb", "table": "data"})
    assert "\n" not in str(raised.value)


def test_c_without_a_library(tmp_path: Path) -> None:
    """The same with exp, log, tanh, erf, sqrt, sin and cos of its own, and without math.h."""
    for made in (program_of(zoo.model("scaling unit")), program.of_network(zoo.every_activation())):
        path = written("c", made, tmp_path, libm=False)
        assert "math.h" not in path.read_text(encoding="utf-8")
        check = proof.check_of(made, 300)
        try:
            found = runners.c(path, check)
        except MissingError as error:
            pytest.skip(str(error))
        assert proof.differences(check, *found)[0] <= 1


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_c_for_a_bare_machine_and_for_cpp(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    path = written("c", program_of(zoo.model("target grade")), tmp_path, libm=False)
    assert "/ 0.0" not in path.read_text(encoding="utf-8")  # an error to MSVC
    strict = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-ffreestanding")
    for flags in ((*strict, "-c", path, "-o", tmp_path / "m.o"), ("-fsyntax-only", "-x", "c++", tmp_path / "m.h")):
        done = subprocess.run([compiler, *flags], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler is installed")
def test_fields_are_no_macros(tmp_path: Path) -> None:
    """A column may be called as what a header of the program defines, which then stands in the field's place."""
    names = field_names(["M_PI", "errno", "I", "EOF", "linux", "typeof", "INT_MAX", "stdin", "AGE"], {})
    assert names["AGE"] == "AGE"
    headers = "".join(f"#include <{name}.h>\n" for name in ("complex", "errno", "limits", "math", "stdio"))
    fields = "".join(f"  double {name};\n" for name in names.values())
    (tmp_path / "m.c").write_text(f"{headers}struct row {{\n{fields}}};\n")
    done = subprocess.run(["cc", "-fsyntax-only", tmp_path / "m.c"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler is installed")
def test_fields_are_no_macros_of_the_form_itself(tmp_path: Path) -> None:
    """A field f_exp would be read as exp; and a header called stdio.h would hide C's."""
    rng = np.random.default_rng(0)
    table = pl.DataFrame({name: rng.normal(size=60) for name in ("f_exp", "exp", "STDIO_OUTPUTS", "C_STDIO_OUTPUTS")})
    model = deltaw.fit(table.with_columns(y=pl.col("f_exp") - pl.col("exp")), "y", **zoo.QUICK)
    exported = model.export(tmp_path / "stdio.c")
    assert exported.worst is not None
    assert [file.name for file in exported.files[:2]] == ["stdio.c", "c_stdio.h"]


@pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed")
@pytest.mark.parametrize("libm", [True, False])
def test_clang_says_the_same(libm: bool, tmp_path: Path) -> None:
    """The other tests take the system's compiler, which is mostly GCC."""
    path = written("c", made := program_of(zoo.model("scaling unit")), tmp_path, libm=libm)
    check = proof.check_of(made, 300)
    assert proof.differences(check, *runners.c(path, check, "clang"))[0] <= 1


@pytest.mark.parametrize("form", [*FORMS])
def test_terms_that_cancel_are_no_difference(form: str, tmp_path: Path) -> None:
    """Large terms whose sum is near zero: float32 itself is further off there than 1e-5 of the answer."""
    net = deltaw.Network([64, 32, 1], ["mish", "identity"], seed=1)
    net.weights = [np.float32(50 * net.weights[0]), np.float32(net.weights[1] - net.weights[1].mean())]
    hold(form, program.of_network(net), tmp_path)


def test_a_tolerance_is_as_small_as_float32_allows() -> None:
    for name in ("target grade", "target price", "digits"):
        check = proof.check_of(program_of(zoo.model(name)), 200)
        unit = 1.0 if check["classes"] else np.median(np.abs([row for row in check["answers"] if row]))
        assert check["tolerance"]["absolute"] <= 1e-5 * unit


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler is installed")
@pytest.mark.parametrize("name", ["digits", "target price"])
def test_a_byte_for_each_weight(name: str, tmp_path: Path) -> None:
    """The C file says what the list with such weights says, is smaller, and says in its head what has changed."""
    model = zoo.model(name)
    done = model.export(tmp_path / "m.c", int8=True)
    assert done.rows > 0
    text = (tmp_path / "m.c").read_text(encoding="utf-8")
    assert "int8 weights" in text.partition("*/")[0]
    assert len(text) < len(written("c", program_of(model), tmp_path).read_text(encoding="utf-8"))
    for option, value in {"int8": True, "libm": False}.items():
        with pytest.raises(SettingError, match=f"{option}: expected C"):
            model.export(tmp_path / "m.py", **{option: value})
    made = program.in_bytes(program_of(model))
    for each in made.all(Matrix):
        assert each.step is not None
        levels = each.W / each.step[:, None]
        np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
        assert np.abs(levels).max() <= 127.001


@pytest.mark.parametrize("name", ["target price", "several"])
def test_the_loss_of_score_is_told(name: str, tmp_path: Path) -> None:
    """It is that of the file itself: C's answers, scored by the definition of the score."""
    model = zoo.model("target price") if name != "several" else zoo.fitted("yes", networks=2, recipe="accurate")
    table = zoo.frame(60, seed=2)
    done = model.export(tmp_path / "m.c", int8=True, test=table, check=False)
    (told,) = (note for note in done.notes if "data frame" in note)
    assert told in " ".join((tmp_path / "m.c").read_text(encoding="utf-8").partition("*/")[0].split())
    found = re.fullmatch(r"int8 weights on 60 rows of data frame: (\w+) (\S+), with float weights (\S+)", told)
    assert found is not None
    scores = model.evaluate(table)
    assert float(found[3]) == pytest.approx(scores[found[1]], rel=1e-3)
    made = program.in_bytes(program_of(model))
    answers, labels = interpreter.run(made, interpreter.cells(made, table))
    if labels is None:
        truth = table["price"].to_numpy()
        expected = 1 - ((truth - answers[:, 0]) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
    else:
        expected = (labels == table["yes"].to_numpy()).mean()
    assert float(found[2]) == pytest.approx(expected, rel=1e-3)
    with pytest.raises(SettingError, match="test: expected int8"):
        model.export(tmp_path / "m.c", test=table)


def test_a_statement_that_is_too_long_is_refused(tmp_path: Path) -> None:
    for sizes, expected in (([784, 200, 10], "weights"), ([1600, 2], "numbers at once")):
        with pytest.raises(SettingError, match=expected):
            deltaw.export(deltaw.Network(sizes), tmp_path / "n.sql")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["target grade", "target price", "digits"])
def test_c_and_javascript_agree_to_the_bit(name: str, tmp_path: Path) -> None:
    """Sums are the same, of float32, in the same order; exp differs by a rounding of float64 at most."""
    made = program_of(zoo.model(name))
    check = proof.check_of(made, 300)
    try:
        found = [runners.RUNNERS[form](written(form, made, tmp_path), check)[0] for form in ("c", "javascript")]
    except MissingError as error:
        pytest.skip(str(error))
    one, other = (np.array(each, np.float64).astype(np.float32) for each in found)
    assert (one == other).mean() > 0.999


def test_a_difference_is_seen() -> None:
    check = proof.check_of(program_of(zoo.model("target grade")), 100)
    answers, labels = [list(row) for row in check["answers"]], list(check["labels"])
    assert proof.differences(check, answers, labels) == (0, 0)
    answers[7][1] += 1e-4
    assert proof.differences(check, answers, labels)[0] > 1
    clear = next(i for i, row in enumerate(check["answers"]) if max(row) > 0.6)
    labels[clear] = (labels[clear] + 1) % 3
    assert proof.differences(check, check["answers"], labels) == (0, 1)


@pytest.mark.parametrize("cell", ["3.5", 3.5, " 3.5 "])
def test_python_reads_cells_of_text(cell: object, tmp_path: Path) -> None:
    form = runpy.run_path(str(written("python", program_of(zoo.model("target price")), tmp_path)))
    model = zoo.model("target price")
    row: dict[str, object] = dict.fromkeys(model.preparation.input_names)
    told = row | {"size": cell, "day": "2020-02-29", "written": "01.02.2021 10:30", "time": "2021-05-04T10:00:00"}
    said = row | {
        "size": 3.5, "day": date(2020, 2, 29), "written": datetime(2021, 2, 1, 10, 30),
        "time": datetime(2021, 5, 4, 10),
    }  # fmt: skip
    assert form["predict"](told) == form["predict"](said)
    frame = pl.DataFrame([said], schema_overrides={"size": pl.Float64})
    frame = frame.with_columns(pl.col("written").dt.strftime("%d.%m.%Y %H:%M"))
    assert form["predict"](said) == pytest.approx(model.predict(frame)[0], rel=1e-5)
    with pytest.raises(KeyError):
        form["predict"]({})


def test_months_are_read_by_programs_too(tmp_path: Path) -> None:
    """As their first days, like the model."""
    months = [f"{2000 + i // 12}-{i % 12 + 1:02}" for i in range(120)]
    frame = pl.DataFrame({"when": months, "y": [(i % 12 - 6) ** 2 + i / 60 for i in range(120)]})
    model = deltaw.fit(frame, "y", hidden=4, epochs=2, folds=0, verbose=False)
    form = runpy.run_path(str(written("python", program_of(model), tmp_path)))
    assert [form["predict"]({"when": month}) for month in months] == pytest.approx(model.predict(frame), rel=1e-5)


def test_every_way_to_write_a_date() -> None:
    moment = pl.Series([datetime(2024, 2, 9, 17, 5, 8, 250_000, UTC)])
    for spelling in DATE_FORMATS:
        pattern, letters = date_pattern(spelling)
        found = re.fullmatch(pattern, moment.dt.strftime(spelling.replace("%#z", "%z"))[0])
        assert found is not None, spelling
        part = dict(zip(letters, found.groups(), strict=True))
        assert (part.get("Y") or f"20{part['y']}", int(part.get("d", 9))) == ("2024", 9), spelling
        assert part["b"] == "Feb" if "b" in part else int(part["m"]) == 2, spelling
        hour = (5, "PM") if "p" in part else (17, None)
        clock = {"H": hour[0], "M": 5, "S": 8}
        assert all(int(part[letter]) == value for letter, value in clock.items() if letter in part), spelling
        assert part.get("p") == hour[1], spelling


@pytest.mark.parametrize("form", ["python", "javascript"])
def test_files_say_that_they_read_english_months_only(form: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"when": [f"{1 + i % 28}. März {1990 + i}" for i in range(40)], "y": [i % 7 for i in range(40)]}
    )
    for when, told in ((pl.col("when"), True), (pl.lit("2020-01-01") + pl.col("y").cast(pl.String), False)):
        model = deltaw.fit(frame.with_columns(when.alias("when")), "y", **zoo.QUICK)
        notes = model.export(tmp_path / f"m{ENDINGS[form]}", check=False).notes
        assert any("English" in note for note in notes) == told
