"""The toy network's numbers, checked by hand, and pictures that draw them."""

import base64
import io
import json
import re
import shutil
import subprocess

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from drawn import BLUE, GREEN, GREY, ORANGE, RED, WHITE, points, written
from matplotlib.colors import to_hex

from motifbook.book import toy_figures
from motifbook.networks import receptive


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.slow
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


def test_the_numbers_of_small_pools(monkeypatch):
    monkeypatch.setattr(toy_figures, "POOLS", range(1, 4))
    data = toy_figures.interactive_data(20)
    assert data["hits"] == [[11, 28, 52], [8, 31, 46]]  # middles of GTG and CAC
    assert data["sites"] == [["CACGTG", 7], ["GTGCAC", 27], ["CACNNNGTG", 45]]
    assert data["pairs"][3] == ["CACGTG", "CACNGTG"]
    assert (data["alike"], data["backgrounds"]) == (0.5, 20)
    assert data["fields"] == [[[7, 9]], [[8, 10], [8, 12]], [[9, 11], [9, 13], [9, 15]]]
    alone = [[stride[0] for stride in pool] for pool in data["distances"]]
    blind, all_apart = [0, 0, 0, 0], [1, 1, 1, 1]
    assert alone[:2] == [[blind], [all_apart, [1, 1, 1, 0.5]]]
    assert alone[2] == [all_apart, [1, 1, 1, 0.5], [1, 1, 1, 0.333]]
    assert data["filters"][2][2] == [["0++000", 2, 1], ["+00+00", 2, 1], ["0+00+0", 2, 1]]
    assert data["start"] == [[[0]], [[0], [0, -1]], [[-1], [0, -1], [0, -1, -2]]]
    assert data["cells"][2][2][:2] == ["00210000012000020100", "000210000120000201000"]
    assert data["views"][2][2] == [[2, 9, 15], [3, 9, 15], [3, 10, 16]]
    assert data["fires"] == [[[0]], [[17], [273, 309]], [[17], [305, 277], [273, 273, 273]]]


def test_a_line_of_json_for_each_key():
    assert toy_figures.to_json({"a": [1, 2], "b": "x"}) == '{\n"a":[1,2],\n"b":"x"\n}\n'


# --- Still pictures, read back ------------------------------------------------------------------


def boxes(ax, colour):
    """Lower left corner and size of every rectangle of a colour."""
    found = (patch for patch in ax.patches if to_hex(patch.get_facecolor()) == colour)
    return [
        tuple(np.round([*patch.get_xy(), patch.get_width(), patch.get_height()], 4).tolist())
        for patch in found
    ]


class TestNetwork:
    """Blue: GTG, orange: CAC, whose middles are at 11, 28, 52 and at 8, 31, 46."""

    @pytest.fixture
    def panels(self):
        return toy_figures.network((3, 20)).axes

    def test_cells_are_filled_where_their_word_is(self, panels):
        maps = [
            [box for box in boxes(panels[0], colour) if box[1] < 5] for colour in (BLUE, ORANGE)
        ]
        assert maps[0] == [(x, 2.6, 3, 0.95) for x in (9, 27, 51)]
        assert maps[1] == [(x, 1.5, 3, 0.95) for x in (6, 30, 45)]
        assert [box[:3] for box in boxes(panels[1], BLUE)][:3] == [
            (x, 2.6, 20) for x in (0, 20, 40)
        ]
        assert [box[:3] for box in boxes(panels[1], ORANGE)][:3] == [
            (x, 1.5, 20) for x in (0, 20, 40)
        ]
        empty = [box for box in boxes(panels[0], WHITE) if box[1] < 5]
        assert len(empty) == 2 * 20 - 6 and not boxes(panels[1], WHITE)

    def test_the_second_layer_sees_three_cells_about_each_pattern(self, panels):
        """CAC then GTG; GTG then CAC; CAC, nothing, GTG: in cells of 1.8 about 10, 30 and 49.5."""
        seen = [
            [box for box in boxes(panels[0], colour) if box[1] > 5] for colour in (BLUE, ORANGE)
        ]
        assert seen[0] == [(x, 6, 1.8, 0.95) for x in (9.1, 27.3, 50.4)]
        assert seen[1] == [(x, 5.05, 1.8, 0.95) for x in (7.3, 29.1, 46.8)]
        everything = [7.3, 9.1, 10.9, 27.3, 29.1, 30.9, 46.8, 48.6, 50.4]
        assert [box[0] for box in boxes(panels[1], BLUE) if box[1] == 6] == everything
        assert [box[0] for box in boxes(panels[1], ORANGE) if box[1] == 5.05] == everything

    def test_receptive_fields_reach_three_beyond_the_cell(self, panels):
        assert boxes(panels[1], GREY) == [
            (0.15, -1.15, 22.7, 0.4),
            (17.15, -1.7, 25.7, 0.4),
            (37.15, -2.25, 22.7, 0.4),
        ]
        bars = [bar for bar in panels[0].patches if to_hex(bar.get_facecolor()) == GREY]
        assert len(bars) == 20
        dark = [cell for cell, bar in enumerate(bars) if bar.get_alpha() == 0.75]
        assert dark == [2, 3, 9, 10, 15, 17]

    def test_words(self, panels):
        titles = [ax.get_title(loc="left") for ax in panels]
        assert titles == [
            "pool size 3: each pooled neuron sees 9 nt",
            "pool size 20: each pooled neuron sees 26 nt",
        ]
        green = written(panels[0], GREEN)
        names = [(10, 7.2, "CACGTG"), (30, 7.2, "GTGCAC"), (49.5, 7.2, "CACNNNGTG")]
        assert [text for text in green if len(text[2]) > 1] == names
        letters = [text for text in green if len(text[2]) == 1]
        assert [x - 0.5 for x, _, _ in letters] == [*range(7, 13), *range(27, 33), *range(45, 54)]
        assert "".join(base for _, _, base in letters) == "CACGTGGTGCACCACCAAGTG"
        every = sorted(letters + written(panels[0], GREY))
        assert "".join(base for _, _, base in every) == receptive.TOY
        rows = {name: y for x, y, name in written(panels[0]) if x == -1}
        assert rows == {
            "second layer\nsees": 5.95,
            "GTG": 3.05,
            "CAC": 1.95,
            "receptive\nfields": -1.5,
        }
        assert panels[0].get_xlim() == (0, 60)


def survey():
    """Two pairs, the second never alike; a row per phase, as `receptive.survey` has them."""
    curves = {
        ("P or Q", "alone"): {1: (0.2, 0), 2: (1, 0), 3: (0.4, 0)},
        ("P or Q", "in random DNA"): {1: (0.9, 0.05), 2: (0.3, 0.1), 3: (0.1, 0.02)},
        ("P or R", "alone"): {1: (1, 0), 2: (0.8, 0), 3: (0.6, 0)},
        ("P or R", "in random DNA"): {1: (0.7, 0.1), 2: (0.6, 0.1), 3: (0.5, 0.1)},
    }
    return pd.DataFrame(
        {"pair": pair, "background": background, "pool": pool, "stride": pool, "phase": phase}
        | {"difference": distance - phase / 10, "distance": distance, "error": error}
        for (pair, background), curve in curves.items()
        for pool, (distance, error) in curve.items()
        for phase in range(pool)
    )


def test_distances_and_where_patterns_become_alike():
    first, second = toy_figures.distances(survey()).axes
    assert [points(line) for line in first.lines[:2]] == [
        [(1, 0.2), (2, 1), (3, 0.4)],
        [(1, 0.9), (2, 0.3), (3, 0.1)],
    ]
    assert points(second.lines[1]) == [(1, 0.7), (2, 0.6), (3, 0.5)]
    looks = [(to_hex(line.get_color()), line.get_markerfacecolor()) for line in first.lines[:2]]
    assert looks == [(BLUE, BLUE), (RED, "white")]
    assert [text.get_text() for text in first.get_legend().get_texts()] == [
        "alone",
        "in random DNA",
    ]
    # The band of two standard errors, and a stroke from the limit up to the number of the pool.
    band = first.collections[2].get_paths()[0].vertices
    ends = {x: np.round(np.sort(band[band[:, 0] == x, 1])[[0, -1]], 4).tolist() for x in (1, 2, 3)}
    assert ends == {1: [0.8, 1.0], 2: [0.1, 0.5], 3: [0.06, 0.14]}
    strokes = [first.collections[number].get_segments()[0].tolist() for number in (1, 3)]
    assert strokes == [[[3, 0.5], [3, 0.6]], [[2, 0.5], [2, 0.72]]]
    assert (written(first, BLUE), written(first, RED)) == ([(3, 0.6, "3")], [(2, 0.72, "2")])
    assert not second.texts and len(second.collections) == 2  # never below the limit
    assert points(first.lines[2]) == [(0, 0.5), (1, 0.5)]  # x in parts of the axis
    assert first.lines[2].get_linestyle() == ":"
    assert [ax.get_title() for ax in (first, second)] == ["P or Q?", "P or R?"]
    assert first.get_ylim() == (-0.03, 1.05)
    assert (first.get_xlabel(), first.get_ylabel()) == ("pool size (nt)", "distance")


def test_phases_stand_by_pool_size_and_distance_to_the_next_cell():
    figure = toy_figures.phases(survey())
    *panels, bar = figure.axes
    assert [ax.get_title() for ax in panels] == [
        f"{pair}?\n{background}"
        for pair in ("P or Q", "P or R")
        for background in ("alone", "in random DNA")
    ]
    tables = [ax.collections[0].get_array().filled(-1).round(4).tolist() for ax in panels]
    # Pool 3: phase 0 is 3 nt before the next cell, phase 2 is 1 nt before it.
    assert tables[0] == [[0.2, 0.9, 0.2], [-1, 1, 0.3], [-1, -1, 0.4]]
    assert tables[1] == [[0.9, 0.2, -0.1], [-1, 0.3, 0], [-1, -1, 0.1]]
    assert tables[2][0] == [1, 0.7, 0.4]
    corners = panels[0].collections[0].get_coordinates()
    assert corners[0, 0].tolist() == [0.5, 0.5] and corners[-1, -1].tolist() == [3.5, 3.5]
    assert {ax.collections[0].get_clim() for ax in panels} == {(0, 1)}
    assert bar.get_ylabel() == "distance"
    assert figure.get_supxlabel() == "pool size (nt)"
    assert figure.get_supylabel() == "from the pattern's start to the next pool (nt)"


def test_moving_figure_needs_nothing_from_outside():
    page = toy_figures.interactive().data
    numbers = re.search(r'<script type="application/json">(.*?)</script>', page, re.S)[1]
    assert json.loads(numbers)["sequence"] == receptive.TOY
    assert page.count("</script>") == 2
    links = set(re.findall(r"\b\w+://[^\"'\s]+", page))
    assert links == {"http://www.w3.org/2000/svg"}  # a name, never fetched
    assert not re.search(r"\b(fetch|XMLHttpRequest|import)\s*\(|@import|url\(", page)
    still = re.search(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', page)
    assert "pool\nsizes 2, 6 and 12." in still[2]
    with PIL.Image.open(io.BytesIO(base64.b64decode(still[1]))) as image:
        assert image.size == (768, 900)  # three panels of 6.4 × 2.5 inches at 120 dpi
    assert numbers == toy_figures.stored_json()


def test_the_picture_without_scripts_is_of_the_sizes_that_it_names(monkeypatch):
    asked = []
    network = toy_figures.network
    monkeypatch.setattr(toy_figures, "network", lambda pools: asked.append(pools) or network((2,)))
    assert "it shows pool sizes 2, 6 and 12." in toy_figures.interactive().data
    assert asked == [(2, 6, 12)]


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_script_parses():
    subprocess.run(["node", "--check", toy_figures._DATA / "receptive.js"], check=True)
