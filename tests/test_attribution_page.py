"""What the chapter on attribution says, tabulates and draws, on three made-up pairs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from drawn import points_of, texts
from msgspec import convert, structs
from test_attribution import SMALL

from motifbook.book import attribution, figures
from motifbook.records import store
from motifbook.yardsticks import attribution as maps

CONFIGURATION = {"dataset": {"length": 100}, "sequences": 3}
READ = structs.replace(
    SMALL,
    configuration=CONFIGURATION,
    configuration_sha256=store.envelope(CONFIGURATION)["configuration_sha256"],
)


def test_answer():
    said = attribution.answer(READ)
    assert "over positions: by saliency 0.810 for CNN-2 and 0.720 for CNN-25. The Bayes" in said
    assert said.endswith("has 0.960.")
    assert attribution.answer(None).startswith(attribution.NOT_YET)


def test_networks():
    said = attribution.networks(READ)
    assert "cnn-2/trial-1` (mean AUROC 0.900, 9 epochs, the best 4; trained again: not" in said
    assert "3 pairs of a sequence and a class in the first 3 test sequences" in said
    assert "on average 10% of the positions" in said


def test_tables():
    table = attribution.means(READ)
    assert table.loc[("CNN-2", "saliency")].tolist() == [0.81, 0.5]
    assert attribution.by_strand(READ).columns.tolist() == ["+ (2 pairs)", "both (1 pair)"]
    assert attribution.by_strand(READ).loc[("CNN-25", "saliency")].tolist() == [0.73, 0.7]
    classes = attribution.by_class(READ, "saliency").loc["MAX"]
    assert classes.to_dict() == {
        "pairs": 3, "CNN-2": 0.81, "CNN-25": 0.72, "Bayes-optimal": 0.96,
    }  # fmt: skip
    (best,) = attribution.best_of_all(READ).to_dict().values()
    assert best == {"CNN-2": 0.81, "CNN-25": 0.72}


def test_claims():
    first = attribution.claims(READ).iloc[0]
    assert (first["of"], first["difference"]) == ("CNN-2, saliency", "+0.090")
    assert first["verdict"] == "holds, provisional"


def test_without_a_record():
    for table in (attribution.means, attribution.by_strand, attribution.by_class):
        assert table(None).empty
    assert attribution.claims(None).empty and attribution.best_of_all(None).empty
    assert attribution.line(None, "quick").text.endswith("motifbook attribution --profile quick")
    assert texts(attribution.spread(None)) == ["no attribution on record yet"]


def test_spread():
    figures.style()
    figure = attribution.spread(READ)
    (first,) = points_of(figure.axes[0], "pairs-0")
    assert [x for x, _ in first] == [0.8, 0.81, 0.82]
    assert all(abs(y) < 0.3 for _, y in first)
    assert {"CNN-2, saliency", "Bayes-optimal, posterior"} <= set(texts(figure))
    plt.close(figure)


def test_checked():
    assert attribution.checked(None).endswith("is not on record.")
    row = {"run": "synthetic/as-run/quick/cnn-2/trial-1", "method": "saliency", "maps": 9}
    row |= {"library": "captum 0.9.0", "called": "Saliency", "largest": 2e-6, "scale": 3.5}
    check = convert({**store.envelope({}), "rows": [row]}, maps.Check)
    assert attribution.checked(check).endswith(
        "CNN-2, saliency: 2.0e−6 of 3.5 (captum 0.9.0, Saliency)."
    )


def test_the_maps_on_record_agree_with_another_implementation():
    check = maps.load_check("quick")
    assert {(row.run.split("/")[3], row.method) for row in check.rows} == {
        (model, method) for model in maps.MODELS for method in maps.METHODS
    }
    for row in check.rows:
        assert row.largest <= 1e-3 * max(1, row.scale)


def test_the_ceiling_on_record_is_one():
    read = maps.get("quick")
    mean = read.table.groupby(["reader", "method"])["auroc"].mean()
    assert mean.idxmax() == (maps.CEILING, "posterior")
    assert mean.min() > 0.5
    assert len(read.pairs) == pytest.approx(2 * read.configuration["sequences"], rel=0.2)
