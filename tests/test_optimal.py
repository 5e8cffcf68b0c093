"""The upper references: against enumeration, by hand, and against their own simulations."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import scores

from motifbook.motifs.matrices import Motif, ground_truth
from motifbook.records import store
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import encode, reverse_complement
from motifbook.yardsticks import optimal

PROTOCOLS = ("as-run", "as-written")


def motif(name: str, *rows: tuple[float, ...]) -> Motif:
    return Motif(id=name, name=name, ppm=np.array(rows, float), nsites=100)


X = motif("X", (1, 0, 0, 0))  # A; on the other strand T
Y = motif("Y", (0, 0.5, 0.5, 0))  # C or G on both strands


def random_motifs(rng: np.random.Generator, widths: tuple[int, ...]) -> list[Motif]:
    """With some exact zeros, as JASPAR's have."""
    made = []
    for number, width in enumerate(widths):
        counts = rng.gamma(0.5, size=(width, 4)) * (rng.random((width, 4)) > 0.2) + 1e-3
        counts[rng.random((width, 4)) < 0.1] = 0
        counts[:, number % 4] += 0.1
        made.append(motif(str(number), *(counts / counts.sum(1, keepdims=True))))
    return made


def gap_choices(count: int, free: int, smallest: int):
    """All ways to split `free` bases into `count` gaps of at least `smallest`."""
    if count == 1:
        if free >= smallest:
            yield (free,)
        return
    for first in range(smallest, free + 1):
        for rest in gap_choices(count - 1, free - first, smallest):
            yield (first, *rest)


def enumerated(bases: np.ndarray, motifs: list[Motif], protocol: str) -> np.ndarray:
    """The posterior by the generative story itself: every pick, every placement, every base."""
    prior, smallest = synthetic.COUNT_PROBABILITY[protocol], synthetic.SMALLEST_GAP[protocol]
    pool = [ppm for m in motifs for ppm in (m.ppm, m.ppm[::-1, ::-1])]
    everything, without = 0.0, np.zeros(len(motifs))
    for count, probability in enumerate(prior, start=1):
        fitting = []
        for pick in itertools.product(range(len(pool)), repeat=count):
            total = sum(len(pool[p]) for p in pick)
            gaps = list(gap_choices(count + 1, len(bases) - total, smallest))
            if gaps and total < len(bases):
                fitting.append((pick, gaps))
        for pick, placements in fitting:
            likelihood = 0.0
            for gaps in placements:
                columns = []
                for gap, p in itertools.zip_longest(gaps, pick):
                    columns += [np.full(4, 0.25)] * gap
                    columns += [] if p is None else list(pool[p])
                likelihood += np.prod(
                    [c[b] if b < 4 else 0.25 for c, b in zip(columns, bases, strict=True)]
                )
            share = probability / len(fitting) * likelihood / len(placements)
            everything += share
            absent = np.setdiff1d(np.arange(len(motifs)), np.array(pick) // 2)
            without[absent] += share
    return 1 - without / everything


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("length", "widths"), [(7, (1, 2)), (9, (2, 3)), (13, (2, 5)), (14, (3, 4)), (20, (7, 9))]
)
def test_equals_enumeration(length, widths, protocol):
    # Some cases have room for five motifs, some for two, all for picks that do not fit.
    rng = np.random.default_rng(length)
    motifs = random_motifs(rng, widths)
    bases = rng.integers(0, 4, (4, length), dtype=np.uint8)
    bases[3, 2] = 4
    found = optimal.posterior(bases, protocol, motifs)
    expected = np.array([enumerated(row, motifs, protocol) for row in bases])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.ptp(expected) > 0.1  # a case that could tell


def covered(bases: np.ndarray, number: int, motifs: list[Motif], protocol: str) -> np.ndarray:
    """Where class `number` lies, by the generative story itself, base by base."""
    prior, smallest = synthetic.COUNT_PROBABILITY[protocol], synthetic.SMALLEST_GAP[protocol]
    pool = [ppm for m in motifs for ppm in (m.ppm, m.ppm[::-1, ::-1])]
    everything, over = 0.0, np.zeros(len(bases))
    for count, probability in enumerate(prior, start=1):
        picks = []
        for pick in itertools.product(range(len(pool)), repeat=count):
            total = sum(len(pool[p]) for p in pick)
            gaps = list(gap_choices(count + 1, len(bases) - total, smallest))
            if gaps and total < len(bases):
                picks.append((pick, gaps))
        for pick, placements in picks:
            for gaps in placements:
                here, place, ratio = np.zeros(len(bases)), 0, 1.0
                for gap, p in zip(gaps, pick, strict=False):
                    place += gap
                    for column in pool[p]:
                        base = bases[place]
                        ratio *= column[base] / 0.25 if base < 4 else 1.0
                        here[place] = here[place] or p // 2 == number
                        place += 1
                share = probability / len(picks) / len(placements) * ratio
                everything += share
                over += share * here
    return over / everything


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("length", "widths"), [(9, (2, 3)), (13, (2, 5)), (12, (3, 3))])
def test_coverage_equals_enumeration(length, widths, protocol):
    rng = np.random.default_rng(length)
    motifs = random_motifs(rng, widths)
    bases = rng.integers(0, 4, (3, length), dtype=np.uint8)
    bases[2, 2] = 4
    classes = [0, 1, 1]
    found = optimal.coverage(bases, classes, protocol, motifs)
    expected = [covered(*pair, motifs, protocol) for pair in zip(bases, classes, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.ptp(expected) > 0.1


def test_coverage_by_hand():
    """Room for one motif only: X at the A has 4, Y at the C has 2 on either strand."""
    bases = np.repeat(encode("AC")[None], 2, axis=0)
    found = optimal.coverage(bases, [0, 1], "as-run", [X, Y])
    np.testing.assert_allclose(found, [[0.5, 0], [0, 0.5]])


def test_coverage_is_asked_of_one_class_a_sequence():
    bases = encode("AC")[None]
    for classes in ([], [0, 1], [2], [-1]):
        with pytest.raises(
            ValueError, match=r"classes must be 1 numbers in 0\.\.1, one a sequence"
        ):
            optimal.coverage(bases, classes, "as-run", [X, Y])
    with pytest.raises(ValueError, match="protocol 'as-is' is unknown"):
        optimal.coverage(bases, [0], "as-is", [X, Y])


@pytest.mark.parametrize(
    ("text", "protocol", "expected"),
    [
        # Room for one motif only. X at the A: 4; Y at the C: 2 on either strand.
        ("AC", "as-run", (1 / 2, 1 / 2)),
        ("AA", "as-run", (1, 0)),
        # X at the A: 4. The ambiguous base gives 1 for each of the four PWMs.
        ("AN", "as-run", (6 / 8, 2 / 8)),
        # A base of background at each end leaves the middle.
        ("AC", "as-written", None),
        ("ACA", "as-written", (0, 1)),
        ("CAC", "as-written", (1, 0)),
        # One motif, 1/2 * 1/4 * 1/3: X 4, Y 2 * (2 + 2)            -> Z1 = 1/2 = 1/6 + 1/3
        # Two,       1/4 * 1/16 * 1/3: XY 2 * (4*2 + 4*2), YY 4 * 2*2 -> Z2 = 1/4 = 1/6 + 1/12
        # X is missing in 1/3 + 1/12, Y in 1/6, of 3/4.
        ("ACC", "as-run", (4 / 9, 7 / 9)),
    ],
)
def test_by_hand(text, protocol, expected):
    bases = encode(text)[None]
    if expected is None:
        with pytest.raises(ValueError, match="no motif fits into 2 nt"):
            optimal.posterior(bases, protocol, [X, Y])
    else:
        found = optimal.posterior(bases, protocol, [X, Y])
        np.testing.assert_allclose(found[0], expected, rtol=1e-12, atol=1e-15)


def test_pwm_scores_by_hand():
    # AC/GT: one exact site (16) on either strand; background elsewhere.
    ac = motif("AC", (1, 0, 0, 0), (0, 1, 0, 0))
    half = motif("A", (0.5, 0.5, 0, 0))
    wide = motif("wide", *[(0.25,) * 4] * 9)
    bases = np.array([encode("ACTTGTAN"), encode("NNNNNNNN"), encode("GGGGGGGG")])
    expected = [
        [16 + 16 + 4 + 0, (2 + 2 + 0 + 0 + 0 + 0 + 2 + 1) + (0 + 0 + 2 + 2 + 2 + 2 + 0 + 1), 0],
        [7 * 2, 8 * 2, 0],
        [0, 8 * 2, 0],
    ]
    found = optimal.pwm_scores(bases, [ac, half, wide])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_impossible_sequence_has_no_posterior():
    found = optimal.posterior(np.array([encode("CCCC"), encode("CACC")]), "as-run", [X])
    np.testing.assert_array_equal(found, [[np.nan], [1]])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_real_motifs(protocol):
    dataset = synthetic.make(protocol, seed=1, number=100)
    bases = dataset.test.bases.copy()
    bases[0, 50:60] = 4
    found = optimal.posterior(bases, protocol)
    assert found.shape == (20, 12)
    assert ((found >= 0) & (found <= 1)).all()
    # Both orientations are equally likely, and so are all placements.
    mirrored = optimal.posterior(reverse_complement(bases), protocol)
    np.testing.assert_allclose(mirrored, found, atol=1e-12)
    np.testing.assert_allclose(
        optimal.pwm_scores(reverse_complement(bases)), optimal.pwm_scores(bases), rtol=1e-9
    )
    # Chunks do not change an answer.
    many = np.repeat(bases, 20, axis=0)
    np.testing.assert_array_equal(optimal.posterior(many, protocol), np.repeat(found, 20, axis=0))


def test_calibrated_where_the_model_is_the_simulation():
    # as-written places motifs with equal chances, so labels are draws from their posterior.
    dataset = synthetic.make("as-written", seed=7, number=2000)
    p, labels = optimal.posterior(dataset.train.bases, "as-written"), dataset.train.labels
    z = (labels - p).sum(0) / np.sqrt((p * (1 - p)).sum(0))
    assert np.abs(z).max() < 3.5  # by TF
    for low, high in itertools.pairwise((0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1)):
        here = (p > low) & (p <= high)
        spread = np.sqrt((p[here] * (1 - p[here])).sum())
        assert abs((labels[here] - p[here]).sum()) < 3.5 * spread  # by posterior


@pytest.mark.parametrize(
    ("bases", "message"),
    [
        (np.zeros(8, np.uint8), r"\(n, length\) array of integers"),
        (np.zeros((2, 8)), "found float64"),
        (np.zeros((2, 0), np.uint8), r"of shape \(2, 0\)"),
        (np.full((2, 8), 5), r"found 5\.\.5"),
        (np.full((2, 8), -1), r"found -1\.\.-1"),
    ],
)
@pytest.mark.parametrize("function", [optimal.posterior, optimal.pwm_scores])
def test_bad_bases_are_refused(function, bases, message):
    with pytest.raises(ValueError, match=message):
        function(bases, motifs=[X])


@pytest.mark.parametrize(
    ("motifs", "message"),
    [
        ([], "found none"),
        ([X, motif("sum", (0.5, 0.5, 0.5, 0))], "motif sum: the rows"),
        ([motif("minus", (1.5, -0.5, 0, 0))], "motif minus: the rows"),
        ([motif("nan", (np.nan, 0, 0, 1))], "motif nan: the rows"),
        ([motif("long", *[(0.25,) * 4] * 101)], "motif long: at most 100 positions .* found 101"),
    ],
)
def test_bad_motifs_are_refused(motifs, message):
    with pytest.raises(ValueError, match=message):
        optimal.posterior(np.zeros((1, 8), np.uint8), motifs=motifs)


def test_unknown_protocol_is_refused():
    with pytest.raises(ValueError, match="'as-rum' is unknown"):
        optimal.posterior(np.zeros((1, 8), np.uint8), "as-rum", [X])


def test_no_sequences():
    assert optimal.posterior(np.zeros((0, 200), np.uint8)).shape == (0, 12)


def test_record_round_trip(tmp_path):
    dataset = synthetic.make("as-run", seed=5, number=1500)
    path = optimal.write_reference(dataset, tmp_path)
    assert path == tmp_path / "synthetic" / "as-run" / "optimal.json"
    assert [p.name for p in path.parent.iterdir()] == ["optimal.json"]
    record = optimal.load_reference(tmp_path, "synthetic", "as-run")
    assert record.references == optimal.reference(dataset)
    assert record.configuration["dataset"] == dataset.config
    assert record.sequences == 300
    pwm, posterior = record.references.pwm, record.references.posterior
    assert 0.5 < pwm.mean_auroc <= posterior.mean_auroc < 1
    assert pwm.mean_aupr < posterior.mean_aupr
    assert posterior.mean_auroc == pytest.approx(np.mean(posterior.auroc))


def test_bad_records_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"optimal\.json"):
        optimal.load_reference(tmp_path)
    dataset = synthetic.make("as-run", seed=5, number=1500)
    path = optimal.write_reference(dataset, tmp_path)
    whole = path.read_text()
    other = tmp_path / "synthetic" / "as-written" / "optimal.json"
    other.parent.mkdir()
    other.write_text(whole)
    with pytest.raises(ValueError, match="says it is of synthetic as-run, expected"):
        optimal.load_reference(tmp_path, protocol="as-written")

    def damaged(change) -> str:
        record = json.loads(whole)
        change(record)
        return json.dumps(record)

    for text, message in [
        (whole[:100], "not readable as JSON"),
        ("[]", "Expected `object`, got `array`"),
        (damaged(lambda r: r["configuration"]["dataset"].update(seed=6)), "has sha256"),
        (
            damaged(lambda r: r["references"]["pwm"].update(mean_auroc=1.5)),
            r"\$\.references\.pwm\.mean_auroc: .*, found 1\.5",
        ),
        (
            damaged(lambda r: r["references"]["pwm"]["aupr"].pop()),
            r"references\.pwm\.aupr has 11 numbers, expected 12, one a class",
        ),
        (damaged(lambda r: r["references"].pop("posterior")), "required field `posterior`"),
    ]:
        path.write_text(text)
        with pytest.raises(store.RecordError, match=message):
            optimal.load_reference(tmp_path)


def other_motifs():
    """The twelve motifs by name, the first of which is read backwards."""
    first, *others = ground_truth()
    return [replace(first, id="mine", ppm=first.ppm[::-1]), *others]


def test_only_synthetic_datasets_have_a_reference():
    dataset = synthetic.make("as-run", seed=5, number=100)
    other = replace(dataset, name="lab", config={"dataset": "lab"})
    with pytest.raises(ValueError, match="lab: an upper reference needs a known generative model"):
        optimal.reference(other)
    for other in (
        synthetic.make(number=100, counts=(1, 1)),
        synthetic.make(number=100, motifs=other_motifs()),
    ):
        with pytest.raises(ValueError, match="synthetic: an upper reference needs a known"):
            optimal.reference(other)
    labels = dataset.test.labels.copy()
    labels[:, 3] = 0
    other = replace(dataset, test=replace(dataset.test, labels=labels))
    with pytest.raises(ValueError, match="0 of 20 test sequences have Gabpa"):
        optimal.reference(other)


def test_importing_needs_neither_numba_nor_keras():
    code = "import sys, motifbook.yardsticks.optimal; "
    code += "print({'numba', 'keras', 'tensorflow'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_ground_truth_is_the_default():
    bases = np.random.default_rng(2).integers(0, 4, (3, 200), dtype=np.uint8)
    np.testing.assert_array_equal(
        optimal.posterior(bases), optimal.posterior(bases, motifs=ground_truth())
    )


def test_get_follows_the_rules_of_missing_records(tmp_path, monkeypatch):
    assert optimal.get("smoke", results_dir=tmp_path) is None
    with pytest.raises(store.MissingRunError, match="no upper references of 2000 sequences"):
        optimal.get("smoke", missing="error", results_dir=tmp_path)
    with pytest.raises(ValueError, match="missing must be one of skip, train, error"):
        optimal.get("smoke", missing="make", results_dir=tmp_path)
    dataset = synthetic.make(number=2000)
    optimal.write_reference(dataset, tmp_path)
    stored = optimal.load_reference(tmp_path).references
    assert optimal.get("smoke", missing="error", results_dir=tmp_path) == stored
    # A record of the 2,000 says nothing of the 25,000.
    assert optimal.get("paper", results_dir=tmp_path) is None
    monkeypatch.setattr(optimal, "reference", lambda dataset: {"sequences": len(dataset.test)})
    monkeypatch.setattr(optimal.synthetic, "get", lambda *_, **__: dataset)
    computed = optimal.get("quick", missing="train", results_dir=tmp_path)
    assert computed == {"sequences": 400}


def test_what_plots_draw_of_references():
    references = optimal.References(
        posterior=scores([n / 16 for n in range(12)], 0.75), pwm=scores([0.0] * 12, 0.5)
    )
    assert optimal.heights(references) == {"Bayes-optimal": 0.75, "true PWMs": 0.5}
    assert list(optimal.ceiling(references).items())[:2] == [("Arid3a", 0.0), ("CEBPB", 1 / 16)]
    assert optimal.heights(None) == optimal.ceiling(None) == {}
