"""Every kind of source gives the same table, and a bad one ends in one line that names it."""

import bz2
import contextlib
import gzip
import importlib
import io
import lzma
import re
import struct
import subprocess
import sys
import zipfile
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal
from sklearn import datasets

from deltaw.exceptions import ColumnError, InputError, SettingError, TableError
from deltaw.tables import BUNDLED, Table, bundled, kinds, read
from deltaw.tables.reading import frames
from deltaw.tables.reading.formats.pixels import pixel_names

FRAME = pl.DataFrame(
    {
        "age": [20, 35, None, 51],
        "height": [1.7, None, 1.8, 1.6],
        "city": ["Rome", "Oslo", None, "Rome"],
        "well": [True, False, True, True],
    }
)
bundled_sets = importlib.import_module("deltaw.tables.reading.bundled")  # its name in the package is the function's
MNIST = Path(__file__).parents[4] / "shared" / "data" / "mnist.npz"


def idx(array: np.ndarray[Any, Any], kind: int = 8) -> bytes:
    """The array as an IDX file: MNIST's format, written from its description."""
    return struct.pack(">BBBB", 0, 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def images(n: int, side: int = 8, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side)).astype(np.uint8)


WRITERS = {
    "x.csv": lambda path: FRAME.write_csv(path),
    "x.tsv": lambda path: FRAME.write_csv(path, separator="\t"),
    "x.csv.gz": lambda path: path.write_bytes(gzip.compress(FRAME.write_csv().encode())),
    "x.csv.bz2": lambda path: path.write_bytes(bz2.compress(FRAME.write_csv().encode())),
    "x.TSV.XZ": lambda path: path.write_bytes(lzma.compress(FRAME.write_csv(separator="\t").encode())),
    "x.parquet": lambda path: FRAME.write_parquet(path),
    "x.arrow": lambda path: FRAME.write_ipc(path),
    "x.feather": lambda path: FRAME.write_ipc(path, compression="lz4"),
    "x.arrows": lambda path: FRAME.write_ipc_stream(path),
    "misnamed.csv": lambda path: FRAME.write_parquet(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_files_of_all_formats(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    table = read(str(tmp_path / name))
    assert table.frame.equals(FRAME)
    assert (table.name, table.target, table.test, table.blocks) == (str(tmp_path / name), None, None, ())


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.lazy(),
        FRAME.to_arrow(),
        FRAME.to_pandas(),
        FRAME.to_pandas().astype({"city": "category"}),
        FRAME.to_pandas().astype({"city": object, "well": object}),
        FRAME.with_columns(pl.col("city").cast(pl.Categorical), pl.col("height").fill_null(float("nan"))),
        FRAME.to_pandas(use_pyarrow_extension_array=True),
    ],
    ids=["polars", "lazy", "pyarrow", "pandas", "pandas category", "pandas object", "polars NaN", "pandas arrow"],
)
def test_frames_of_all_libraries(frame: Any) -> None:
    table = read(frame)
    assert table.name == "data frame"
    assert table.frame.columns == FRAME.columns
    assert table.frame.rows() == FRAME.rows()


def test_a_table_is_returned_as_it_is() -> None:
    table = Table(FRAME, "mine")
    assert read(table) is table


def test_columns_of_other_types_become_plain() -> None:
    frame = pd.DataFrame(
        {
            "when": pd.to_datetime(["2020-01-01 12:00", None], utc=True),
            "took": pd.to_timedelta(["1s", "90s"]),
            "mixed": [1, "x"],
            "text": ["1,234", "5"],
            7: [1, 2],
        }
    )
    plain = read(frame).frame
    assert plain["when"].dtype == pl.Datetime("us")
    assert plain["when"].null_count() == 1
    assert plain["took"].to_list() == [1.0, 90.0]
    assert plain["mixed"].to_list() == ["1", "x"]
    assert plain["text"].to_list() == [1234.0, 5.0]
    assert plain["7"].to_list() == [1, 2]


def test_few_rows_of_pandas_are_what_pyarrow_makes_of_them() -> None:
    moment = pd.Timestamp("2020-02-29 12:30:00.000001")
    frame = pd.DataFrame(
        {
            "whole": np.array([1, -2], np.int16), "part": [0.5, np.nan], "half": np.array([1, 2], np.float16),
            "truth": [True, False], "text": ["a", None], "object": pd.Series(["b", np.nan], dtype=object),
            "kind": pd.Categorical(["x", None]), "when": [moment, None], "when, µs": np.array([moment] * 2, "M8[us]"),
        }
    )  # fmt: skip
    day, zoned = moment.date(), moment.tz_localize("UTC")
    others = {"mixed": [1, "x"], "bytes": [b"a", b"b"], "date": [day, day], "zone": [zoned, zoned]}
    few = frames._of_few_rows(frame)
    assert few is not None
    assert_frame_equal(*(frames.plain(each, "few") for each in (few, pl.from_pandas(frame))))
    assert all(frames._of_few_rows(frame.assign(**{name: cells})) is None for name, cells in others.items())


def test_pandas_without_pyarrow() -> None:
    program = """
import sys; sys.modules["pyarrow"] = None
import pandas as pd
from deltaw.tables import read
frame = pd.DataFrame({"a": [1.5, None], "b": ["x", None], "c": [1, 2]})
assert read(frame).frame.rows() == [(1.5, "x", 1), (None, None, 2)]
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_finds_labels_and_test_images_beside_it(tmp_path: Path, zipped: bool) -> None:
    train, labels, test, test_labels = images(6), np.arange(6, dtype=np.uint8), images(3, seed=1), np.ones(3, np.uint8)
    files = {
        "train-images-idx3-ubyte": train, "train-labels-idx1-ubyte": labels,
        "t10k-images-idx3-ubyte": test, "t10k-labels-idx1-ubyte": test_labels,
    }  # fmt: skip
    for name, array in files.items():
        data = idx(array)
        (tmp_path / (name + ".gz" * zipped)).write_bytes(gzip.compress(data) if zipped else data)
    for given in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        table = read(tmp_path / (given + ".gz" * zipped))
        assert table.target == "label"
        assert table.frame["label"].to_list() == labels.tolist()
        assert (table.frame.drop("label").to_numpy() == train.reshape(6, -1)).all()
        assert table.test is not None
        assert (table.test.drop("label").to_numpy() == test.reshape(3, -1)).all()
        assert table.blocks[0].shape == (8, 8)
        assert (table.blocks[0].low, table.blocks[0].high) == (0, 255)


def test_idx_of_floats_and_without_labels(tmp_path: Path) -> None:
    array = np.linspace(-1, 2, 3 * 64).reshape(3, 8, 8).astype(">f4")
    (tmp_path / "some.idx").write_bytes(idx(array, 0x0D))
    table = read(tmp_path / "some.idx")
    assert table.target is None
    np.testing.assert_array_equal(table.frame.to_numpy(), array.reshape(3, -1))
    assert (table.blocks[0].low, table.blocks[0].high) == (-1, 2)


@pytest.mark.parametrize("names", [("x_train", "y_train", "x_test", "y_test"), ("X", "y", "X_test", "y_test")])
def test_npz(tmp_path: Path, names: tuple[str, ...]) -> None:
    arrays = (images(5).reshape(5, 64), np.arange(5), images(2, seed=1).reshape(2, 64), np.arange(2))
    np.savez(tmp_path / "x.npz", **dict(zip(names, arrays, strict=True)))
    table = read(tmp_path / "x.npz")
    assert table.target == "label"
    assert table.frame.shape == (5, 65)
    assert table.test is not None
    assert table.test.shape == (2, 65)
    assert table.blocks[0].columns == pixel_names((8, 8))


def test_npz_with_what_is_no_array(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("X.npy", "1 2 3")
    with pytest.raises(TableError, match="expected arrays called x_train and y_train, or X and y, found no arrays"):
        read(tmp_path / "x.npz")


def test_npz_of_plain_numbers(tmp_path: Path) -> None:
    X = np.array([[1.5, np.nan], [2.5, 3.5]])
    np.savez_compressed(tmp_path / "x.npz", X=X, y=np.array(["a", "b"]))
    table = read(tmp_path / "x.npz")
    assert table.frame.rows() == [("a", 1.5, None), ("b", 2.5, 3.5)]
    assert table.blocks == ()


def test_the_books_csv_of_digits(tmp_path: Path) -> None:
    rows = np.column_stack([[5, 0, 4], images(3, side=28).reshape(3, -1)])
    np.savetxt(tmp_path / "mnist_train.csv", rows, fmt="%d", delimiter=",")
    table = read(tmp_path / "mnist_train.csv")
    assert table.target == "label"
    assert table.frame["label"].to_list() == [5, 0, 4]
    assert table.frame.columns[1:] == list(pixel_names((28, 28)))
    assert (table.frame.drop("label").to_numpy() == rows[:, 1:]).all()
    (column,) = kinds(table, "label")
    assert (column.name, column.kind) == ("pixels", "number")


def test_a_csv_that_names_its_pixels(tmp_path: Path) -> None:
    frame = pl.DataFrame(images(3, side=8).reshape(3, -1), schema=[f"pixel{i}" for i in range(64)])
    frame.insert_column(0, pl.Series("digit", [1, 2, 3])).write_csv(tmp_path / "x.csv")
    table = read(tmp_path / "x.csv")
    assert (table.target, table.blocks[0].shape) == ("digit", (8, 8))


def test_small_whole_numbers_without_a_header_are_no_images(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "x.csv", np.arange(4 * 65).reshape(4, 65) % 17, fmt="%d", delimiter=",")
    table = read(tmp_path / "x.csv")
    assert (table.blocks, table.target, table.frame.columns[0]) == ((), None, "column_1")


@pytest.mark.skipif(not MNIST.exists(), reason="MNIST is not beside this checkout")
def test_mnist() -> None:
    table = read(MNIST)
    assert table.test is not None
    assert (table.frame.shape, table.test.shape, table.target) == ((60_000, 785), (10_000, 785), "label")
    assert table.blocks[0].shape == (28, 28)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets(name: str) -> None:
    table = bundled(name)
    assert table.target in table.frame.columns
    assert table.frame.null_count().sum_horizontal()[0] == 0
    assert all(column.kind == "number" for column in kinds(table, table.target))
    assert read(name).frame.equals(table.frame)


def by_scikit_learn(name: str) -> pl.DataFrame:
    """What a bundled set should be, from scikit-learn's own loader."""
    bunch = getattr(datasets, f"load_{name}")()
    columns = [re.sub(r" \(.*", "", each).replace(" ", "_").replace("/", "_") for each in bunch.feature_names]
    frame = pl.DataFrame(bunch.data, schema=columns)
    t = bunch.target
    if name == "digits":
        frame = frame.cast(pl.UInt8)
    elif "target_names" in bunch:
        t = bunch.target_names[t]
    return frame.with_columns(pl.Series(t).alias(bundled(name).target or ""))


@pytest.mark.parametrize("moved", [False, True], ids=["its file", "its loader"])
@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_are_those_of_scikit_learn(name: str, moved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = by_scikit_learn(name)
    if moved:  # scikit-learn seems to be where its files are not
        monkeypatch.setattr(bundled_sets, "find_spec", lambda _: ModuleSpec("sklearn", None, origin="/none/x.py"))
    else:
        monkeypatch.setattr(datasets, f"load_{name}", None)
    assert_frame_equal(bundled(name).frame, expected, check_exact=True)


def test_bundled_sets_do_not_import_scikit_learn() -> None:
    program = """
import sys
import zipfile
from deltaw.tables import BUNDLED, bundled, read
assert all(read(name).frame.equals(bundled(name).frame) for name in BUNDLED)
assert not {"sklearn", "scipy", "pandas"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_file_wins_over_a_bundled_set_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("iris").write_text("a,b\n1,2\n")
    assert read("iris").frame.columns == ["a", "b"]


def test_unknown_bundled_set() -> None:
    with pytest.raises(SettingError, match="did you mean iris"):
        bundled("irsi")


def write(name: str, data: bytes) -> Any:
    return lambda folder: (folder / name).write_bytes(data)


def npz(**arrays: Any) -> Any:
    return lambda folder: np.savez(folder / "x.npz", **arrays)


BAD = [
    ("none.csv", write("nine.csv", b"a\n1\n"), ["none.csv", "did you mean", "nine.csv"]),
    ("link.csv", lambda p: (p / "link.csv").symlink_to("gone.csv"), ["a link whose target does not exist"]),
    ("no/where/x.csv", None, ["no folder"]),
    ("https://example.com/x.csv", None, ["download it"]),
    (".", None, ["files of tables", "none"]),
    ("x.csv", write("x.csv", b""), ["x.csv", "empty"]),
    ("x.csv.gz", write("x.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:-9]), ["whole gzip"]),
    ("x.csv.gz", write("x.csv.gz", b"\x1f\x8bnonsense"), ["whole gzip"]),
    ("x.csv.gz", write("x.csv.gz", gzip.compress(b"")), ["empty"]),
    ("x.csv.bz2", write("x.csv.bz2", bz2.compress(b"a,b\n1,2\n" * 99)[:-9]), ["whole", "bzip2"]),
    ("x.csv.xz", write("x.csv.xz", b"\xfd7zXZ\0nonsense"), ["whole", "xz"]),
    ("x.parquet", write("x.parquet", b"PAR1 and then nonsense"), ["Parquet", "unreadable"]),
    ("x.arrow", write("x.arrow", b"ARROW1 and then nonsense"), ["Arrow", "unreadable"]),
    ("x.npz", write("x.npz", b"PK\x03\x04nonsense"), ["NPZ", "unreadable"]),
    ("x.npz", npz(p=np.ones(3)), ["x_train", "found p"]),
    ("x.npz", npz(X=np.array([{}]), y=np.ones(1)), ["unreadable"]),
    ("x.npz", npz(X=np.ones((3, 2)), y=np.ones(4)), ["one label for each of the 3"]),
    ("x.npz", npz(X=np.ones(3), y=np.ones(3)), ["(rows, features)"]),
    ("x.npz", npz(X=np.ones((0, 3)), y=np.ones(0)), ["(rows, features)"]),
    ("x.npz", npz(X=np.ones((3, 2)) * 1j, y=np.ones(3)), ["complex"]),
    ("x.npz", npz(X=np.ones((3, 2)), y=np.ones(3), X_test=np.ones((3, 4)), y_test=np.ones(3)), ["shape"]),
    ("x.idx", write("x.idx", idx(images(3))[:-5]), ["192 bytes", "187"]),
    ("x.idx", write("x.idx", b"\0\0\x08\x03\0\0"), ["header"]),
    ("t-labels-idx1-ubyte", write("t-labels-idx1-ubyte", idx(np.ones(3, np.uint8))), ["labels alone"]),
    ("x.xlsx", write("x.xlsx", b"PK\x03\x04...xl/workbook.xml"), ["workbook", "unreadable"]),
    ("x.pkl", write("x.pkl", b"\x80\x04\x95"), ["pickle"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "prepare", "words"), BAD)
def test_bad_files_end_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, prepare: Any, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if prepare:
        prepare(tmp_path)
    with pytest.raises(TableError) as caught:
        read(name)
    message = str(caught.value)
    assert "\n" not in message
    assert name in message
    assert not [word for word in words if word not in message], message


@pytest.mark.parametrize("name", [name for name in WRITERS if "csv" not in name and "tsv" not in name])
def test_truncated_binary_files_end_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    data = path.read_bytes()
    for length in {*range(8, len(data), max(1, len(data) // 25)), len(data) - 1}:
        path.write_bytes(data[:length])
        with contextlib.suppress(InputError):
            assert read(path).frame.width  # an Arrow stream may lack its end marker only


BAD_FRAMES = [
    (np.zeros((2, 2)), TableError, ["numpy.ndarray", "data frame"]),
    ([1, 2], TableError, ["list"]),
    (None, TableError, ["NoneType"]),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), TableError, ['"a"', "columns 1 and 2"]),
    (pa.table([[1], [2]], names=["a", "a"]), TableError, ['"a"', "columns 1 and 2"]),
    (pd.DataFrame(), TableError, ["no columns"]),
    (pd.DataFrame({"a": []}), TableError, ["only column names"]),
    (pl.DataFrame({"a": [[1, 2], [1]]}), ColumnError, ['"a"', "List"]),
    (pl.DataFrame({"age": [str(i) for i in range(40)] + ["12,5x"]}), ColumnError, ["row 41", '"age"', '"12,5x"']),
]


@pytest.mark.parametrize(("frame", "error", "words"), BAD_FRAMES)
def test_bad_frames_end_in_one_line(frame: Any, error: type[InputError], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        kinds(read(frame))
    assert "\n" not in str(caught.value)
    assert not [word for word in words if word not in str(caught.value)], str(caught.value)


def test_a_row_or_a_column_of_pandas_is_no_frame() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    for given in (frame.iloc[0], frame["a"], frame["b"]):
        with pytest.raises(TableError, match="found one row or column of one; give "):
            read(given)


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(ColumnError, match=r'"heigth".*did you mean "height"'):
        Table(FRAME, "x.csv").column("heigth")
    with pytest.raises(ColumnError, match=r"age, height, city, well"):
        Table(FRAME, "x.csv").column("zzz")


def test_standard_input_stays_open_and_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n3,4\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert read("-").frame.height == 2
    assert not stdin.buffer.closed
    with pytest.raises(TableError, match="stdin: expected a table, found nothing to read, or nothing more"):
        read("-")


def test_what_polars_panics_of_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    class Stream:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pa.table({"a": pa.array([1, 2], pa.decimal256(50, 2))}).__arrow_c_stream__(requested_schema)

    with pytest.raises(TableError, match=r"expected a data frame that Polars can read, found .*Int256") as caught:
        read(Stream())
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""
