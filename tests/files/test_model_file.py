"""Model files: what is written comes back bit for bit, and nothing else is ever believed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file, save_file

from deltaw.exceptions import ModelFileError, OutputError, SettingError
from deltaw.files import Several, atomic, check_writable, folder, model, path_of, read, several, write, write_bytes

ARRAYS = {
    "W0": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "b0": np.zeros(2, np.float32),
    "centre": np.array([1.5, -2.5, 1e-300]),
}
DOCUMENT = {"network": {"sizes": [3, 2]}, "names": ["a", "ü", 'quo"te\\'], "loss": [0.1, 1e-12], "none": None}

arrays_strategy = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(
        lambda n: n not in {"document", "__metadata__"}
    ),
    st.sampled_from([np.float32, np.float64, np.int32, np.int64, np.uint8]).flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
            elements={"allow_nan": False, "allow_infinity": False} if np.dtype(dtype).kind == "f" else None,
        )
    ),
    max_size=4,
)
json_strategy = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("valid") / "m.deltaw"
    write(path, ARRAYS, DOCUMENT)
    return path.read_bytes()


def same(found: tuple[dict[str, np.ndarray], dict], arrays: dict[str, np.ndarray], document: dict) -> bool:
    return (
        found[1] == document
        and found[0].keys() == arrays.keys()
        and all(
            found[0][n].dtype == a.dtype and found[0][n].shape == a.shape and found[0][n].tobytes() == a.tobytes()
            for n, a in arrays.items()
        )
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays=arrays_strategy, document=json_strategy)
def test_round_trip(tmp_path: Path, arrays: dict, document: dict) -> None:
    write(tmp_path / "m.deltaw", arrays, document)
    assert same(read(tmp_path / "m.deltaw"), arrays, document)


def test_safetensors_reads_it_too(tmp_path: Path) -> None:
    write(tmp_path / "m.deltaw", ARRAYS, DOCUMENT)
    loaded = load_file(tmp_path / "m.deltaw")
    assert loaded.keys() == ARRAYS.keys()
    assert all(np.array_equal(loaded[name], ARRAYS[name]) for name in ARRAYS)


def test_a_large_document_leaves_the_header(tmp_path: Path) -> None:
    document = {"columns": [f'column "{i}" ü' for i in range(60_000)]}
    write(tmp_path / "m.deltaw", ARRAYS, document)
    assert int.from_bytes((tmp_path / "m.deltaw").read_bytes()[:8], "little") < 2000
    assert same(read(tmp_path / "m.deltaw"), ARRAYS, document)


def test_non_contiguous_arrays(tmp_path: Path) -> None:
    arrays = {"W": np.arange(12.0).reshape(3, 4).T, "scalar": np.array(2.0)}
    write(tmp_path / "m.deltaw", arrays, {})
    assert np.array_equal(read(tmp_path / "m.deltaw")[0]["W"], arrays["W"])
    assert read(tmp_path / "m.deltaw")[0]["scalar"].shape == ()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_refused(tmp_path: Path, valid: bytes, data: st.DataObject) -> None:
    damaged = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(valid) - 1))] ^= data.draw(st.integers(1, 255))
    assert_refused_or_same(tmp_path, bytes(damaged))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 10_000), tail=st.binary(max_size=20))
@example(cut=0, tail=b"")
@example(cut=10_000, tail=b"x")
def test_a_cut_or_longer_file_is_refused(tmp_path: Path, valid: bytes, cut: int, tail: bytes) -> None:
    assert_refused_or_same(tmp_path, valid[:cut] + tail)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    assert_refused_or_same(tmp_path, content)
    assert_refused_or_same(tmp_path, len(content).to_bytes(8, "little") + content)


def assert_refused_or_same(folder: Path, content: bytes) -> None:
    path = folder / "damaged.deltaw"
    path.write_bytes(content)
    try:
        found = read(path)
    except ModelFileError as error:
        message = str(error)
    else:
        message = str(path)
        assert same(found, ARRAYS, DOCUMENT)
    assert str(path) in message
    assert "\n" not in message


# --- files that somebody made on purpose ----------------------------------------------------------------------------


def forge(path: Path, header: object, data: bytes = b"") -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def header_of(content: bytes) -> tuple[dict, bytes]:
    n = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + n]), content[8 + n :]


def swap_offsets(header: dict) -> None:
    header["W0"]["data_offsets"], header["b0"]["data_offsets"] = (
        header["b0"]["data_offsets"],
        header["W0"]["data_offsets"],
    )


def edit_envelope(**fields: object):
    def edit(header: dict) -> None:
        envelope = json.loads(header["__metadata__"]["deltaw"]) | fields
        header["__metadata__"]["deltaw"] = json.dumps(envelope)

    return edit


FORGERIES = {
    "an array more": lambda h: h.update(extra={"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}),
    "an array less": lambda h: h.pop("b0"),
    "another dtype": lambda h: h["W0"].update(dtype="I32"),
    "an unknown dtype": lambda h: h["W0"].update(dtype="BF16"),
    "another shape": lambda h: h["W0"].update(shape=[3, 2]),
    "a negative shape": lambda h: h["W0"].update(shape=[-2, -3]),
    "a huge shape": lambda h: h["W0"].update(shape=[10**30]),
    "a number beyond all": edit_envelope(sha256=10**400),
    "a boolean in a shape": lambda h: h["W0"].update(shape=[True, 6]),
    "overlapping arrays": lambda h: h["b0"].update(data_offsets=h["W0"]["data_offsets"]),
    "swapped arrays": swap_offsets,
    "a field more": lambda h: h["W0"].update(more=1),
    "metadata more": lambda h: h["__metadata__"].update(more="1"),
    "no metadata": lambda h: h.pop("__metadata__"),
    "metadata of another kind": lambda h: h.update(__metadata__=[1]),
    "metadata that is a number": lambda h: h.update(__metadata__=1),
    "an envelope of another kind": lambda h: h["__metadata__"].update(deltaw="[]"),
    "an envelope that is no JSON": lambda h: h["__metadata__"].update(deltaw="{"),
    "an envelope with NaN": lambda h: h["__metadata__"].update(deltaw='{"format_version": NaN}'),
    "a version that is no number": edit_envelope(format_version="1"),
    "a later version": edit_envelope(format_version=2),
    "version true": edit_envelope(format_version=True),
    "another digest": edit_envelope(sha256="0" * 64),
    "another document": edit_envelope(document={}),
    "no document": edit_envelope(document=None),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_headers_are_refused(tmp_path: Path, valid: bytes, forgery: str) -> None:
    header, data = header_of(valid)
    FORGERIES[forgery](header)
    forge(tmp_path / "m.deltaw", header, data)
    with pytest.raises(ModelFileError) as caught:
        read(tmp_path / "m.deltaw")
    assert "\n" not in str(caught.value)
    assert ("version" in str(caught.value)) == (
        "version" in forgery and forgery != "version true"
    ) or "version" in forgery


def test_a_duplicate_key_is_refused(tmp_path: Path, valid: bytes) -> None:
    header, data = header_of(valid)
    text = json.dumps(header)
    forge(tmp_path / "m.deltaw", (text[:-1] + ', "W0": ' + json.dumps(header["W0"]) + "}").encode(), data)
    with pytest.raises(ModelFileError, match="duplicate key"):
        read(tmp_path / "m.deltaw")


@pytest.mark.parametrize("header", [b"[" * 500_000, b'{"a":' * 200_000, b"1" * 5000, b'"\\ud800"', b"\xff\xfe", b"nan"])
def test_hostile_json_is_refused(tmp_path: Path, header: bytes) -> None:
    forge(tmp_path / "m.deltaw", header)
    with pytest.raises(ModelFileError):
        read(tmp_path / "m.deltaw")


def test_non_finite_values_are_refused(tmp_path: Path, valid: bytes) -> None:
    with pytest.raises(ValueError, match="diverged"):
        write(tmp_path / "m.deltaw", {"W": np.array([np.nan])}, {})
    arrays = {"W": np.array([np.inf], np.float32)}
    envelope = {
        "format_version": 1,
        "sha256": model._digest({}, arrays),
        "arrays": {"W": ["float32", [1]]},
        "document": {},
    }
    save_file(arrays, tmp_path / "m.deltaw", metadata={"deltaw": json.dumps(envelope)})
    with pytest.raises(ModelFileError, match="infinity in 'W'"):
        read(tmp_path / "m.deltaw")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04....", b"\x80\x04\x95abc", b"a,b,c\n1,2,3\n", b"PAR1aaaa", b"abc", b""]
)
def test_foreign_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.deltaw").write_bytes(content)
    with pytest.raises(ModelFileError, match="expected a model file"):
        read(tmp_path / "m.deltaw")


def test_a_plain_safetensors_file_is_foreign(tmp_path: Path) -> None:
    save_file({"W": np.zeros(3)}, tmp_path / "m.safetensors")
    with pytest.raises(ModelFileError, match="DeltaW wrote"):
        read(tmp_path / "m.safetensors")


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such file"):
        read(tmp_path / "none.deltaw")
    with pytest.raises(ModelFileError, match="a folder"):
        read(tmp_path)
    with pytest.raises(ModelFileError):
        read("a\0b")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # nobody writes to it: to open it would not come back
        with pytest.raises(ModelFileError, match=r"a pipe or a device; give a \.deltaw file"):
            read(tmp_path / "pipe")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- writing --------------------------------------------------------------------------------------------------------


def test_the_mode_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "m.deltaw", ARRAYS, DOCUMENT)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m.deltaw").stat().st_mode) == 0o640
    assert names(tmp_path) == ["m.deltaw"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.deltaw"
    write(path, ARRAYS, DOCUMENT)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write(path, {}, {})
    assert path.read_bytes() == before
    assert names(tmp_path) == ["m.deltaw"]


def test_room_for_a_page_is_no_room(tmp_path: Path) -> None:
    """A write that does not fit is first taken in part."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    try:
        with pytest.raises(OutputError, match="expected a path that can be written"):
            check_writable(tmp_path / "m.deltaw")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == []


def test_no_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # root, who may run the tests, is refused nothing
    with pytest.raises(OutputError, match="no permission"):
        check_writable(tmp_path / "m.deltaw")


def test_ctrl_c_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "m.deltaw", ARRAYS, DOCUMENT)
    assert names(tmp_path) == []


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "no" / "m.deltaw", tmp_path / "file" / "m.deltaw", tmp_path, "/proc/m.deltaw"):
        with pytest.raises(OutputError) as caught:
            write(path, ARRAYS, DOCUMENT)
        assert str(path) in str(caught.value)
        with pytest.raises(OutputError):
            check_writable(path)
    assert names(tmp_path) == ["file"]


def test_a_link_is_written_through_and_a_device_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "m.deltaw")
    write(tmp_path / "link", ARRAYS, DOCUMENT)
    assert (tmp_path / "link").is_symlink()
    assert same(read(tmp_path / "m.deltaw"), ARRAYS, DOCUMENT)
    check_writable("/dev/null")
    write("/dev/null", ARRAYS, DOCUMENT)
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_another_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    for path in (tmp_path / "full", Path("/dev/full")):
        for act in (check_writable, lambda path: write(path, ARRAYS, DOCUMENT)):
            with pytest.raises(OutputError, match="found a device"):
                act(path)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no descriptors with names")
def test_what_is_open_to_read_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"data")
    with (tmp_path / "d").open("rb") as file, pytest.raises(OutputError, match="no permission"):
        check_writable(f"/dev/fd/{file.fileno()}")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("x\0y", "zero byte in 'x.x00y'"),
        ("", "''"),
        (None, "None"),
        (3, "3"),
        (b"m", "b.m."),
        ("a\ud800", "character"),
    ],
)
def test_what_is_no_path_is_named(path: object, found: str) -> None:
    for act in (check_writable, lambda path: write(path, ARRAYS, DOCUMENT)):
        with pytest.raises(OutputError, match=f"expected the path of a file, found .*{found}"):
            act(path)  # type: ignore[arg-type]
    with pytest.raises(ModelFileError, match=f"expected the path of a model file, found .*{found}"):
        read(path)  # type: ignore[arg-type]


def test_a_path_with_a_slash_at_its_end_is_no_file() -> None:
    for path in ("new/", "there/new/"):
        with pytest.raises(SettingError, match=r"save: expected the path of a file, found .*new/; add the file's name"):
            path_of(path, "save")
    assert folder("checkpoint", "new/") == Path("new")


# --- what is replaced, and what a killed save left ------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_replaced_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "m.deltaw"
    path.write_bytes(b"before")
    path.chmod(mode)
    write_bytes(path, b"after")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"after", mode)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_replaced_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "m.deltaw"
    path.write_bytes(b"before")
    os.chown(path, 1234, 2345)
    write_bytes(path, b"after")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.deltaw"
    path.write_bytes(b"before")
    path.chmod(0o444)
    for attempt in (lambda: write_bytes(path, b"after"), lambda: check_writable(path)):
        with pytest.raises(OutputError, match="read-only"):
            attempt()
    assert (path.read_bytes(), names(tmp_path)) == (b"before", ["m.deltaw"])


HOLD = """
import os, sys, time
from pathlib import Path
from typing import Any
from deltaw.files import atomic

temporary, descriptor = atomic._create_beside(Path(sys.argv[1]))
print(temporary.name, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_what_a_killed_save_left_goes_with_the_next_and_what_is_being_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "m.deltaw"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        temporary = writer.stdout.readline().strip()
        write_bytes(path, b"one")
        assert names(tmp_path) == sorted([temporary, "m.deltaw"])
        writer.kill()
    write_bytes(path, b"two")
    assert names(tmp_path) == ["m.deltaw"]


def test_only_our_own_temporary_files_are_removed(tmp_path: Path) -> None:
    others = ["deltaw.tmp", ".deltaw-1.tmp", ".deltaw-0123456789abcdef.tmp.csv", ".deltaw-0123456789abcdeg.tmp"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".deltaw-0123456789abcdef.tmp").symlink_to(tmp_path / others[0])
    (tmp_path / ".deltaw-1123456789abcdef.tmp").mkdir()
    write_bytes(tmp_path / "m.deltaw", b"")
    assert {*others, "m.deltaw", ".deltaw-0123456789abcdef.tmp", ".deltaw-1123456789abcdef.tmp"} == set(names(tmp_path))


def test_a_descriptor_is_written_to_and_what_it_appends_to_is_kept(tmp_path: Path) -> None:
    code = "from deltaw.files import write_bytes; write_bytes('/dev/stdout', b'more')"
    (tmp_path / "log").write_bytes(b"before ")
    with (tmp_path / "log").open("ab") as log:
        subprocess.run([sys.executable, "-c", code], stdout=log, check=True)
    assert (tmp_path / "log").read_bytes() == b"before more"
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert piped.stdout == b"more"


def test_several_files_look_through_their_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of files: to look through the folder for each of them takes a time that grows with their square."""
    looks, flushed, scan, flush = list[Any](), list[Path](), os.scandir, atomic.flush_folder
    monkeypatch.setattr(os, "scandir", lambda folder: looks.append(folder) or scan(folder))
    monkeypatch.setattr(several, "flush_folder", lambda folder: flushed.append(folder) or flush(folder))
    with Several() as these:
        for i in range(200):
            these.write(tmp_path / f"{i}", bytes([i]))
    monkeypatch.undo()
    assert (len(looks), flushed) == (1, [tmp_path])
    assert sorted(names(tmp_path), key=int) == [str(i) for i in range(200)]
    assert [(tmp_path / f"{i}").read_bytes() for i in range(200)] == [bytes([i]) for i in range(200)]
    (tmp_path / "b").mkdir()
    these = Several()
    for name in ("a", "b", "c"):
        these.write(tmp_path / name, b"more")
    with pytest.raises(OutputError, match="a folder of that name"):
        these.__exit__(None, None, None)
    assert (tmp_path / "a").read_bytes() == b"more"
