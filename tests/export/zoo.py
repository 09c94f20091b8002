"""Models of every sort, each trained in a fraction of a second: every bundled set, every kind of column, every scaling,
every activation, every scale of the target."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl

import deltaw
from deltaw.equations.activations import ACTIVATIONS
from deltaw.models.recipes import RECIPES
from deltaw.preparation.scales.scaling import SCALINGS

ODD = (
    'quo"te',
    "apo'strophe",
    "back\\slash",
    "new\nline",
    "carriage\r\nreturn",
    "中文",
    "שלום",
    "left\u202eright\u2066",
    "*/ int x;",
    "</script>",
    "while",
    "${x}",
    "??/",
    "%s",
)


def frame(n: int = 160, seed: int = 0) -> pl.DataFrame:
    """Every kind of column, each with missing cells, and targets of all sorts."""
    rng = np.random.default_rng(seed)
    size, weight, colour = rng.normal(20, 5, n), rng.lognormal(3, 2, n), rng.choice(["red", "green", "Blue 中"], n)
    sunny, days = rng.random(n) < 0.5, [date(2020, 1, 1) + timedelta(int(d)) for d in rng.integers(0, 1500, n)]
    times = [datetime(2021, 5, 4) + timedelta(minutes=int(m)) for m in rng.integers(0, 500_000, n)]
    price = 3 * size + 10 * (colour == "red") + 5 * sunny + rng.normal(0, 1, n)

    def holes(cells: Any) -> pl.Series:
        gone = pl.Series(rng.random(n) < 0.1)
        return pl.select(pl.when(gone).then(None).otherwise(pl.Series(list(cells)))).to_series()

    return pl.DataFrame(
        {
            "size": holes(size),
            "weight": weight,
            "count": holes(rng.integers(0, 7, n).tolist()),
            "colour": holes(colour),
            "odd": holes(rng.choice(ODD, n)),
            "sunny": holes(sunny),
            "answer": holes(np.where(sunny, "Yes", "No")),
            "day": holes(days),
            "written": holes([each.strftime("%d.%m.%Y %H:%M") for each in times]),
            "time": holes(times),
            "price": price.round(2),
            "cost": np.exp(price / 20).round(3),
            "grade": np.where(price > np.quantile(price, 0.7), "high", np.where(sunny, "mid", "low")),
            "kind": rng.choice(ODD[:8], n),
            "yes": price > np.median(price),
            "number": rng.integers(0, 3, n),
        }
    )


TARGETS = ("price", "cost", "grade", "kind", "yes", "number")
QUICK: dict[str, Any] = {"test_size": 0.2, "engine": "native", "epochs": 3, "hidden": 8, "learning_rate": 0.03}


def fitted(target: str, **choices: Any) -> deltaw.Model:
    table = frame()
    return deltaw.fit(table.drop(*(name for name in TARGETS if name != target)), target, **{**QUICK, **choices})


def _wide() -> deltaw.Model:
    """100 classes, of numbers alone."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 6))
    table = pl.DataFrame(x, schema=[f"f {i}" for i in range(6)])
    return deltaw.fit(table.with_columns(pl.Series("c", [f"c{i % 100:02}" for i in range(600)])), "c", **QUICK)


def many(n: int, seed: int) -> pl.DataFrame:
    """The same with a column of more words than have slots: there is a mean for each."""
    rng = np.random.default_rng(seed)
    words = [f"{ODD[k % len(ODD)]} {k}" for k in rng.integers(0, 300, n)]
    return frame(n, seed).with_columns(pl.Series("words", [None, *words[1:]]))


def _many(target: str) -> deltaw.Model:
    return deltaw.fit(many(900, 8).drop(*(name for name in TARGETS if name != target)), target, **QUICK)


def routes(n: int, seed: int) -> pl.DataFrame:
    """The same with a column of numbers that are names: there is a mean for each."""
    rng, own = np.random.default_rng(seed), np.random.default_rng(0).normal(0, 20, 60)
    route = rng.integers(0, 60, n)
    way = pl.Series([None, *(route[1:] * 7.3 - 100)])
    return frame(n, seed).with_columns(pl.col("price") + pl.Series(own[route]), way=way)


def _routes(target: str) -> deltaw.Model:
    table = routes(900, 8)
    third = (pl.col("price").rank("ordinal") - 1) * 3 // len(table)
    table = table.with_columns(grade=third.replace_strict([0, 1, 2], ["low", "middle", "high"], return_dtype=pl.String))
    made = deltaw.fit(table.drop(*(name for name in TARGETS if name != target)), target, **QUICK)
    assert made.preparation.means
    return made


def texts(n: int, seed: int) -> pl.DataFrame:
    """The same with sentences, in which words of several scripts and letters with accents tell the target."""
    rng, table = np.random.default_rng(seed), frame(n, seed)
    told = {True: ["Great", "déjà", "很好", "Ünü"], False: ["broken", "mañana", "坏了", "한국"]}
    others = ["one", "of", "the", "Many", "don't", "%_"]
    rows = [f"{' '.join(rng.choice(others, 6))}, {rng.choice(told[bool(yes)])}!" for yes in table["yes"]]
    return table.with_columns(note=pl.Series([None, *rows[1:]]))


def _texts(target: str) -> deltaw.Model:
    made = deltaw.fit(texts(300, 8).drop(*(name for name in TARGETS if name != target)), target, **QUICK)
    assert made.preparation.kinds["note"] == "text"
    assert "note" in made.preparation.input_names
    return made


def _sets() -> dict[str, Callable[[], deltaw.Model]]:
    names = ("digits", "iris", "wine", "breast_cancer", "diabetes")
    return {name: lambda name=name: deltaw.fit(name, **QUICK) for name in names}  # type: ignore[misc]


def _over(target: str, setting: str, values: Any) -> dict[str, Callable[[], deltaw.Model]]:
    return {
        f"{setting} {value}": lambda value=value: fitted(target, **{setting: value})  # type: ignore[misc]
        for value in values
    }


ODD_NAMES = (
    *ODD,
    "nul\0sign",
    "__proto__",
    "constructor",
    "row",
    "deltaw row",
    "x",
    "x_",
    "1st",
    "d",
    "s0",
    "s1",
    "data",
    "z" * 300,
)


def _odd(nul: bool = True) -> deltaw.Model:
    """Odd names, words and classes, each in a column of its own."""
    rng = np.random.default_rng(5)
    words, n = (*ODD, "nul\0sign") if nul else ODD, 200
    names = [name for name in ODD_NAMES if nul or "\0" not in name]
    columns = {name: rng.choice(words, n) if i % 2 else rng.normal(size=n) for i, name in enumerate(names)}
    table = pl.DataFrame({name: pl.Series(list(column)) for name, column in columns.items()})
    return deltaw.fit(table.with_columns(pl.Series("*/", list(rng.choice(words, n)))), "*/", **QUICK)


def every_activation() -> deltaw.Network:
    """A network with a layer of each, and softmax last."""
    names = sorted(ACTIVATIONS, key=lambda name: (name == "softmax", name))
    net = deltaw.Network([3, *[5] * len(names)], names, seed=2)
    net.weights = [np.float32(w) for w in net.weights]
    return net


TRAINABLE = [name for name in ACTIVATIONS if name not in ("softmax", "step")]
ZOO: dict[str, Callable[[], deltaw.Model]] = (
    _sets()
    | {"notes digits": lambda: deltaw.fit("digits", recipe="notes", engine="native", hidden=(20,), epochs=1)}
    | {f"{recipe} grade": lambda recipe=recipe: fitted("grade", recipe=recipe) for recipe in ("default", "notes")}  # type: ignore[misc]
    | {f"target {target}": lambda target=target: fitted(target) for target in TARGETS}  # type: ignore[misc]
    | _over("grade", "scaling", SCALINGS)
    | _over("price", "activation", TRAINABLE)
    | {"log": lambda: fitted("cost", target_scale="log")}
    | {"range": lambda: fitted("price", targets="range", target_low=0.1, target_high=0.9)}
    | {"clamp": lambda: fitted("price", clamp=True)}
    | {f"accurate {t}": lambda t=t: fitted(t, recipe="accurate") for t in ("grade", "price")}  # type: ignore[misc]
    | {"threshold": lambda: fitted("yes", threshold=0.3)}
    | {"missing numbers": lambda: fitted("grade", na=["-999", "3"])}
    | {"100 classes": _wide}
    | {f"many words {t}": lambda t=t: _many(t) for t in ("price", "yes", "grade")}  # type: ignore[misc]
    | {f"numbers that are names {t}": lambda t=t: _routes(t) for t in ("price", "grade")}  # type: ignore[misc]
    | {f"text {t}": lambda t=t: _texts(t) for t in ("price", "yes")}  # type: ignore[misc]
    | {"odd names": _odd, "odd names without nul": lambda: _odd(False)}
    | {"deep": lambda: fitted("grade", hidden=(7, 6, 5))}
    | {"linear": lambda: fitted("price", hidden=())}
)  # fmt: skip
assert set(RECIPES) >= {"default", "notes"}


@cache
def model(name: str) -> deltaw.Model:
    return ZOO[name]()


def rows(name: str) -> Any:
    """Rows for a model: its own table, or rows as those that it learnt from."""
    if name.startswith("odd names"):
        kinds = model(name).preparation.kinds
        return pl.DataFrame({each: [0.5] if kind == "number" else ["中文"] for each, kind in kinds.items()})
    if name in ("digits", "iris", "wine", "breast_cancer", "diabetes"):
        return name
    if name == "notes digits":
        return "digits"
    if name == "100 classes":
        return pl.DataFrame(np.random.default_rng(2).normal(size=(50, 6)), schema=[f"f {i}" for i in range(6)])
    if name.startswith("many words"):
        return many(90, seed=3)
    if name.startswith("numbers that are names"):
        return routes(90, seed=3)
    if name.startswith("text"):
        return texts(90, seed=3)
    return frame(90, seed=3)
