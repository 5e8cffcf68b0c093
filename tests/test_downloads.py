"""A server on this machine stands in for the public ones: nothing here needs a network."""

import functools
import hashlib
import http.server
import threading
from pathlib import Path

import pytest

from motifbook.sequences import downloads
from motifbook.sequences.downloads import Remote

SHARED = Path(__file__).parents[2] / "shared/data"
CONTENT = {"plain.txt": b"one", "folder/name (x).gz": b"two"}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def remotes(monkeypatch):
    found = [
        Remote(name, "owner/repository", "abc", f"data/{name}", hashlib.sha256(text).hexdigest())
        for name, text in CONTENT.items()
    ]
    monkeypatch.setattr(downloads, "collection", lambda name: found)
    return found


@pytest.fixture
def server(tmp_path):
    root = tmp_path / "served"
    for name, text in CONTENT.items():
        path = root / "owner/repository/abc/data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    httpd = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=root)
    )
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}", root
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def parts(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(("name", "number"), [("chipseq", 7), ("authors", 153)])
def test_the_tables_name_pinned_files(name, number):
    remotes = downloads.collection(name)
    assert len(remotes) == number == len({remote.name for remote in remotes})
    for remote in remotes:
        assert len(remote.sha256) == 64
        assert len(remote.commit) == 40
        assert Path(remote.path).suffix == Path(remote.name).suffix
        assert ".." not in remote.name
        assert not remote.name.startswith("/")


def test_addresses_are_percent_encoded():
    address = downloads.collection("chipseq")[0].address()
    assert address == (
        "https://raw.githubusercontent.com/jisraeli/DeepBind/"
        "a9bbf5ffcdf62f2832b0bbdede43a36f4dc19426/data/encode/"
        "ARID3A_K562_ARID3A_%28sc-8821%29_Stanford_AC.seq.gz"
    )


def test_download_then_use_without_the_server(cache, remotes, server):
    base, root = server
    folder = downloads.fetch_chipseq(base=base)
    assert folder == cache / "chipseq"
    assert parts(folder) == CONTENT
    for path in root.rglob("*.*"):
        path.unlink()
    assert parts(downloads.fetch_chipseq(base=base)) == CONTENT
    assert downloads.local("chipseq") == folder


def test_a_changed_file_is_refused_and_not_kept(cache, remotes, server):
    base, root = server
    (root / "owner/repository/abc/data/plain.txt").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"data/plain\.txt: not the published file"):
        downloads.fetch_chipseq(base=base)
    assert parts(cache) == {}


def test_a_missing_address_names_it_and_the_way_around(cache, remotes, server):
    base, root = server
    (root / "owner/repository/abc/data/plain.txt").unlink()
    with pytest.raises(ConnectionError, match=r"plain\.txt .*404.*--from FOLDER"):
        downloads.fetch_authors(base=base)


def test_no_server(cache, remotes):
    with pytest.raises(ConnectionError, match="cannot download"):
        downloads.fetch_chipseq(base="http://127.0.0.1:9")


def test_from_a_folder(cache, remotes, tmp_path):
    source = tmp_path / "mine"
    (source / "folder").mkdir(parents=True)
    (source / "plain.txt").write_bytes(b"one")
    with pytest.raises(FileNotFoundError, match=r"1 of 2 files are missing:\n  folder/name \(x\)"):
        downloads.fetch_chipseq(source)
    (source / "folder/name (x).gz").write_bytes(b"wrong")
    with pytest.raises(ValueError, match="not the published file: its sha256 is"):
        downloads.fetch_chipseq(source)
    assert not list(cache.rglob("*"))
    (source / "folder/name (x).gz").write_bytes(b"two")
    assert parts(downloads.fetch_chipseq(source)) == CONTENT
    with pytest.raises(FileNotFoundError, match="no such folder"):
        downloads.fetch_chipseq(tmp_path / "none")


def test_local_says_how_to_fetch_and_finds_damage(cache, remotes):
    with pytest.raises(FileNotFoundError, match="motifbook data chipseq"):
        downloads.local("chipseq")
    for name in CONTENT:
        path = cache / "chipseq" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"damaged")
    with pytest.raises(ValueError, match="not the published file"):
        downloads.local("chipseq")


def test_an_archive_is_downloaded_once_with_progress(cache, server, capsys):
    base, root = server
    (root / "big.tar.gz").write_bytes(b"x" * 3_000_000)
    path = downloads.download_archive(f"{base}/big.tar.gz", "deepsea/big.tar.gz", progress=True)
    assert "100%" in capsys.readouterr().err
    assert path.stat().st_size == 3_000_000
    (root / "big.tar.gz").unlink()
    assert downloads.download_archive(f"{base}/big.tar.gz", "deepsea/big.tar.gz") == path
    with pytest.raises(ConnectionError, match="404"):
        downloads.download_archive(f"{base}/none.tar.gz", "deepsea/none.tar.gz")
    (root / "plain.txt").write_bytes(b"one")
    with pytest.raises(ValueError, match="not the expected file"):
        downloads.download_archive(f"{base}/plain.txt", "deepsea/plain", sha256="0" * 64)
    assert parts(cache).keys() == {"deepsea/big.tar.gz"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public files are not at hand")
@pytest.mark.parametrize("name", ["chipseq", "authors"])
def test_the_public_files_have_the_hashes_of_the_tables(cache, name):
    fetch = {"chipseq": downloads.fetch_chipseq, "authors": downloads.fetch_authors}[name]
    folder = fetch(SHARED / name)
    assert set(parts(folder)) == {remote.name for remote in downloads.collection(name)}
    assert downloads.local(name) == folder
