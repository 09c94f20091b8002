"""File objects and path-like objects wherever a path is taken: the same tables, models and exports."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.exceptions import InputError, ModelFileError, OutputError, SettingError, TableError

FRAME = pl.DataFrame({"a": np.arange(40) / 8, "w": ["x", "é"] * 20, "y": ["p", "q", "q", "p"] * 10})


class Pathlike:
    """Not a `Path`, and no text shows where it points."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    write(file := io.BytesIO())
    return file.getvalue()


LATER = FRAME.with_columns(a=FRAME["a"] + 1)
CSV = FRAME.write_csv().encode()
FORMATS = {
    "CSV": CSV,
    "JSON Lines": FRAME.write_ndjson().encode(),
    "gzip": gzip.compress(CSV),
    "Parquet": written(FRAME.write_parquet),
    "Arrow": written(FRAME.write_ipc),
}


class Slow(io.RawIOBase):
    """A stream that gives a few bytes at a time and cannot go back, as of a network."""

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self.data.read(min(size, 7))


@pytest.fixture(scope="module")
def model() -> deltaw.Model:
    return deltaw.fit(FRAME, "y", epochs=1, folds=0, hidden=3, verbose=False)


@pytest.mark.parametrize("name", FORMATS)
def test_a_table_of_each_format(name: str, tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_bytes(FORMATS[name])
    with file.open("rb") as opened:
        for source in (io.BytesIO(FORMATS[name]), Slow(FORMATS[name]), opened, Pathlike(file)):
            assert deltaw.read(source).frame.cast({"a": pl.Float64}).equals(FRAME)
        assert not opened.closed


def test_text_is_decoded_already(tmp_path: Path) -> None:
    assert deltaw.read(io.StringIO(CSV.decode()), encoding="utf-16").frame.equals(FRAME)
    (file := tmp_path / "t.csv").write_text(CSV.decode(), encoding="gb18030")
    with file.open(encoding="gb18030") as opened:
        table = deltaw.read(opened)
    assert (table.frame.equals(FRAME), table.name) == (True, str(file))


def test_a_member_of_an_archive() -> None:
    with zipfile.ZipFile(data := io.BytesIO(), "w") as archive:
        archive.writestr("inner.csv", CSV)
    with zipfile.ZipFile(data) as archive, archive.open("inner.csv") as member:
        assert deltaw.read(member).frame.equals(FRAME)


def test_a_file_goes_on_where_it_stands() -> None:
    file = io.BytesIO(b"a note\n" + CSV)
    file.readline()
    assert deltaw.read(file).frame.equals(FRAME)
    with pytest.raises(TableError, match=r"it is read once; go back to its beginning: file.seek\(0\)"):
        deltaw.read(file)
    file.seek(7)
    assert deltaw.read(file).frame.equals(FRAME)


class Upload:
    async def read(self, size: int = -1) -> bytes:
        raise AssertionError("nobody awaits it")

    async def close(self) -> None: ...


def closed() -> io.BytesIO:
    (file := io.BytesIO(CSV)).close()
    return file


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Upload(), "file object: expected a file whose read.. gives bytes or text, found coroutine"),
        (closed(), "file object: expected a file that can be read, found I/O operation on closed file"),
        (io.BytesIO(), "file object: expected a table, found nothing to read"),
        (io.BytesIO(b"\x89HDF"), "file object: .*HDF5"),
        (CSV, "expected a path or a data frame, found bytes; .*BytesIO"),
    ],
)
def test_what_cannot_be_read_is_said(source: Any, message: str) -> None:
    with pytest.raises(TableError, match=message):
        deltaw.read(source)


def test_limits_hold_for_file_objects() -> None:
    with pytest.raises(TableError, match="at most 100 bytes"):
        deltaw.read(io.BytesIO(CSV), max_bytes=100)


def test_training_on_a_file_object() -> None:
    found = deltaw.fit(
        io.BytesIO(CSV), "y", epochs=1, folds=0, hidden=3, test=io.StringIO(LATER.write_csv()), verbose=False
    )
    again = deltaw.fit(FRAME, "y", epochs=1, folds=0, hidden=3, test=LATER, verbose=False)
    np.testing.assert_array_equal(found.predict_proba(io.BytesIO(CSV)), again.predict_proba(FRAME))
    assert found.evaluate(io.BytesIO(CSV)).rows == 40


def test_a_model_through_a_file_object(model: deltaw.Model, tmp_path: Path) -> None:
    model.save(file := io.BytesIO())
    model.save(Pathlike(tmp_path / "m.deltaw"))
    assert (tmp_path / "m.deltaw").read_bytes() == file.getvalue()
    for source in (io.BytesIO(file.getvalue()), Pathlike(tmp_path / "m.deltaw")):
        np.testing.assert_array_equal(deltaw.load(source).predict_proba(FRAME), model.predict_proba(FRAME))
    with gzip.open(tmp_path / "m.gz", "wb") as packed:
        model.save(packed)
    with gzip.open(tmp_path / "m.gz") as packed:
        assert deltaw.load(packed).classes == model.classes
    assert deltaw.fit(FRAME, "y", start=io.BytesIO(file.getvalue()), epochs=1, verbose=False).classes == model.classes


def test_a_model_file_object_that_is_none(model: deltaw.Model, tmp_path: Path) -> None:
    model.save(file := io.BytesIO())
    with pytest.raises(ModelFileError, match=r"it is read once; go back to its beginning: file.seek\(0\)"):
        deltaw.load(file)
    for data in (CSV, file.getvalue()[:-1], file.getvalue() + b"x"):
        with pytest.raises(ModelFileError, match=r"^file object: "):
            deltaw.load(io.BytesIO(data))
    with pytest.raises(ModelFileError, match="found str; open it with 'rb'"):
        deltaw.load(io.StringIO("text"))
    (path := tmp_path / "t").touch()
    for mode, message in (("w", "expected a file object for bytes"), ("rb", "expected a path that can be written")):
        with path.open(mode) as opened, pytest.raises(OutputError, match=message):
            model.save(opened)


def test_an_export_into_a_file_object(model: deltaw.Model, tmp_path: Path) -> None:
    done = model.export(tmp_path / "model.py")
    again = model.export(file := io.BytesIO(), form="python")
    assert (file.getvalue(), again.files, again.rows) == (done.files[0].read_bytes(), (), done.rows)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["model.check.json", "model.py"]
    with pytest.raises(SettingError, match="none in 'file object'; or give a form"):
        model.export(io.BytesIO())
    with pytest.raises(SettingError, match="expected a path, for c has several files"):
        model.export(io.BytesIO(), form="c")
    with (tmp_path / "net.mjs").open("wb") as opened:
        assert model.export(opened).form == "javascript"


def test_an_object_that_has_a_column_called_read() -> None:
    frame = FRAME.rename({"a": "read"}).to_pandas()
    assert deltaw.read(frame).frame.columns == ["read", "w", "y"]


def rows() -> Iterator[dict[str, Any]]:
    yield json.loads(FRAME.write_ndjson().splitlines()[0])


def test_what_is_neither_stays_an_error() -> None:
    with pytest.raises(InputError, match="expected a path or a data frame, found generator"):
        deltaw.read(rows())
