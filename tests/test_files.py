"""Files are written whole, to regular files only, through links, and never over what is read."""

import errno
import io
import os
import stat
import sys

import pytest

from motifbook import files
from motifbook.motifs import matrices
from motifbook.report import network, sequences
from motifbook.sequences import intervals, readers

REFUSED = {
    "folder": "is a folder, expected a file's name",
    "pipe": "is a pipe, expected the name of a regular file",
    "socket": "is a socket or device, expected",
    "loop": "is a symbolic link that leads to itself",
    "link to pipe": "is a pipe, expected the name of a regular file",
}


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """One of each of what is no place for a file."""
    import socket

    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link to pipe").symlink_to("pipe")
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
        yield tmp_path


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_regular_file_stays_what_it_is(odd, name):
    before = (odd / name).lstat()
    for write in (lambda path: files.write_whole(path, "new"), files.destination):
        with pytest.raises(ValueError, match=f"{name}: {REFUSED[name]}"):
            write(odd / name)
    with pytest.raises(ValueError, match=REFUSED[name]), files.output(str(odd / name)):
        pytest.fail("refused before any work is done")
    after = (odd / name).lstat()
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert len(list(odd.iterdir())) == len(REFUSED)


@pytest.mark.parametrize("name", ["", "new/", "folder/"])
def test_what_is_no_name_of_a_file_is_refused_before_any_work(odd, name):
    with pytest.raises(ValueError, match=f"'{name}': expected a file's name"):
        files.destination(name)
    with pytest.raises(ValueError, match="expected a file's name"), files.output(name):
        pytest.fail("refused before any work is done")


def test_a_link_stays_a_link_and_a_file_keeps_its_permissions(tmp_path):
    real = tmp_path / "elsewhere" / "real.txt"
    real.parent.mkdir()
    link, chain = tmp_path / "link", tmp_path / "chain"
    link.symlink_to(real)
    chain.symlink_to("link")
    files.write_whole(chain, "first\n")  # to where nothing is yet
    assert real.read_text() == "first\n"
    real.chmod(0o640)
    files.write_whole(link, "second\n")
    assert real.read_text() == "second\n" and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert link.is_symlink() and chain.is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        *("chain", "elsewhere", "link", "real.txt")
    ]


def test_an_input_is_refused_under_any_of_its_names(tmp_path):
    read = tmp_path / "read.txt"
    read.write_text("kept")
    (tmp_path / "link").symlink_to(read)
    (tmp_path / "hard").hardlink_to(read)
    for name in ("read.txt", "../" + tmp_path.name + "/read.txt", "link", "hard"):
        with pytest.raises(ValueError, match="is the file that is read; name another"):
            files.destination(tmp_path / name, tmp_path / "missing", read)
    assert read.read_text() == "kept"
    assert files.destination(tmp_path / "other", read) == tmp_path / "other"


def test_a_write_protected_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "protected"
    path.write_text("kept")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the superuser may always
    with pytest.raises(PermissionError, match="protected: is write-protected"):
        files.write_whole(path, "new")
    assert path.read_text() == "kept"


def test_a_long_name_has_room_for_the_temporary_one(tmp_path):
    files.write_whole(tmp_path / ("a" * 255), "text")
    assert [path.name for path in tmp_path.iterdir()] == ["a" * 255]


def test_standard_output(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw))
    with files.output("-") as path:
        path.write_bytes(b"\x00whole")
        assert raw.getvalue() == b""
    assert raw.getvalue() == b"\x00whole"
    with pytest.raises(RuntimeError), files.output("-") as path:
        path.write_bytes(b"half")
        raise RuntimeError
    assert raw.getvalue() == b"\x00whole" and not any(tmp_path.iterdir())
    with files.output("./-") as path:  # a file of that name can be had
        files.write_whole(path, "file")
    assert (tmp_path / "-").read_text() == "file"


# --- Reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pipe", r"is a named pipe \(FIFO\), which may never be written to; expected motifs, as a"),
        ("link to pipe", r"is a named pipe \(FIFO\)"),
        ("folder", "is a folder, expected motifs"),
        ("socket", "is a socket or device, expected motifs"),
        ("none", "no such file; expected motifs"),
    ],
)
def test_what_is_no_file_is_not_read(odd, name, said):
    with pytest.raises((ValueError, FileNotFoundError), match=f"{name}: {said}"):
        files.source(odd / name, "motifs")


def test_every_reader_refuses_a_named_pipe_and_does_not_wait(odd):
    (odd / "places.bed").write_text("chr1\t0\t4\n")
    for read in (
        matrices.read_meme,
        readers.read,
        sequences.read,
        network.read,
        lambda path: intervals.intervals(odd / "places.bed", path, 4),
    ):
        with pytest.raises(ValueError, match=r"pipe: is a named pipe \(FIFO\)"):
            read(odd / "pipe")


def test_a_pipe_that_is_open_is_read_once():
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(b">one\nACGT\n")
    path = f"/dev/fd/{reading}"
    with pytest.raises(ValueError, match="is a pipe, and what is read at several places cannot"):
        files.source(path, "a network", once=False)
    assert [len(one) for one in readers.read(path).sequences] == [4]
    os.close(reading)


def test_an_error_of_the_system_names_the_file(tmp_path):
    path = tmp_path / "a.txt"
    with pytest.raises(OSError, match=r"No space left on device: .*a\.txt"), files.replacing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not list(tmp_path.iterdir())
