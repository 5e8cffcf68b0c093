"""A file that `motifbook simulate` wrote is a dataset of one's own; other files are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifbook.records import runs
from motifbook.records.store import OtherDataError
from motifbook.sequences import catalogue, datasets, harder, synthetic
from motifbook.sequences.simulation import Simulation


@pytest.fixture(scope="module")
def data():
    return synthetic.make(number=40, length=120)


@pytest.fixture
def path(data, tmp_path):
    return datasets.save(data, tmp_path / "my data.v2.h5")


def test_it_is_a_dataset_of_its_own_name(data, path, tmp_path):
    name, source = catalogue.parse_dataset(str(path))
    assert (name, source.path, source.contents) == ("my-data.v2", path, data.config)
    for opened in (catalogue.open_dataset(name, source), catalogue.open_dataset(name, path)):
        assert (opened.name, opened.config) == ("my-data.v2", data.config)
        np.testing.assert_array_equal(opened.test.sites, data.test.sites)
    (tmp_path / "link").symlink_to(path)  # a link is what it leads to
    assert Simulation.of(tmp_path / "link").name == "my-data.v2"
    assert catalogue.source_of(tmp_path).path == tmp_path


@pytest.mark.parametrize("name", ["synthetic.h5", "chipseq.h5", "().h5"])
def test_a_name_that_is_taken(data, tmp_path, name):
    datasets.save(data, tmp_path / name)
    with pytest.raises(ValueError, match=r"cannot be called '.*'; rename it"):
        catalogue.parse_dataset(str(tmp_path / name))


def test_what_is_its_own_is_not_given(path):
    for given in ((f"{path}@200",), (str(path), 200)):
        with pytest.raises(ValueError, match=r"v2\.h5 has its own length"):
            catalogue.parse_dataset(*given)
    with pytest.raises(ValueError, match=r"v2\.h5 has its sequences"):
        catalogue.parse_dataset(str(path), None, Path("hg19.fa"))


def test_what_simulate_did_not_write(data, path, tmp_path):
    other, expected = tmp_path / "other.h5", "expected a file that `motifbook simulate` wrote"
    raw = path.read_bytes()
    flipped = bytes([raw[len(raw) // 2] ^ 1])
    for content in (
        *(b"", b">a\nACGT\n", raw[: len(raw) // 2], raw[:600] + b"x" + raw[601:]),
        raw[: len(raw) // 2] + flipped + raw[len(raw) // 2 + 1 :],
    ):
        other.write_bytes(content)
        with pytest.raises(ValueError, match=rf"other\.h5: not a readable .*; {expected}"):
            catalogue.parse_dataset(str(other))
    # Whole files of motifbook, but not of such data, or of data that contradict themselves.
    bare = {part: replace(split, sites=None) for part, split in data.splits.items()}
    config = data.config
    for made in (
        replace(data, **bare),
        replace(data, config=config | {"dataset": "chipseq"}),
        replace(data, config={}),
        replace(data, config=config | {"length": 121}),
        replace(data, config=config | {"motifs": config["motifs"][::-1]}),
        replace(data, config=config | {"motifs": ["MA9999.9"]}),
        replace(data, config=config | {"motifs": None}),
    ):
        datasets.save(made, other)
        with pytest.raises(ValueError, match=rf"holds no simulated dataset; {expected}"):
            catalogue.parse_dataset(str(other))


def test_a_file_that_changed_meanwhile(data, path):
    source = Simulation.of(path)
    datasets.save(synthetic.make(number=40, length=130), path)
    with pytest.raises(ValueError, match="was made by another configuration"):
        source.open()
    path.unlink()
    with pytest.raises(FileNotFoundError, match="no such dataset file"):
        source.open()


def test_records_of_two_files_of_one_name_do_not_mix(data, path, tmp_path):
    source, record = Simulation.of(path), tmp_path / "trial-1.json"
    runs.check_source(record, source, data.config, {})
    runs.check_source(record, path, data.config | {"first": 30}, None)
    runs.check_source(record, path, harder.make(data, noise=10).config, None)
    other = synthetic.configuration(seed=34, number=40, counts=(1,))
    with pytest.raises(OtherDataError, match=r"trial-1.*other: counts, length, seed\); rename"):
        runs.check_source(record, source, other, None)
    folder = {"dataset": "my-data.v2", "length": 120, "sets": {"MAX": {"sha256": "0"}}}
    with pytest.raises(OtherDataError, match="other: dataset, fractions, motifs"):
        runs.check_source(record, source, folder, None)


def test_records_do_not_lie_where_the_data_are(path, tmp_path):
    plain = path.rename(tmp_path / "mine")
    with pytest.raises(ValueError, match="mine: lies among the data"):
        runs.check_place(Simulation.of(plain), tmp_path)
