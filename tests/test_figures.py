"""Plots draw the values they are given: marks, bars, letters and words, read back from them."""

from __future__ import annotations

import ast
import io
import math
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import logomaker
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from bs4 import BeautifulSoup
from conftest import record_of
from drawn import (
    BLACK,
    BLUE,
    GREY,
    LETTERS,
    ORANGE,
    WHITE,
    cells,
    legend,
    letters,
    look,
    points,
    points_of,
    texts,
    ticks,
    written,
)
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from motifbook.book import figures
from motifbook.motifs.matrices import TFS, Motif, information
from motifbook.networks.architectures import Architecture, Conv
from motifbook.paper import rules, verdicts
from motifbook.records import experiment
from motifbook.records import runs as run_records
from motifbook.records.runs import Run


@pytest.fixture(autouse=True)
def clean():
    figures.style()
    yield
    plt.close("all")


def test_open_diamonds_are_the_papers_alone():
    """One place of the package has the mark, and whatever takes it from there names the paper."""
    folder = Path(figures.__file__).parent
    marks, takers = [], []
    for file in [*folder.glob("*.py"), *folder.with_name("report").glob("*.py")]:
        tree = ast.parse(file.read_text())
        heatmaps = {
            id(n.value) for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg == "fmt"
        }  # whole numbers in the cells of a grid
        marks += [
            (file.name, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and node.value in ("D", "d")
            and id(node) not in heatmaps
        ]
        takers += [
            ast.unparse(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and "PRINTED" in ast.unparse(node)
        ]
    assert marks == [("figures.py", "D")]
    assert takers and all("'paper" in code or "}paper" in code for code in takers)


# --- Style and pages ----------------------------------------------------------------------------


def test_style():
    wanted = {"figure.figsize": [6.4, 3.6], "savefig.dpi": 200, "font.size": 11}
    wanted |= {"legend.fontsize": 10, "axes.spines.top": False, "axes.grid.axis": "y"}
    assert {name: plt.rcParams[name] for name in wanted} == wanted
    cycle = [to_hex(colour) for colour in plt.rcParams["axes.prop_cycle"].by_key()["color"]]
    assert cycle[:2] == [BLUE, ORANGE]


@pytest.mark.parametrize("settings", [{}, {"figure.autolayout": True}])
@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.logo_grid(record()),
        lambda: figures.ground_truth_grid([Motif("a", "A", np.eye(4), 4)]),
        lambda: figures.gallery(record().layer(1).filters[:1], ["one"]),
        lambda: figures.sequence(np.zeros(5, "uint8"), TestSequence.SITES[:0], ["MAX"], width=5),
    ],
)
def test_grids_of_axes_need_no_style(settings, draw):
    with matplotlib.rc_context(matplotlib.rcParamsDefault | settings):
        assert isinstance(draw(), Figure)


@pytest.mark.parametrize(
    "draw",
    [
        lambda table: figures.filters_per_tf(table).figure,
        lambda table: figures.null_rates(table).figure,
        lambda table: figures.class_dots(table).figure,
        lambda table: figures.by_tf(table).figure,
        lambda table: figures.held(pd.Series({"MAX": 1.0}), table).figure,
        lambda table: figures.site_precision(table).figure,
        lambda table: figures.against(table, table, [], ["auroc"]).figure,
        lambda table: figures.logo_grid(None),
        lambda table: figures.gallery([], []),
        lambda table: figures.ladder(table, ["as run"]),
        lambda table: figures.sites(table, ["cnn-2"]),
        figures.traces,
    ],
)
def test_a_page_without_runs_says_so(draw):
    figure = draw(pd.DataFrame())
    assert texts(figure) == ["no run on record yet"]
    assert not figure.axes[0].lines and not figure.axes[0].axison


class TestShow:
    def test_is_a_palette_png_of_twice_the_pixels_and_closes_the_figure(self):
        figure = plt.figure(figsize=(2, 1))
        ax = figure.subplots()
        ax.set_axis_off()
        figure.add_artist(Rectangle((0.5, 0), 0.5, 0.5, color=ORANGE, lw=0))
        shown = figures.show(ax)
        with PIL.Image.open(io.BytesIO(shown.data)) as image:
            assert image.size == (400, 200)
            assert image.mode == "P"
            pixels = image.convert("RGB")
            seen = [pixels.getpixel(place) for place in ((300, 150), (300, 50), (100, 150))]
        assert np.abs(np.subtract(seen[0], (0xDE, 0x8F, 0x05))).max() < 8
        assert seen[1:] == [(255, 255, 255)] * 2
        assert shown.width == 200
        assert not plt.fignum_exists(figure.number)

    def test_a_page_of_thirty_logos_stays_small(self):
        rng = np.random.default_rng(0)
        rows = [
            filter_(n, rng.dirichlet([0.3] * 4, 19).tolist()) | {"trim": [0, 19]} for n in range(30)
        ]
        figure = figures.logo_grid(record_of(RUN, layers=[{"filters": rows}]))
        assert len(figures.show(figure).data) < 300_000  # every column full: twice a real page


# --- Sequence logos -----------------------------------------------------------------------------

# Three quarters A, a quarter C: 2 - (0.75 log2(4/3) + 0.25 x 2) = 1.19 bits, of which C has 0.30.
MIXED = [0.75, 0.25, 0, 0]


class TestLogo:
    @pytest.mark.parametrize(
        ("ppm", "start", "expected"),
        [
            ([[0, 0, 1, 0]], 0, {(0.5, "G"): (0, 2)}),
            ([MIXED], 0, {(0.5, "C"): (0, 0.3), (0.5, "A"): (0.3, 1.19)}),
            (
                [[0.8, 0, 0.15, 0.05]],  # 1.12 bits
                0,
                {(0.5, "T"): (0, 0.06), (0.5, "G"): (0.06, 0.22), (0.5, "A"): (0.22, 1.12)},
            ),
            ([[0.25] * 4, [0] * 4], 0, {}),  # without information; without sites
            ([[0, 1, 0, 0], [0.25] * 4, MIXED[::-1]], 3, {
                (3.5, "C"): (0, 2), (5.5, "G"): (0, 0.3), (5.5, "T"): (0.3, 1.19)
            }),
        ],
        ids=["certain", "two bases", "three bases", "empty", "shifted"],
    )  # fmt: skip
    def test_letters_as_high_as_their_share_of_the_information(self, ppm, start, expected):
        ppm = np.array(ppm, dtype=float)
        ax = figures.logo(ppm, plt.figure().subplots(), start=start)
        found = letters(ax)
        assert found.keys() == expected.keys()
        for place, extent in expected.items():
            assert found[place] == pytest.approx(extent, abs=0.011)
        for place, bits in enumerate(information(ppm)):
            tops = [high for (x, _), (_, high) in found.items() if x == start + place + 0.5]
            assert max(tops, default=0) == pytest.approx(bits, abs=0.02)
        assert (ax.get_xlim(), ax.get_ylim()) == ((start, start + len(ppm)), (0, 2))
        assert not len(ax.get_xticks()) and not len(ax.get_yticks())

    def test_bases_have_colours_of_their_own(self):
        ax = figures.logo(np.eye(4), plt.figure().subplots())
        assert letters(ax) == {(n + 0.5, base): (0, 2) for n, base in enumerate("ACGT")}

    def test_outlines_are_those_of_logomaker(self):
        ppm = np.random.default_rng(0).dirichlet([0.4] * 4, 12)
        ours = figures.logo(ppm, plt.figure().subplots())
        bits = pd.DataFrame(ppm * information(ppm)[:, None], columns=list("ACGT"))
        theirs = logomaker.Logo(bits, ax=plt.figure().subplots(), width=0.94).glyph_df
        drawn = {LETTERS[to_hex(p.get_facecolor())]: p.get_path().vertices for p in ours.patches}
        for base in "ACGT":
            outlines = [np.add(g.patch.get_path().vertices, [0.5, 0]) for g in theirs[base]]
            np.testing.assert_allclose(drawn[base], np.concatenate(outlines), atol=1e-12)


def certain(bases, length=5):
    """A PPM that begins with these bases and is open after them."""
    ppm = np.full((length, 4), 0.25)
    ppm[: len(bases)] = np.eye(4)[["ACGT".index(base) for base in bases]]
    return ppm.tolist()


def filter_(number, ppm=None, hits=(), tf=None, state="alive"):
    ppm = [[0.0] * 4] * 5 if state == "dead" else ppm or certain("ACGT"[number % 4])
    hits = [{"target": t, "name": n, "e_value": e} for t, n, e in hits]
    entry = {"filter": number, "state": state, "hits": hits, "tf": tf, "ppm": ppm, "trim": [1, 4]}
    return entry | {"matches_any": bool(hits)}


RUN = Run("synthetic", "as-run", "paper", "cnn-25", 1)
ARNT, MAX = ("MA0004.1", "Arnt"), ("MA0058.3", "MAX")


def record():
    first = [
        filter_(0, certain("CA"), [(*MAX, 2.6e-8)], "MAX"),
        filter_(1, None, [(*ARNT, 1e-9), (*MAX, 0.04)], "MAX"),
        filter_(2, None, [(*ARNT, 0.1)]),
        filter_(3, None, [("MA0660.1", "MEF2B", 1e-5)], "STAT1"),
        filter_(4, None, [(*ARNT, 0.11)]),
        filter_(5, state="dead"),
        filter_(6, None, [("MA0003.1", "TFAP2A::TFAP2C(var.2)", 0.001), (*ARNT, 0.02)]),
        filter_(7, state="uniform"),
    ]
    second = [filter_(0, certain("TTG"), [(*ARNT, 0.02)])]
    layers = [{"layer": 1, "filters": first}, {"layer": 2, "filters": second}]
    return record_of(RUN, layers=layers)


class TestLogoGrid:
    def test_each_filter_has_its_words_its_number_and_its_letters(self):
        axes = figures.logo_grid(record(), columns=3).axes
        assert [ax.get_title() for ax in axes] == [
            "MAX 3e−8",
            "MAX 0.04",  # the relevant hit, though another is better
            "(Arnt) 0.1",
            "MEF2B 1e−5",  # counts for STAT1, is not called so
            "no match",
            "dead",
            "(TFAP2A::…) 0.001",
            "uniform",
            "",
        ]
        assert [written(ax) for ax in axes[:8]] == [[(0, 2.08, str(n))] for n in range(8)]
        assert letters(axes[0]) == {(0.5, "C"): (0, 2), (1.5, "A"): (0, 2)}
        assert [letters(ax) for ax in axes[1:8]] == [
            {(0.5, base): (0, 2)} if base else {} for base in ("C", "G", "T", "A", "", "G", "T")
        ]
        assert axes[0].get_subplotspec().colspan.stop == 1
        assert axes[2].get_subplotspec().is_last_col()

    def test_the_dark_line_spans_the_compared_columns(self):
        ax = figures.logo_grid(record()).axes[0]
        assert [(points(line), to_hex(line.get_color())) for line in ax.lines] == [
            ([(0, 0), (5, 0)], "#c8c8c8"),
            ([(1, 0), (4, 0)], BLACK),
        ]

    def test_relevant_other_and_dead_differ_by_more_than_colour(self):
        axes = figures.logo_grid(record()).axes
        words = [ax.title for ax in axes]
        looks = [(word.get_fontweight(), word.get_fontstyle()) for word in words]
        assert looks[0] == looks[1] == looks[3] == ("bold", "normal")
        assert looks[2] == looks[6] == (looks[4][0], "italic")
        assert looks[4] == looks[5] == looks[7] and "bold" not in looks[4]
        assert [to_hex(word.get_color()) for word in words[:3]] == [BLACK, BLACK, GREY]
        (hatched,) = axes[5].patches
        assert (hatched.get_hatch(), hatched.get_bbox().extents.tolist()) == ("////", [0, 0, 5, 2])
        assert not axes[5].lines

    def test_some_filters_in_the_order_asked_for(self):
        axes = figures.logo_grid(record(), filters=[3, 0]).axes
        assert [written(ax)[0][2] for ax in axes[:2]] == ["3", "0"]
        assert [ax.get_title() for ax in axes[:2]] == ["MEF2B 1e−5", "MAX 3e−8"]
        assert [list(letters(ax)) for ax in axes[:1]] == [[(0.5, "T")]]

    def test_another_layer(self):
        ax = figures.logo_grid(record(), layer=2).axes[0]
        assert ax.get_title() == "(Arnt) 0.02"
        assert set(letters(ax)) == {(0.5, "T"), (1.5, "T"), (2.5, "G")}
        with pytest.raises(ValueError, match="layer 3 is not on record"):
            figures.logo_grid(record(), layer=3)


def test_a_gallery_has_a_titled_logo_per_filter():
    layer = record_of(RUN, layers=[{"filters": [filter_(2), filter_(7)]}]).layer(1)
    figure = figures.gallery(layer.filters, ["first\nof two", "second"])
    assert [ax.get_title(loc="left") for ax in figure.axes[:2]] == ["first\nof two", "second"]
    assert [letters(ax) for ax in figure.axes[:2]] == [{(0.5, b): (0, 2)} for b in "GT"]
    for ax in figure.axes[:2]:
        assert [points(line) for line in ax.lines] == [[(0, 0), (5, 0)], [(1, 0), (4, 0)]]
    assert len(figure.axes) == 3 and not figure.axes[2].axison


class TestGroundTruth:
    def test_each_motif_stands_in_both_orientations_in_the_middle(self):
        ppms = {"long": certain("AACG", 4), "short": certain("CC", 2)}
        figure = figures.ground_truth_grid(
            [Motif(name, "", np.array(ppm), 1) for name, ppm in ppms.items()]
        )
        assert {ax.get_title(): "".join(f"{x:g}{b} " for x, b in sorted(letters(ax))) for ax in
                figure.axes} == {
            "long →": "0.5A 1.5A 2.5C 3.5G ",
            "long ←": "0.5C 1.5G 2.5T 3.5T ",
            "short →": "1.5C 2.5C ",
            "short ←": "1.5G 2.5G ",
        }  # fmt: skip
        assert {ax.get_xlim() for ax in figure.axes} == {(0, 4)}

    def test_the_twelve_by_default(self):
        titles = [ax.get_title() for ax in figures.ground_truth_grid().axes]
        assert titles == [f"{tf} {arrow}" for tf in TFS for arrow in "→←"]


# --- Ours beside the paper's --------------------------------------------------------------------

OURS = pd.DataFrame(
    [
        ("cnn-1", 0.90, 0.2, 0.0),  # means 0.93, 0.5, 0.2: neither the median nor the maximum
        ("cnn-4", 0.96, 0.6, 0.3),
        ("cnn-1", 0.91, 0.4, 0.1),
        ("cnn-1", 0.98, 0.9, 0.5),
    ],
    columns=["model", "auroc", "match_any", "match_relevant"],
)
PRINTED = pd.DataFrame(
    [
        ("cnn-2", "auroc", 0.96, 0.002),
        ("cnn-1", "auroc", 0.95, 0.01),
        ("cnn-1", "match_relevant", 0.3, 0.04),
        ("cnn-1", "match_any", 0.7, 0.05),
    ],
    columns=["model", "quantity", "mean", "error"],
)
MODELS = ["cnn-1", "cnn-2", "cnn-4"]


def means(ax):
    """The lines of our means: neither marks nor parts of the paper's diamonds."""
    parts = {part for bar in ax.containers for part in (bar.lines[0], *bar.lines[1])}
    return [points(line) for line in ax.lines if not line.get_gid() and line not in parts]


def bars(ax):
    """The paper's error bars: (x, low, high)."""
    found = [bar.lines[2][0].get_segments()[0] for bar in ax.containers]
    return [tuple(np.round([line[0][0], *line[:, 1]], 4).tolist()) for line in found]


class TestAgainst:
    def test_one_quantity(self):
        ax = figures.against(OURS, PRINTED, MODELS, ["auroc"])
        ours = points_of(ax, "ours-auroc")
        assert ours == [[(-0.15, 0.9), (-0.15, 0.91), (-0.15, 0.98)], [], [(1.85, 0.96)]]
        assert means(ax) == [[(-0.15, 0.93), (0.85, None), (1.85, 0.96)]]
        assert points_of(ax, "paper-auroc") == [[(0.15, 0.95)], [(1.15, 0.96)]]
        assert bars(ax) == [(0.15, 0.94, 0.96), (1.15, 0.958, 0.962)]
        assert ticks(ax.xaxis) == {"CNN-1": 0, "CNN-2": 1, "CNN-4": 2}
        assert (ax.get_xlim(), ax.get_ylabel()) == ((-0.5, 2.5), "AUROC")
        looks = {line.get_gid(): look(line) for line in ax.lines if line.get_gid()}
        wanted = {"ours-auroc": ("o", BLUE, BLUE), "paper-auroc": ("D", BLUE, WHITE)}
        assert looks == wanted
        assert dict(zip(wanted, legend(ax).values(), strict=True)) == wanted
        assert list(legend(ax)) == ["ours (each trial)", "paper (± sd)"]

    def test_two_quantities_stand_side_by_side(self):
        ax = figures.against(OURS, PRINTED, ["cnn-4", "cnn-1"], ["match_any", "match_relevant"])
        assert points_of(ax, "ours-match_any") == [
            [(-0.225, 0.6)],
            [(0.775, 0.2), (0.775, 0.4), (0.775, 0.9)],
        ]
        assert points_of(ax, "ours-match_relevant") == [
            [(0.075, 0.3)],
            [(1.075, 0), (1.075, 0.1), (1.075, 0.5)],
        ]
        assert means(ax) == [[(-0.225, 0.6), (0.775, 0.5)], [(0.075, 0.3), (1.075, 0.2)]]
        assert points_of(ax, "paper-match_any") == [[(0.925, 0.7)]]
        assert points_of(ax, "paper-match_relevant") == [[(1.225, 0.3)]]
        assert bars(ax) == [(0.925, 0.65, 0.75), (1.225, 0.26, 0.34)]
        assert legend(ax) == {
            "any motif, ours (each trial)": ("o", ORANGE, ORANGE),
            "any motif, paper (± sd)": ("D", ORANGE, WHITE),
            "a relevant motif, ours (each trial)": ("s", BLUE, BLUE),
            "a relevant motif, paper (± sd)": ("D", BLUE, WHITE),
        }
        assert ax.get_ylabel() == "fraction of filters that match"
        assert ax.get_ylim() == (-0.04, 1.04)

    def test_pools_stand_at_their_logarithm(self):
        own = plt.figure().subplots()
        plt.figure()  # not the current axes, but those that are handed over
        ax = figures.against_pool(OURS, PRINTED, ["auroc"], own, models=MODELS)
        assert ax is own
        assert ticks(ax.xaxis) == {"1": 0, "2": 1, "4": 2}
        assert means(ax) == [[(-0.15, 0.93), (1.85, 0.96)]]  # a line over what is there
        assert points_of(ax, "paper-auroc") == [[(0.15, 0.95)], [(1.15, 0.96)]]
        assert ax.get_xlabel() == "first max-pool size (nt)"

    def test_a_network_of_one_s_own_stands_at_its_pool(self):
        mine = Architecture("mine", "mine", (Conv(8, 11, 4),))
        ours = pd.concat([OURS, OURS[:1].assign(model="mine", auroc=0.5)])
        models = ("cnn-1", "cnn-2", "cnn-4", "mine")
        ax = figures.against_pool(ours, PRINTED, ["auroc"], models=models, own=[mine])
        # Beside CNN-4, which has a first pool of 4 as well.
        assert means(ax) == [[(-0.15, 0.93), (1.85, 0.96), (1.85, 0.5)]]
        assert figures.model_label("mine") == "mine" and figures.model_label("cnn-4") == "CNN-4"

    def test_pools_and_quantities_by_default(self):
        ax = figures.against_pool(OURS, PRINTED)
        places = {"1": 0, "2": 1, "4": 2, "10": 3.3219, "25": 4.6439, "50": 5.6439, "100": 6.6439}
        assert ticks(ax.xaxis) == places
        assert [line[0][1] for line in means(ax)] == [0.5, 0.2]  # any, relevant
        assert (
            len(points_of(ax, "ours-match_any")) == len(points_of(ax, "ours-match_relevant")) == 7
        )

    def test_numbers_of_filters_stand_at_their_logarithm(self):
        ours = OURS.assign(model="cnn-25-60")
        ax = figures.against_filters(ours, PRINTED.assign(model="cnn-25-120")[2:])
        assert ticks(ax.xaxis) == {"30": 4.9069, "60": 5.9069, "90": 6.4919, "120": 6.9069}
        # The closest two are log2(4/3) = 0.415 apart, so a slot is 0.3 × 0.415 / 2 = 0.0623 wide.
        assert means(ax) == [[(5.8135, 0.525)], [(5.938, 0.225)]]
        assert points_of(ax, "paper-match_any") == [[(6.8758, 0.7)]]
        assert points_of(ax, "paper-match_relevant") == [[(7.0003, 0.3)]]
        assert ax.get_xlabel() == "first-layer filters"

    def test_a_reference_far_off_is_written_and_leaves_the_marks_apart(self):
        ours = OURS.assign(auroc=[0.950, 0.951, 0.952, 0.951])
        far = {"GC content alone": 0.685, "best": 0.957, "chance": 2}
        ax = figures.against(ours, PRINTED[:0], MODELS, ["auroc"], references=far)
        names = {text.get_text(): text for text in ax.texts}
        assert names.keys() == {"GC content alone 0.685 ↓", "best", "chance 2.000 ↑"}
        assert [points(line) for line in ax.lines if line.get_ls() == "--"] == [
            [(0, 0.957), (1, 0.957)]  # x in parts of the axis
        ]
        assert names["best"].xy == (1, 0.957)
        assert names["best"].xycoords == ("axes fraction", "data")
        for word, edge in (("GC content alone 0.685 ↓", 0), ("chance 2.000 ↑", 1)):
            assert names[word].xy == (1, edge)
            assert names[word].xycoords == ("axes fraction", "axes fraction")
        low, high = ax.get_ylim()
        assert 0.94 < low < 0.95 and 0.957 < high < 0.96  # room for the words

    @pytest.mark.parametrize(("height", "side"), [(0.953, "bottom"), (0.9499, "top")])
    def test_the_name_of_a_reference_covers_no_mark(self, height, side):
        ours = OURS.assign(auroc=[0.950, 0.951, 0.952, 0.951])
        ax = figures.against(ours, PRINTED[:0], MODELS, ["auroc"], references={"it": height})
        assert [(text.get_text(), text.get_va()) for text in ax.texts] == [("it", side)]

    def test_what_cannot_be_counted_is_not_drawn(self, tmp_path, write_record):
        layer = {"layer": 1, "window": 2, "match_any": 0.0, "match_relevant": None, "dead": 0}
        write_record(tmp_path, layers=[layer | {"filters": [{}]}])
        table = run_records.table(experiment.get("cnn-2", 1, results_dir=tmp_path))
        assert table["match_relevant"].dtype == float
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ax = figures.against_pool(table, PRINTED[:0], models=["cnn-1", "cnn-2"])
            figures.show(ax)
        assert points_of(ax, "ours-match_any") == [[], [(0.775, 0.0)]]
        assert points_of(ax, "ours-match_relevant") == [[], []]

    def test_without_any_run(self):
        ax = figures.against_pool(pd.DataFrame(), PRINTED)
        assert points_of(ax, "paper-match_any") == [[(-0.075, 0.7)]]
        assert means(ax) == [[], []]


# --- What filters learn, and when ---------------------------------------------------------------


def test_filters_per_tf_writes_and_shades_every_count():
    counts = pd.DataFrame([[1, 2], [4, 0]], index=["trial 1", "trial 2"], columns=["MAX", "YY1"])
    ax = figures.filters_per_tf(counts)
    (heat,) = ax.collections
    assert heat.get_array().tolist() == [[1, 2], [4, 0]]
    assert heat.get_clim() == (0, 4)
    assert written(ax) == [(0.5, 0.5, "1"), (1.5, 0.5, "2"), (0.5, 1.5, "4"), (1.5, 1.5, "0")]
    assert (ticks(ax.xaxis), ticks(ax.yaxis)) == (
        {"MAX": 0.5, "YY1": 1.5},
        {"trial 1": 0.5, "trial 2": 1.5},
    )
    assert ax.get_ylim() == (2, 0)  # the first row is on top


class TestTraces:
    TRACE = pd.DataFrame(
        [
            ("cnn-25", 0, 0.1, 0.5),
            ("cnn-25", 2, 0.4, 0.01),
            ("cnn-2", 0, 0.2, 0.3),
            ("cnn-2", 2, 0.3, 0.02),
        ],
        columns=["model", "epoch", "match_relevant", "gradient_norm"],
    )

    def test_a_panel_per_quantity_and_a_line_per_model(self):
        first, second = figures.traces(self.TRACE).axes
        assert [points(line) for line in first.lines] == [
            [(0, 0.1), (2, 0.4)],
            [(0, 0.2), (2, 0.3)],
        ]
        assert [points(line) for line in second.lines] == [
            [(0, 0.5), (2, 0.01)],
            [(0, 0.3), (2, 0.02)],
        ]
        for ax in (first, second):
            assert [line.get_color() for line in ax.lines] == [BLUE, ORANGE]
            assert [line.get_linestyle() for line in ax.lines] == ["-", "--"]
        assert {word: colour for word, (_, colour, _) in legend(first).items()} == {
            "CNN-25": BLUE,
            "CNN-2": ORANGE,
        }
        assert (first.get_yscale(), second.get_yscale()) == ("linear", "log")
        assert first.get_ylabel() == "match a relevant\nmotif (fraction)"
        assert second.get_ylabel() == "first-layer\ngradient norm"
        assert second.get_xlabel() == "epoch"

    def test_a_narrow_norm_has_a_linear_axis(self):
        figure = figures.traces(self.TRACE.assign(gradient_norm=[0.1, 0.2, 0.3, 1.0]))
        assert figure.axes[1].get_yscale() == "linear"  # a log axis would have no labels

    def test_quantities_asked_for(self):
        (ax,) = figures.traces(self.TRACE, {"gradient_norm": "norm"}).axes
        assert points(ax.lines[0]) == [(0, 0.5), (2, 0.01)]
        assert (ax.get_ylabel(), ax.get_xlabel()) == ("norm", "epoch")


def test_null_rates_have_a_row_per_model_and_a_marker_per_kind():
    rates = pd.DataFrame(
        [
            ("cnn-25", "trained", 0.9, 0.7),
            ("cnn-2", "trained", 0.3, 0.1),
            ("cnn-25", "trained", 0.8, 0.6),
            ("cnn-25", "shuffled", 0.2, 0.0),
            ("cnn-2", "shuffled", 0.1, 0.05),
        ],
        columns=["model", "kind", "match_any", "match_relevant"],
    )
    ax = figures.null_rates(rates)
    assert [points(line) for line in ax.lines] == [
        [(0.9, -0.11), (0.3, 0.89), (0.8, -0.11)],
        [(0.2, 0.11), (0.1, 1.11)],
    ]
    looks = {"trained": ("o", BLUE, BLUE), "shuffled": ("s", GREY, WHITE)}
    assert dict(zip(looks, map(look, ax.lines), strict=True)) == looks == legend(ax)
    assert ticks(ax.yaxis) == {"CNN-25": 0, "CNN-2": 1}
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.03, 1.03), (1.5, -0.5))
    assert ax.get_xlabel() == "match any motif (fraction of filters, each trial)"
    ax = figures.null_rates(rates, "match_relevant")
    assert points(ax.lines[1]) == [(0, 0.11), (0.05, 1.11)]
    assert ax.get_xlabel().startswith("match a relevant motif (")


def test_readings_stand_in_a_row_per_model_with_the_paper_open():
    table = pd.DataFrame(
        [
            ("cnn-4", "one", 0.3, 0.0),
            ("cnn-2", "one", 0.2, 0.1),
            ("cnn-4", "two", 0.6, 0.2),
            ("cnn-4", "paper", 0.45, 0.13),
        ],
        columns=["model", "reading", "match_any", "match_relevant"],
    )
    figure = figures.readings(table)
    left, right = figure.axes
    assert points_of(left, "one") == [[(0.3, -0.26), (0.2, 0.74)]]
    assert points_of(right, "one") == [[(0, -0.26), (0.1, 0.74)]]
    assert (points_of(left, "two"), points_of(right, "two")) == ([[(0.6, 0)]], [[(0.2, 0)]])
    assert points_of(left, "paper") == [[(0.45, 0.26)]]
    assert points_of(right, "paper") == [[(0.13, 0.26)]]
    looks = {"one": ("s", BLUE, BLUE), "two": ("o", ORANGE, ORANGE), "paper": ("D", BLACK, WHITE)}
    assert {name: look(line) for line in left.lines if (name := line.get_gid())} == looks
    assert legend(figure) == looks
    # The grey lines join our readings of a model; the paper is no reading of ours.
    assert sorted(points_of(left, None)) == [[(0.2, 0.74)], [(0.3, -0.26), (0.6, 0)]]
    assert sorted(points_of(right, None)) == [[(0, -0.26), (0.2, 0)], [(0.1, 0.74)]]
    assert ticks(left.yaxis) == {"CNN-4": 0, "CNN-2": 1}
    assert left.get_ylim() == (1.5, -0.5)
    words = [ax.get_xlabel() for ax in (left, right)]
    assert words == ["match any motif", "match a relevant motif"]
    assert texts(figures.readings(table[:0])) == ["no run on record yet"]


class TestHeld:
    LIMIT = pd.Series({"SRF": 0.75, "MAX": 0.99}, name="best nine columns")
    FILTERS = pd.DataFrame(
        [
            ("CNN9-25", "MAX", 0.9),
            ("CNN-25", "SRF", 1.0),
            ("CNN9-25", "SRF", 0.3),
            ("CNN9-25", "YY1", 0.6),  # a TF without a row
        ],
        columns=["label", "tf", "read"],
    )

    def test_a_dot_per_filter_beside_the_most_possible(self):
        ax = figures.held(self.LIMIT, self.FILTERS)
        assert [points(line) for line in ax.lines] == [
            [(0.9, 0.725), (0.3, -0.1514)],  # row, -0.175 for the model, -0.1 and 0.0236 of jitter
            [(1.0, 0.075)],
            [(0.75, 0), (0.99, 1)],
        ]
        looks = {
            "CNN9-25": ("o", BLUE, BLUE),
            "CNN-25": ("s", ORANGE, WHITE),
            "best nine columns": ("|", BLACK, BLACK),
        }
        assert dict(zip(looks, map(look, ax.lines), strict=True)) == looks == legend(ax)
        assert ticks(ax.yaxis) == {"SRF": 0, "MAX": 1}
        assert ax.get_ylim() == (1.5, -0.5)
        assert ax.get_xlim() == pytest.approx((0.27, 1.03))  # no dot is cut off
        assert ax.get_xlabel() == "share of the motif's information under the filter's weights"

    def test_tfs_that_have_no_row_are_left_out(self):
        ax = figures.held(self.LIMIT, self.FILTERS[3:])
        assert points(ax.lines[0]) == []
        assert ax.get_xlim()[0] == pytest.approx(0.37)


class TestSitePrecision:
    FILTERS = pd.DataFrame(
        [
            ("CNN-25", True, True, 0.9),
            ("CNN-4", False, False, 0.1),
            ("CNN-25", False, True, 0.3),
            ("CNN-25", False, False, 0.2),
            ("CNN-2", False, False, math.nan),
        ],
        columns=["label", "relevant", "any", "site_precision"],
    )

    def test_each_filter_is_drawn_once_by_what_it_matches(self):
        ax = figures.site_precision(self.FILTERS)
        assert {line.get_gid(): points(line) for line in ax.lines} == {
            "a relevant motif": [(0.9, -0.37)],  # row, -0.27 for the kind, -0.1 of jitter
            "only another motif": [(0.3, -0.1)],
            "no motif": [(0.1, 1.17), (0.2, 0.2936)],
        }
        looks = {
            "a relevant motif": ("o", BLUE, BLUE),
            "only another motif": ("^", ORANGE, ORANGE),
            "no motif": ("s", GREY, WHITE),
        }
        assert {line.get_gid(): look(line) for line in ax.lines} == looks == legend(ax)
        assert ticks(ax.yaxis) == {"CNN-25": 0, "CNN-4": 1}
        assert (ax.get_xlim(), ax.get_ylim()) == ((-0.03, 1.03), (1.5, -0.5))
        assert ax.get_legend().get_title().get_text() == "Tomtom finds"

    def test_without_sites_there_is_nothing_to_draw(self):
        ax = figures.site_precision(self.FILTERS[-1:])
        assert texts(ax.figure) == ["no run on record yet"]


def test_jitter_keeps_within_its_height_and_is_always_the_same():
    offsets = figures._jitter(50, 0.4)
    assert np.abs(offsets).max() <= 0.2
    assert len(np.unique(offsets)) == 50
    assert (offsets == figures._jitter(50, 0.4)).all()


def test_the_ladder_has_a_dot_per_trial_and_a_place_for_each_rung():
    rungs = pd.DataFrame(
        [
            ("as run", "cnn-4", 1, 0.1, 0.5, 0.95),
            ("as run", "cnn-4", 2, 0.2, 0.6, 0.96),
            ("trim", "cnn-4", 1, 0.4, 0.7, 0.94),
            ("as run", "cnn-2", 1, 0.3, 0.8, 0.97),
        ],
        columns=["rung", "model", "trial", "match_relevant", "match_any", "auroc"],
    )
    figure = figures.ladder(rungs, ("as run", "sites", "trim"))
    panels = np.reshape(figure.axes, (2, 3))
    for ax, base, trim in zip(
        panels[0], [(0.1, 0.2), (0.5, 0.6), (0.95, 0.96)], (0.4, 0.7, 0.94), strict=True
    ):
        assert points_of(ax, "as run") == [[(value, 0) for value in base]]
        assert (points_of(ax, "sites"), points_of(ax, "trim")) == ([[]], [[(trim, 2)]])
        (band,) = ax.patches
        assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx(base)
        assert [look(line) for line in ax.lines] == [
            ("o", BLUE, BLUE),
            *[("s", ORANGE, ORANGE)] * 2,
        ]
        assert ax.get_ylim() == (2.5, -0.5)
    assert [points_of(ax, "as run")[0] for ax in panels[1]] == [[(0.3, 0)], [(0.8, 0)], [(0.97, 0)]]
    assert [ax.get_title(loc="left") for ax in panels[:, 0]] == ["CNN-4", "CNN-2"]
    assert [ax.get_xlabel() for ax in panels[0]] == [
        "match a\nrelevant motif",
        "match any motif",
        "AUROC",
    ]
    assert [ax.get_xlim() for ax in panels[0, :2]] == [(-0.06, 1.06)] * 2
    assert ticks(panels[0, 0].yaxis) == {"as run": 0, "sites": 1, "trim": 2}
    said = [[(text.get_text(), text.xy[1]) for text in ax.texts] for ax in figure.axes]
    one, two = [("not yet run", 1)], [("not yet run", 1), ("not yet run", 2)]
    assert said == [one, [], [], two, [], []]


def test_sites_have_a_mark_per_filter_by_verdict():
    judged = pd.DataFrame(
        [
            ("cnn-4", "relevant", 0.9, 0.4),
            ("cnn-4", "none", 0.1, 0.2),
            ("cnn-4", "none", math.nan, math.nan),
            ("cnn-2", "other", 0.3, 0.6),
        ],
        columns=["model", "verdict", "site_precision", "site_recall"],
    )
    figure = figures.sites(judged, ["cnn-2", "cnn-4", "cnn-1"])
    kinds = ("relevant", "other", "none")
    assert [[points_of(ax, kind)[0] for kind in kinds] for ax in figure.axes[:3]] == [
        [[], [(0.3, 0.6)], []],  # precision along x
        [[(0.9, 0.4)], [], [(0.1, 0.2), (None, None)]],
        [[], [], []],
    ]
    assert [ax.get_title() for ax in figure.axes[:3]] == ["CNN-2", "CNN-4", "CNN-1"]
    assert [written(ax) for ax in figure.axes[:3]] == [[], [], [(0.5, 0.5, "not yet run")]]
    looks = {
        "relevant motif": ("o", BLUE, BLUE),
        "other motif only": ("s", ORANGE, ORANGE),
        "no match": ("x", GREY, GREY),
    }
    assert legend(figure) == looks
    assert [look(line) for line in figure.axes[0].lines] == list(looks.values())
    assert {ax.get_xlim() + ax.get_ylim() for ax in figure.axes[:3]} == {(-0.04, 1.04) * 2}
    assert [ax.get_ylabel() for ax in figure.axes] == ["recall", "", "recall", ""]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "precision", "precision"]
    assert not figure.axes[3].axison


# --- Sequences and classes ----------------------------------------------------------------------


class TestSequence:
    FIELDS = (("start", "i4"), ("length", "i4"), ("tf", "i2"), ("strand", "i1"))
    SITES = np.array([(2, 4, 1, 1), (8, 5, 0, -1)], dtype=list(FIELDS))

    def test_bases_boxes_and_names(self):
        figure = figures.sequence(np.arange(20) % 5, self.SITES, ["MAX", "YY1"], width=10)
        colours = dict(zip("ACGTN", [*LETTERS, GREY], strict=True))
        for row, ax in enumerate(figure.axes):
            words = dict(
                zip(written(ax), [to_hex(text.get_color()) for text in ax.texts], strict=True)
            )
            for place, base in enumerate("ACGTNACGTN"):
                assert words.pop((place + 0.5, 0.5, base)) == colours[base]
            # Split over two rows, the second motif is named once, where most of it lies.
            names = [(4, 1.12, "YY1 →"), (1.5, 1.12, "MAX ←")]
            assert list(words) == [names[row], (-0.8, 0.5, ("1", "11")[row])]
        boxes = [
            [patch.get_xy()[:-1].tolist() for patch in ax.patches if isinstance(patch, Polygon)]
            for ax in figure.axes
        ]
        assert boxes == [
            [
                [[2, 0], [5.55, 0], [6, 0.5], [5.55, 1], [2, 1], [2, 0.5]],  # points to the right
                [[8.45, 0], [10, 0], [10, 0.5], [10, 1], [8.45, 1], [8, 0.5]],  # to the left
            ],
            [[[0, 0], [3, 0], [3, 0.5], [3, 1], [0, 1], [0, 0.5]]],  # its rest, without a point
        ]

    def test_without_sites(self):
        figure = figures.sequence(np.zeros(5, "uint8"), self.SITES[:0], ["MAX"], width=5)
        assert not figure.axes[0].patches


def test_class_dots_have_a_row_per_tf_and_a_tick_per_reference():
    scores = pd.DataFrame(
        [
            ("cnn-2", "YY1", 0.9, 0.5),
            ("cnn-2", "MAX", 0.8, 0.4),
            ("cnn-25", "MAX", 0.95, 0.6),
            ("cnn-2", "MAX", 0.7, 0.3),
        ],
        columns=["model", "tf", "auroc", "aupr"],
    )
    best = {"Bayes-optimal": {"MAX": 0.99}, "GC": {"YY1": 0.5, "MAX": 0.6}}
    ax = figures.class_dots(scores, references=best)
    assert [points(line) for line in ax.lines] == [
        [(0.9, -0.15), (0.8, 0.85), (0.7, 0.85)],
        [(0.95, 1.15)],
        [(None, 0), (0.99, 1)],
        [(0.5, 0), (0.6, 1)],
    ]
    looks = {
        "CNN-2": ("o", BLUE, BLUE),
        "CNN-25": ("s", ORANGE, ORANGE),
        "Bayes-optimal": ("|", BLACK, BLACK),
        "GC": ("|", GREY, GREY),
    }
    assert dict(zip(looks, map(look, ax.lines), strict=True)) == looks == legend(ax)
    assert ticks(ax.yaxis) == {"YY1": 0, "MAX": 1}
    assert (ax.get_ylim(), ax.get_xlabel()) == ((1.5, -0.5), "AUROC")
    ax = figures.class_dots(scores, "aupr")
    assert points(ax.lines[0]) == [(0.5, -0.15), (0.4, 0.85), (0.3, 0.85)]
    assert (len(ax.lines), ax.get_xlabel()) == (2, "AUPR")


def test_by_tf_has_a_marker_per_row_and_column():
    values = pd.DataFrame({"half": [0.1, 0.6], "most": [0.3, 0.5]}, index=["MAX", "SP1"])
    ax = figures.by_tf(values, xlabel="share", percent=True)
    assert [points(line) for line in ax.lines] == [[(0.1, 0), (0.6, 1)], [(0.3, 0), (0.5, 1)]]
    looks = {"half": ("o", BLUE, BLUE), "most": ("s", ORANGE, WHITE)}
    assert dict(zip(looks, map(look, ax.lines), strict=True)) == looks == legend(ax)
    spans = [line.round(4).tolist() for line in ax.collections[0].get_segments()]
    assert spans == [[[0.1, 0], [0.3, 0]], [[0.5, 1], [0.6, 1]]]
    assert ticks(ax.yaxis) == {"MAX": 0, "SP1": 1}
    assert ax.get_ylim() == (1.5, -0.5)  # the first row is on top
    assert (ax.get_xlim()[0], ax.get_xlabel()) == (-0.01, "share")
    ax.figure.canvas.draw()
    assert ticks(ax.xaxis)["20%"] == pytest.approx(0.2)
    plain = figures.by_tf(values)
    plain.figure.canvas.draw()
    assert "0.2" in ticks(plain.xaxis)


# --- Tables -------------------------------------------------------------------------------------

COMPARISON = pd.DataFrame(
    [
        ("cnn-2", "CNN-2", "auroc", 5, 0.97, 0.001, 0.966, 0.0, 0.004, "reproduced", False),
        ("cnn-4", "CNN-4", "auroc", 1, 0.9, 0.0, 0.955, 0.002, -0.055, "differs, provisional", 0),
        ("x<y", "x<y", "match_any", 2, 0.9, 0.0, math.nan, math.nan, math.nan, "", False),
        ("cnn-2", "CNN-2", "match_any", 4, 0.25, math.nan, 0.5, 0.1, -0.25, "close", True),
        ("x<y", "x<y", "auroc", 2, 0.8, 0.1, 0.7, 0.2, 0.1, "cannot be tested", True),
    ],
    columns=["model", "label", "quantity", "trials", "ours", "ours_sd", "paper", "paper_sd",
             "delta", "verdict", "copied"],
)  # fmt: skip

LEDGER = pd.DataFrame(
    [
        {"id": "one", "quote": "a < b", "rule": "greater", "paper": 0.5, "paper_sd": math.nan}
        | {"ours": -0.25, "ours_sd": math.nan, "trials": 1, "verdict": "does not hold"}
        | {"explanation": "an older run", "note": "", "section": "B"}
        | {"kind": "comparison", "delta": -0.75, "low": -0.5, "high": 0.0}
        | {"models": "cnn-2", "quantity": "auroc", "run": "synthetic/cnn-2"}
        | {"first": "close", "pair": "cnn-2 cnn-50+l1", "trials_needed": "9 trials each"},
        {"id": "two", "quote": "0.5", "rule": "value", "paper": 0.5, "paper_sd": 0.1}
        | {"ours": 0.45, "ours_sd": 0.0, "trials": 2, "verdict": "inconclusive, provisional"}
        | {"explanation": "As printed.", "note": "As printed.", "section": "A"}
        | {"kind": "number", "delta": -0.05, "low": -0.2, "high": 0.1}
        | {"models": "cnn-1@2 cnn-4", "quantity": "match_any", "run": ""}
        | {"first": "", "pair": "", "trials_needed": ""},
        {
            "id": "three",
            "quote": "1,234,567 weights",
            "rule": "equal",
            "paper": 1234567.0,
            "paper_sd": math.nan,
        }
        | {"ours": math.nan, "ours_sd": math.nan, "trials": 0, "verdict": "not yet run"}
        | {"explanation": verdicts.UNEXPLAINED, "note": "", "section": "B"}
        | {"kind": "number", "delta": math.nan, "low": math.nan, "high": math.nan}
        | {"models": "cnn-2", "quantity": "auroc", "run": ""}
        | {"first": "", "pair": "", "trials_needed": ""},
    ]
)


def test_a_table_has_ours_above_the_paper_s():
    page = figures.table(COMPARISON)
    assert cells(page) == [
        ["model", "AUROC", "match any motif"],
        [
            "CNN-2|4 trials",
            "0.970 ± 0.001|paper 0.966 ± 0.000|Δ +0.004|● reproduced",
            "0.250|paper 0.500 ± 0.100|copied from Table 1|Δ −0.250|◐ close",
        ],
        ["CNN-4|1 trial", "0.900 ± 0.000|paper 0.955 ± 0.002|Δ −0.055|✕ differs, provisional", ""],
        [
            "x<y|2 trials",
            "0.800 ± 0.100|paper 0.700 ± 0.200|copied from Table 1",  # no Δ: not to be compared
            "0.900 ± 0.000|not in the paper",
        ],
    ]
    assert "<b>0.970\u00a0±\u00a00.001</b>" in page.data
    assert "x&lt;y" in page.data and "x<y" not in page.data
    assert cells(figures.table(COMPARISON[:0])) == []
    assert figures.table(COMPARISON[:0]).data == "<p>No run on record yet.</p>"


def test_a_likeness_names_what_decides_it():
    page = figures.ledger_table(LEDGER[:1].assign(rule="spread at most"))
    assert "decided by: CNN-2 and CNN-50 + l1" in page.data


def test_a_ledger_has_a_row_per_claim_and_its_reason_below():
    page = figures.ledger_table(LEDGER)
    match = "fraction of filters that match any motif: CNN-1 layer 2, CNN-4"
    assert cells(page) == [
        ["verdict", "the paper", "measured", "printed", "ours"],
        [
            "✕ does not hold|first rule: close|nearest: CNN-2 and CNN-50 + l1|"
            "to settle it: 9 trials each",
            "“a < b”",
            "difference in the mean AUROC: CNN-2",
            "+0.500",
            "−0.250|1 trial|[−0.500, +0.000]",
        ],
        ["Why: an older run (synthetic/cnn-2)"],
        [
            "◐ inconclusive, provisional",
            "“0.5”",
            match,
            "0.500 ± 0.100",
            "0.450 ± 0.000|2 trials|Δ −0.050 [−0.200, +0.100]",
        ],
        ["As printed."],
        [
            "○ not yet run",
            "“1,234,567 weights”",
            "difference in the mean AUROC: CNN-2",
            "1,234,567",
            "",
        ],
        [verdicts.UNEXPLAINED],
    ]
    assert "“a &lt; b”" in page.data


def test_each_claim_has_an_address_and_a_reason_stands_once():
    rows = pd.concat([LEDGER[:1], LEDGER[:1].assign(id="again")])
    page = BeautifulSoup(figures.ledger_table(rows, address="why").data, "html.parser")
    assert [row["id"] for row in page.select("tr[id]")] == ["why-one", "why-again"]
    assert page.find(class_="reason").find_next(class_="reason").a["href"] == "#why-one"
    assert page.text.count("an older run") == 1


@pytest.mark.parametrize("page", [figures.ledger_table(LEDGER), figures.table(COMPARISON)])
def test_a_wide_table_is_a_named_region_that_takes_the_focus(page):
    box = BeautifulSoup(page.data, "html.parser").div
    assert box["role"] == "region" and box["tabindex"] == "0"
    assert box["aria-label"] == box.table.caption.text
    assert {head.get("scope") for head in box.find_all("th")} == {"col", "row"}


def test_verdicts_are_counted_by_section():
    table = figures.counts(LEDGER)
    assert table.index.tolist() == ["B", "A"]
    assert table.columns.tolist() == [
        "inconclusive, provisional",
        "does not hold",
        "not yet run",
    ]
    assert table.to_numpy().tolist() == [[0, 1, 1], [1, 0, 0]]
    assert figures.counts(LEDGER, "kind")["does not hold"].to_dict() == {
        "comparison": 1,
        "number": 0,
    }


def test_every_verdict_has_a_sign_and_a_colour_of_its_own():
    assert set(figures.VERDICT) == {*rules.VERDICTS, *rules.FIRST_VERDICTS}
    words = {
        "equivalent": "● equivalent",
        "inconclusive": "◐ inconclusive",
        "does not hold": "✕ does not hold",
        "reproduced": "● reproduced",
        "close, provisional": "◐ close, provisional",
        "differs": "✕ differs",
        "not yet run": "○ not yet run",
        "cannot be tested": "– cannot be tested",
    }
    assert {verdict: figures.verdict_words(verdict) for verdict in words} == words
    for verdict, colour in {"reproduced": "#01704f", "differs": "#b03a00"}.items():
        page = figures.ledger_table(LEDGER[:1].assign(verdict=verdict)).data
        assert f"color:{colour};" in page


def test_a_table_of_words_is_escaped():
    said = pd.DataFrame({"what": ["a < b", "c"], "x < y": [3, "<d>"]}, index=[7, 8])
    page = figures.words(said)
    assert cells(page) == [["what", "x < y"], ["a < b", "3"], ["c", "<d>"]]
    row = '<tr><th scope="row">a &lt; b</th><td data-label="x &lt; y">3</td></tr>'
    assert row in page.data
    assert "<d>" not in page.data


def test_many_networks_are_counted():
    row = LEDGER.iloc[0].copy()
    row["models"] = " ".join(["cnn-2"] * 8)
    assert figures.measured(row) == "difference in the mean AUROC: 8 networks"
