"""A tiny bundle of the real formats goes through the whole path; every damaged one is refused."""

import errno
import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path

import h5py
import numpy as np
import papermill
import pytest
from deepsea_bundle import ROWS, arrays, channels, write_archive, write_bundle
from scipy.io import savemat

from motifbook.motifs import matrices
from motifbook.records.store import project_root
from motifbook.sequences import datasets, deepsea
from motifbook.sequences.datasets import reverse_complement

pytestmark = pytest.mark.filterwarnings("ignore:.*not the paper's data")
TWELVE = deepsea.table_s1()["index"].to_numpy()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "deepsea_train"
    return folder, write_bundle(folder)


@pytest.fixture(scope="module")
def archive(bundle, tmp_path_factory):
    return write_archive(bundle[0], tmp_path_factory.mktemp("archive") / "bundle.tar.gz")


@pytest.fixture
def broken(bundle, tmp_path):
    """A copy of the bundle that a test may damage."""
    return Path(shutil.copytree(bundle[0], tmp_path / "broken"))


def left(cache):
    return sorted(str(p.relative_to(cache)) for p in cache.rglob("*") if p.is_file())


def check(dataset, made):
    for part, split in dataset.splits.items():
        bases, labels = made[part]
        rows = labels[:, TWELVE].any(axis=1)
        assert np.array_equal(split.bases, bases[rows])
        assert np.array_equal(split.labels, labels[rows][:, TWELVE])
        assert split.bases.dtype == split.labels.dtype == np.uint8


def test_table_s1():
    table = deepsea.table_s1()
    assert tuple(table["tf"]) == matrices.TFS
    assert table.set_index("tf").loc["Gabpa", ["index", "test_positives"]].tolist() == [345, 1484]
    assert table["test_positives"].sum() == 16_631
    assert table["training_positives"].sum() == 390_932
    assert table["file"].str.fullmatch(r"wgEncodeAwgTfbs\w+K562\w+UniPk").all()


def test_archive_to_dataset(bundle, archive, cache):
    path = deepsea.fetch(archive)
    assert left(cache) == ["deepsea/deepsea.h5"]
    assert path == deepsea.path()
    dataset = deepsea.load()
    check(dataset, bundle[1])
    assert dataset.classes == matrices.TFS
    assert dataset.relevant == matrices.RELEVANT
    facts = dataset.config["splits"]
    for part, split in dataset.splits.items():
        assert facts[part]["rows"] == ROWS[part]
        assert facts[part]["rows_kept"] == facts[part]["paired"] == len(split)
        assert facts[part]["positives"] == split.labels.sum(axis=0).tolist()
        assert [2 * n for n in facts[part]["positives_forward"]] == facts[part]["positives"]
    assert dataset.config["positives_of_table_s1"] is False
    with h5py.File(path) as file:
        assert file["train/bases"].chunks is not None
        assert file["train/bases"].compression == "gzip"


def test_from_a_folder_or_the_folder_around_it(bundle, cache):
    folder, made = bundle
    for source in (folder, folder.parent):
        deepsea.path().unlink(missing_ok=True)
        deepsea.fetch(source)
        check(deepsea.load(), made)
        assert left(cache) == ["deepsea/deepsea.h5"]


def test_download(bundle, archive, cache):
    kept = cache / "deepsea/DeepSEA_data.tar.gz"
    kept.parent.mkdir(parents=True)
    shutil.copy(archive, kept)  # as if downloaded before: no server is asked again
    deepsea.fetch(address="http://127.0.0.1:9/none")
    check(deepsea.load(), bundle[1])
    kept.unlink()
    with pytest.raises(ConnectionError, match="cannot download"):
        deepsea.fetch(address="http://127.0.0.1:9/none")


@pytest.mark.parametrize(
    "chunks", [None, True, (1, 4, 48), (1, 1, 7), (1000, 4, 1), (100, 2, 40), (3, 4, 32)]
)
@pytest.mark.parametrize("block", [1, 5_000, 2**27])
def test_any_chunks_and_any_block_give_the_same(tmp_path, monkeypatch, chunks, block):
    monkeypatch.setattr(deepsea, "_BLOCK", block)
    made = write_bundle(tmp_path, {"train": 48, "valid": 48, "test": 48}, chunks)
    check(deepsea.truncate(tmp_path), made)


@pytest.mark.parametrize("block", [1, 30 * 4 * 16 * 3, 30 * 4 * 60 * 5])
def test_each_block_holds_whole_chunks(tmp_path, monkeypatch, block):
    monkeypatch.setattr(deepsea, "_BLOCK", block)
    write_bundle(tmp_path, {"train": 60, "valid": 48, "test": 48}, (30, 4, 16))
    seen = np.zeros((1000, 60), int)
    with h5py.File(tmp_path / "train.mat") as file:
        for positions, columns in deepsea._blocks(file["trainxdata"]):
            assert positions.start % 30 == 0
            assert columns.start % 16 == 0
            seen[positions, columns] += 1
    assert (seen == 1).all()


def test_uncompressed_and_double_matlab_files(tmp_path):
    made = write_bundle(tmp_path, zipped=False)
    check(deepsea.truncate(tmp_path), made)
    bases, labels = made["valid"]
    content = {"validxdata": channels(bases).astype(float), "validdata": labels.astype(float)}
    savemat(tmp_path / "valid.mat", content)
    check(deepsea.truncate(tmp_path), made)


def test_a_bundle_of_other_size_is_said_not_to_be_the_papers(bundle):
    with pytest.warns(UserWarning, match=r"train\.mat has 240 sequences.*not the paper's data"):
        deepsea.truncate(bundle[0])


def test_strands_that_are_not_paired_are_counted(broken):
    bases, labels = arrays(ROWS["test"], seed=2)
    with_label = np.flatnonzero(labels[:, TWELVE].any(axis=1))
    bases[with_label[0]] = 0
    content = {"testxdata": channels(bases), "testdata": labels}
    savemat(broken / "test.mat", content)
    with pytest.warns(UserWarning, match=rf"test\.mat: 2 of {len(with_label)} sequences are not"):
        dataset = deepsea.truncate(broken)
    assert dataset.config["splits"]["test"]["paired"] == len(with_label) - 2


def test_both_strands_of_a_site_are_in_one_split(bundle):
    dataset = deepsea.truncate(bundle[0])
    parts = {name: {row.tobytes() for row in s.bases} for name, s in dataset.splits.items()}
    for split in dataset.splits.values():
        for strand in reverse_complement(split.bases):
            assert [strand.tobytes() in rows for rows in parts.values()].count(True) == 1
        assert {row.tobytes() for row in reverse_complement(split.bases)} <= {
            row.tobytes() for row in split.bases
        }


def test_progress_is_told(archive, cache, capsys):
    deepsea.fetch(archive, progress=True)
    shown = re.findall(r"(?:^|[\r\n])([^\r\n]*?): 100%", capsys.readouterr().err)
    assert {f"unpack {part}.mat" for part in ROWS} | {f"{part}.mat" for part in ROWS} == set(shown)
    deepsea.fetch(archive)
    assert capsys.readouterr().err == ""


def change_hdf5(folder, edit):
    with h5py.File(folder / "train.mat", "r+") as file:
        edit(file)


def drop(name):
    return lambda file: file.__delitem__(name)


def replace(name, array):
    def edit(file):
        del file[name]
        file[name] = array

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (drop("trainxdata"), "has no variable trainxdata; found traindata"),
        (drop("traindata"), "has no variable traindata; found trainxdata"),
        (
            replace("trainxdata", np.zeros((240, 4, 1000), np.uint8)),
            r"trainxdata is uint8 of shape \(240, 4, 1000\); expected uint8 of shape "
            r"\(1000, 4, 1000\)",
        ),
        (
            replace("trainxdata", np.uint8(1)),
            r"trainxdata has the shape \(\); expected three axes",
        ),
        (
            replace("trainxdata", np.zeros(240, np.uint8)),
            r"trainxdata has the shape \(240,\); expected three axes",
        ),
        (replace("trainxdata", h5py.Empty("uint8")), r"trainxdata has the shape \(\)"),
        (
            replace("traindata", np.zeros((919, 239), np.uint8)),
            r"traindata is uint8 of shape \(919, 239\); expected uint8 of shape \(919, 240\)",
        ),
        (
            replace("traindata", np.zeros((919, 240), np.float32)),
            "traindata is float32 of shape",
        ),
        (replace("traindata", np.zeros((919, 240), np.uint8)), "none of its sequences has a label"),
        (replace("traindata", np.full((919, 240), 7, np.uint8)), "labels are not all 0 or 1"),
        (
            replace("trainxdata", np.ones((1000, 4, 240), np.uint8)),
            "sequences are not one-hot: a position has several",
        ),
        (
            replace("trainxdata", np.full((1000, 4, 240), 2, np.uint8)),
            "sequences are not all 0 or 1",
        ),
    ],
)
def test_wrong_training_files(broken, cache, edit, message):
    change_hdf5(broken, edit)
    with pytest.raises(ValueError, match=r"train\.mat: " + message):
        deepsea.fetch(broken)
    assert not deepsea.path().exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"testdata": np.zeros((80, 919), np.uint8)}, "has no variable testxdata"),
        (
            {
                "testxdata": np.zeros((80, 1000, 4), np.uint8),
                "testdata": np.zeros((80, 919), np.uint8),
            },
            r"testxdata is uint8 of shape \(80, 1000, 4\); expected uint8 of shape \(80, 4, 1000\)",
        ),
        (
            {
                "testxdata": np.zeros((80, 4, 1000), np.int16),
                "testdata": np.zeros((80, 919), np.uint8),
            },
            "testxdata is int16",
        ),
    ],
)
def test_wrong_test_files(broken, cache, content, message):
    savemat(broken / "test.mat", content)
    with pytest.raises(ValueError, match=r"test\.mat: .*" + message):
        deepsea.fetch(broken)
    assert not deepsea.path().exists()


@pytest.mark.parametrize("name", ["train.mat", "valid.mat", "test.mat"])
@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.6, 0.99])
def test_truncated_files(broken, cache, name, part):
    whole = (broken / name).read_bytes()
    (broken / name).write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ValueError, match=re.escape(name)):
        deepsea.fetch(broken)
    assert left(cache) == [] if cache.exists() else True


@pytest.mark.parametrize("name", ["train.mat", "valid.mat", "test.mat"])
def test_missing_and_exchanged_files(broken, cache, name):
    other = {"train.mat": "valid.mat", "valid.mat": "test.mat", "test.mat": "train.mat"}[name]
    content = (broken / other).read_bytes()
    (broken / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} missing"):
        deepsea.fetch(broken)
    (broken / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        deepsea.fetch(broken)


def test_no_source(cache, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder or archive"):
        deepsea.fetch(tmp_path / "none.tar.gz")
    with pytest.raises(FileNotFoundError, match="motifbook data deepsea"):
        deepsea.load()


def tar_of(path, members):
    """A .tar.gz of (name, content or TarInfo changes)."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, dict):
                for key, value in content.items():
                    setattr(info, key, value)
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("d/train.mat", b"x"), ("d/valid.mat", b"x")], "has no test.mat"),
        ([("d/readme", b"x")], "has no test.mat, train.mat, valid.mat"),
        ([("../train.mat", b"x")], "'../train.mat' lies outside"),
        ([("/train.mat", b"x")], "'/train.mat' lies outside"),
        ([("d/../../train.mat", b"x")], "lies outside"),
        ([("d/train.mat", LINK)], "'d/train.mat' is a link"),
        ([("d/train.mat", LINK | {"type": tarfile.LNKTYPE})], "is a link"),
        ([("d/train.mat", {"type": tarfile.DIRTYPE})], "is a link or no plain file"),
        ([("d/valid.mat", b"x"), ("e/valid.mat", b"x")], "valid.mat is there twice"),
        ([("d/valid.mat", b"")], "has 0 bytes"),
        ([("d/valid.mat", b"\0" * 45_000_000)], r"has 45,000,000 bytes; expected at most 42"),
    ],
)
def test_hostile_archives(tmp_path, cache, members, message):
    archive = tar_of(tmp_path / "bad.tar.gz", members)
    with pytest.raises(ValueError, match=r"bad\.tar\.gz: .*" + message):
        deepsea.fetch(archive)
    assert left(cache) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.tar.gz", "cache"]


def test_other_members_are_not_written(bundle, cache, tmp_path):
    folder, _ = bundle
    archive = tmp_path / "more.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name in ("../evil", "/evil", "d/._train.mat"):
            tar.addfile(tarfile.TarInfo(name))
        link = tarfile.TarInfo("d")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        tar.addfile(link)
        for name in ("train.mat", "valid.mat", "test.mat"):
            tar.add(folder / name, f"d/{name}")
    target = tmp_path / "out"
    target.mkdir()
    deepsea.extract(archive, target)
    assert sorted(p.name for p in target.iterdir()) == ["test.mat", "train.mat", "valid.mat"]
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("part", [0.0, 0.2, 0.7, 0.999])
def test_truncated_archives(archive, cache, tmp_path, part):
    whole = archive.read_bytes()
    short = tmp_path / "short.tar.gz"
    short.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ValueError, match=r"short\.tar\.gz: damaged or truncated"):
        deepsea.fetch(short)
    assert left(cache) == []


def test_a_damaged_download_is_not_kept_and_a_damaged_copy_is(
    archive, cache, tmp_path, monkeypatch
):
    def download(address, name, progress=False):
        kept = cache / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(archive.read_bytes()[:-100])
        return kept

    monkeypatch.setattr(deepsea, "download_archive", download)
    with pytest.raises(ValueError, match=r"truncated archive .*; the download is removed"):
        deepsea.fetch()
    assert left(cache) == []
    copy = download("", "copy.tar.gz")
    with pytest.raises(ValueError, match="truncated archive"):
        deepsea.fetch(copy)
    assert left(cache) == ["copy.tar.gz"]


def test_a_changed_byte_is_found(bundle, cache, tmp_path):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name in ("train.mat", "valid.mat", "test.mat"):
            tar.add(bundle[0] / name, name)
    # Stored without compression, a flipped bit meets nothing but the checksum.
    zipped = bytearray(gzip.compress(plain.getvalue(), 0))
    zipped[len(zipped) // 2] ^= 1
    changed = tmp_path / "changed.tar.gz"
    changed.write_bytes(zipped)
    with pytest.raises(ValueError, match=r"changed\.tar\.gz: damaged or truncated.*CRC"):
        deepsea.fetch(changed)
    assert left(cache) == []
    plain_tar = tmp_path / "plain.tar"
    plain_tar.write_bytes(plain.getvalue())
    check(datasets.load(deepsea.fetch(plain_tar)), bundle[1])


def test_a_disk_that_is_too_small(archive, cache, monkeypatch):
    usage = shutil.disk_usage(".")._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match=r"disk full: train\.mat needs .* 1,000 are free") as caught:
        deepsea.fetch(archive)
    assert caught.value.errno == errno.ENOSPC
    assert left(cache) == []


def test_a_disk_that_fills_while_unpacking(archive, cache, monkeypatch):
    opened = Path.open

    def full(self, mode="r", *args, **kwargs):
        file = opened(self, mode, *args, **kwargs)
        if mode == "wb":

            class Full(io.BytesIO):
                def write(self, part):
                    raise OSError(errno.ENOSPC, "No space left on device")

            file.close()
            return Full()
        return file

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match=r"disk full while unpacking.*train\.mat") as caught:
        deepsea.fetch(archive)
    assert caught.value.errno == errno.ENOSPC
    monkeypatch.undo()
    assert [name for name in left(cache) if "unpacked" in name] == []


@pytest.mark.parametrize("fails", ["truncate", "save"])
def test_a_disk_that_fills_later_leaves_the_old_dataset(bundle, archive, cache, monkeypatch, fails):
    deepsea.fetch(archive)
    before = deepsea.path().read_bytes()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if fails == "truncate":
            patch.setattr(deepsea, "truncate", full)
        else:
            patch.setattr(h5py.Group, "create_dataset", full)
        with pytest.raises(OSError, match="No space left"):
            deepsea.fetch(archive)
    assert left(cache) == ["deepsea/deepsea.h5"]
    assert deepsea.path().read_bytes() == before


@pytest.mark.parametrize("moment", ["_read_v73", "_read_v5", "_facts"])
def test_a_kill_leaves_no_dataset_and_the_next_run_cleans_up(archive, cache, bundle, moment):
    script = (
        "import os, signal, sys\n"
        "from motifbook.sequences import deepsea\n"
        f"deepsea.{moment} = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "deepsea.fetch(sys.argv[1])\n"
    )
    environment = {**os.environ, "MOTIFBOOK_CACHE": str(cache)}
    killed = subprocess.run([sys.executable, "-c", script, str(archive)], env=environment)
    assert killed.returncode == -9
    assert "deepsea/unpacked.part/train.mat" in left(cache)
    assert not deepsea.path().exists()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        deepsea.fetch(archive)
    assert left(cache) == ["deepsea/deepsea.h5"]
    check(deepsea.load(), bundle[1])


# --- The whole path, to the page ---------------------------------------------------------------


@pytest.mark.slow
def test_from_a_bundle_to_the_chapter(bundle, cache, tmp_path):
    deepsea.fetch(bundle[0])
    page = papermill.execute_notebook(
        project_root() / "notebooks" / "in-vivo.ipynb",
        tmp_path / "out.ipynb",
        parameters={
            **{"dataset": "deepsea", "profile": "smoke", "models": "cnn-25,cnn-100"},
            **{"trials": "1", "missing": "train", "results_dir": str(tmp_path / "results")},
        },
        progress_bar=False,
        cwd=tmp_path,
    )
    shown = "".join(str(cell.get("outputs", "")) for cell in page.cells)
    assert "364 sequences of 1000 nt and 12 TFs" in shown
    assert "own data. Runs on record: 2 of 2." in shown
    runs = sorted(path.parent.name for path in (tmp_path / "results").rglob("trial-1.json"))
    assert runs == ["cnn-100", "cnn-25"]
    # Its numbers stand beside the paper's with a verdict each; the copied cells have none.
    assert shown.count("<br>paper 0.903") == 1 and "provisional" in shown
