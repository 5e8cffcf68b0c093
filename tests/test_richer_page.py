"""What the chapter on richer patterns says, tabulates and draws, on made-up runs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import learned
from drawn import points_of
from msgspec import convert, structs

from motifbook.book import richer as page
from motifbook.book.chapter import Gathered
from motifbook.records import store
from motifbook.yardsticks import neighbours


def a_table(**gains):
    """Runs of each dataset whose gain in trials 1, 2, 3 is as given in both quantities."""
    rows = []
    for dataset, values in gains.items():
        for trial, gain in enumerate(values, start=1):
            for model in page.OWN:
                score = 0.5 + gain * (model in page.ASSEMBLE)
                row = {"dataset": dataset, "model": model, "trial": trial}
                row |= dict.fromkeys(page.QUANTITIES, score)
                rows.append(row | {"match_relevant": 0.5, "site_precision": 0.25})
    columns = ["dataset", "model", "trial", *page.QUANTITIES, "match_relevant", "site_precision"]
    return pd.DataFrame(rows, columns=columns)


TABLE = a_table(synthetic=(-0.01, 0.0, 0.01), richer=(0.04, 0.05, 0.06), chipseq=(0.1,))


def test_runs_are_measured():
    record = learned("cnn-2", 1, "none:.1,.1,.1,.1 MAX:.4,.5,.1,.1 dead")
    table = page.measured({"synthetic": Gathered((record.run,), (record,))})
    assert table["dataset"].tolist() == ["synthetic"]
    assert table["match_relevant"].tolist() == [pytest.approx(1 / 3)]
    assert table["site_precision"].tolist() == [pytest.approx(0.25)]  # of .1 and .4; dead has none


def test_the_gain_is_of_means_in_one_trial():
    found = page.gains(TABLE).set_index(["dataset", "trial"])
    assert found.loc[("richer", 1), "aupr"] == pytest.approx(0.04)
    one_short = TABLE[~((TABLE["dataset"] == "richer") & (TABLE["model"] == "cnn-50"))]
    assert set(page.gains(one_short)["dataset"]) == {"synthetic", "chipseq"}
    uneven = TABLE.query("dataset == 'chipseq'").copy()
    uneven.loc[uneven["model"] == "cnn-4", "aupr"] = 0.3
    uneven.loc[uneven["model"] == "cnn-50", "aupr"] = 0.4
    # (0.6 + 0.6 + 0.3) / 3 less (0.5 + 0.4) / 2
    assert page.gains(uneven)["aupr"].item() == pytest.approx(0.05)


def test_the_papers_own_gain():
    found = page.printed()
    # Table 2: (.626 + .609 + .601) / 3 less (.580 + .582) / 2; Table 1 prints no AUPR.
    assert found.loc["in vivo", "aupr"] == pytest.approx(0.031)
    assert np.isnan(found.loc["synthetic", "aupr"])
    assert found.loc["synthetic", "auroc"] == pytest.approx(2.893 / 3 - 0.967)


def test_better_and_small():
    found = page.better(TABLE).query("quantity == 'AUPR'").set_index("data")
    half = 4.3026527 * 0.01 / np.sqrt(3)  # Student, two degrees of freedom
    top = found.loc[page.DATA["richer"]]
    assert top["interval"] == f"+{0.05 - half:.3f} to +{0.05 + half:.3f}"
    assert (top["gain"], top["predicts better"], top["small"]) == (
        "+0.050", "holds", "does not hold"
    )  # fmt: skip
    foot = found.loc[page.DATA["synthetic"]]
    assert (foot["predicts better"], foot["small"]) == ("inconclusive", "holds")
    one = found.loc[page.DATA["chipseq"]]
    assert (one["interval"], one["predicts better"]) == (
        "needs two trials", "inconclusive, provisional"
    )  # fmt: skip
    two = page.better(a_table(richer=(0.05, 0.051)))
    assert two["predicts better"].tolist()[2] == "holds, provisional"
    against = page.better(a_table(richer=(-0.04, -0.05, -0.06))).query("quantity == 'AUPR'")
    assert against["predicts better"].tolist() == ["not yet run", "does not hold", "not yet run"]
    assert against["small"].tolist()[1] == "does not hold"


def test_grows():
    found = page.grows(TABLE).query("quantity == 'AUPR'").set_index("data")
    half = 2.7764451 * 0.01 * np.sqrt(2 / 3)  # Welch, four degrees of freedom
    whole = found.loc[page.DATA["richer"]]
    assert whole["interval"] == f"+{0.05 - half:.3f} to +{0.05 + half:.3f}"
    assert (whole["larger by"], whole["grows"]) == ("+0.050", "holds")
    assert found.loc[page.DATA["chipseq"], "grows"] == "inconclusive, provisional"
    falls = page.grows(a_table(synthetic=(0.04, 0.05, 0.06), richer=(-0.01, 0.0, 0.01)))
    assert falls["grows"].tolist() == ["does not hold"] * 2 + ["not yet run"] * 2


def test_the_answer_and_the_points():
    said = page.answer(TABLE)
    assert (
        "in AUPR from +0.000 to +0.050 (*predicts better* on the richer data: holds; "
        "*grows*: holds), and in AUROC"
    ) in said
    assert page.answer(TABLE.query("dataset != 'richer'")).startswith("Not known yet")
    ours, _, worst, theirs = page.in_short(TABLE, None)
    assert "in AUPR: as in the paper, +0.000; richer, +0.050; real" in worst
    assert "The gain in AUPR: as in the paper, +0.000; richer, +0.050; real" in ours
    assert "+0.031 (AUPR) and +0.009 (AUROC) in vivo, and of −0.003 (AUROC)" in theirs


def test_the_panels_draw_each_trial_and_the_paper():
    figure = page.panels(TABLE)
    names = [*page.DATA, "in vivo"]
    assert len(figure.axes) == 2
    for ax in figure.axes:
        (drawn,) = points_of(ax, "ours")
        assert (0.06, names.index("richer")) in drawn
        assert len(drawn) == 7
    (theirs,) = points_of(figure.axes[0], "paper")
    assert theirs == [(0.031, names.index("in vivo")), (None, 0)]
    plt.close(figure)


def test_levels_and_the_nearest_pair():
    found = page.levels(TABLE.replace({"site_precision": 0.25}, 0.125)).set_index("networks")
    richer = found[found["data"] == page.DATA["richer"]]
    assert richer.loc["CNN-1, 2, 4", "AUPR"] == "0.550\u00a0±\u00a00.008"
    assert richer.loc["CNN-25, 50", "at the sites"] == "0.125\u00a0±\u00a00.000"
    assert "nobody knows" in set(page.levels(TABLE.assign(site_precision=np.nan))["at the sites"])
    assert page.nearest(TABLE).loc[page.DATA["chipseq"], "AUROC"] == "+0.100"
    assert len(page.nearest(TABLE)) == 3
    uneven = TABLE.query("dataset == 'chipseq'").copy()
    uneven.loc[uneven["model"] == "cnn-4", "auroc"] = 0.4
    assert page.nearest(uneven)["AUROC"].tolist() == ["−0.100"]


def test_ingredients_are_those_of_the_datasets():
    found = page.ingredients().loc["sequences with a TF's site"]
    assert found.tolist() == ["14% to 15%", "2% to 32%"]
    assert page.ingredients()[page.DATA["richer"]].tolist()[2:] == ["0 to 25%", "50%"]


def kept(*gains):
    """Scores whose gain is 0.01 for sites alone and as given, trial by trial, in pairs."""
    rows = [
        {"model": model, "trial": trial, "kind": kind}
        | dict.fromkeys(page.QUANTITIES, 0.5 + by * (model in page.ASSEMBLE))
        for trial, gain in enumerate(gains, start=1)
        for kind, by in (("alone", 0.01), ("in pairs", gain))
        for model in page.OWN
    ]
    shares = {"paired": 0.5, "repeated_in_pairs": 0.7, "repeated_alone": 0.0}
    return convert({**store.envelope({}), **shares, "rows": rows}, neighbours.Neighbours)


def test_the_gain_alone_and_in_pairs():
    row = page.pairs(kept(0.05, 0.06, 0.07)).iloc[0]
    half = 4.3026527 * 0.01 / np.sqrt(3)
    assert (row["alone"], row["in pairs"], row["difference"]) == ("+0.010", "+0.060", "+0.050")
    assert row["interval"] == f"+{0.05 - half:.3f} to +{0.05 + half:.3f}"
    assert row["larger in pairs"] == "holds"
    assert page.pairs(kept(0.05))["larger in pairs"].tolist() == ["inconclusive, provisional"] * 2
    assert page.pairs(None).empty
    whole = kept(0.05)
    rows = tuple(row for row in whole.rows if row.model != "cnn-1")
    lacking = structs.replace(whole, rows=rows)
    assert page.pairs(lacking)["larger in pairs"].tolist() == ["not yet run"] * 2
    assert page.in_short(TABLE, lacking) == page.in_short(TABLE, None)
    assert "stands in a pair. The TF has more than one site in 70% of" in page.told_apart(whole)
    assert page.told_apart(None).endswith("on record yet.")
    points = page.in_short(TABLE, kept(0.05, 0.06, 0.07))
    assert "gain in AUROC is +0.010 for sites alone and +0.060 for sites in pairs" in points[3]
