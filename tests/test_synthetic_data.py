"""What the chapter on the simulated data says and tabulates, on tables made by hand."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import scores
from drawn import texts

from motifbook.book import figures, synthetic_data
from motifbook.motifs.matrices import Motif
from motifbook.sequences.datasets import SITE, Dataset, Split, encode
from motifbook.yardsticks.optimal import References

COLUMNS = (
    "tf", "width", "bits", "share", "threshold", "negatives", "with_one", "fraction",
    "mislabelled", "in_motifs",
)  # fmt: skip
SURVEY = pd.DataFrame(
    [
        ("MAX", 10, 11.4, 0.9, 5.0, 100, 20, 0.2, 0.5, 0.25),
        ("MAX", 10, 11.4, 0.5, 9.0, 100, 10, 0.1, 0.25, 0.0),
        ("CEBPB", 6, 9.9, 0.9, 4.0, 300, 180, 0.6, 0.75, math.nan),
        ("CEBPB", 6, 9.9, 0.5, 8.0, 300, 60, 0.2, 0.5, 0.5),
    ],
    columns=COLUMNS,
)
REFERENCES = References(
    pwm=scores([0.75, 0.5], 0.625, [0.5, 0.25]), posterior=scores([1.0, 0.75], 0.875, [0.75, 0.5])
)
READERS = synthetic_data.classifiers(REFERENCES, ("MAX", "CEBPB"), SURVEY)
NO_READERS = synthetic_data.classifiers(None, ("MAX", "CEBPB"), SURVEY)


@pytest.fixture(autouse=True)
def styled():
    figures.style()


def part(*rows: tuple[str, tuple[int, int]], sites=()) -> Split:
    bases, labels = zip(*rows, strict=True)
    return Split(
        np.stack([encode(text) for text in bases]),
        np.array(labels, np.uint8),
        np.array(list(sites), SITE),
    )


# A site: sequence, start, length, TF, strand.
TRAIN = part(
    ("ACGTTTTT", (1, 0)), ("ACGTACGG", (1, 1)), ("TTTTTTTT", (0, 1)), ("TTTTTTTT", (0, 1)),
    sites=[(0, 0, 3, 0, 1), (1, 0, 3, 0, 1), (1, 4, 3, 1, 1), (2, 0, 3, 1, 1), (3, 0, 3, 1, 1)],
)  # fmt: skip
TEST = part(
    ("TTTTTTTT", (0, 1)), ("ACGTTTTT", (1, 0)),
    sites=[(0, 0, 3, 1, 1), (1, 0, 3, 0, 1)],
)  # fmt: skip


@pytest.fixture
def data():
    splits = {"train": TRAIN, "valid": TEST, "test": TEST}
    return Dataset("made", ("MAX", "CEBPB"), **splits, config={}, relevant={})


def test_first_sequence_with_so_many_motifs():
    assert synthetic_data.with_motifs(TRAIN, 2) == 1
    assert synthetic_data.with_motifs(TRAIN, 1) == 0


def test_sequence_has_the_boxes_of_its_own_motifs():
    figure = synthetic_data.sequence(TRAIN, 1, ("MAX", "CEBPB"))
    assert {"MAX →", "CEBPB →"} < set(texts(figure))
    plt.close(figure)


def test_numbers_of_motifs(data):
    found = synthetic_data.numbers_of_motifs(data)
    # Of eight sequences seven have one motif and one has two.
    assert found["found"].tolist() == ["87.5%", "12.5%", "0.0%", "0.0%", "0.0%"]
    assert found.loc[1, "by the code"] == "50.0%" and set(found["if all equal"]) == {"20.0%"}


def test_balance(data):
    found = synthetic_data.balance_table(data)
    assert found.loc["MAX"].tolist() == [2, "50.0%", "50.0%", "50.0%"]
    assert found.loc["CEBPB"].tolist() == [3, "75.0%", "50.0%", "50.0%"]
    said = synthetic_data.evenly(data)
    assert "rarest, MAX, is in 50.0%, and the most frequent, CEBPB, in 75.0%" in said
    # Of two TFs, k picks miss one with (1/2)^k: .5/2 + .75/4 + .83/... = 0.6625 by hand.
    expected = 0.5 * 0.5 + 0.25 * 0.75 + 0.17 * 0.875 + 0.05 * 0.9375 + 0.03 * 0.96875
    assert f"present in {expected:.1%} of the sequences" in said


def test_least_information_comes_first():
    assert synthetic_data.names(SURVEY) == ["CEBPB (9.9 bits)", "MAX (11.4 bits)"]
    found = synthetic_data.with_chance_site(SURVEY)
    assert found["as good as nine in ten"].to_dict() == {
        "CEBPB (9.9 bits)": 0.6,
        "MAX (11.4 bits)": 0.2,
    }
    assert found["as good as half"].tolist() == [0.2, 0.1]


def test_chance_table():
    found = synthetic_data.chance_table(SURVEY)
    assert found.loc["CEBPB"].tolist() == [6, "9.9", "60.0%", "75%", "–", "20.0%", "50%"]
    assert found.loc["MAX"].tolist() == [10, "11.4", "20.0%", "50%", "25%", "10.0%", "25%"]


def test_false_zeros():
    assert synthetic_data.worst(SURVEY) == "CEBPB"
    said = synthetic_data.false_zeros(SURVEY, 128)
    assert said.startswith("At nine in ten, 50.0% of all the zeros")  # 200 of 400
    assert "CEBPB has one in 60.0%" in said and "MAX in 20.00%" in said
    assert "has one: −1.00). Both strands of 128 nt offer some 256 windows" in said
    assert "worth 8.0 bits. The 9.9 bits of CEBPB" in said


def test_chance_site_is_boxed_and_weighed(data):
    motif = Motif("MAX", "MAX", np.eye(4)[encode("TTT")], nsites=10)
    figure, bits = synthetic_data.chance_site(data, motif, "MAX")
    assert bits == 6 and "MAX (chance) →" in texts(figure)
    plt.close(figure)
    assert synthetic_data.worth(SURVEY, "MAX", bits) == (
        "This window is worth 6.0 bits; half of the embedded MAX motifs are worth less than 9.0."
    )


def test_readers():
    assert READERS.index.tolist() == ["CEBPB", "MAX", "mean"]
    assert READERS.loc["CEBPB"].tolist() == [0.5, 0.75, 0.25, 0.5]
    assert READERS.loc["mean"].tolist() == [0.625, 0.875, 0.375, 0.625]
    shown = synthetic_data.ceilings(READERS, SURVEY)
    assert shown["Bayes-optimal"].to_dict() == {"CEBPB (9.9 bits)": 0.75, "MAX (11.4 bits)": 1.0}
    assert NO_READERS.empty and synthetic_data.ceilings(NO_READERS, SURVEY).empty


def test_beside_the_paper():
    said = synthetic_data.beside_the_paper(READERS, SURVEY)
    assert "mean AUROC of 0.875, the true PWMs 0.625" in said
    assert "Table 1 is 0.973 (CNN-25), 0.348 above the true PWMs." in said
    assert said.endswith("AUROC is 1.00.")
    assert "not yet on record" in synthetic_data.beside_the_paper(NO_READERS, SURVEY)


@pytest.mark.filterwarnings("ignore:Only one class")
def test_costs_leave_out_what_spoils(monkeypatch):
    """MAX is ACG: a chance site tops the label, a weak motif falls to the bottom."""
    split = part(
        ("ACGTTTTT", (1, 0)), ("TTTTTTTT", (1, 1)), ("ACGTTTTT", (0, 1)), ("TTTTTTTT", (0, 0))
    )
    truth = [
        Motif(name, name, np.eye(4)[encode(word)], nsites=10)
        for name, word in (("MAX", "ACG"), ("CEBPB", "GGG"))
    ]
    scores = np.array([[3, 1], [1, 2], [2, 3], [0, 0]], float)
    monkeypatch.setattr(synthetic_data.optimal, "pwm_scores", lambda bases: scores)
    found = synthetic_data.costs(split, truth, SURVEY)
    # MAX: of 2 x 2 pairs 3 in order; without the third sequence all, without the second all.
    assert found.loc["MAX"].tolist() == [0.75, 1.0, 1.0]
    assert found.index.tolist() == ["CEBPB", "MAX", "mean"]
