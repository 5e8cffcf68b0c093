import json
import re
import shutil
import subprocess

import matplotlib.pyplot as plt
import pytest

from motifbook.book import receptive, toy_figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_stored_numbers_are_what_the_code_computes():
    stored = toy_figures.stored_json()
    assert len(stored.encode()) < 200_000
    assert stored == toy_figures.to_json(toy_figures.interactive_data()), (
        "stale: write it again with `python -m motifbook.book.toy_figures`"
    )


def test_stored_numbers_cover_every_setting():
    data = json.loads(toy_figures.stored_json())
    for pool in range(1, 31):
        for column in ("fields", "distances", "filters", "start", "cells", "views", "fires"):
            assert len(data[column][pool - 1]) == pool
        for stride in range(1, pool + 1):
            assert len(data["cells"][pool - 1][stride - 1]) == stride
    assert data["fields"][2][2] == [9, 15]
    assert data["distances"][19][19][0] == [0.15, 0.15, 0.3, 0.05]


def test_pool_of_3_shows_each_pattern_a_filter_of_its_own():
    chosen = toy_figures.detectors(3, 3)
    assert [best.separation for best in chosen] == [1, 1, 1]
    for shift in range(3):
        seen = toy_figures.on_toy(3, 3, shift, chosen)
        assert seen["fires"] == 0b100_010_001  # pattern i fires filter i only
        views = [seen["cells"][first : first + 3] for first in seen["views"]]
        assert views == ["210", "120", "201"]


def test_pool_of_20_shows_all_patterns_the_same_view():
    seen = toy_figures.on_toy(20, 20, 0, toy_figures.detectors(20, 20))
    assert seen == {"start": 0, "cells": "333", "views": [0, 0, 0], "fires": 0}


def test_still_pictures():
    assert len(toy_figures.network((3, 20)).axes) == 2
    survey = receptive.survey(
        toy_figures.PAIRS,
        [(pool, pool) for pool in range(1, 9)],
        receptive.random_backgrounds(20),
    )
    panels = toy_figures.distances(survey).axes
    assert [ax.get_title() for ax in panels] == [f"{a} or {b}?" for a, b in toy_figures.PAIRS]
    assert "7" in [text.get_text() for text in panels[0].texts]  # alike from, alone
    assert len(toy_figures.phases(survey).axes) == 8 + 1  # and the colour bar


def test_moving_figure_needs_nothing_from_outside():
    page = toy_figures.interactive().data
    numbers = re.search(r'<script type="application/json">(.*?)</script>', page, re.S)[1]
    assert json.loads(numbers)["sequence"] == receptive.TOY
    assert page.count("</script>") == 2
    links = set(re.findall(r"\b\w+://[^\"'\s]+", page))
    assert links == {"http://www.w3.org/2000/svg"}  # a name, never fetched
    assert not re.search(r"\b(fetch|XMLHttpRequest|import)\s*\(|@import|url\(", page)
    still = re.search(r'<div class="still"><img [^>]*alt="([^"]+)"', page)
    assert "pool" in still[1]


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_script_parses():
    subprocess.run(["node", "--check", toy_figures._DATA / "receptive.js"], check=True)
