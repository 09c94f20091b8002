"""Model files that somebody forged, with a digest that is right: refused in one line when loaded, or of use.

The known ones are cases; the rest is looked for: any value of the document is changed for any other, any byte for
another, and what still loads must predict, score, show, explain and report without an error of another kind.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deltaw
from deltaw import files
from deltaw.cli import main
from deltaw.exceptions import ModelFileError

N = 80
QUICK: dict[str, Any] = {"engine": "native", "hidden": 4, "epochs": 2, "batch_size": 16}
Parts = tuple[dict[str, Any], dict[str, Any]]


def frame() -> pl.DataFrame:
    """Every kind of column, with missing cells in each."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N).round(3)
    gaps = rng.random((4, N)) < 0.1

    def holed(values: Any, i: int) -> pl.Series:
        return pl.Series([None if gap else value for value, gap in zip(values, gaps[i], strict=True)])

    days = [f"20{10 + i % 10}-0{1 + i % 9}-1{i % 10}" for i in range(N)]
    return pl.DataFrame(
        {
            "x": holed(x.tolist(), 0),
            "colour": holed(rng.choice(["red", "blue", "*"], N).tolist(), 1),
            "sunny": holed(rng.choice(["yes", "no"], N).tolist(), 2),
            "day": holed(days, 3),
            "price": (3 * x + 1).round(3),
            "grade": np.where(x > 0.5, "high", np.where(x > -0.5, "mid", "low")),
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """name -> (a model's file, the rows that it answers for)."""
    folder = tmp_path_factory.mktemp("forged")
    frame().write_csv(folder / "rows.csv")
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (60, 8, 8)).astype(np.uint8)
    np.savez(folder / "images.npz", X=images, y=np.arange(60) % 3)
    made = {}
    for name, rows, target, more in (
        ("classes", "rows.csv", "grade", {}),
        ("numbers", "rows.csv", "price", {}),
        ("pixels", "images.npz", None, {}),
        ("several", "rows.csv", "grade", {"recipe": "accurate", "networks": 2}),
    ):
        model = deltaw.fit(folder / rows, target, **QUICK, **more)
        model.save(folder / f"{name}.deltaw")
        made[name] = (folder / f"{name}.deltaw", folder / rows)
    return made


def used(path: Path, rows: Path, much: bool) -> bool:
    """Whether the file loads; then every command must take it, or refuse the rows for it, in one line."""
    message, model = "", None
    try:
        model = deltaw.load(path)
    except ModelFileError as error:
        message = str(error)
    if model is None:
        assert str(path) in message
        assert "\n" not in message
        return False
    model.save(path)  # and it is written again
    commands = [f"predict {path} {rows} --json", f"show {path}", f"evaluate {path} {rows}"]
    if much:
        commands += [f"show {path} --json", f"explain {path} {rows} --json", f"evaluate {path} {rows} --json"]
    for command in commands:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(command.split())
        assert status in (0, 2), err.getvalue()
        if status == 2:
            assert (out.getvalue(), err.getvalue().count("\n")) == ("", 1)
        elif "--json" in command:
            json.loads(out.getvalue())
    if much:
        from deltaw import report

        report.html(model)
    return True


# --- the known ones -------------------------------------------------------------------------------------------------


def step(content: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each for each in content["preparation"]["steps"] if each["kind"] == kind)


def one_class(content: dict[str, Any]) -> None:
    content["target"]["classes"] = ["a"]


# model: what is forged in it
FORGERIES: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "a date format": ("classes", lambda c: step(c, "date").update(format="%I")),
    "an unknown date format": ("classes", lambda c: step(c, "date").update(format="%Q")),
    "a class that is missing": ("classes", lambda c: c["target"].update(classes=["", "low", "mid"])),
    "classes that are one word": ("classes", lambda c: c["target"].update(classes=[" low", "high", "low"])),
    "numbers with a class": ("numbers", one_class),
    "half a pair": ("classes", lambda c: step(c, "category").update(words=["\ud800", "red"])),
    "half a pair in a name": ("classes", lambda c: step(c, "number").update(column="\udfff")),
    "a shift": ("classes", lambda c: step(c, "number")["scale"].update(shift=1e308)),
    "a shift of the target": ("numbers", lambda c: c["target"]["scale"].update(shift=-1e308)),
    "a width of almost nothing": ("classes", lambda c: step(c, "number")["scale"].update(width=5e-324)),
    "a block of another shape": ("pixels", lambda c: step(c, "block").update(shape=[9, 9])),
    "a block of a truth value": ("pixels", lambda c: step(c, "block").update(shape=[True, 64])),
    "a loss": ("classes", lambda c: c["recipe"].update(loss="none")),
    "an activation": ("classes", lambda c: c["recipe"].update(activation="none")),
    "an optimiser": ("classes", lambda c: c["recipe"].update(optimizer="none(")),
    "a rule for weights": ("classes", lambda c: c["network"].update(init=["none", "none"])),
    "rules for other layers": ("classes", lambda c: c["network"]["init"].append("zeros")),
    "an end": ("classes", lambda c: c["history"].update(ended="some day")),
    "scores of no epoch": ("classes", lambda c: c["history"].update(score=[0.5] * 9)),
    "a best epoch": ("classes", lambda c: c["history"].update(best_epoch=9)),
    "scores of no rows": ("classes", lambda c: c["scores"].update(rows=-1)),
    "counts of other rows": ("classes", lambda c: c["scores"].update(rows=10**6)),
    "rows less than none": ("classes", lambda c: c["origin"].update(training_rows=-1)),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_known_forgeries_are_refused(made: dict[str, tuple[Path, Path]], tmp_path: Path, forgery: str) -> None:
    name, forge = FORGERIES[forgery]
    arrays, content = files.read(made[name][0])
    forge(content)
    files.write(tmp_path / "forged.deltaw", arrays, content)
    with pytest.raises(ModelFileError) as caught:
        deltaw.load(tmp_path / "forged.deltaw")
    assert "\n" not in str(caught.value)


# --- the others -----------------------------------------------------------------------------------------------------


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([at] if at else []), *(place for key, part in inner for place in places(part, (*at, key)))]


def found(content: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        content = content[key]
    return content


ODD = [
    None, True, False, 0, 1, -1, 2, 3, 64, 2**31, 2**63 - 1, -(2**63), 0.5, -0.0, 1e-320, 1e30, -1e300, 1.7e308,
    "", "x", "nan", "*", "^x$", "%I", "%Y-%m-%d", "\ud800", "\x00", "\x1b[2J", "[/b]", "é", "x" * 5000, [], {}, [[]],
    [1], ["a", "b"], {"a": 1}, "sigmoid", "regression", "classification", "softmax", "none", "number", "unit",
]  # fmt: skip


def forged(draw: Callable[[Any], Any], arrays: dict[str, Any], content: dict[str, Any]) -> Parts:
    """One to three changes: a value for another of the document or an odd one, an entry away or twice, weights."""
    arrays, content = dict(arrays), copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["odd", "odd", "odd", "near", "other", "remove", "twice", "weights"]))
        *path, last = place = draw(st.sampled_from(places(content)))
        holder, value = found(content, tuple(path)), found(content, place)
        if kind == "odd":
            holder[last] = copy.deepcopy(draw(st.sampled_from(ODD)))  # later changes may be made within it
        elif kind == "near" and isinstance(value, (int, float)) and not isinstance(value, bool):
            holder[last] = draw(st.sampled_from([value + 1, value - 1, -value, value * 1000, float(value)]))
        elif kind == "other":
            holder[last] = copy.deepcopy(found(content, draw(st.sampled_from(places(content)))))
        elif kind == "remove":
            del holder[last]
        elif kind == "twice" and isinstance(holder, list):
            holder.append(copy.deepcopy(value))
        elif kind == "weights":
            name = draw(st.sampled_from(sorted(arrays)))
            factor = draw(st.sampled_from([0.0, -1.0, 1e30, 1e-30]))
            with np.errstate(over="ignore"):
                arrays[name] = np.nan_to_num(arrays[name] * np.float32(factor))
    return arrays, content


def look(made: dict[str, tuple[Path, Path]], folder: Path, data: st.DataObject, much: bool) -> None:
    path, rows = made[data.draw(st.sampled_from(sorted(made)))]
    arrays, content = forged(data.draw, *files.read(path))
    files.write(folder / "forged.deltaw", arrays, content)
    used(folder / "forged.deltaw", rows, much)


SLOWLY = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=60, **SLOWLY)
@given(data=st.data())
def test_what_loads_can_be_used(made: dict[str, tuple[Path, Path]], tmp_path: Path, data: st.DataObject) -> None:
    look(made, tmp_path, data, much=False)


@pytest.mark.slow
@settings(max_examples=5_000, **SLOWLY)
@given(data=st.data())
def test_five_thousand_forged_files(made: dict[str, tuple[Path, Path]], tmp_path: Path, data: st.DataObject) -> None:
    look(made, tmp_path, data, much=data.draw(st.integers(0, 9)) == 0)


def mutations(whole: bytes, count: int, seed: int) -> list[bytes]:
    """Bytes flipped, cut out, put in, doubled, and pieces of the file moved."""
    rng, made = np.random.default_rng(seed), []
    for _ in range(count):
        content = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            # The header is what most is read of.
            end = len(content) if rng.random() < 0.3 else max(2, min(len(content), 4000))
            i, j = sorted(rng.integers(0, end, 2).tolist())
            kind = rng.integers(6)
            if kind == 0:
                content[i] = int(rng.integers(256))
            elif kind == 1:
                content[i] ^= 1 << int(rng.integers(8))
            elif kind == 2:
                del content[i : min(j, i + 50)]
            elif kind == 3:
                content[i:i] = rng.bytes(int(rng.integers(1, 9)))
            elif kind == 4:
                content[i:i] = content[i : min(j, i + 50)]
            else:
                del content[j:]
            content = content or bytearray(b"x")
        made.append(bytes(content))
    return made


def hold_bytes(made: dict[str, tuple[Path, Path]], folder: Path, count: int) -> None:
    for seed, (path, rows) in enumerate(made.values()):
        whole = path.read_bytes()
        for content in mutations(whole, count // len(made) + 1, seed):
            (folder / "mutated.deltaw").write_bytes(content)
            # A change that loads is one that changes nothing that is said, such as the order of bytes in a number.
            if used(folder / "mutated.deltaw", rows, much=False) and content != whole:
                twin = deltaw.load(folder / "mutated.deltaw")
                assert twin.predict(rows).tolist() == deltaw.load(path).predict(rows).tolist()


def test_changed_bytes_are_refused(made: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    hold_bytes(made, tmp_path, 300)


@pytest.mark.slow
def test_five_thousand_files_of_changed_bytes(made: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    hold_bytes(made, tmp_path, 5_000)


# --- the same inputs, the same bytes --------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "target"), [("rows.csv", "grade"), ("rows.csv", "price"), ("images.npz", None)])
def test_two_trainings_give_the_same_file(
    made: dict[str, tuple[Path, Path]], tmp_path: Path, rows: str, target: str | None
) -> None:
    source = made["classes"][1].with_name(rows)
    for name, threads in (("one", 1), ("two", 1), ("three", 2)):
        deltaw.fit(source, target, hidden=40, epochs=3, threads=threads).save(tmp_path / name)
    contents = {(tmp_path / name).read_bytes() for name in ("one", "two", "three")}
    assert len(contents) == 1
    deltaw.load(tmp_path / "one").save(tmp_path / "again")
    assert {(tmp_path / "again").read_bytes()} == contents
