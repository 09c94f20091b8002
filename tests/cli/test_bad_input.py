"""Whatever is wrong: one line on stderr that names it, nothing on stdout, exit status 2, nothing half-written."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from commands import Run, refused
from deltaw.cli import main

N = 60
QUICK = "--engine reference --hidden 4 --epochs 1"


def rows() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=N).round(4)
    return pl.DataFrame({"size": x, "colour": rng.choice(["red", "blue"], N), "species": np.where(x > 0, "cat", "dog")})


def lines(*edits: tuple[int, str], header: str = "size,colour,species") -> bytes:
    """rows() as CSV, some data rows (from 1) replaced."""
    text = rows().write_csv().splitlines()
    text[0] = header
    for row, line in edits:
        text[row] = line
    return "\n".join(text).encode() + b"\n"


def parquet(path: Path) -> bytes:
    rows().write_parquet(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files that the commands below are given."""
    folder = tmp_path_factory.mktemp("bad")
    whole = parquet(folder / "good.parquet")
    files: dict[str, bytes] = {
        "good.csv": lines(),
        "empty.csv": b"",
        "blank.csv": b"\n\n",
        "header.csv": b"size,colour,species\n",
        "ragged.csv": lines((7, "1,red")),
        "one_value.csv": lines(*((i, "1.0,red,cat") for i in range(1, N + 1))),
        "missing_target.csv": lines((8, "1.0,red,")),
        "no_target.csv": lines(*((i, "1.0,red,") for i in range(1, N + 1))),
        "infinite.csv": lines((9, "inf,red,cat")),
        "bad_cell.csv": lines((11, "12x,red,cat")),
        "latin.csv": lines((3, "1.0,xüx,cat")).decode().encode("latin-1"),
        "text_only.csv": b"note,species\n"
        + b"".join(b"a sentence of its own number %d,%s\n" % (i, b"cat" if i % 2 else b"dog") for i in range(40)),
        "ids.csv": b"size,species\n" + b"".join(b"%d,s%d\n" % (i % 7, i) for i in range(30_000)),
        "few.csv": b"size,species\n1,a\n2,b\n3,c\n",
        "reordered.csv": rows().select("species", "colour", "size").write_csv().encode(),
        "lacking.csv": rows().drop("size").write_csv().encode(),
        "renamed.csv": rows().rename({"size": "Size"}).write_csv().encode(),
        "other_kind.csv": rows().with_columns(pl.lit("big").alias("size")).write_csv().encode(),
        "unseen.csv": lines((4, "1.0,red,fox")),
        "cut.parquet": whole[: len(whole) // 2],
        "noise.parquet": bytes(range(256)) * 4,
        "cut.csv.gz": b"\x1f\x8b\x08\x00",
        "foreign.npz": b"PK\x03\x04 nothing",
        "lists.jsonl": rows().with_columns(tags=pl.Series([[1] * (i % 3) for i in range(N)])).write_ndjson().encode(),
        "picture.png": b"\x89PNG\r\n\x1a\n",
        "zip.deltaw": b"PK\x03\x04",
        "pickle.deltaw": b"\x80\x04\x95\x00",
        "empty.deltaw": b"",
        "text.deltaw": b"size,colour\n1,2\n" * 9,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "some_folder").mkdir()
    assert main([*f"train {folder / 'good.csv'} -t species {QUICK} -o".split(), str(folder / "good.deltaw")]) == 0
    model = (folder / "good.deltaw").read_bytes()
    (folder / "cut.deltaw").write_bytes(model[: len(model) // 2])
    (folder / "flipped.deltaw").write_bytes(model[:-9] + bytes([model[-9] ^ 1]) + model[-8:])
    return folder


# command: what its one line must say
CASES: dict[str, tuple[str, ...]] = {
    # files
    "train none.csv -t species": ("none.csv",),
    "train goood.csv -t species": ("goood.csv", "did you mean good.csv"),
    "train some_folder -t species": ("some_folder", "files of tables"),
    "train empty.csv -t species": ("empty.csv", "empty"),
    "train blank.csv -t species": ("blank.csv",),
    "train header.csv -t species": ("header.csv", "header"),
    "train ragged.csv -t species": ("ragged.csv", "line 8", "3", "2"),
    "train latin.csv -t species": ("latin.csv", "UTF-8"),
    "train cut.parquet -t species": ("cut.parquet", "Parquet"),
    "train noise.parquet -t species": ("noise.parquet",),
    "train cut.csv.gz -t species": ("cut.csv.gz", "gzip"),
    "train foreign.npz -t species": ("foreign.npz",),
    "train picture.png -t species": ("picture.png", "picture"),
    "train good.deltaw -t species": ("good.deltaw",),
    "train good.csv -t species --encoding gb1803": ("encoding", "gb1803", "did you mean gb18030"),
    "train good.csv -t species --encoding rot13": ("encoding", "rot13"),
    "train latin.csv -t species --encoding ascii": ("latin.csv", "ascii, as asked", "line 4"),
    "train good.csv -t species --sheet Data": ("sheet", "good.csv"),
    "train good.csv -t species --not-na nonee": ("not_na", "did you mean none"),
    "train good.csv -t species --na -,none --not-na none": ("not_na", "'none'"),
    "train good.csv -t species --na ,": ("--na", "none,-,?"),
    "predict good.deltaw good.csv --encoding utf9": ("encoding", "did you mean utf-8"),
    "explain good.deltaw good.csv --sheet Data": ("sheet", "good.csv"),
    "importance good.deltaw good.csv --encoding utf9": ("encoding", "did you mean utf-8"),
    "doctor good.deltaw good.csv --na -": ("--na", "with a model"),
    # settings that have no option of their own
    "train good.csv -t species --dropout 0.1": ("--dropout", "give --set dropout=VALUE", "train --settings"),
    "doctor good.csv -t species --output-activation relu": ("--set output_activation=VALUE",),
    "train good.csv unseen.csv -t species": ("unseen.csv", "or in quotes a pattern of its files"),
    "train good.csv -t species --dropuot 0.1": ("--dropuot", "see 'deltaw train --help'"),
    "lesson lime": ("there is no lesson lime (did you mean 'line'", "see 'deltaw lesson --help'"),
    "train good.csv -t species --set loss=cross-entropy": ("loss", "did you mean 'cross_entropy'?"),
    # columns
    "train good.csv": ("good.csv", "size, colour, species", "'species'"),
    "train good.csv -t specis": ("specis", 'did you mean "species"'),
    "train one_value.csv -t species": ("one_value.csv", "species", "cat"),
    "train no_target.csv -t species": ("no_target.csv", "species", f"none in {N} rows"),
    "train infinite.csv -t species": ("infinite.csv", "row 9", "size", "inf"),
    "train bad_cell.csv -t species": ("bad_cell.csv", "row 11", "size", "12x"),
    "train text_only.csv -t species": ("text_only.csv", "note", "text"),
    "train ids.csv -t species": ("ids.csv", "species", "30,000", "identifier"),
    "train few.csv -t species": ("few.csv", "species", "3 classes in 3 rows"),
    "train good.csv -t species --task regression": ("species",),
    # whose rows
    "train good.csv -t species --test other.csv --folds 5": ("test and folds", "give only one of them"),
    "train good.csv -t species --test none.csv": ("none.csv", "expected a file"),
    "train good.csv -t species --test good.csv": ("test", "rows that are not among the training rows"),
    "train good.csv -t species --folds 1.5": ("--folds", "a whole number, found", "1.5", "train --help"),
    "train good.csv -t species --validation 0.3": ("validation", "5 parts", "give --folds 1 or --folds 0"),
    "crossval good.csv -t species --validation 0.3": ("validation", "5 parts"),
    "train good.csv -t species -r accurate --validation 0.3": ("validation", "4 parts"),
    "train good.csv -t species --group species": ("group", "another column than the target"),
    "train good.csv -t species --group colr": ("colr", 'did you mean "colour"'),
    "train good.csv -t species --time colour": ("colour", "numbers or dates"),
    "train good.csv -t species --drop species --folds 5": ("drop", "species"),
    "train good.csv -t species --group colour --only colour": ("columns", '"colour", which is not to be used'),
    "train good.csv -t species --weight size --as size=category": ("kinds", '"size", which is not to be used'),
    "train good.csv -t species --threshold best:f1 --folds 1": (
        "threshold",
        "than 20 (validation=0.2 of 60 rows)",
    ),
    "train good.csv -t species --class-weight no": ("class_weight", "found 'no'; give"),
    "tune good.csv -t species --rounds 0": ("rounds", "from 1"),
    "tune good.csv -t species --seconds 0": ("seconds", "more than 0"),
    "tune good.csv -t species --members 17": ("members", "from 1 to 16"),
    "tune good.csv -t species --folds 3": ("folds", "a search decides it"),
    "train good.csv -t species --seconds 3": ("seconds", "accurate"),
    "crossval good.csv -t species --folds 1": ("folds", "from 2"),
    "crossval good.csv -t species --repeats 0": ("repeats", "from 1"),
    "crossval good.csv -t species --test-size 0.2": ("test_size", "leave it out"),
    # settings
    "train good.csv -t species --recipe nots": ("recipe", "'notes'"),
    "train good.csv -t species --engine warp": ("engine", "native, reference"),
    "train good.csv -t species --hidden 64,x": ("hidden", "64,x"),
    "train good.csv -t species --hidden 0": ("hidden", "0"),
    "train good.csv -t species --hidden -5": ("hidden", "-5"),
    "train good.csv -t species --hidden 999999999": ("hidden", "100,000"),
    "train good.csv -t species --epochs 0": ("epochs", "0"),
    "train good.csv -t species --epochs many": ("--epochs", "train --help"),
    "train good.csv -t species --epochs 1.5": ("--epochs",),
    "train good.csv -t species --batch-size 0": ("batch_size", "0"),
    "train good.csv -t species --learning-rate -1": ("learning_rate", "-1"),
    "train good.csv -t species --learning-rate nan": ("learning_rate", "a finite number or none", "nan"),
    "train good.csv -t species --learning-rate fast": ("--learning-rate: expected a number", "fast"),
    "train good.csv -t species --test-size 1.5": ("test_size", "1.5"),
    "train good.csv -t species --test-size nan": ("test_size", "nan"),
    "train good.csv -t species --seed -1": ("seed", "-1"),
    "train good.csv -t species --threads 0": ("threads", "0"),
    "train good.csv -t species --delimiter ,,": ("delimiter",),
    "train good.csv -t species --task ranking": ("task", "ranking"),
    "train good.csv -t species --set dropout": ("--set", "dropout"),
    "train good.csv -t species --set dropuot=1": ("dropuot", "'dropout'"),
    "train good.csv -t species --set dropout=lots": ("dropout", "lots"),
    "train good.csv -t species --set dropout=2": ("dropout", "2"),
    "train good.csv -t species --set loss=squred": ("loss", "'squared'"),
    "train good.csv -t species --set activation=__import__": ("activation",),
    "train good.csv -t species --set optimizer=adam(": ("optimizer",),
    "train good.csv -t species --set hidden=[[1]]": ("hidden", "give e.g. --hidden 64,64"),
    "train good.csv -t species --set output_activation=sofmax": ("output_activation", "did you mean 'softmax'"),
    "train good.csv -t species --set scaling=piecwise": ("scaling", "did you mean 'piecewise'?"),
    "train good.csv -t species --seconds 9": ("seconds", "give --recipe accurate"),
    # what the training itself would refuse: no word about a plan that will not be
    "train good.csv -t size --set loss=poisson": ("loss: expected one for any number", "poisson"),
    "train good.csv -t species --batch-size 99999999999999999999": ("batch_size", "1,000,000,000"),
    "train good.csv -t species --max-bytes 100": ("good.csv", "at most 100 bytes", "--max-bytes"),
    "train good.csv -t species --max-bytes lots": ("--max-bytes", "'lots'"),
    "train good.csv -t species --max-bytes 0": ("--max-bytes", "8G"),
    "predict good.deltaw good.csv --max-bytes 0.5K": ("good.csv", "at most 512 bytes"),
    "evaluate good.deltaw good.csv --max-bytes 512": ("good.csv", "at most 512 bytes"),
    "train [/b].csv -t species": ("[/b].csv",),
    "predict good.deltaw [/b].csv": ("[/b].csv",),
    "train ~nosuchuser/x.csv -t species": ("~nosuchuser/x.csv",),
    # usage
    "trian good.csv": ("trian", "--help"),
    "train good.csv more": ("more", "in quotes"),
    "train good.csv --targt species": ("--targt", "--target"),
    "evaluate good.deltaw good.csv --epochs 5": ("--epochs", "(an option of train, tune, doctor, crossval, lab)"),
    "explain good.deltaw good.csv --report r.html": ("--report", "did you mean --output?"),
    "doctor good.csv -t species --output d.html": ("--output", "did you mean --html?"),
    "export good.deltaw -o m.c --table t": ("table", "SQL", "leave it out"),
    "train good.csv -t species --delimiter =": ("size,colour,species", "--delimiter ,"),
    "train good.csv --target": ("--target needs a value", "see 'deltaw train --help'"),
    "predict": ("MODEL", "predict --help"),
    "predict good.deltaw": ("DATA",),
    "predict good.csv good.deltaw": ("DATA: expected a table", "MODEL DATA"),
    "tune good.deltaw": ("DATA: expected a table", "give the table to learn from"),
    "train good.csv -t species --set start=x": ("expected a setting of the recipe", "'start'"),
    "explain good.deltaw good.csv --json --format html": ("--json", "'html'"),
    "lab --empty good.csv -t species": ("--empty", "good.csv, --target"),
    "show": ("MODEL",),
    "--nonsense": ("--nonsense",),
    # outputs
    "train good.csv -t species -o none/m.deltaw": ("none/m.deltaw", "does not exist"),
    "train good.csv -t species -o some_folder": ("some_folder", "a folder"),
    "train good.csv -t species -o good.csv/m.deltaw": ("good.csv/m.deltaw", "file"),
    "train good.csv -t species --report none/r.html": ("none/r.html", "does not exist"),
    "predict good.deltaw good.csv -o none/p.csv": ("none/p.csv", "does not exist"),
    "predict good.deltaw good.csv -o -": ("--output", "found -"),
    "predict good.deltaw good.csv -o p.xlsx": ("p.xlsx", ".csv, .tsv, .jsonl", "'.xlsx'"),
    "predict good.deltaw good.csv -o p.csvv": ("'.csvv'", "did you mean .csv?"),
    "predict none.deltaw good.csv -o p.parquett": ("did you mean .parquet?",),
    "predict good.deltaw good.csv --keep colur": ("good.csv", "colur", 'did you mean "colour"'),
    "predict good.deltaw good.csv --keep colo*,z*": ("good.csv", "z*"),
    "predict good.deltaw good.csv --keep ,": ("--keep",),
    "predict good.deltaw lists.jsonl --keep tags -o p.csv": ("--keep", '"tags"', "List", ".parquet"),
    "predict good.deltaw good.csv --safe-csv -o p.jsonl": ("--safe-csv",),
    "train good.csv -t species --report r.pdf": ("r.pdf", ".html"),
    "evaluate good.deltaw good.csv --report r.htmll": ("did you mean .html",),
    "explain good.deltaw good.csv -o page.pdf": ("page.pdf", ".html, .htm, .md"),
    "doctor good.csv -t species --html page.md": ("page.md", ".html"),
    "derive -o page.htlm": ("did you mean .htm",),
    # models
    "predict none.deltaw good.csv": ("none.deltaw", "no such file"),
    "predict some_folder good.csv": ("some_folder", "folder"),
    "predict good.csv good.csv": ("good.csv", "model file"),
    "predict zip.deltaw good.csv": ("zip.deltaw", "zip"),
    "predict pickle.deltaw good.csv": ("pickle.deltaw", "pickle"),
    "predict empty.deltaw good.csv": ("empty.deltaw", "empty"),
    "predict text.deltaw good.csv": ("text.deltaw",),
    "predict cut.deltaw good.csv": ("cut.deltaw",),
    "show flipped.deltaw": ("flipped.deltaw", "damaged"),
    "evaluate cut.deltaw good.csv": ("cut.deltaw",),
    # rows for a model
    "predict good.deltaw none.csv": ("none.csv",),
    "predict good.deltaw lacking.csv": ("lacking.csv", '"size"'),
    "predict good.deltaw renamed.csv": ("renamed.csv", '"size"', 'rename "Size" if it is meant'),
    "predict good.deltaw other_kind.csv": ("other_kind.csv", "row 1", "size", "big"),
    "predict good.deltaw infinite.csv": ("infinite.csv", "row 9", "size"),
    "predict good.deltaw digits": ("digits", '"size"'),
    "evaluate good.deltaw lacking.csv": ("lacking.csv", '"size"'),
    "evaluate good.deltaw few.csv": ("few.csv", '"colour"'),
    "evaluate good.deltaw unseen.csv": ("unseen.csv", "row 4", "fox"),
    "evaluate good.deltaw no_target.csv": ("no_target.csv", "species", f"none in {N} rows"),
    "importance good.deltaw no_target.csv": ("no_target.csv", "species", f"none in {N} rows"),
    "doctor good.deltaw no_target.csv": ("no_target.csv", "species", f"none in {N} rows"),
    "doctor no_target.csv -t species": ("no_target.csv", "species", f"none in {N} rows"),
}


def contents(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


@pytest.mark.parametrize("command", CASES)
def test_one_line(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(folder)
    before = contents(folder)
    name, *options = command.split()
    for form in ([], ["--json"]) if name in {"train", "predict", "evaluate", "show"} else ([],):
        line = refused(run(name, *form, *options))
        for words in CASES[command]:
            assert words in line
    assert contents(folder) == before


GOOD: dict[str, Callable[[str], bool]] = {
    "predict good.deltaw reordered.csv": lambda out: out.startswith("row,prediction"),
    "evaluate good.deltaw reordered.csv": lambda out: "accuracy" in out,
    "predict good.deltaw missing_target.csv": lambda out: out.count("\n") == N + 1,
}


@pytest.mark.parametrize("command", GOOD)
def test_what_is_not_wrong(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(command.split()) == 0
    assert GOOD[command](capsys.readouterr().out)


def test_a_system_without_threads_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library says of it, Rust's panics too, which are no `Exception`."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    status, out, err = run("train", "iris", "--epochs", 1, "--folds", 0, "-o", "m.deltaw")
    assert (status, out) == (1, "")
    assert err.startswith("deltaw: expected enough memory and threads, found too few; ")
    assert list(Path().iterdir()) == []


def test_messages_quote_little(tmp_path: Path, run: Run) -> None:
    long, many = "x" * 5000, "a b " * 2000
    (tmp_path / "d.csv").write_text(f"{long},{many},y\n" + f"1,{many},{long}\n2,b,{many}\n" * 20)
    (tmp_path / "bad.csv").write_text(f"{long},y\n" + "1,2\n" * 30 + f"{long},3\n")
    for arguments in (
        ["train", f"{tmp_path}/d.csv"],
        ["train", f"{tmp_path}/d.csv", "-t", long + "y"],
        ["train", f"{tmp_path}/d.csv", "-t", many + "c"],
        ["train", f"{tmp_path}/bad.csv", "-t", "y"],
        ["train", f"{tmp_path}/{long}", "-t", "y"],
        ["train", f"{tmp_path}/d.csv", "-t", "y", "--set", f"{long}=1"],
        ["train", f"{tmp_path}/d.csv", "-t", "y", "--recipe", many],
        ["train", f"{tmp_path}/d.csv", "-t", "y", f"--{long}"],
        ["show", f"{tmp_path}/{long}"],
        [long],
    ):
        line = refused(run(*arguments))
        assert len(line) < 1_100
        assert "x" * 201 not in line
        assert "a b " * 51 not in line


@pytest.mark.usefixtures("undrawn")
def test_a_column_that_polars_takes_for_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`*` is a name like others: with a report, that shows the columns of the worst answers, too."""
    rows().rename({"size": "*", "colour": "literal"}).write_csv(tmp_path / "d.csv")
    command = ["train", f"{tmp_path}/d.csv", "-t", "species", *QUICK.split(), "-o", f"{tmp_path}/m.deltaw"]
    assert main([*command, "--report", f"{tmp_path}/r.html"]) == 0
    for name in ("predict", "evaluate", "explain"):
        assert main([name, f"{tmp_path}/m.deltaw", f"{tmp_path}/d.csv"]) == 0
    capsys.readouterr()


def test_signs_in_names_do_not_reach_the_terminal(tmp_path: Path, run: Run) -> None:
    assert "\x1b" not in refused(run("train", tmp_path / "a\x1b[31m\nb.csv", "-t", "x"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything may be written by root")
def test_a_folder_without_permission(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o555)
    assert main(["train", str(folder / "good.csv"), "-t", "species", "-o", str(tmp_path / "m.deltaw")]) == 2
    assert "permission" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (
            "train d.csv -t a -t b",
            "--target: expected one value, found a b; a model has one target: train one for each",
        ),
        ("train d.csv --target=a -tb", "--target: expected one value, found a b; a model has one target"),
        (
            "doctor d.csv -t a --hidden 64 --hidden 32",
            "--hidden: expected one value, found 64 32; give only one of them",
        ),
        ("predict m.deltaw d.csv -o p.csv --output q.csv", "--output: expected one value, found p.csv q.csv"),
        ("--lang en train d.csv -t a -t b", "--target: expected one value, found a b"),
        ("train d.csv -qt a -t b", "--target: expected one value, found a b"),
        ("lesson line --html a.html --html b.html", "--html: expected one value, found a.html b.html"),
    ],
)
def test_an_option_with_two_values_is_refused(run: Run, command: str, line: str) -> None:
    """Typer takes the last without a word: half of what was asked for."""
    assert line in refused(run(*command.split()))


@pytest.mark.parametrize(
    "command",
    [
        "-t a -t a --epochs 3 --epochs 2",
        "-t a --drop b --drop c",
        "-t a --set dropout=0 --set dropout=0.1",
        "-t a --drop -t",
    ],
)
def test_what_may_stand_there_again(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main(["train", "none.csv", *command.split()]) == 2
    assert "none.csv" in capsys.readouterr().err
