"""Files made to fill a memory, pipes that nobody writes to, and headers made to break a parser: one line each."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import threading
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deltaw.exceptions import InputError, SettingError, TableError
from deltaw.tables import read
from deltaw.tables.reading import loading
from deltaw.tables.reading.formats import sheets
from deltaw.tables.reading.read import origins

MIB = 1 << 20


def refusal(path: Path | str, **settings: int) -> str:
    """The one line that reading it ends in, of which no other kind of error may come."""
    with pytest.raises(TableError) as caught:
        read(str(path), **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def peak_of_refusing(path: Path) -> float:
    """The MiB that a process of its own takes at most beyond what it takes to start and to refuse a small file."""
    code = (
        "import resource, sys, deltaw\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "def refuse(path):\n"
        "    try: deltaw.read(path)\n"
        "    except deltaw.InputError: return\n"
        "    raise SystemExit('read it')\n"
        "refuse(sys.argv[1] + '.none'); before = peak(); refuse(sys.argv[1]); print(peak() - before)"
    )
    return float(subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True).stdout)


def zeros(path: Path, mib: int, start: bytes = b"") -> Path:
    """A gzip file of so many MiB of one line, as members of a MiB each: one is compressed."""
    path.write_bytes(gzip.compress(start) + gzip.compress(b"1,2\n" * (MIB // 4)) * mib)
    return path


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zeros(tmp_path_factory.mktemp("bomb") / "bomb.csv.gz", 300)


def test_a_small_archive_of_much_text_is_refused(bomb: Path) -> None:
    assert bomb.stat().st_size < MIB
    assert "max_bytes=" in refusal(bomb)
    assert "max_bytes=" in refusal(bomb, max_bytes=200 * MIB)
    for pack in (bz2.compress, lzma.compress):
        bomb.with_name("bomb").write_bytes(pack(b"1,2\n" * 100) + pack(b"1,2\n" * (MIB // 4)) * 70)
        assert "max_bytes=" in refusal(bomb.with_name("bomb"))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_says_less_than_it_has(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(path := tmp_path / "x.zip", "w", method) as archive:
        archive.writestr("x.csv", b"1,2\n" * (10 * MIB if method == zipfile.ZIP_DEFLATED else 10))
    path.write_bytes(path.read_bytes().replace((40 * MIB).to_bytes(4, "little"), (4000).to_bytes(4, "little")))
    tracemalloc.start()
    assert ("Bad CRC" if method == zipfile.ZIP_DEFLATED else "another method than deflate") in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 24 * MIB  # of which 16 to look at its beginning
    tracemalloc.stop()


def test_members_of_one_name_and_a_size_that_a_checksum_confirms(tmp_path: Path) -> None:
    """Python reads the last of them, and no more than the size: others do not."""
    with zipfile.ZipFile(path := tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "")
        archive.writestr("xl/Workbook.xml", "")
    assert "two members of one name" in refusal(path)
    text = b"1,2\n" * 1000
    with zipfile.ZipFile(path := tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", text)
    whole, part = (len(each).to_bytes(4, "little") for each in (text, text[:40]))
    sums = [zlib.crc32(each).to_bytes(4, "little") for each in (text, text[:40])]
    path.write_bytes(path.read_bytes().replace(whole, part).replace(*sums))
    assert "Bad CRC" in refusal(path)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows"])
def test_a_text_that_a_file_has_once_counts_in_each_cell(tmp_path: Path, ending: str) -> None:
    frame = pl.DataFrame({"x": pl.Series(["a" * 10_000] * 400, dtype=pl.Categorical)})
    write = {"parquet": frame.write_parquet, "arrow": frame.write_ipc, "arrows": frame.write_ipc_stream}
    write[ending](path := tmp_path / f"x.{ending}")
    assert path.stat().st_size < MIB
    assert "expected at most 1,048,576 bytes (decompressed), found 4,000,000" in refusal(path, max_bytes=MIB)
    assert len(read(path, max_bytes=4 * MIB).frame) == 400


def lists(n: int) -> Any:
    return pa.ListArray.from_arrays(pa.array([0, n, n], pa.int32()), pa.array(np.zeros(n, np.int8)))


# A column of two cells that its file says in few bytes, and takes some MiB in memory.
SMALL_IN_FILES: dict[str, Callable[[], Any]] = {
    "a list": lambda: lists(MIB),
    "a list in a list": lambda: pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), lists(MIB)),
    "a struct of lists": lambda: pa.StructArray.from_arrays([lists(MIB)], ["x"]),
    "a missing array": lambda: pa.array([None, [0] * MIB], pa.list_(pa.int8(), MIB)),
    "an array of nothing": lambda: pa.FixedSizeListArray.from_arrays(pa.nulls(2 * MIB), MIB),
    "a text": lambda: pa.array(["a" * (4 * MIB), "b"]),
    "bytes": lambda: pa.array([b"a" * (4 * MIB), b"b"]),
}


@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows"])
@pytest.mark.parametrize("column", SMALL_IN_FILES)
def test_what_lists_and_texts_take_is_known_before_they_are_read(tmp_path: Path, column: str, ending: str) -> None:
    frame = pa.table({"a": [1, 2], "x": SMALL_IN_FILES[column]()})
    path = tmp_path / f"x.{ending}"
    written(frame, path)
    assert path.stat().st_size < MIB / 16
    with pytest.MonkeyPatch.context() as patch:
        for name in ("read_parquet", "read_ipc", "read_ipc_stream"):
            patch.setattr(pl, name, lambda *_, **__: pytest.fail("read it"))
        assert "expected at most 1,048,576 bytes (decompressed), found " in refusal(path, max_bytes=MIB)
    assert read(path).frame.shape == (2, 2)
    (tmp_path / "several").mkdir()
    for i in range(2):
        written(frame, tmp_path / "several" / f"{i}.{ending}")
    assert "bytes (decompressed)" in refusal(tmp_path / "several", max_bytes=MIB)


def written(frame: Any, path: Path, pack: str = "zstd") -> None:
    if path.suffix == ".parquet":
        return pq.write_table(frame, path, compression=pack)
    new = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
    with new(path, frame.schema, options=pa.ipc.IpcWriteOptions(compression=pack)) as writer:
        writer.write_table(frame)
    return None


def nested(depth: int) -> Any:
    return reduce(lambda kind, _: pa.struct([("x", kind)]), range(depth), pa.int8())


@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows"])
def test_columns_nested_thousands_deep(tmp_path: Path, ending: str) -> None:
    """Polars ends the process."""
    written(pa.schema([("x", nested(400))]).empty_table(), path := tmp_path / f"x.{ending}")
    assert "nested more than 64 deep" in refusal(path)
    written(pa.table({"x": pa.array([None], nested(60))}), path)
    assert len(read(path).frame) == 1


CORNER = {
    "other quotes": "<c r='XFD1048576'><v>1</v></c>",
    "a blank of another kind": '<c\tr = "XFD1048576"><v>1</v></c>',
    "small letters": '<c r="xfd1048576"><v>1</v></c>',
    "a prefix": '<x:c xmlns:x="x" x:r="A1" r="XFD1048576"><v>1</v></x:c>',
    "a number that is none": f'<c r="XFD1048576"><v>1</v></c><!-- r="A{"9" * 5000}" -->',
    "no place": '<c r="XFC1048576"/><c><v>1</v></c>',
    "a row's": '</row><row r="1048576">' + "<c/>" * 16383 + "<c><v>1</v></c>",
}


@pytest.mark.parametrize("corner", CORNER)
def test_a_far_cell_that_hides_its_place(tmp_path: Path, corner: str) -> None:
    """A workbook that its reader would take all memory for."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        sheet = book.add_worksheet()
        for i in range(20):
            sheet.write_row(i, 0, [i, 2 * i])
    with zipfile.ZipFile(tmp_path / "x.xlsx") as old, zipfile.ZipFile(tmp_path / "y.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(
                name, old.read(name).replace(b"</row></sheetData>", f"{CORNER[corner]}</row></sheetData>".encode())
            )
    assert "expected cells side by side" in refusal(tmp_path / "y.xlsx")


def test_a_sheet_of_tags_without_ends_is_searched_once(tmp_path: Path) -> None:
    for tag in (b"<row ", b'<c r="A1" ', b'<c r="A1"><f '):
        for pattern in (sheets.HIDDEN, sheets.UNCALCULATED):
            assert not pattern.search(tag * 10**5)  # minutes, if each beginning looked at the rest


@pytest.mark.parametrize("behind", ["{}", "{},é\n1,2,3\n", "1,2,{}x\n"])
@pytest.mark.parametrize("sign", [" ", "a", "═", "-", "’"])
def test_a_line_of_one_sign_is_searched_once(tmp_path: Path, sign: str, behind: str) -> None:
    text = "x,y,z\n" + "1,2,a\n" * 20 + behind.format(sign * 10**5)  # minutes, if each beginning looked at the rest
    (tmp_path / "x.csv").write_text(text, "latin-1" if sign.isascii() else "utf-8")
    with suppress(InputError):
        read(tmp_path / "x.csv")


@pytest.mark.skipif(sys.platform != "linux", reason="a kibibyte is a byte elsewhere")
def test_refusing_takes_little_memory(tmp_path: Path, bomb: Path) -> None:
    assert peak_of_refusing(bomb) < 200
    if Path("/dev/zero").exists():
        (tmp_path / "zero").symlink_to("/dev/zero")
        assert peak_of_refusing(tmp_path / "zero") < 100


def test_the_limit_is_the_users(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2\n" * 20)
    assert "expected at most 50 bytes (decompressed), found 84" in refusal(path, max_bytes=50)
    assert len(read(path, max_bytes=84).frame) == 20
    for wrong in (0, -1, 1.5, True, "1G"):
        with pytest.raises(SettingError, match="max_bytes"):
            read(path, max_bytes=wrong)  # type: ignore[arg-type]


def test_an_archive_that_is_just_small_is_read(tmp_path: Path) -> None:
    assert len(read(zeros(tmp_path / "x.csv.gz", 8, b"a,b\n")).frame) == 2 * MIB


def test_the_default_is_a_share_of_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MIB < loading.memory() < 1 << 50
    monkeypatch.setattr(loading, "memory", lambda: 400)
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2\n" * 25)
    assert "at most 100 bytes" in refusal(path)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/null"])
def test_devices(device: str) -> None:
    if not Path(device).exists():
        pytest.skip("no such device")
    assert device in refusal(device)


@pytest.mark.parametrize("beginning", [b"{", b"[{", b"x"])
def test_binary_data_is_not_read_to_its_end(tmp_path: Path, beginning: bytes) -> None:
    """Of a device there is none, and one byte in 256 is what JSON begins with."""
    path = tmp_path / "x.csv"
    path.write_bytes(beginning + bytes(range(255, -1, -1)) * 9)
    with path.open("r+b") as file:
        file.truncate(1 << 40)  # no byte of which takes room
    assert "binary data (a zero byte at position 25" in refusal(path, max_bytes=1 << 41)


def test_a_line_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        for _ in range(40):
            file.write(b"1," * (MIB // 2))
    assert "first line of more than" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_pipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(loading, "PATIENCE", 0.2)
    assert "nothing was written to" in refusal(path)
    monkeypatch.setattr(loading, "PATIENCE", 60.0)
    for content in (b"a,b\n" + b"1,2\n" * 50_000, gzip.compress(b"a,b\n" + b"1,2\n" * 50_000)):
        writer = threading.Thread(target=path.write_bytes, args=(content,))
        writer.start()
        assert len(read(path).frame) == 50_000
        writer.join()


# --- archives of arrays ---------------------------------------------------------------------------------------------


def npz(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


HEADERS = {
    "brackets": "((((",
    "many brackets": "(" * 5000,
    "nothing": "",
    "a huge shape": "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }",
    "a huge shape of two": "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
    "a negative shape": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
    "another shape": "{'descr': '<f8', 'fortran_order': False, 'shape': 5, }",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "no type": "{'descr': '<q9', 'fortran_order': False, 'shape': (1,), }",
    "another type": "{'descr': [('a',)], 'fortran_order': False, 'shape': (1,), }",
}


def test_text_of_signs_that_there_are_not(tmp_path: Path) -> None:
    y = np.full(8, 0x110000, np.uint32).view("U1")
    np.savez(tmp_path / "x.npz", X=np.zeros((8, 2)), y=y)
    assert 'numbers or text in "y", found signs that Unicode does not have' in refusal(tmp_path / "x.npz")


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_arrays(tmp_path: Path, header: str) -> None:
    path = npz(tmp_path / "x.npz", X=npy(HEADERS[header], bytes(8)), y=npy(HEADERS[header], bytes(8)))
    assert "expected" in refusal(path)


def test_an_archive_of_large_arrays_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((100 * MIB // 8, 1)))
    path = npz(tmp_path / "x.npz", X=buffer.getvalue())
    assert path.stat().st_size < MIB
    assert "max_bytes=" in refusal(path)


def test_an_idx_file_of_many_dimensions(tmp_path: Path) -> None:
    for dimensions in (33, 65, 255):
        (tmp_path / "x.idx").write_bytes(bytes([0, 0, 8, dimensions]) + b"\0\0\0\1" * dimensions + b"\0")
        assert "unreadable header" in refusal(tmp_path / "x.idx")


# --- Parquet and Arrow ----------------------------------------------------------------------------------------------


def test_a_column_of_one_value_is_not_as_small_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.select(a=pl.repeat(1.5, 3_000_000)).write_parquet(path)
    assert path.stat().st_size < MIB
    assert "max_bytes=" in refusal(path, max_bytes=MIB)
    assert len(read(path).frame) == 3_000_000


def test_a_damaged_arrow_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.arrow"
    pl.DataFrame({"a": [1.0, 2.0] * 50, "b": ["x", "yy"] * 50}).write_ipc(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    attempts = []
    for i in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(8, len(whole), 1 + i % 4):
            damaged[place] = rng.integers(256)
        (tmp_path / f"{i}.arrow").write_bytes(damaged)
        attempts.append(str(tmp_path / f"{i}.arrow"))
    code = (
        "import sys, deltaw\n"
        "for path in sys.argv[1:]:\n"
        "    try: deltaw.read(path)\n"
        "    except deltaw.InputError as error: assert chr(10) not in str(error)"
    )
    found = subprocess.run([sys.executable, "-c", code, *attempts], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["~nosuchuser/x.csv", "~$x.csv", "x" * 5000, "a\0b", "[/b].csv", "\ud800.csv"])
def test_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    refusal(name)


def test_a_name_that_is_no_text_reads_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"caf\xe9.csv")
    try:
        Path(name).write_text("a,b\n" + "1,2\n" * 20)
    except OSError:
        pytest.skip("names are text here")
    table = read(name)
    assert table.name.encode() == rb"caf\udce9.csv"


def test_the_files_that_a_source_is_read_from(tmp_path: Path) -> None:
    header = bytes([0, 0, 8, 3]) + b"\0\0\0\1" + b"\0\0\0\2" * 2 + bytes(4)
    names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte"]
    for name in names:
        (tmp_path / name).write_bytes(gzip.compress(header) if name.endswith("gz") else header)
    for name in names[:2]:
        assert {path.name for path in origins(str(tmp_path / name))} == set(names)
    (tmp_path / "train.csv").write_text("a\n1\n")
    (tmp_path / "t10k.csv").write_text("a\n1\n")
    assert origins(str(tmp_path / "train.csv")) == (tmp_path / "train.csv",)
    assert origins("digits") == ()
