"""Motifs out of maps: what a pattern matches, what contradicts a record, what the page says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from msgspec import convert, to_builtins

from motifbook.book import attribution as page
from motifbook.motifs.matrices import TFS, ground_truth
from motifbook.records import store
from motifbook.yardsticks import attribution_patterns
from motifbook.yardsticks.attribution_patterns import Patterns

MOTIFS = dict(zip(TFS, ground_truth(), strict=True))


@pytest.fixture(scope="module")
def described():
    """MAX and its neighbour's maps: its motif turned, STAT1's where SP1 is asked, and nothing."""
    turned = MOTIFS["MAX"].reverse_complement().ppm
    nothing = np.tile([0.4, 0.2, 0.2, 0.2], (12, 1))
    found = [("MAX", turned, 90), ("SP1", MOTIFS["STAT1"].ppm, 40), ("SP1", nothing, 20)]
    return attribution_patterns.describe(found)


def record(described, **changes) -> Patterns:
    network = {"run": "synthetic/as-run/paper/cnn-2/trial-1", "maps": 12, "on_record": True}
    network |= {"shown": [], "patterns": to_builtins(described)}
    made = store.envelope({"settings": {"max_seqlets_per_metacluster": 2000}})
    return convert({**made, "networks": [network | changes]}, Patterns)


def test_a_pattern_counts_for_the_class_that_was_asked(described):
    assert [one.asked for one in described] == ["MAX", "SP1", "SP1"]
    assert [one.learned_tf for one in described] == ["MAX", "STAT1", None]
    assert [one.is_own for one in described] == [True, False, False]
    assert described[0].hits[0].orientation == "-" and described[0].sites == 90
    assert record(described).networks[0].motifs == ["MAX"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"shown": ["MAX", "CTFC"]}, r"networks\[0\]\.shown\[1\] is 'CTFC'"),
        ({"maps": 0}, "maps"),
    ],
)
def test_a_record_that_cannot_be(described, tmp_path, changes, place):
    path = attribution_patterns.path("paper", tmp_path)
    good = record(described)
    assert attribution_patterns.load("paper", tmp_path) is None
    store.save(path, good)
    assert attribution_patterns.load("paper", tmp_path).networks == good.networks
    data = json.loads(path.read_text())
    data["networks"][0] |= changes
    path.write_text(json.dumps(data))
    with pytest.raises(store.RecordError, match=place):
        attribution_patterns.load("paper", tmp_path)


def test_one_number_for_each_pattern(described):
    network = to_builtins(described)
    network[2]["filter"] = 0
    contradiction = next(iter(record(network).contradictions()))
    assert contradiction == ("the number of 0 in networks[0].patterns", 2, 1)


def test_the_page_counts(described):
    found = record(described, shown=["SP1", "STAT1"])
    assert page.from_maps(found).startswith(
        "Of the 12 motifs, CNN-2's filters show 2, and its maps give 1, by 3 patterns "
        "(2 of them another motif or none)."
    )
    table = page.motifs(found)
    assert table["CNN-2, filters"].eq("yes").to_dict() == {tf: tf in ("SP1", "STAT1") for tf in TFS}
    assert table.index[table["CNN-2, maps"] == "yes"].tolist() == ["MAX"]
    titles = [ax.get_title(loc="left") for ax in page.logos(found, "cnn-2").axes if ax.lines]
    assert titles[1].startswith("SP1, 40 windows\nSTAT1, E ")
    assert "No patterns are on record" in page.from_maps(None) and page.motifs(None).empty
