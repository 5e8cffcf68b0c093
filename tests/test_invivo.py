"""Names lead to the right data, and to the command that fetches what is missing."""

import numpy as np
import pytest
from deepsea_bundle import write_bundle

from motifbook.sequences import catalogue, downloads


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "cache"))


def test_what_is_missing_names_its_command():
    for name in ("chipseq", "deepsea"):
        with pytest.raises(FileNotFoundError, match=f"motifbook data {name}"):
            catalogue.open_dataset(name)


def test_unknown_names():
    with pytest.raises(ValueError, match="unknown dataset 'other'"):
        catalogue.open_dataset("other")
    with pytest.raises(ValueError, match="unknown data 'other'"):
        catalogue.fetch("other")


@pytest.mark.filterwarnings("ignore:.*not the paper's data")
def test_a_fetched_bundle_opens(tmp_path):
    write_bundle(tmp_path / "bundle")
    assert catalogue.fetch("deepsea", tmp_path / "bundle").is_file()
    dataset = catalogue.open_dataset("deepsea")
    assert (dataset.name, dataset.length, len(dataset.classes)) == ("deepsea", 1000, 12)


def test_local_copies_are_passed_on(tmp_path, monkeypatch):
    for name in ("chipseq", "authors"):
        monkeypatch.setattr(downloads, f"fetch_{name}", lambda source, name=name: (name, source))
        assert catalogue.fetch(name, tmp_path) == (name, tmp_path)


def test_a_folder_of_ones_own(tmp_path):
    rng = np.random.default_rng(1)
    folder = tmp_path / "mine"
    folder.mkdir()
    for tf in ("SRF", "other"):
        rows = ("".join("ACGT"[base] for base in row) for row in rng.integers(0, 4, (40, 120)))
        (folder / f"{tf}.fa").write_text("".join(f">p\n{row}\n" for row in rows))
    dataset = catalogue.open_dataset("mine", folder)
    assert (dataset.name, dataset.classes) == ("mine", ("other", "SRF"))
    assert dataset.relevant["other"] == ()
    assert dataset.relevant["SRF"]
