"""Fewer training sequences and wrong labels, nested, and never in the test set."""

import numpy as np
import pytest

from motifbook.networks.architectures import MODELS
from motifbook.networks.protocols import parse_profile, parse_protocol
from motifbook.networks.training import Setup
from motifbook.records import experiment
from motifbook.sequences import harder, synthetic


@pytest.fixture(scope="module")
def dataset():
    return synthetic.get(number=2_000)


def test_nothing_to_do(dataset):
    assert harder.make(dataset) is dataset


def test_less_data_is_the_first_training_sequences_and_no_more(dataset):
    small = harder.make(dataset, data=16)
    assert len(small.train) == 88  # of 1,400: 87.5, rounded up
    np.testing.assert_array_equal(small.train.bases, dataset.train.bases[:88])
    np.testing.assert_array_equal(small.train.labels, dataset.train.labels[:88])
    assert set(small.train.sites["sequence"]) == set(range(88))
    for part in ("valid", "test"):
        np.testing.assert_array_equal(small.splits[part].bases, dataset.splits[part].bases)
        np.testing.assert_array_equal(small.splits[part].labels, dataset.splits[part].labels)
    assert len(harder.make(dataset, data=1000).train) == 2


def flipped(dataset, part, **how):
    return harder.make(dataset, **how).splits[part].labels != dataset.splits[part].labels


@pytest.mark.parametrize(("part", "labels"), [("train", 1400 * 12), ("valid", 200 * 12)])
def test_labels_are_flipped_as_often_as_asked_and_nested(dataset, part, labels):
    before = np.zeros((labels // 12, 12), bool)
    for noise in (5, 10, 20, 50):
        wrong = flipped(dataset, part, noise=noise)
        # Four standard errors of a binomial fraction.
        assert abs(wrong.mean() - noise / 100) < 4 * np.sqrt(
            noise / 100 * (1 - noise / 100) / labels
        )
        assert (wrong | ~before).all() and wrong.sum() > before.sum()
        before = wrong
    # Every class, positives and negatives alike.
    truth = dataset.splits[part].labels.astype(bool)
    assert abs(before[truth].mean() - 0.5) < 0.1 and abs(before[~truth].mean() - 0.5) < 0.1
    assert abs(before.mean(axis=0) - 0.5).max() < 0.15


def test_noise_leaves_the_test_set_the_sequences_and_the_sites(dataset):
    noisy = harder.make(dataset, noise=20)
    assert not flipped(dataset, "test", noise=50).any()
    for part, split in noisy.splits.items():
        np.testing.assert_array_equal(split.bases, dataset.splits[part].bases)
        np.testing.assert_array_equal(split.sites, dataset.splits[part].sites)
    assert noisy.train.labels.dtype == np.uint8


def test_less_data_has_the_wrong_labels_of_all_data(dataset):
    both, noisy = harder.make(dataset, data=4, noise=10), harder.make(dataset, noise=10)
    np.testing.assert_array_equal(both.train.labels, noisy.train.labels[:350])
    np.testing.assert_array_equal(both.valid.labels, noisy.valid.labels)


def test_a_protocol_makes_the_data_harder_and_its_networks_others():
    profile, row = parse_profile("smoke"), MODELS["cnn-25"]
    keys = {}
    for name in ("as-run", "as-run+data-16", "as-run+data-8", "as-run+noise-5"):
        protocol = parse_protocol(name)
        opened = experiment.open_dataset("synthetic", protocol, profile)
        keys[name] = Setup(opened, row, protocol, profile).key
    assert len(set(keys.values())) == 4
    opened = experiment.open_dataset("synthetic", parse_protocol("as-run+data-16"), profile)
    assert len(opened.train) == 88
    assert opened.config["harder"] == {"data": 16, "noise": 0, "seed": 2019}
