"""What the chapter on the choice of a database says, tabulates and draws."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from drawn import cells, points_of, texts
from msgspec import structs
from test_databases import GROUPS, readings, steady

from motifbook.book import databases, figures
from motifbook.yardsticks import databases as store

STEADY = readings(steady)


def wavering(model, release, threshold):
    """Every filter matches a relevant motif in JASPAR 2024 at E ≤ 1."""
    if release == 2024 and threshold == 1:
        return (1.0, 1.0, 0.9, 0.4)
    return (GROUPS[model], 0.0 if model == "cnn-2" else 0.9, 0.05, 0.0)


WAVERING = readings(wavering)


def test_answer():
    assert databases.answer(STEADY) == (
        "Of the paper's 1 comparisons of first layers, 1 get the same verdict in all 4 readings, "
        "and 0 flip from one side to the other. The fractions themselves do depend on it. Networks "
        "of which more than half of the filters match in some readings and not in others: CNN-2 by "
        "any motif; none by a relevant motif."
    )
    said = databases.answer(WAVERING)
    assert "0 get the same verdict in all 4 readings, and 1 flips from" in said
    assert databases.answer(None) == databases.NOT_YET


def test_claims():
    (row,) = databases.claims_table(WAVERING).to_dict("records")
    assert row["of"] == "CNN-2" and row["in the paper's reading"] == "holds"
    assert (row["in all readings"], row["fate"]) == ("holds 3, does not hold 1", "flips")
    assert cells(figures.words(databases.claims_table(WAVERING)))[0][-1] == "fate"
    assert databases.claims_table(None).empty


def test_elsewhere():
    assert databases.elsewhere(STEADY) == "No comparison gets another verdict in any reading."
    assert databases.elsewhere(WAVERING) == (
        "1 of 1 comparisons get another verdict somewhere: 0 by the release alone (at E ≤ 0.1), 0 "
        "by the threshold alone (in JASPAR 2016). Most do in JASPAR 2024 at E ≤ 1: 1."
    )


def test_survival():
    table = databases.survival_table(STEADY).set_index("count of")
    assert table.loc["any motif"].tolist() == ["0.00 (CNN-2)", "yes", "0.90 (CNN-2)", "no", "CNN-2"]
    assert table.loc["a relevant motif", "cross one half"] == "none"
    said = databases.survivor(STEADY)
    assert said.startswith("Counts that survive a change of release: any motif, a relevant motif,")
    assert "a change of threshold: a relevant motif, a relevant motif, less shuffled." in said
    assert said.endswith("0 of 1 hold in every one.")
    crossed = databases.survivor(WAVERING)
    assert "Counts by which no network crosses one half: none." in crossed


def test_tables_by_release():
    table = databases.by_release(STEADY, "match_relevant")
    assert table.loc["CNN-25"].tolist() == ["0.90", "0.90"] and table.columns.tolist() == [
        2016,
        2024,
    ]
    assert databases.by_release(None, "match_any").empty
    assert databases.releases(STEADY).loc[2024].tolist() == [580, 10.0, "25%", 1, "MA0058.3"]


def test_takers():
    one, other = STEADY.releases
    taker = store.Taker(target="MA1930.2", name="CTCF", width=33, share=0.8)
    taken = structs.replace(STEADY, releases=(one, structs.replace(other, takers=(taker,))))
    assert databases.takers(taken).endswith(
        "JASPAR 2016: none; JASPAR 2024: MA1930.2 (CTCF, 33 nt) 80%."
    )
    assert databases.takers(None) == databases.NOT_YET


def test_exercises():
    (same,) = databases.same_pair(STEADY).to_dict().values()
    assert same == pytest.approx({2016: 0.1, 2024: 0.116})
    assert databases.ranks(STEADY).loc["a relevant motif"].tolist() == [1, 1]
    assert databases.ranks(None).empty and databases.same_pair(None).empty


def test_curves():
    figures.style()
    figure = databases.curves(STEADY)
    left, right = figure.axes[:2]
    assert points_of(left, "match-cnn-2-any-2016") == [[(0.1, 0.1), (1.0, 1.0)]]
    assert points_of(right, "shuffled-cnn-2-relevant-2024") == [[(0.1, 0.0), (1.0, 0.0)]]
    assert {"CNN-2, any", "CNN-25, relevant", "2024", "columns shuffled"} <= set(texts(figure))
    plt.close(figure)
    assert texts(databases.curves(None)) == ["no run on record yet"]


def test_line():
    assert databases.line(None, "paper").text == (
        "Not on record yet; put it there with: motifbook databases --profile paper"
    )
    assert databases.line(STEADY, "paper").text == (
        "From the record synthetic/as-run/paper/databases.json "
        f"(configuration {STEADY.configuration_sha256[:8]})."
    )
