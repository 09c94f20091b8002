"""Points and commas, letters that are taken apart, separators behind the last field: the lab reads them as Python."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from engine import ask
from test_lab_tables import agree, asked, choice, csv, planned

import deltaw
from deltaw.exceptions import InputError
from deltaw.tables import read
from deltaw.tables.columns import kinds
from deltaw.tables.dates import DAY_FORMATS, TIME_FORMATS

N = 40
RNG = np.random.default_rng(11)
X = [f"{x:.4f}" for x in RNG.normal(size=N)]
COMMAS = [f"{i % 13},{10 + i}" for i in range(N)]
Y = ["ab"[i % 2] for i in range(N)]
# Cells that say one number among some, and another among others.
SAYS = [
    "3.153",
    "512",
    "-1.024",
    "0.5",
    "1.234.567",
    "1.234,5",
    "0,123",
    "1,234",
    "217,572",
    "1,234,567",
    "12,50",
    "1,234.5",
    "7",
    "2 000,5",
    "0",
]
UNITS = ["", " kg", " €", "%"]


def written(draw: np.random.Generator) -> dict[str, list[str]]:
    """Some columns of cells of a few ways to write, with a unit or without."""
    return {
        f"c{k}": [f"{cell}{unit}" for cell in draw.choice(draw.choice(SAYS, draw.integers(1, 4)), N)]
        for k, unit in enumerate(draw.choice(UNITS, 3))
    }


def alike_in_python(tmp_path: Path, texts: list[str], target: str = "y") -> list[str]:
    """What the lab says of each table, which it reads as Python does, or refuses as Python does."""
    jobs = [asked(text, choice(target, "standard", False, 0.0, "classification")) for text in texts]
    said = []
    for text, found in zip(texts, ask(jobs), strict=True):
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        try:
            planning = planned(path, target, "standard", False, 0.0)
        except InputError:
            assert isinstance(found, str), text
            continue
        agree(found, planning, text)
        said.append(
            " ".join(note["say"].format_map(note["values"]) for note in found["notes"] if "{name}" in note["say"])
        )
        points = [note for note in planning.table.notes if re.search("(points|commas) are read as", note)]
        assert [note for note in points if note not in said[-1]] == []
    return said


def test_points_beside_decimal_commas_part_thousands(tmp_path: Path) -> None:
    points = [("3.153", "512", "87")[i % 3] for i in range(N)]
    ours = alike_in_python(tmp_path, [csv({"n": points, "p": COMMAS, "y": Y}, sign) for sign in ";\t|"])
    assert all('"n": points are read as thousands' in said for said in ours)
    assert len(ours) == 3
    plain = csv({"n": points, "y": Y}, ";"), csv({"n": points, "x": X, "y": Y})
    told, nothing = alike_in_python(tmp_path, [*plain])
    assert told.startswith('"n": points are read as decimal points')
    assert nothing == ""


def test_a_column_says_what_its_commas_are(tmp_path: Path) -> None:
    fractions = [("0,123", "1,234", "2,5")[i % 3] for i in range(N)]
    money = [f"{('3.153', '512', '87')[i % 3]} €" for i in range(N)]
    texts = [csv({"n": fractions, "m": money, "y": Y}, sign) for sign in ";\t|,"]
    assert len(alike_in_python(tmp_path, texts)) == len(texts)


def test_numbers_with_more_behind_them_are_told_as_in_python(tmp_path: Path) -> None:
    ways = {"p": "{}/{} ", "q": "{}.{}*", "r": "{} ± 0,{}", "few": "1/{k}", "day": "{}-{}", "word": "{} x{}"}
    cells = {name: [way.format(100 + i, i % 7, k=i % 3) for i in range(N)] for name, way in ways.items()}
    (found,) = alike_in_python(tmp_path, [csv(cells | {"y": Y})])
    (tmp_path / "t.csv").write_text(csv(cells | {"y": Y}))
    notes = [each.note for each in kinds(read(tmp_path / "t.csv")) if "followed by other text" in each.note]
    assert found.count("followed by other text") == len(notes) == 3
    assert all(note in found for note in notes)


def test_cells_of_any_notation_are_read_as_in_python(tmp_path: Path) -> None:
    texts = [csv(written(RNG) | {"y": Y}, ";\t|,"[i % 4]) for i in range(40)]
    assert len(alike_in_python(tmp_path, texts)) > len(texts) / 3


def test_a_target_of_points_and_commas_too(tmp_path: Path) -> None:
    text = csv({"p": COMMAS, "y": [f"{1 + i % 7}.{100 + 7 * i}" for i in range(N)]}, ";")
    (tmp_path / "t.csv").write_text(text)
    (found,) = ask([asked(text, choice("y", "standard", False, 0.0, "regression"))])
    agree(found, planned(tmp_path / "t.csv", "y", "standard", False, 0.0), text)


def test_letters_that_are_taken_apart_are_the_same_word(tmp_path: Path) -> None:
    both = ["Köln", normalize("NFD", "Köln"), "Ulm", "각", normalize("NFD", "각")]
    towns = [both[i * 7 % 5] for i in range(N)]
    texts = [csv({"town": towns, "x": X, "y": Y}), csv({"x": X, "y": towns})]
    assert len(alike_in_python(tmp_path, texts)) == 2
    (found,) = ask([asked(texts[1], choice("y", "standard", False, 0.0, "classification"))])
    assert found["target"]["classes"] == sorted({normalize("NFC", town) for town in towns})


def test_words_of_earlier_models_are_the_same_whichever_way_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a file may have words that are taken apart, which no cell is any more, and the composed one beside them."""
    path, file, few = (
        tmp_path / "t.csv",
        tmp_path / "m.deltaw",
        [normalize("NFD", word) for word in ("Köln", "Mülheim")],
    )
    towns = [("Köln", "Ulm", *few)[i % 4] for i in range(N)]
    y = [f"{float(x) + i % 4:.3f}" for i, x in enumerate(X)]
    path.write_text(csv({"town": towns, "x": X, "y": y}), encoding="utf-8")
    with monkeypatch.context() as earlier:
        earlier.setattr("deltaw.tables.cells.composed", lambda words: words)
        deltaw.fit(path, "y", epochs=2, folds=0, verbose=False).save(file)
    model = deltaw.load(file)
    assert {f"town={word}" for word in ("Köln", *few)} <= {*model.preparation.feature_names}
    shares = (np.ravel(model.predict(path)) - model.target.scale.centre) / model.target.scale.width
    files = {"file": np.frombuffer(file.read_bytes(), np.uint8), "bytes": np.frombuffer(path.read_bytes(), np.uint8)}
    (found,) = ask([{"do": "open", **files, "name": "t.csv"}])
    np.testing.assert_allclose(found["outputs"], shares, atol=1e-5)


def test_classes_of_earlier_models_are_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, file = tmp_path / "t.csv", tmp_path / "m.deltaw"
    towns = [("Ulm", normalize("NFD", "Köln"))[i % 2] for i in range(N)]
    path.write_text(csv({"x": X, "y": towns}), encoding="utf-8")
    with monkeypatch.context() as earlier:
        earlier.setattr("deltaw.tables.cells.composed", lambda words: words)
        deltaw.fit(path, "y", epochs=2, folds=0, verbose=False).save(file)
    model = deltaw.load(file)
    assert normalize("NFC", "Köln") not in model.target.classes
    assert model.evaluate(path).rows == N
    files = {"file": np.frombuffer(file.read_bytes(), np.uint8), "bytes": np.frombuffer(path.read_bytes(), np.uint8)}
    (found,) = ask([{"do": "open", **files, "name": "t.csv"}])
    np.testing.assert_allclose(found["outputs"].reshape(N, 2), model.predict_proba(path), atol=1e-5)


def test_separators_behind_the_last_field_are_passed_over(tmp_path: Path) -> None:
    rows = [f"{x},{y}" for x, y in zip(X, Y, strict=True)]
    texts = ["\n".join(["x ,y", *(row + more for row in rows)]) + "\n" for more in (",", ",,")]
    assert alike_in_python(tmp_path, texts) == [""] * 2
    some = "\n".join(["x,y", *rows[:5], rows[5] + ",", *rows[6:]])
    (said,) = ask([asked(some, choice("y", "standard", False, 0.0, "classification"))])
    assert 'remove each "," behind its last field' in said


def test_a_column_that_is_called_so_in_other_letters_is_told_of() -> None:
    text = csv({"größe": X, "y": Y})
    (said,) = ask([asked(text, choice(normalize("NFD", "größe"), "standard", False, 0.0, "classification"))])
    assert "rename the one that looks the same" in said


# --- dates ------------------------------------------------------------------------------------------------------------

DAYS = [date(2024, 1, 1) + timedelta(days=i * 5) for i in range(N)]
DATES = {
    "either": [f"{1 + i % 12}/{1 + i * 5 % 12}/2024" for i in range(N)],
    "sure": [f"{day:%m/%d/%Y}" for day in DAYS],
    "of Thailand": [f"{29 if i == 5 else i % 28 + 1}/2/{2563 + i // 28}" for i in range(N)],
    "seasons, and a word": ["late" if i == 7 else f"{2010 + i % 2}-{11 + i % 2}" for i in range(N)],
    "several ways": [f"{day:{('%Y-%m-%d', '%d.%m.%Y')[i % 2]}}" for i, day in enumerate(DAYS)],
    "others among them": [f"{day:%Y-%m-%d}" if i % 4 else f"after {i % 3}.{i % 5}" for i, day in enumerate(DAYS)],
    "versions": [f"{i % 3}.{i % 5}.{i % 7}-beta" for i in range(N)],
}


def test_dates_are_spoken_of_as_in_python(tmp_path: Path) -> None:
    texts = [csv({"d": cells, "x": X, "y": Y}) for cells in DATES.values()]
    jobs = [asked(text, choice("y", "standard", False, 0.0, "classification")) for text in texts]
    for name, text, found in zip(DATES, texts, ask(jobs), strict=True):
        (tmp_path / "t.csv").write_text(text)
        planning = planned(tmp_path / "t.csv", "y", "standard", False, 0.0)
        agree(found, planning, name)
        said = [note["say"].split(": ")[0] for note in found["notes"]]
        told = [note for note in planning.table.notes if '"d" is' in note]
        assert len(said) == len(told) == (name not in ("sure", "versions", "seasons, and a word")), name
        values = found["notes"][0]["values"] if said else {}
        assert all(str(values[each]) in note for note in told for each in ("n", "rows", "cell") if each in values)


def test_dates_in_every_way_are_read_as_in_python(tmp_path: Path) -> None:
    moments = [datetime(2024, 1, 1, 5, 40) + timedelta(hours=29 * i) for i in range(N)]
    ways = [way.replace("%.f", ".5").replace("%#z", "+05:30") for way in DAY_FORMATS | TIME_FORMATS]
    columns = {f"d{i}": [f"{x:{way}}" for x in moments] for i, way in enumerate([*ways, "%B %d, %Y"])}
    texts = [csv({name: columns[name] for name in some} | {"x": X, "y": Y}) for some in np.array_split([*columns], 20)]
    jobs = [asked(text, choice("y", "standard", False, 0.0, "classification")) for text in texts]
    for text, found in zip(texts, ask(jobs), strict=True):
        (tmp_path / "t.csv").write_text(text, encoding="utf-8")
        planning = planned(tmp_path / "t.csv", "y", "standard", False, 0.0)
        kinds = {column.name: column.kind for column in planning.columns if column.name != "x"}
        assert set(kinds.values()) == {"date"}, kinds
        agree(found, planning, ", ".join(kinds))


def test_dates_of_a_model_may_be_written_in_another_way_that_is_sure(tmp_path: Path) -> None:
    path, file = tmp_path / "t.csv", tmp_path / "m.deltaw"
    path.write_text(csv({"d": [f"{day:%Y-%m-%d}" for day in DAYS], "x": X, "y": X[::-1]}))
    deltaw.fit(path, "y", epochs=2, folds=0, verbose=False).save(file)
    packed = {"do": "open", "file": np.frombuffer(file.read_bytes(), np.uint8), "name": "t.csv"}
    unsure = "%m/%d/%Y", "%m-%d-%Y", "%y-%m-%d", "%Y-%m", "%j"
    ways = {
        way: csv({"d": [f"{day:{way}}" for day in DAYS], "x": X, "y": X[::-1]})
        for way in ("%Y-%m-%d", "%Y-%m-%d 00:00:00", "%d.%m.%Y", "%b %d %Y, 12:00 AM", *unsure)
    }
    jobs = [packed | {"bytes": np.frombuffer(text.encode(), np.uint8)} for text in ways.values()]
    for (way, text), found in zip(ways.items(), ask(jobs), strict=True):
        path.write_text(text)
        model = deltaw.load(file)
        if way in unsure:
            with pytest.raises(InputError) as python:
                model.predict(path)
            assert isinstance(found, str), way
            assert found.split(", found")[0] == str(python.value).split(", found")[0].replace(str(path), "t.csv"), way
        else:
            said = (np.ravel(model.predict(path)) - model.target.scale.centre) / model.target.scale.width
            np.testing.assert_allclose(found["outputs"], said, atol=1e-5)


def test_a_way_of_writing_dates_that_the_lab_does_not_know_is_refused(tmp_path: Path) -> None:
    """As of a later version, whose model is opened here."""
    text = csv({"d": [f"{day:%Y-%m-%d}" for day in DAYS], "x": X, "y": X[::-1]})
    (tmp_path / "t.csv").write_text(text)
    model = deltaw.fit(tmp_path / "t.csv", "y", epochs=2, folds=0, verbose=False)
    (step,) = (step for step in model.preparation.steps if step.kind == "date")
    object.__setattr__(step, "format", "%Y|%j")
    model.save(tmp_path / "m.deltaw")
    file, data = (np.frombuffer(each, np.uint8) for each in ((tmp_path / "m.deltaw").read_bytes(), text.encode()))
    (found,) = ask([{"do": "open", "file": file, "bytes": data, "name": "t.csv"}])
    assert found == "expected a model file that DeltaW wrote, found dates written %Y|%j; it comes from a later DeltaW"


def test_the_same_number_in_several_ways_is_no_constant(tmp_path: Path) -> None:
    same = [("5 kg", "5.0 kg")[i % 2] for i in range(N)]
    assert alike_in_python(tmp_path, [csv({"n": same, "x": X, "y": Y})]) == [""]


# --- anything ---------------------------------------------------------------------------------------------------------

WORDS = [
    "red",
    "Köln",
    normalize("NFD", "Köln"),
    "a, b",
    'say ""x""',
    " in  ner",
    "<b>",
    "½",
    "１",
    "0x1F",
    "1/2",
    "-",
    "None",
    "محمد",
    "😀",
]
PAIRS = [("ja", "nein"), ("Y", "N"), ("true", "0"), ("是", "否"), ("да", "нет"), ("on", "off"), ("x", "")]
WAYS = [
    "%Y-%m-%d",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%d-%b-%Y",
    "%Y%m%d",
    "%Y年%m月%d日",
    "%d.%m.%Y %H:%M",
    "%Y-%m-%dT%H:%M:%SZ",
    "%B %Y",
    "%I:%M %p",
    "%B %d, %Y",
    "%m/%d/%Y %I:%M %p",
    "%Y.%m.%d",
]
BEHIND = ["kg", " g", "M", "m €", "k €", " €", "%", "°C", " days", "k", "元", " лет", "'", "px"]
ABSENT = ["", "NA", "n/a", "?", "--", "k.A.", "缺", "unknown", "#DIV/0!", "inf", "nil", "-"]


def odd_cells(draw: np.random.Generator) -> list[str]:
    """Cells of a kind drawn at random, perhaps with gaps, blanks around them, or some of another kind among them."""
    n, unit, ways = N, draw.choice(BEHIND), list(draw.choice(WAYS, 2))
    numbers = [f"{x:.2f}" for x in 60 * draw.normal(size=n)]
    commas = [f"{x:,.2f}" for x in 1e5 * draw.random(n)]
    days = [DAYS[0] + timedelta(days=int(d)) for d in draw.integers(0, 900, n)]
    kinds = [
        numbers, commas, [each.translate(str.maketrans(".,", ",.")) for each in commas],
        [str(x) for x in draw.integers(0, 9, n)], [str(word) for word in draw.choice(WORDS, n)],
        [each + unit for each in numbers], [each.replace(".", ",") + unit for each in numbers],
        [f"{day:{ways[0]}}" for day in days], [f"{day:{draw.choice(ways)}}" for day in days],
        [str(word) for word in draw.choice(PAIRS[draw.integers(len(PAIRS))], n)],
        [f"id{i}" for i in range(n)], ["always"] * n, [f"{x // 60}:{x % 60:02}" for x in draw.integers(0, 1440, n)],
    ]  # fmt: skip
    cells, others = kinds[draw.integers(len(kinds))], kinds[draw.integers(len(kinds))]
    odd, gaps = draw.choice([0, 0, 0.03, 0.3]), draw.choice([0, 0.05, 0.3])
    absent = draw.choice(ABSENT, 2)
    cells = [other if draw.random() < odd else cell for cell, other in zip(cells, others, strict=True)]
    return [
        f" {cell}" if draw.random() < 0.1 else str(draw.choice(absent)) if draw.random() < gaps else cell
        for cell in cells
    ]


def test_odd_tables_at_random_are_read_as_in_python(tmp_path: Path) -> None:
    draw = np.random.default_rng(7)
    texts = [csv({f"c{k}": odd_cells(draw) for k in range(4)} | {"y": Y}, ",;\t|"[i % 4]) for i in range(30)]
    assert len(alike_in_python(tmp_path, texts)) > len(texts) / 3
