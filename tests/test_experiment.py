"""A run's record says all that was promised, and says it right."""

import json
from dataclasses import replace

import numpy as np
import pytest
from msgspec import convert, to_builtins
from msgspec.structs import asdict

from motifbook.filters import readout
from motifbook.filters.readout import Filters
from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.networks import training
from motifbook.networks.protocols import AS_RUN, PROFILES, parse_protocol
from motifbook.records import experiment, runs
from motifbook.records.runs import Record, Run
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import Dataset, Split, fingerprint


@pytest.fixture(scope="module")
def record(smoke):
    return runs.load(smoke.run, smoke.results)


@pytest.fixture
def no_training(monkeypatch):
    def fit(*arguments):
        raise AssertionError("trained although the network is in the cache")

    monkeypatch.setattr(training, "fit", fit)


# --- The record --------------------------------------------------------------------------------


@pytest.mark.slow
class TestRecord:
    def test_it_says_what_was_run(self, record, smoke):
        data = to_builtins(record)
        names = ("dataset", "protocol", "profile", "model", "trial")
        assert [data[name] for name in names] == ["synthetic", "as-run", "smoke", "cnn-1", 1]
        assert data["format"] == 1
        assert data["seeds"] == training.seeds("cnn-1", 1)
        assert data["parameters"] == 160_048
        assert data["configuration_sha256"] == fingerprint(data["configuration"])
        configuration = data["configuration"]
        assert configuration["dataset"] == synthetic.configuration(number=2_000)
        assert configuration["architecture"]["convs"][0]["filters"] == 30
        assert configuration["protocol"]["learning_rate"] == 1e-3
        assert configuration["profile"]["epochs"] == 3
        assert configuration["targets"]["number"] == 519

    def test_it_says_where_and_with_what(self, record):
        data = to_builtins(record)
        assert data["backend"] == "tensorflow"
        assert data["precision"] == "float32"
        assert data["hardware"]
        assert data["started"].endswith("Z")
        assert data["seconds"] > 0
        for name in ("motifbook", "python", "keras", "numpy", "memelite", "pyjaspar"):
            assert data["versions"][name]

    def test_it_says_how_training_went(self, record):
        data = to_builtins(record)
        assert data["epochs"] == 3
        assert data["best_epoch"] in (1, 2, 3)
        assert set(data["history"]) == {"loss", "valid_loss", "gradient_norm"}
        loss = data["history"]["loss"]
        assert loss[0] > loss[-1]

    def test_it_has_scores_of_every_class(self, record):
        test = to_builtins(record.test)
        assert record.classes == matrices.TFS
        for name in ("auroc", "aupr", "average_precision"):
            assert len(test[name]) == 12
            assert all(0 <= value <= 1 for value in test[name])
            assert test[f"mean_{name}"] == pytest.approx(np.mean(test[name]), abs=1e-6)
        assert test["loss"] > 0

    @pytest.mark.parametrize(("number", "size"), [(1, 30), (2, 128)])
    def test_it_has_every_filter(self, record, number, size):
        layer = record.layer(number)
        assert layer.window == 19
        assert [one.filter for one in layer.filters] == list(range(size))
        matched = [one.matches_any for one in layer.filters]
        assert layer.match_any == pytest.approx(np.mean(matched), abs=1e-6)
        relevant = [one.tf is not None for one in layer.filters]
        assert layer.match_relevant == pytest.approx(np.mean(relevant), abs=1e-6)
        states = [one.state for one in layer.filters]
        assert layer.dead == states.count("dead")
        for one in layer.filters:
            ppm = np.array(one.ppm)
            assert ppm.shape == (19, 4)
            start, stop = one.trim
            assert 0 <= start < stop <= 19
            assert one.matches_any == any(hit.e_value <= 0.1 for hit in one.hits)
            if one.state == "alive":
                np.testing.assert_allclose(ppm.sum(axis=1), 1, atol=3e-4)
                assert one.sites > 0
                assert set(one.hits[0].__struct_fields__) == set(tomtom.COLUMNS[1:])
                e_values = [hit.e_value for hit in one.hits]
                assert e_values == sorted(e_values)
                assert len(e_values) == 1 or e_values[-1] <= 0.1
                for name in ("site_precision", "site_recall"):
                    assert len(getattr(one, name)) == 12
                    assert all(0 <= value <= 1 for value in getattr(one, name))
            else:
                assert one.hits == ()
            if one.tf is not None:
                assert one.relevant_target in matrices.RELEVANT[one.tf]

    def test_the_meme_file_holds_the_trimmed_ppms(self, record, smoke):
        written = matrices.read_meme(smoke.run.path(smoke.results).with_suffix(".meme"))
        recorded = [
            (f"layer{layer.layer}_filter{one.filter}", one)
            for layer in record.layers
            for one in layer.filters
        ]
        assert [motif.id for motif in written] == [name for name, _ in recorded]
        for motif, (_, one) in zip(written, recorded, strict=True):
            np.testing.assert_allclose(motif.ppm, one.ppm[slice(*one.trim)], atol=1e-9)
            assert motif.nsites == motif.width

    def test_matching_the_meme_file_again_gives_the_record(self, record, smoke):
        written = matrices.read_meme(smoke.run.path(smoke.results).with_suffix(".meme"))
        matches = tomtom.match(written, matrices.jaspar())
        verdicts = tomtom.verdicts(matches)
        for layer in record.layers:
            names = [f"layer{layer.layer}_filter{one.filter}" for one in layer.filters]
            mine = verdicts.loc[names]
            assert mine["any"].mean() == pytest.approx(layer.match_any, abs=1e-6)
            assert mine["relevant"].mean() == pytest.approx(layer.match_relevant, abs=1e-6)
            for name, one in zip(names, layer.filters, strict=True):
                hits = [hit["target"] for hit in tomtom.best_hits(matches, name)]
                assert hits == [hit.target for hit in one.hits]

    def test_numbers_are_short_but_the_configuration_is_whole(self, record, smoke):
        text = smoke.run.path(smoke.results).read_text()
        assert convert(json.loads(text), Record).test == record.test
        floats = [one for shown in asdict(record.history).values() for one in shown]
        assert all(value == float(f"{value:.6g}") for value in floats)

    def test_what_is_on_record_is_not_made_again(self, smoke, monkeypatch):
        monkeypatch.setattr(experiment, "make", None)
        assert experiment.ensure(smoke.run, smoke.results).run == smoke.run

    @pytest.mark.parametrize(
        ("switches", "windows", "changed"),
        [
            ("window", [19, 23], "window"),
            ("trim", [19, 19], "trim"),
            ("sites+weighting+ends", [19, 19], "threshold"),
        ],
    )
    def test_reading_in_another_way_needs_no_training(
        self, record, no_training, switches, windows, changed
    ):
        run = Run("synthetic", f"as-run+{switches}", "smoke", "cnn-1", 1)
        other, written = experiment.make(run)
        assert [layer.window for layer in other.layers] == windows
        assert other.history == record.history
        assert other.test == record.test
        protocols = [one.configuration["protocol"][changed] for one in (record, other)]
        assert protocols[0] != protocols[1]
        assert len(written) == 30 + 128
        if switches == "trim":
            assert {one.trim for one in other.layer(1).filters} == {(0, 19)}
            ppms = [[one.ppm for one in r.layer(1).filters] for r in (record, other)]
            assert ppms[0] == ppms[1]
        if switches.startswith("sites"):
            # At most one site in each of the 400 test sequences.
            assert max(one.sites for one in other.layer(1).filters) <= 400

    def test_the_other_protocol_s_training_is_another(self, no_training):
        run = Run("synthetic", "as-run+optimiser", "smoke", "cnn-1", 1)
        with pytest.raises(AssertionError, match="trained although"):
            experiment.make(run)


# --- Making runs -------------------------------------------------------------------------------


RUN = Run("synthetic", "as-run", "smoke", "cnn-2", 1)


def test_a_run_that_fails_leaves_nothing_and_can_be_tried_again(tmp_path, monkeypatch):
    def fail(*arguments):
        raise training.TrainingError("the loss is nan")

    monkeypatch.setattr(experiment, "make", fail)
    for _ in range(2):
        with pytest.raises(training.TrainingError, match="the loss is nan"):
            experiment.ensure(RUN, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_dataset_by_name():
    dataset = experiment.open_dataset("synthetic", AS_RUN, PROFILES["smoke"])
    assert dataset.config == synthetic.configuration("as-run", number=2_000)
    written = parse_protocol("as-run+dataset")
    dataset = experiment.open_dataset("synthetic", written, PROFILES["smoke"])
    assert dataset.config == synthetic.configuration("as-written", number=2_000)
    with pytest.raises(ValueError, match="'no-such'"):
        experiment.open_dataset("no-such", AS_RUN, PROFILES["smoke"])
    for name in ("richer", "chipseq"):
        with pytest.raises(ValueError, match=f"cannot change '{name}'"):
            experiment.open_dataset(name, written, PROFILES["smoke"])


# --- Describing filters ------------------------------------------------------------------------


def layer_of(*ppms, maximum=1.0, sites=5, scored=False):
    number = len(ppms)
    return Filters(
        layer=1,
        ppms=np.array(ppms, float),
        sites=np.broadcast_to(sites, number),
        maximum=np.broadcast_to(maximum, number),
        precision=np.full((number, 2), 0.5) if scored else None,
        recall=np.full((number, 2), 0.25) if scored else None,
    )


def two_classes(relevant):
    part = Split(np.zeros((1, 20), np.uint8), np.ones((1, 2), np.uint8))
    return Dataset("made", ("MAX", "SP1"), part, part, part, config={}, relevant=relevant)


def padded(motif_id, width=19):
    """A known motif in the middle of a window of background."""
    (motif,) = (one for one in matrices.jaspar() if one.id == motif_id)
    ppm = np.full((width, 4), 0.25)
    start = (width - motif.width) // 2
    ppm[start : start + motif.width] = motif.ppm
    return ppm


RELEVANT = {"MAX": ("MA0058.3",), "SP1": ("MA0079.3",)}


def test_filters_are_described_as_they_are():
    ppms = [padded("MA0058.3"), np.zeros((19, 4)), np.full((19, 4), 0.25), padded("MA0095.2")]
    read = layer_of(*ppms, maximum=[1, 0, 1, 1], sites=[5, 0, 9, 2], scored=True)
    layer, queries = experiment.describe(read, two_classes(RELEVANT), AS_RUN)
    states = [one.state for one in layer.filters]
    assert states == ["alive", "dead", "uniform", "alive"]
    assert [one.tf for one in layer.filters] == ["MAX", None, None, None]
    assert layer.filters[0].relevant_target == "MA0058.3"
    assert layer.filters[3].hits[0].target == "MA0095.2"
    # Two of four match something, one of them something relevant.
    assert (layer.match_any, layer.match_relevant, layer.dead) == (1 / 2, 1 / 4, 1)
    assert [query.id for query in queries] == [f"layer1_filter{i}" for i in range(4)]
    assert layer.filters[0].site_precision == (0.5, 0.5)
    # MA0058.3 is ten wide: it starts at column 4; its own ends are informative or not.
    start, stop = layer.filters[0].trim
    assert (start, stop) == readout.trim(ppms[0])
    assert len(queries[0].ppm) == stop - start < 19


@pytest.mark.slow
def test_filters_are_matched_with_another_release():
    newer = replace(AS_RUN, jaspar="2024")
    matrix = {"ppm": [[1, 0, 0, 0]] * 6, "nsites": 9}
    added = [{"id": i, "name": i, **matrix} for i in ("mine.meme:A", "MA0058.4")]
    dataset = two_classes({"MAX": ("MA0058.3",), "SP1": ("mine.meme:A", "MA0139.1")})
    dataset.config["added_motifs"] = added
    targets, relevant = experiment.searchable(dataset, newer)
    released = matrices.jaspar("2024")
    # What the release has, in its own version, is not added again.
    assert [motif.id for motif in targets] == [*(m.id for m in released), "mine.meme:A"]
    assert relevant == {"MAX": ("MA0058.4",), "SP1": ("MA0139.2", "mine.meme:A")}
    layer, _ = experiment.describe(layer_of(padded("MA0058.3")), dataset, newer)
    (one,) = layer.filters
    assert (one.tf, one.relevant_target) == ("MAX", "MA0058.4")
    assert one.relevant_hit.target == "MA0058.4" and one.learned_tf == "MAX"
    same, relevant = experiment.searchable(dataset, AS_RUN)
    assert len(same) == 519 + 2 and relevant == dataset.relevant


def test_a_filter_without_sites_is_not_a_dead_one():
    read = layer_of(np.zeros((19, 4)), np.zeros((19, 4)), maximum=[2, 0], sites=0)
    layer, _ = experiment.describe(read, two_classes(RELEVANT), AS_RUN)
    assert [one.state for one in layer.filters] == ["no sites", "dead"]
    assert layer.dead == 1
    assert layer.match_any == 0


def test_where_nothing_is_relevant_there_is_no_fraction_of_it():
    read = layer_of(padded("MA0058.3"))
    layer, _ = experiment.describe(read, two_classes({"MAX": (), "SP1": ()}), AS_RUN)
    assert layer.match_any == 1
    assert layer.match_relevant is None


def test_ppms_are_rounded_before_they_are_matched():
    read = layer_of(padded("MA0058.3"))
    layer, (query,) = experiment.describe(read, two_classes(RELEVANT), AS_RUN)
    ppm = np.array(layer.filters[0].ppm)
    np.testing.assert_array_equal(ppm, np.round(read.ppms[0], 4))
    np.testing.assert_array_equal(query.ppm, ppm[slice(*layer.filters[0].trim)])
    assert isinstance(query, Motif)


def test_six_digits_are_kept():
    rounded = experiment._rounded(
        {"a": [1 / 3, {"b": 123456789.0}], "n": 5, "configuration": {"c": 1 / 3}, "none": None}
    )
    assert rounded == {
        "a": [0.333333, {"b": 123457000.0}],
        "n": 5,
        "configuration": {"c": 1 / 3},
        "none": None,
    }
