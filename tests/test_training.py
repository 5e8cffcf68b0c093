"""Training: the same every time, made once, and clear about what it cannot use."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifbook.networks import backend, training
from motifbook.networks.architectures import MODELS
from motifbook.networks.protocols import AS_RUN, AS_WRITTEN, PROFILES, Profile, parse_protocol
from motifbook.networks.training import Setup, Trained, TrainingError
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import Dataset, Split, one_hot

ROW = MODELS["cnn-100"]
SMOKE = PROFILES["smoke"]


@pytest.fixture(scope="module")
def dataset():
    return synthetic.get(number=SMOKE.sequences)


@pytest.fixture(scope="module")
def trained(dataset):
    return training.fit(Setup(dataset, ROW, AS_RUN, SMOKE, 1))


def dataset_of(labels, name="made", **sizes):
    """A dataset of random sequences whose splits have these labels, cut to these sizes."""
    stream = np.random.default_rng(0)
    labels = np.array(labels, np.uint8)
    parts = {}
    for part in ("train", "valid", "test"):
        mine = labels[: sizes.get(part, len(labels))]
        parts[part] = Split(stream.integers(0, 4, (len(mine), 30)).astype(np.uint8), mine)
    classes = tuple("ABCDEF"[: labels.shape[1]])
    return Dataset(name, classes, **parts, config={"name": name})


MIXED = [[0, 1], [1, 0], [1, 1], [0, 0]]


# --- One run -----------------------------------------------------------------------------------


def test_the_smoke_profile_learns(trained):
    loss = trained.history["loss"]
    assert len(loss) == len(trained.history["valid_loss"]) == 3
    assert loss[0] > loss[1] > loss[2]
    assert all(norm > 0 for norm in trained.history["gradient_norm"])
    assert trained.best_epoch == 1 + int(np.argmin(trained.history["valid_loss"]))
    assert trained.seconds > 0


def test_the_record_of_the_first_layer_starts_before_training(trained, dataset):
    shots = trained.snapshots
    assert {name: array.shape for name, array in shots.items()} == {
        "kernel": (4, 19, 4, 30),
        **dict.fromkeys(("gamma", "beta", "mean", "variance"), (4, 30)),
    }
    untrained = training.new_model(Setup(dataset, ROW, AS_RUN, SMOKE))
    np.testing.assert_array_equal(
        shots["kernel"][0], untrained.get_layer("conv_1").get_weights()[0]
    )
    np.testing.assert_array_equal(shots["kernel"][trained.best_epoch], trained.weights[0])
    assert (shots["kernel"][1] != shots["kernel"][0]).any()


def test_the_best_weights_have_the_best_validation_loss(trained, dataset):
    model = training.new_model(Setup(dataset, ROW, AS_RUN, SMOKE))
    model.set_weights(trained.weights)
    import keras

    # In the first epochs batch norm's averages are far from settled and probabilities round to 0
    # and 1, so the loss is taken of the logits.
    output = model.get_layer("output")
    before = keras.Model(model.inputs[0], model.get_layer("dropout_hidden").output)
    hidden = np.asarray(before(one_hot(dataset.valid.bases), training=False))
    kernel, bias = output.get_weights()
    logits = hidden @ kernel + bias
    entropy = np.mean(np.logaddexp(0, logits) - dataset.valid.labels * logits)
    loss = entropy + float(sum(model.losses))
    assert loss == pytest.approx(min(trained.history["valid_loss"]), rel=1e-4)


@pytest.mark.slow
def test_the_same_run_gives_the_same_network(trained, dataset):
    again = training.fit(Setup(dataset, ROW, AS_RUN, SMOKE, 1))
    assert again.history == trained.history
    for ours, theirs in zip(again.weights, trained.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_another_trial_is_another_network_on_the_same_data(trained, dataset):
    other = training.fit(Setup(dataset, ROW, AS_RUN, replace(SMOKE, epochs=1), 2))
    assert (other.snapshots["kernel"][0] != trained.snapshots["kernel"][0]).any()
    assert other.history["loss"][0] != trained.history["loss"][0]
    # The data are in the key, the trial is not in the data.
    assert "trial" not in dataset.config


@pytest.mark.slow
def test_progress_is_told_after_each_epoch():
    told = []
    small = dataset_of(MIXED * 5)
    setup = Setup(small, ROW, AS_RUN, Profile("p", None, 2))
    trained = training.fit(setup, progress=lambda *news: told.append(news))
    history = trained.history
    assert told == [(e + 1, history["loss"][e], history["valid_loss"][e]) for e in range(2)]


# --- Stopping ----------------------------------------------------------------------------------


class Scripted:
    """Stands for the trainer: its validation losses are given, its weights are the epoch."""

    losses: tuple[float, ...] = ()

    def __init__(self, models, *rest):
        self.epochs = self.kept = 0

    def epoch(self, orders):
        assert [sorted(order) for order in orders] == [list(range(20))]
        self.epochs += 1
        return np.array([0.5]), np.array([0.1])

    def validate(self):
        return np.array([self.losses[self.epochs - 1]])

    def keep(self, better):
        self.kept = self.epochs if better else self.kept

    def best(self):
        return [[np.array(self.kept)]]

    def layers(self, *names):
        return {"kernel": np.array([self.epochs])}


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "best"),
    [
        ((3, 2, 1, 1, 1, 1), 2, 5, 3),  # an equal loss is not better
        ((3, 2, 1, 0.5, 0.4, 0.3), 2, 6, 6),
        ((1, 2, 3, 4, 5, 6), None, 6, 1),
        ((1, 2, 0.5, 2, 2, 0.1), 2, 5, 3),
    ],
)
def test_the_best_epoch_counts_and_patience_ends_it(monkeypatch, losses, patience, epochs, best):
    backend.start()
    from motifbook.networks import epochs_tensorflow

    monkeypatch.setattr(epochs_tensorflow, "Epochs", Scripted)
    monkeypatch.setattr(Scripted, "losses", losses)
    protocol = replace(AS_RUN, patience=patience)
    trained = training.fit(Setup(dataset_of(MIXED * 5), ROW, protocol, Profile("p", None, 6)))
    assert trained.history["valid_loss"] == list(losses[:epochs])
    assert trained.best_epoch == best
    assert trained.weights == [best]
    assert trained.snapshots["kernel"].tolist() == list(range(epochs + 1))


def test_a_profile_s_patience_goes_before_the_protocol_s(monkeypatch):
    backend.start()
    from motifbook.networks import epochs_tensorflow

    monkeypatch.setattr(epochs_tensorflow, "Epochs", Scripted)
    monkeypatch.setattr(Scripted, "losses", tuple(range(1, 101)))
    for protocol, profile, epochs in (
        (AS_RUN, "quick", 6),
        (AS_WRITTEN, "quick", 6),
        (AS_RUN, "paper", 21),
        (AS_WRITTEN, "paper", 100),
    ):
        trained = training.fit(Setup(dataset_of(MIXED * 5), ROW, protocol, PROFILES[profile]))
        assert len(trained.history["loss"]) == epochs


# --- What cannot be trained on -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "sizes", "message"),
    [
        ([[0, 1], [0, 0]], {}, "dataset made: class A has no positives in train"),
        ([[1, 1], [1, 0]], {}, "class A has no negatives in train"),
        ([[1, 1], [1, 0], [0, 0]], {"test": 2}, "class A has no negatives in test"),
        (MIXED, {"train": 0}, "dataset made: the train split is empty"),
        (MIXED, {"valid": 0}, "the valid split is empty"),
        (MIXED, {"test": 0}, "the test split is empty"),
    ],
)
def test_what_cannot_be_trained_on(labels, sizes, message):
    with pytest.raises(ValueError, match=message):
        training.fit(Setup(dataset_of(labels, **sizes), ROW, AS_RUN, SMOKE))


def test_a_validation_split_may_lack_a_class():
    training.check(dataset_of(MIXED, valid=1))


def test_a_loss_that_is_no_number_stops_training():
    diverging = replace(AS_RUN, learning_rate=math.inf)
    with pytest.raises(TrainingError, match=r"cnn-100 trial 3: loss is .* in epoch 1"):
        training.fit(Setup(dataset_of(MIXED * 50), ROW, diverging, SMOKE, 3))


# --- Identity ----------------------------------------------------------------------------------


def test_seeds_are_a_run_s_own():
    # As on record of this run.
    assert training.seeds("cnn-25", 1) == {
        "initialisation": 847472381,
        "order": 163989599,
        "dropout": 1205469949,
    }
    all_seeds = [
        seed
        for model in MODELS
        for trial in range(1, 6)
        for seed in training.seeds(model, trial).values()
    ]
    assert len(set(all_seeds)) == 20 * 5 * 3
    assert all(0 <= seed < 2**31 for seed in all_seeds)


def test_a_key_is_of_what_decides_the_weights(dataset, monkeypatch):
    def key(row="cnn-50-2", protocol="as-run", profile="paper", trial=1, data=dataset):
        chosen = parse_protocol(protocol), PROFILES[profile], trial
        return Setup(data, MODELS[row], *chosen).key

    assert len(key()) == 64
    for switch in ("sites", "weighting", "ends", "window", "trim", "sites+window"):
        assert key(protocol=f"as-run+{switch}") == key()
    others = {
        key(),
        key(row="cnn-2"),
        key(trial=2),
        key(profile="quick"),
        key(data=dataset_of(MIXED)),
        *(key(protocol=f"as-run+{name}") for name in ("optimiser", "initialisation", "epsilon")),
        *(key(protocol=f"as-run+{name}") for name in ("stopping", "widths")),
    }
    assert len(others) == 10
    # Networks of another backend are others.
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert key() not in others
    monkeypatch.undo()
    # Only CNN-50-2 is another network under the other widths.
    assert key("cnn-2", "as-run+widths") == key("cnn-2")


# --- The cache ---------------------------------------------------------------------------------


def made_up(best_epoch=2):
    weights = [np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(2, np.float32)]
    return Trained(
        weights=weights,
        history={"loss": [2.0, 1.0], "valid_loss": [3.0, 2.5], "gradient_norm": [0.5, 0.25]},
        best_epoch=best_epoch,
        seconds=1.5,
        started="2026-01-02T03:04:05Z",
        machine={"backend": "tensorflow"},
        snapshots={
            "kernel": np.ones((3, 2, 3), np.float32),
            **dict.fromkeys(("gamma", "beta", "mean", "variance"), np.ones((3, 3), np.float32)),
        },
    )


def equal(one, other):
    arrays = zip(one.weights, other.weights, strict=True)
    about = ("history", "best_epoch", "seconds", "started", "machine")
    return (
        all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in arrays)
        and one.snapshots.keys() == other.snapshots.keys()
        and all(np.array_equal(array, other.snapshots[n]) for n, array in one.snapshots.items())
        and all(getattr(one, name) == getattr(other, name) for name in about)
    )


def test_a_trained_network_comes_back(tmp_path):
    path = tmp_path / "new" / "network.npz"
    training.save(made_up(), path)
    assert equal(training.load(path), made_up())
    assert list(path.parent.iterdir()) == [path]


def test_loading_says_what_is_wrong(tmp_path):
    path = tmp_path / "network.npz"
    with pytest.raises(FileNotFoundError):
        training.load(path)
    training.save(made_up(), path)
    whole = path.read_bytes()
    for damaged in (b"", b"nothing of the kind", whole[:-5], whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"network\.npz: not a readable trained network"):
            training.load(path)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_flipped_bit_is_noticed_or_harmless(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("networks") / "network.npz"
    training.save(made_up(), path)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        loaded = training.load(path)
    except ValueError:
        return
    # Time stamps and the like in the archive's headers: nothing of ours.
    assert [w.tolist() for w in loaded.weights] == [w.tolist() for w in made_up().weights]
    assert loaded.history == made_up().history


@pytest.mark.parametrize("harm", ["none", "truncated", "flipped", "empty", "gone"])
def test_a_network_is_trained_once_unless_its_file_is_damaged(monkeypatch, tmp_path, dataset, harm):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    fitted = []
    monkeypatch.setattr(training, "fit", lambda *what: fitted.append(what) or made_up())
    for _ in range(2):
        assert equal(training.get(Setup(dataset, ROW, AS_RUN, SMOKE, 1)), made_up())
    assert len(fitted) == 1
    (path,) = (tmp_path / "networks").iterdir()
    content = bytearray(path.read_bytes())
    content[content.index(b"\x93NUMPY") + 130] ^= 1  # inside the first array
    harmed = {"truncated": content[:-100], "flipped": content, "empty": b""}
    if harm in harmed:
        path.write_bytes(harmed[harm])
    elif harm == "gone":
        path.unlink()
    assert equal(training.get(Setup(dataset, ROW, AS_RUN, SMOKE, 1)), made_up())
    assert len(fitted) == (1 if harm == "none" else 2)
    assert equal(training.load(path), made_up())
    # Another trial is another network.
    training.get(Setup(dataset, ROW, AS_RUN, SMOKE, 2))
    assert len(list((tmp_path / "networks").iterdir())) == 2


def test_another_backend_s_network_is_not_taken(monkeypatch, tmp_path, dataset):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    setup = Setup(dataset, ROW, AS_RUN, SMOKE)
    # As it could lie there before keys were of a backend.
    training.save(replace(made_up(), machine={"backend": "jax"}), setup.path)
    assert training.cached(setup) is None
    training.save(made_up(), setup.path)
    assert equal(training.cached(setup), made_up())


def test_keys_on_disk_stay_what_they_were():
    # sha256 of the canonical JSON, as the caches of users hold it.
    made = dataset_of(MIXED)
    assert (
        Setup(made, ROW, AS_RUN, SMOKE).key
        == "9f11f5655bc5a2b58bd072d62960dd8c2eb9dd54e948c253671de4350235a482"
    )


# --- Profiles of other datasets ----------------------------------------------------------------


def test_a_profile_takes_the_first_sequences_of_each_split_in_proportion(dataset):
    big = dataset_of(MIXED * 1000, valid=800, test=1200)  # 4,000 + 800 + 1,200
    small = training.subset(big, Profile("p", sequences=600, epochs=1))
    assert [len(split) for split in small.splits.values()] == [400, 80, 120]
    np.testing.assert_array_equal(small.test.bases, big.test.bases[:120])
    np.testing.assert_array_equal(small.test.labels, big.test.labels[:120])
    assert small.fingerprint != big.fingerprint and small.test.sites is None
    assert training.subset(big, PROFILES["paper"]) is big
    assert training.subset(dataset, SMOKE) is dataset
    few = training.subset(dataset_of(MIXED), SMOKE)
    assert [len(split) for split in few.splits.values()] == [4, 4, 4]


def test_a_profile_keeps_the_sites_of_what_it_takes():
    made = replace(synthetic.make(number=60), name="mine")
    small = training.subset(made, Profile("p", sequences=30, epochs=1))
    assert [len(split) for split in small.splits.values()] == [21, 3, 6]
    for part, split in small.splits.items():
        whole = made.splits[part].sites
        np.testing.assert_array_equal(split.sites, whole[whole["sequence"] < len(split)])
        assert set(split.sites["sequence"]) == set(range(len(split)))
