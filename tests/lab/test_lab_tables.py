"""A table in the lab becomes the same inputs and targets as in Python, and says the same of its columns."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from engine import ask, told
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

import deltaw
from deltaw.exceptions import InputError
from deltaw.models import plan
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.speech import reads
from deltaw.tables import read

RNG = np.random.default_rng(8)
N = 300


def some(values: Any, missing: float = 0.1) -> list[str]:
    """Cells, some of them missing in one way or another."""
    words = RNG.choice(["", "NA", "?", " nan "], len(values))
    return [w if RNG.random() < missing else str(v) for v, w in zip(values, words, strict=True)]


def csv(columns: dict[str, list[str]], delimiter: str = ",") -> str:
    quoted = [[f'"{c}"' if delimiter in c or '"' in c else c for c in cells] for cells in columns.values()]
    return "\n".join(map(delimiter.join, [list(columns), *zip(*quoted, strict=True)])) + "\n"


X = RNG.normal(size=N)
KIND = np.where(X + RNG.normal(size=N) > 0, "yes", "no")
COLUMNS = {
    "size": some([f"{x:.3f}" for x in X]),
    "count": some(RNG.integers(0, 40, N)),
    "town": some(RNG.choice(["Ulm", "Köln", "北京", "a, b", 'say ""x""'], N)),
    "rare": [f"w{i}" for i in RNG.integers(0, 90, N)],
    "many": some(RNG.choice([f"k{i}" for i in range(30)], N), 0),
    "truth": some(RNG.choice(["True", "false"], N)),
    "answer": some(RNG.choice(["Y", "n"], N), 0),
    "day": some([f"2024-{m:02}-{d:02}" for m, d in zip(RNG.integers(1, 13, N), RNG.integers(1, 29, N), strict=True)]),
    "when": [f"{d}.3.2021 {h:02}:30" for d, h in zip(RNG.integers(1, 29, N), RNG.integers(0, 24, N), strict=True)],
    "always": ["x"] * N,
    "id": [str(7 * i) for i in range(N)],
    "note": [f"a few words about row {i}" for i in range(N)],
    "name": [f"person{i}" for i in range(N)],
}
NUMBERS = {
    "price": [f"${x:,.2f}" for x in RNG.uniform(0, 99999, N)],
    "rate": [f"{x:.1f}%" for x in RNG.uniform(0, 100, N)],
    "weight": some([f"{x:.1f} kg" for x in RNG.normal(70, 10, N)]),
    "typeset": [f"{x:.2f}".replace("-", "−") for x in RNG.normal(size=N)],
    "lasts": [f"{n} day{'' if n == 1 else 's'}" for n in RNG.integers(0, 50, N)],
    "mixed": [f"{x} {u}" for x, u in zip(RNG.integers(1, 9, N), RNG.choice(["kg", "lb"], N), strict=True)],
    "big": [f"{x:.3e}" for x in RNG.normal(size=N) * 1e200],
    "flat": ["3", *["2"] * (N - 1)],
    "y": [f"{x:.4f}" for x in 3 * X + 1],
}
COMMA = {name: [f"{x:.2f}".replace(".", ",") for x in RNG.normal(size=N) * 1000] for name in ("a", "b", "y")}
AMOUNTS = [f"{x:,.2f}" for x in RNG.normal(size=N) * 5000]
WRITTEN = {
    "full_width": [x.translate(str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")) for x in AMOUNTS],
    "arabic": some([x.translate(str.maketrans("0123456789.,-", "٠١٢٣٤٥٦٧٨٩٫٬−")) for x in AMOUNTS]),
    "brackets": [f"({x[1:]})" if x[0] == "-" else x for x in AMOUNTS],
    "signed": [f"-${x[1:]}" if x[0] == "-" else f"${x}" for x in AMOUNTS],
    "owed": [f"(￥{x[1:]})" if x[0] == "-" else f"￥ {x}" for x in AMOUNTS],
    "rupees": [f"-Rs.{x[1:]}" if x[0] == "-" else f"Rs.{x}" for x in AMOUNTS],
    "crowns": [f"kr {x}" for x in AMOUNTS],
    "blanks": [x.replace(",", "\u202f") for x in AMOUNTS],
    "indian": [f"12,34,{x[-6:].replace(',', '5')}" if len(x) > 6 else x for x in AMOUNTS],
    "less": ["<0.5" if x[0] == "-" else f"{i % 9}.5" for i, x in enumerate(AMOUNTS)],
    "ranges": [f"{i % 7}-{i % 7 + 3}" for i in range(N)],
    "clock": some([f"{i * 37 % 24}:{i * 7 % 60:02}:{i * 11 % 60:02}" for i in range(N)]),
    "half_days": [f"{1 + i % 12}:{i * 7 % 60:02} {'ap'[i % 2]}m" for i in range(N)],
    "zoned": [f"2024-03-0{1 + i % 9}T0{i % 10}:30:00{('+01:00', 'Z', '-0530')[i % 3]}" for i in range(N)],
    "logged": some([f"{1 + i % 28:02}/{('Jan', 'Jul')[i % 2]}/{('24', '23')[i % 3 > 0]}" for i in range(N)]),
    "dotted": [f"{1 + i % 28}. {1 + i % 12}. 2024 {i % 24:02}:30:00 +01:00" for i in range(N)],
    "short_years": some([f"{1 + i % 12}/{1 + i % 28}/{i % 100:02}" for i in range(N)]),
    "codes": some([f"{(1067, 4109, 80331, 99084)[i % 4]:05}" for i in range(N)]),
    "offices": ["2A" if i % 30 == 7 else f"{1 + i % 19:02}" for i in range(N)],
    "answers": [("Yes", "NO", "no")[i % 3] for i in range(N)],
    "behind": [f"{x[1:]}-" if x[0] == "-" else x for x in AMOUNTS],
    "parts": some([f"{1 + i % 5}-" if i % 3 else str(i % 7) for i in range(N)]),
    "thai": [x.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")) for x in AMOUNTS],
    "bengali": some([f"{i % 31}.{i % 9}".translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")) for i in range(N)]),
    "arabic_days": [
        f"{2020 + i % 4}-{1 + i % 12:02}-{1 + i % 28:02}".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
        for i in range(N)
    ],
    "of_excel": [f'=""{i % 9}.5""' for i in range(N)],
    "lasted": [f"{i % 3} days 0{i % 10}:{i * 7 % 60:02}:00.5" for i in range(N)],
    "y": NUMBERS["y"],
}
BLANKS_AND_COMMAS = {
    "a": [x.replace(",", " ").replace(".", ",") for x in AMOUNTS],
    "b": [x.translate(str.maketrans(".,", ",'")) for x in AMOUNTS],
    "c": [x.replace(",", " ").replace(".", ",") + " km" for x in AMOUNTS],
    "y": COMMA["y"],
}
PIXELS = {
    "label": [str(i % 4) for i in range(120)],
    **{f"pixel{k}": [str(x) for x in RNG.integers(0, 256, 120)] for k in range(64)},
}
WAVES, STAIRS = RNG.uniform(size=(2, 1200))
STREETS = RNG.integers(0, 150, len(WAVES)) * RNG.integers(0, 2, len(WAVES))
NAMES = {"street": some([f"{'é北s'[i % 3]}{i}" for i in STREETS]), "x": [f"{x:.3f}" for x in WAVES]}
SAID = [  # in sentences of several scripts, words that tell WAVES
    " ".join(RNG.permutation([*RNG.choice(["one", "OF", "the", "naïve", "été", "x-ray", "北京好"], 5), told]))
    for told in np.where(WAVES > 0.6, "Great", np.where(WAVES > 0.3, "太差了", "Ünder"))
]
ON_STREETS = STREETS % 7 + RNG.normal(size=len(WAVES))
TABLES: dict[str, tuple[str, str]] = {
    "all kinds": (csv(COLUMNS | {"y": list(KIND)}), "y"),
    "some answers missing": (csv(COLUMNS | {"y": some(KIND)}), "y"),
    "semicolons": (csv(COMMA, ";"), "y"),
    "tabs": (csv({"a": COLUMNS["size"], "y": COLUMNS["count"]}, "\t"), "y"),
    "money and shares": (csv(NUMBERS), "y"),
    "as people write": (csv(WRITTEN), "y"),
    "blanks and commas": ("sep=;\n" + csv(BLANKS_AND_COMMAS, ";"), "y"),
    "no header": (csv(NUMBERS).split("\n", 1)[1], "column_9"),
    "a unit to predict": (csv(NUMBERS | {"y": [f"{y} kWh" for y in NUMBERS["y"]]}), "y"),
    "stars": (csv(NUMBERS | {"y": [f"{1 + i % 5} stars" for i in range(N)]}), "y"),
    "units and semicolons": (csv({name: [f"{x} km" for x in cells] for name, cells in COMMA.items()}, ";"), "y"),
    "words for gaps": (
        csv(
            {
                "price": ["n.a." if i % 9 == 0 else x for i, x in enumerate(NUMBERS["y"])],
                "day": [("k. A.", "-")[i % 2] if i % 11 == 0 else x for i, x in enumerate(COLUMNS["day"])],
                "weight": ["Unknown" if i % 50 == 0 else f"{i % 37}.5 kg" for i in range(N)],
                "cylinders": ["electric" if i % 9 == 0 else str(4 + 2 * (i % 3)) for i in range(N)],
                "seldom": ["*" if i == 7 else str(4 + 2 * (i % 3)) for i in range(N)],
                "side": [("left", "right", "-")[i % 3] for i in range(N)],
                "y": NUMBERS["y"],
            }
        ),
        "y",
    ),
    "gaps beside units": (  # which are read otherwise once they are none
        csv(
            {
                "heat": ["缺" if i % 25 == 0 else f"{100 + i * 37 % 900}.{100 + i * 7 % 900}°C" for i in range(N)],
                "lasts": ["inf" if i % 60 == 7 else f"{i % 4} days 0{i % 10}:{i * 7 % 60:02}:00" for i in range(N)],
                "y": NUMBERS["y"],
            }
        ),
        "y",
    ),
    "a gap that hid a decimal comma": (
        csv(
            {
                "a": ["n.a." if i % 9 == 0 else f"{i % 31},{i % 10}" for i in range(N)],
                "b": [f"{1 + i % 7}.{100 + i * 13 % 900}" for i in range(N)],
                "y": list(KIND),
            },
            ";",
        ),
        "y",
    ),
    "a word for gaps that hides another": (
        csv(
            {
                "a": ["k.A." if i == 7 else "kA" if i % 40 == 1 else x for i, x in enumerate(NUMBERS["y"])],
                "b": ["k.A." if i % 9 == 0 else str(i * 7 % 31) for i in range(N)],
                "y": list(KIND),
            }
        ),
        "y",
    ),
    "commas between thousands beside decimal points": (
        csv(
            {
                "a": [f"{1 + i % 7},{100 + i * 13 % 900}" for i in range(N)],
                "b": [f"{i % 31}.{i % 10}" for i in range(N)],
                "y": list(KIND),
            },
            ";",
        ),
        "y",
    ),
    "answers that are not known": (
        csv({"a": NUMBERS["y"], "y": ["n.a." if i % 9 == 0 else x for i, x in enumerate(NUMBERS["y"])]}),
        "y",
    ),
    "a class that could be a gap": (
        csv({"a": ["-" if i % 9 == 0 else str(1 + i % 12) for i in range(N)], "y": ["+-"[i % 2] for i in range(N)]}),
        "y",
    ),
    "classes in numbers": (csv({"a": COLUMNS["size"], "b": COLUMNS["town"], "y": [str(i % 3) for i in range(N)]}), "y"),
    "few different numbers": (
        csv(
            {
                "dose": some([f"{i * 7 % 5 / 2}" for i in range(N)]),
                "month": [str(1 + i * 5 % 12) for i in range(N)],
                "score": [str(i % 35) for i in range(N)],
                "y": NUMBERS["y"],
            }
        ),
        "y",
    ),
    "curves, and noise": (
        csv(
            {
                "waves": some([f"{x:.4f}" for x in WAVES]),
                "stairs": [f"{x:.5f}" for x in STAIRS],
                "noise": [f"{x:.3f}" for x in RNG.normal(size=len(WAVES))],
                "y": [f"{y:.4f}" for y in np.sin(40 * WAVES) + STAIRS * 60 // 3 % 2],
            }
        ),
        "y",
    ),
    "many words": (csv(NAMES | {"y": [f"{y:.3f}" for y in ON_STREETS]}), "y"),
    "many words, two classes": (csv(NAMES | {"y": ["no" if y < 3 else "yes" for y in ON_STREETS]}), "y"),
    "many words, six classes": (csv(NAMES | {"y": [f"c{int(y) % 6}" for y in ON_STREETS]}), "y"),
    "text": (csv({"note": some(SAID), "x": [f"{x:.3f}" for x in STAIRS], "y": [f"{y:.4f}" for y in WAVES]}), "y"),
    "text, three classes": (csv(NAMES | {"note": some(SAID), "y": [f"c{int(3 * y)}" for y in WAVES]}), "y"),
    "text that tells nothing": (csv({"note": SAID, "x": NAMES["x"], "y": [f"{y:.4f}" for y in STAIRS]}), "y"),
    "codes to predict": (csv({"a": COLUMNS["size"], "y": [f"{7 + i % 5:02}" for i in range(N)]}), "y"),
    "truth": (csv({"a": COLUMNS["size"], "y": ["true" if x > 0 else "false" for x in X]}), "y"),
    "pixels": (csv(PIXELS), "label"),
    "Windows": (csv(NUMBERS).replace("\n", "\r\n"), "y"),
    "spaces": ("\n".join(["a   b  y", *[f"{x:8.3f} {i}  {i % 2}" for i, x in enumerate(X)]]), "y"),
    "one column that counts": (csv({"n": [str(i) for i in range(N)], "y": list(KIND)}), "y"),
}


def planned(path: Path, target: str, scaling: str, notes: bool, held_out: float) -> Plan:
    return plan(str(path), target, "notes" if notes else "default", scaling=scaling, test_size=held_out, folds=0,
                validation=0.0, seed=3)  # fmt: skip


def choice(target: str, scaling: str, notes: bool, held_out: float, task: str) -> dict[str, Any]:
    encoding = {True: {"classification": "one_hot", "regression": "range"},
                False: {"classification": "labels", "regression": "standard"}}[notes][task]  # fmt: skip
    return {"target": target, "scaling": scaling, "encoding": encoding, "low": 0.01, "high": 0.99,
            "heldOut": held_out, "seed": 3}  # fmt: skip


def asked(text: str, choices: dict[str, Any]) -> dict[str, Any]:
    return {"do": "table", "bytes": np.frombuffer(text.encode(), np.uint8), "name": "t.csv", "choice": choices}


def agree(found: Any, planning: Plan, name: str) -> None:
    """The same inputs, bit by bit but for what a library's own square roots and sines round."""
    assert isinstance(found, dict), f"{name}: {found}"
    preparation = planning.preparation
    rows, n_in = found["rows"], found["nIn"]
    features = [feature for step in found["preparation"]["steps"] for feature in step["features"]]
    names = list(map(told, features))
    assert names == list(preparation.feature_names), name
    with deltaw.language("zh"):
        assert list(map(told, features)) == list(map(reads, preparation.feature_names)), name
    frame = planning.table.frame
    matrix = found["inputs"].reshape(rows, n_in)
    held = set(found["heldOut"].tolist())
    training = [row for row in range(rows) if row not in held]
    expected = preparation.transform(frame)
    means = [k for k, feature in enumerate(names) if re.search(": (mean|share of) ", feature)]
    if means:  # rows that are learnt from do not find their own answers among these
        expected[np.ix_(training, means)] = np.asarray(planning.training.X)[:, means]
    np.testing.assert_allclose(matrix, expected, rtol=2e-7, atol=2e-6 if means else 1e-9, err_msg=name)
    plain = [k for k, feature in enumerate(names) if not feature.endswith("(residual)")]
    assert (matrix == expected)[:, plain].mean() > 0.998, name
    # Encoded rows hold places among bins as float32 does.
    assert len(training) == rows or np.allclose(matrix[training], planning.training.X, rtol=0, atol=4e-6)
    T = planning.training.T if planning.training.T.ndim == 2 else np.eye(found["nOut"])[planning.training.T]
    np.testing.assert_allclose(found["targets"].reshape(rows, -1)[training], T, rtol=2e-7, atol=1e-9, err_msg=name)
    assert found["target"]["task"] == planning.target.task
    assert found["target"]["classes"] == list(planning.target.classes)
    document = preparation.document()
    for step, ours in zip(document["steps"], found["preparation"]["steps"], strict=True):
        for key, value in step.items():
            mine = ours[key]
            if key in ("scale", "edges", "fill", "weight"):
                mine, value = (np.array(list(x.values()) if isinstance(x, dict) else x, float) for x in (mine, value))
                np.testing.assert_allclose(mine, value, rtol=1e-14, err_msg=f"{name} {step} {key}")
            elif key == "means" and step["kind"] == "number" and value:  # sums in another order, rounded to a millionth
                np.testing.assert_allclose(mine.pop("values"), value.pop("values"), rtol=0, atol=1.1e-6)
                assert mine == value, f"{name} {step} {key}"
            elif key != "format" or value:  # a workbook's dates are no text, and here they are written as some
                assert mine == value, f"{name} {step} {key}"
    assert [(each["column"], each["kind"]) for each in document["left_out"]] == [
        (each["column"], each["kind"]) for each in found["preparation"]["left_out"]
    ]


def test_a_table_is_prepared_as_in_python(tmp_path: Path) -> None:
    cases = []
    for i, (name, (text, target)) in enumerate(TABLES.items()):
        path = tmp_path / f"{i}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        for scaling, notes in (("piecewise", False), (list(SCALINGS)[i % len(SCALINGS)], i % 2 == 0)):
            held_out = 0.0 if scaling == "none" else 0.2
            planning = planned(path, target, scaling, notes, held_out)
            cases.append((f"{name}, {scaling}", planning,
                          asked(text, choice(target, scaling, notes, held_out, planning.target.task))))  # fmt: skip
    answers = ask([job for *_, job in cases])
    for (name, planning, _), found in zip(cases, answers, strict=True):
        agree(found, planning, name)


def test_bundled_tables_too(tmp_path: Path) -> None:
    planned_, jobs = [], []
    for name in ("iris", "wine", "digits", "diabetes"):
        table, path = read(name), tmp_path / f"{name}.csv"
        assert table.target is not None
        table.frame.write_csv(path)
        planned_.append(planned(path, table.target, "piecewise", False, 0.25))
        task = planned_[-1].target.task
        jobs.append(asked(path.read_text(), choice(table.target, "piecewise", False, 0.25, task)))
    for planning, found in zip(planned_, ask(jobs), strict=True):
        agree(found, planning, planning.table.name)


CELLS = st.sampled_from(["", "1", "2.5", "-3", "1e3", "x", "y z", "NA", "12,5", "true", "no", " 4 ", "3.1.2020"])


@hypothesis(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(st.lists(CELLS, min_size=12, max_size=12), min_size=2, max_size=4), min_size=15, max_size=15))
def test_any_cells_are_typed_and_refused_alike(tmp_path: Path, tables: list[list[list[str]]]) -> None:
    texts = [csv({f"c{i}": cells for i, cells in enumerate(columns)} | {"y": ["u", "v"] * 6}) for columns in tables]
    answers = ask([asked(text, choice("y", "standard", False, 0.0, "classification")) for text in texts])
    for text, found in zip(texts, answers, strict=True):
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        try:
            planning = planned(path, "y", "standard", False, 0.0)
        except InputError:
            assert isinstance(found, str), text
            continue
        agree(found, planning, text)


def test_what_cannot_be_is_said_in_a_sentence() -> None:
    bad = {
        "": "empty file",
        "a,b\n": "only the header",
        "a,b\n1,2\n3\n": "expected 2 fields in line 3",
        'a,b\n"1\n",2\n\n3\n': "expected 2 fields in line 5",
        "Statement\n12345\n\na,b\n1,2\n": "remove the lines above the column names",
        "PK\3\4": "an unreadable ZIP archive",
        'a,y\n"1,2\n': "the quote in line 2 closed",
        "a,y\n" + "1,u\n2,v\n" * 5 + "\0": "binary",
    }
    jobs = [asked(text, choice("y", "standard", False, 0.0, "classification")) for text in bad]
    for text, found in zip(bad, ask(jobs), strict=True):
        assert isinstance(found, str), text
        assert bad[text] in found


def test_bytes_that_are_no_utf_8_are_read_as_what_they_can_be() -> None:
    """GB18030 where that makes Chinese of them, or Windows-1252 that makes German; the table says which."""
    chinese, western = "长度,种类\n", "größe,art\n"
    rows = "".join(f"{i}.5,{kind}\n" for i, kind in enumerate("ab" * 6))
    texts = {"gb18030": chinese + rows, "cp1252": western + rows, "utf-16": chinese + rows, "utf-8-sig": chinese + rows}
    jobs = [
        asked("", choice(text[text.index(",") + 1 : text.index("\n")], "standard", False, 0.0, "classification"))
        | {"bytes": np.frombuffer(text.encode(encoding), np.uint8)}
        for encoding, text in texts.items()
    ]
    found = dict(zip(texts, ask(jobs), strict=True))
    assert [each["preparation"]["steps"][0]["features"] for each in found.values()] == [
        ["长度"],
        ["größe"],
        ["长度"],
        ["长度"],
    ]
    guessed = {encoding: [note["values"]["encoding"] for note in each["notes"]] for encoding, each in found.items()}
    assert guessed == {"gb18030": ["GB18030"], "cp1252": ["Windows-1252"], "utf-16": [], "utf-8-sig": []}


def test_other_alphabets_are_read_too() -> None:
    """As Python reads them."""
    texts = {
        "big5": "城市,種類\n" + "臺北,a\n高雄,b\n" * 6,
        "shift_jis": "都市,種類\n" + "東京,a\n大阪,b\nカナ,a\n" * 6,
        "windows-1251": "город,вид\n" + "Москва,a\nКазань,b\n" * 6,
        "utf-16-le": "长度,种类\n" + "1.5,a\n2.5,b\n" * 6,
        "utf-16-be": "长度,种类\n" + "1.5,a\n2.5,b\n" * 6,
        "windows-1252": "°C,Maß\n" + "20°C,a\nété,b\n" * 6,
    }
    jobs = [
        asked("", choice(text[text.index(",") + 1 : text.index("\n")], "standard", False, 0.0, "classification"))
        | {"bytes": np.frombuffer(text.encode(encoding), np.uint8)}
        for encoding, text in texts.items()
    ]
    for (encoding, text), found in zip(texts.items(), ask(jobs), strict=True):
        assert isinstance(found, dict), f"{encoding}: {found}"
        assert found["columns"][0]["name"] == text.split(",")[0], encoding


def test_json_is_read_as_in_python(tmp_path: Path) -> None:
    rows = [{"size": i / 4, "n": i % 7, "town": ["Ulm", None, "NA"][i % 3], "sure": i % 2 == 0, "y": "ab"[i % 2]}
            for i in range(60)]  # fmt: skip
    rows[7]["late"] = "x"
    texts = {"array.json": json.dumps(rows, indent=1), "lines.jsonl": "\n".join(map(json.dumps, rows))}
    full = [{"late": None} | row for row in rows]
    one_object = {
        "page": {"count": len(rows), "next": None, "results": rows},
        "lists": {name: [row[name] for row in full] for name in full[0]},
        "a column each": {"unit": "h", "hourly": {name: [row[name] for row in full] for name in full[0]}},
        "columns": {name: {str(i): row[name] for i, row in enumerate(full)} for name in full[0]},
        "index": {str(i): row for i, row in enumerate(full)},
        "split": {"columns": [*full[0]], "index": [*range(60)], "data": [list(row.values()) for row in full]},
    }
    inside: list[dict[str, Any]] = [
        {"2019": i * 7 % 60, "at": {"lat": i / 4, "of": {"town": f"w{i % 3}"}}, "pair": [{"k": i % 5}, {"k": i % 7}],
         "words": ["p", None, "q"][: i % 4], "when": float("nan") if i % 5 == 0 else i, "y": "ab"[i % 2]}
        for i in range(60)
    ]  # fmt: skip
    inside[9].pop("at")
    inside[9]["constructor"] = "x"
    one_object |= {
        "objects": inside,
        "objects within": {"n": 60, "rows": inside},
        "lists of lists": [["n", "2", "y"], *([i, f"{i % 7} kg", "ab"[i % 2]] for i in range(60))],
    }
    texts["objects.jsonl"] = "\n".join(map(json.dumps, inside))
    texts |= {f"{name}.json": json.dumps(each, indent=1) for name, each in one_object.items()}
    jobs = [asked(text, choice("y", "piecewise", False, 0.2, "classification")) for text in texts.values()]
    for (name, text), found in zip(texts.items(), ask(jobs), strict=True):
        (tmp_path / name).write_text(text)
        agree(found, planned(tmp_path / name, "y", "piecewise", False, 0.2), name)


def test_words_that_look_like_numbers_are_spoken_of_as_in_python(tmp_path: Path) -> None:
    columns = {
        "comma": [f"{x:.2f}".replace(".", ",") for x in X],
        "units": [f"{60 + i % 40} {('kg', 'lb')[i % 2]}" for i in range(N)],
        "absent": [str(i % 50) if i % 4 else "缺考" for i in range(N)],
        "code": [f"{(67, 4109, 331)[i % 3]:05}" for i in range(N)],
        "bare": [f"{i % 40} kg" if i % 30 else str(i % 40) for i in range(N)],
        "multiples": [f"{i * 13 % 900}K" if i % 2 else f"{i % 9}.{i % 10}M" for i in range(N)],
        "y": list(KIND),
    }
    path = tmp_path / "t.csv"
    text = csv(columns)
    path.write_text(text, encoding="utf-8")
    (found,) = ask([asked(text, choice("y", "standard", False, 0.0, "classification"))])
    ours = [note["say"].format(**_shown(note["values"])) for note in found["notes"]]
    python = planned(path, "y", "standard", False, 0.0).table.notes
    assert [note.split(":")[0] for note in ours] == [note.split(":")[0] for note in python]
    assert len(ours) == 6


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    def one(value: Any) -> Any:
        if isinstance(value, list):
            return ", ".join(map(one, value))
        return value["say"].format(**_shown(value["values"])) if isinstance(value, dict) else value

    return {name: one(value) for name, value in values.items()}


def test_none_is_a_class_where_it_is_in_python(tmp_path: Path) -> None:
    targets = {
        "severity": [("None", "mild", "severe")[i % 3] for i in range(60)],
        "seldom": ["None" if i == 7 else ("mild", "severe")[i % 2] for i in range(60)],
        "yes": [("None", "yes", "no")[i % 3] for i in range(60)],
        "numbers": [("None", "1.5", "2.5", "x")[i % 4] for i in range(60)],
        "codes": [("none", "007", "042")[i % 3] for i in range(60)],
    }
    x, path = [f"{i / 7:.2f}" for i in range(60)], tmp_path / "t.csv"
    texts = {name: csv({"x": x, "y": cells}) for name, cells in targets.items()}
    for name, found in zip(
        texts, ask([asked(text, choice("y", "standard", False, 0.0, "classification")) for text in texts.values()]),
        strict=True,
    ):  # fmt: skip
        path.write_text(texts[name])
        agree(found, planned(path, "y", "standard", False, 0.0), name)
        told = [note for note in found["notes"] if "None" in note["say"]]
        assert bool(told) == (name == "severity"), name


def test_a_bad_row_is_named_by_its_place_in_the_file(tmp_path: Path) -> None:
    """Whether rows before it have no answer, or not; a quote that swallows rows is spoken of."""
    rows = [f"{i / 2},{i % 5},{'ab'[i % 2] if i > 3 else ''}" for i in range(40)]
    rows[20] = "oops,1,a"
    swallowed = [f"{i / 2},w{i % 3},{'ab'[i % 2]}" for i in range(40)]
    swallowed[9], swallowed[12] = '1,"w1,a', '2,w2",b'
    path, text = tmp_path / "t.csv", "\n".join(["a,b,y", *swallowed])
    path.write_text(text)
    python = planned(path, "y", "standard", False, 0.0).table.notes
    texts = ["\n".join(["a,b,y", *rows]), text, text.replace('2,w2",b', "2,w2,b")]
    bad, found, unclosed = ask([asked(each, choice("y", "standard", False, 0.0, "classification")) for each in texts])
    assert 'in row 21 of column "a"' in bad
    assert [note["say"].format(**note["values"]) for note in found["notes"]] == list(python)
    assert "expected the quote in line 11 closed" in unclosed


def test_what_is_no_table_of_text_is_said_in_a_sentence() -> None:
    bad = {
        b"SQLite format 3\0": "an SQLite database",
        b"<!doctype html>": "HTML or XML",
        b"\xff\xd8\xff\xe0\0": "a picture",
        b'[{"a": 1': "JSON with a mistake",
        b'{"a": 1}\n{"a": 2': "a JSON object in line 2, found a mistake",
        b"[[1, 2], [3]]": "a list as element 1",
        b'[{"a.b": 1, "a": {"b": 2}}]': '"a.b" for columns 1 and 2',
        b"1 1:0.5 3:2\n0 2:1 3:4\n": "a sparse file (LIBSVM)",
        b"% of Weka\n@relation r\n@attribute a numeric\n": "an ARFF file",
    }
    jobs = [asked("", choice("y", "standard", False, 0.0, "classification")) | {"bytes": np.frombuffer(each, np.uint8)}
            for each in bad]  # fmt: skip
    for (each, said), found in zip(bad.items(), ask(jobs), strict=True):
        assert isinstance(found, str), each
        assert said in found


def test_numbers_that_are_names_are_encoded_as_in_python(tmp_path: Path) -> None:
    """With bins, as a recipe has them: by their residuals, out of fold; one row and no number say nothing."""
    rng, n = np.random.default_rng(1), 900
    shop, x, effect = rng.integers(0, 90, n), rng.normal(size=n), rng.normal(size=90)
    y = x + effect[shop] + 0.3 * rng.normal(size=n)
    number = [str(100 + 7 * s) if i % 9 else str(5000 + i) for i, s in enumerate(shop)]
    tables = {
        "numbers": ({"a": number, "x": x, "y": y}, True),
        "with gaps": ({"a": [a if i % 11 else "" for i, a in enumerate(number)], "x": x, "y": y}, True),
        "classes": ({"a": number, "x": x, "y": ["lmh"[k] for k in np.digitize(y, [-0.7, 0.7])]}, True),
        "two classes": ({"a": number, "x": x, "y": ["no" if v < 0 else "yes" for v in y]}, True),
        "chance": ({"a": number, "x": x, "y": x + rng.normal(size=n)}, False),
    }
    cases = []
    for name, (table, _) in tables.items():
        text, path = csv({k: [*map(str, column)] for k, column in table.items()}), tmp_path / f"{name}.csv"
        path.write_text(text)
        planning = planned(path, "y", "piecewise", False, 0.2)
        cases.append((name, planning, asked(text, choice("y", "piecewise", False, 0.2, planning.target.task))))
    for (name, planning, _), found in zip(cases, ask([job for *_, job in cases]), strict=True):
        assert bool(found["preparation"]["steps"][0].get("means")) is tables[name][1], name
        agree(found, planning, name)


def test_what_deltaw_train_asks_beyond_the_lab_is_said_where_it_may_matter(tmp_path: Path) -> None:
    """Of those in which `deltaw train` finds more each is spoken of; of the others only rows that recur."""
    rng, n = np.random.default_rng(0), 1200
    x, shop, effect, age = rng.normal(size=n), rng.integers(0, 150, n), rng.normal(size=150), rng.integers(18, 90, n)
    noise, answers, who = rng.normal(size=(n, 40)), rng.integers(0, 5, (300, 4)), rng.integers(0, 300, n)
    noises = {f"c{i}": noise[:, i] for i in range(40)}
    tables: dict[str, dict[str, Any]] = {
        "nothing": {"x": x, "y": x + rng.normal(size=n)},
        "a number with a bend": {"a": age, "x": x, "y": x + 2.0 * (age > 50) + rng.normal(size=n)},
        "words": {"a": [f"w{i}" for i in shop], "x": x, "y": x + effect[shop]},
        "of many classes": {"a": [f"w{i}" for i in shop], "y": [f"c{i % 11}" for i in range(n)]},
        "a number that is a name": {"a": 100 + 7 * shop, "x": x, "y": x + effect[shop]},
        "of classes": {"a": 100 + 7 * shop, "x": x, "y": ["no" if v < 0 else "yes" for v in x + 2 * effect[shop]]},
        "alike": {f"q{i}": answers[who, i] for i in range(4)} | {"y": rng.normal(size=300)[who]},
        "quiet": noises | {"y": noise[:, 3] + noise[:, 7] + rng.normal(size=n)},
        "quiet of classes": noises | {"y": ["abc"[v] for v in np.digitize(noise[:, 5] + 0.5 * x, [-0.5, 0.5])]},
        "loud": noises | {"y": noise @ rng.normal(size=40)},
        "nothing says anything": noises | {"y": rng.normal(size=n)},
        "text": {"note": [f"row {i} is {word} here" for i, word in enumerate(np.where(x < 0, "low", "high"))],
                 "x": x, "y": x + rng.normal(size=n)},
    }  # fmt: skip
    texts = [csv({k: [v if isinstance(v, str) else f"{v:.3f}" if isinstance(v, float) else str(v) for v in column]
                  for k, column in table.items()}) for table in tables.values()]  # fmt: skip
    jobs = [asked(text, choice("y", "standard", False, 0.2, "regression")) | {"do": "beyond"} for text in texts]
    named = {
        "numbers that may be": "numbers",
        "duplicate rows": "alike",
        "uninformative columns": "quiet",
        "words of text": "text",
    }
    found = [sorted(name for note in notes for what in note["values"]["what"] for part, name in named.items()
                    if part in what["say"]) for notes in ask(jobs)]  # fmt: skip
    assert dict(zip(tables, found, strict=True)) == {name: [] for name in tables} | {
        "a number that is a name": ["numbers"], "of classes": ["numbers"],
        "alike": ["alike"], "quiet": ["quiet"], "quiet of classes": ["quiet"], "text": ["text"],
    }  # fmt: skip
    for text, said in zip(texts, found, strict=True):
        (tmp_path / "t.csv").write_text(text)
        preparation = plan(str(tmp_path / "t.csv"), "y", "default").preparation
        kinds = {"Number": "numbers", "Alike": "alike"}  # what words answer the lab learns itself
        told = {type(step).__name__ for step in preparation.steps if getattr(step, "means", None)}
        more = {name for kind, name in kinds.items() if kind in told}
        quiet = {"quiet"} if preparation.uninformative else set()
        words = {"text"} if any(step.kind == "text" for step in preparation.steps) else set()
        assert more | quiet | words == set(said)


def test_text_alone_is_learnt_from() -> None:
    text = csv({"note": [f"row {i} is so {word}" for i, word in enumerate(KIND)], "y": list(KIND)})
    asks = [choice("y", scaling, False, 0.0, "classification") for scaling in ("", "piecewise", "standard")]
    suited, chosen, refused = ask([asked(text, each) for each in asks])
    assert suited["preparation"]["scaling"] == "piecewise"
    assert np.array_equal(suited["inputs"], chosen["inputs"])
    assert isinstance(refused, str)


def test_a_target_stands_in_a_command_as_a_shell_takes_it() -> None:
    words, said = [f"w{i % 15}" for i in range(600)], {
        "y": "y", "the target": "'the target'", "it's": "'it'\\''s'", "; rm -rf /": "'; rm -rf /'", "x" * 50: "TARGET",
    }  # fmt: skip
    tables = [csv({"a": words, "b": words, name: [str(i % 7) for i in range(600)]}) for name in said]
    choices = [choice(name, "standard", False, 0.2, "classification") for name in said]
    found = ask([asked(*each) | {"do": "beyond"} for each in zip(tables, choices, strict=True)])
    assert [note["values"]["name"] for (note,) in found] == [*said.values()]


def test_one_word_says_how_classes_and_numbers_are_learnt() -> None:
    """Which of the two a column holds is found here: "labels" is then "standard", "one_hot" is "range"."""
    text = csv({"a": COLUMNS["size"], "y": NUMBERS["y"]})
    jobs = [asked(text, choice("y", "standard", False, 0.2, "regression") | {"encoding": encoding})
            for encoding in ("standard", "labels", "range", "one_hot")]  # fmt: skip
    standard, labels, ranged, one_hot = ask(jobs)
    assert np.array_equal(standard["targets"], labels["targets"])
    assert np.array_equal(ranged["targets"], one_hot["targets"])
    assert [each["target"]["encoding"] for each in (labels, one_hot)] == ["standard", "range"]
