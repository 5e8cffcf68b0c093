"""Plots draw what they are given: the right number of marks and the right words."""

from __future__ import annotations

import io
import math
import warnings

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon

from motifbook.book import figures
from motifbook.motifs import matrices
from motifbook.records import experiment
from motifbook.records import runs as run_records
from motifbook.records.runs import Record


@pytest.fixture(autouse=True)
def clean():
    figures.style()
    yield
    plt.close("all")


def texts(figure):
    """Every text that is drawn on a figure's axes and legends."""
    found = [*figure.findobj(matplotlib.text.Text)]
    return [text.get_text() for text in found if text.get_text()]


def marks(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


HIT = {"p_value": 1e-9, "offset": 0, "overlap": 8, "orientation": "+"}


def filter_(number, hits=(), tf=None, state="alive"):
    ppm = [[0.0] * 4] * 5 if state == "dead" else [[1.0, 0, 0, 0]] * 2 + [[0.25] * 4] * 3
    hits = [HIT | {"target": t, "name": n, "e_value": e} for t, n, e in hits]
    return {
        "filter": number,
        "state": state,
        "hits": hits,
        "tf": tf,
        "ppm": ppm,
        "trim": [0, 5],
        "matches_any": bool(hits),
    }


def record():
    rows = [
        filter_(0, [("MA0058.3", "MAX", 2.6e-8)], "MAX"),
        filter_(1, [("MA0004.1", "Arnt", 1e-9), ("MA0058.3", "MAX", 0.04)], "MAX"),
        filter_(2, [("MA0004.1", "Arnt", 0.02)]),
        filter_(3, [("MA0660.1", "MEF2B", 1e-5)], "STAT1"),
        filter_(4, [("MA0004.1", "Arnt", 3.0)]),
        filter_(5, state="dead"),
        filter_(6, [("MA0003.1", "TFAP2A::TFAP2C(var.2)", 0.01)]),
        filter_(7, state="uniform"),
    ]
    return Record(
        {
            "dataset": "synthetic",
            "protocol": "as-run",
            "profile": "paper",
            "model": "cnn-25",
            "trial": 1,
            "layers": [{"layer": 1, "filters": rows}],
        }
    )


def runs(models=("cnn-1", "cnn-2", "cnn-4"), trials=3):
    return pd.DataFrame(
        {
            "model": model,
            "trial": trial,
            "auroc": 0.95 + trial / 1000,
            "match_any": 0.5 + trial / 100,
            "match_relevant": 0.2,
        }
        for model in models
        for trial in range(trials)
    )


def printed(models=("cnn-1", "cnn-2")):
    rows = [
        (model, quantity, 0.4, 0.1)
        for model in models
        for quantity in ("auroc", "match_any", "match_relevant")
    ]
    return pd.DataFrame(rows, columns=["model", "quantity", "mean", "error"])


class TestLogo:
    def drawn(self, ppm, **options):
        ax = figures.logo(np.array(ppm, dtype=float), plt.figure().subplots(), **options)
        return ax, {
            patch.get_gid(): patch.get_path().get_extents()
            for patch in ax.patches
            if isinstance(patch, PathPatch)
        }

    def test_one_certain_base_is_two_bits_high(self):
        _, letters = self.drawn([[0, 0, 1, 0]])
        assert list(letters) == ["base-G"]
        assert letters["base-G"].extents == pytest.approx([0.03, 0, 0.97, 2])

    def test_letters_are_stacked_the_likeliest_on_top(self):
        _, letters = self.drawn([[0.75, 0.25, 0, 0]])
        bits = 2 - (0.75 * math.log2(1 / 0.75) + 0.25 * 2)
        assert letters["base-C"].extents[1::2] == pytest.approx([0, 0.25 * bits])
        assert letters["base-A"].extents[1::2] == pytest.approx([0.25 * bits, bits])

    def test_columns_without_information_or_sites_stay_empty(self):
        ax, letters = self.drawn([[0.25] * 4, [0] * 4])
        assert letters == {}
        assert ax.get_xlim() == (0, 2)
        assert ax.get_ylim() == (0, 2)

    def test_start_shifts_it(self):
        _, letters = self.drawn([[0, 1, 0, 0]], start=3)
        assert letters["base-C"].extents[0] == pytest.approx(3.03)


class TestLogoGrid:
    def test_every_filter_has_its_words(self):
        figure = figures.logo_grid(record(), columns=4)
        words = texts(figure)
        assert "MAX 3e−8" in words
        assert "MAX 0.04" in words  # the relevant hit, though another is better
        assert "(Arnt) 0.02" in words
        assert "MEF2B 1e−5" in words  # counts for STAT1, is not called so
        assert words.count("no match") == 1
        assert words.count("dead") == 1
        assert "(TFAP2A::…) 0.01" in words
        assert "uniform" in words
        assert [word for word in words if word.isdigit()] == [str(n) for n in range(8)]

    def test_relevant_other_and_dead_differ_by_more_than_colour(self):
        titles = [ax.title for ax in figures.logo_grid(record()).axes]
        assert titles[0].get_fontweight() == "bold"
        assert titles[2].get_fontstyle() == "italic"
        assert titles[4].get_fontweight() not in ("bold", 700)
        dead = figures.logo_grid(record()).axes[5]
        assert [patch.get_hatch() for patch in dead.patches] == ["////"]

    def test_some_filters_in_the_order_asked_for(self):
        words = texts(figures.logo_grid(record(), filters=[3, 0]))
        assert [word for word in words if word.isdigit()] == ["3", "0"]

    def test_a_layer_that_is_not_on_record_is_named(self):
        with pytest.raises(ValueError, match="layer 2 is not on record"):
            figures.logo_grid(record(), layer=2)


def test_ground_truth_stands_in_both_orientations():
    figure = figures.ground_truth_grid()
    words = texts(figure)
    for tf in matrices.TFS:
        assert f"{tf} →" in words
        assert f"{tf} ←" in words
    assert len(figure.axes) == 24


class TestAgainst:
    def test_every_trial_is_a_mark_and_every_printed_value_a_diamond(self):
        ax = figures.against(
            runs(), printed(), ["cnn-1", "cnn-2", "cnn-4"], ["match_any", "match_relevant"]
        )
        for quantity in ("match_any", "match_relevant"):
            dots = marks(ax, f"ours-{quantity}")
            assert [len(line.get_xdata()) for line in dots] == [3, 3, 3]
            assert len(marks(ax, f"paper-{quantity}")) == 2
        assert [text.get_text() for text in ax.get_xticklabels()] == ["CNN-1", "CNN-2", "CNN-4"]
        assert "relevant motif" not in ax.get_ylabel()
        legend = [text.get_text() for text in ax.get_legend().get_texts()]
        assert len(legend) == 4

    def test_no_mark_hides_another(self):
        ax = figures.against(runs(), printed(), ["cnn-1", "cnn-2"], ["match_any", "match_relevant"])
        kinds = [f"{who}-{q}" for who in ("ours", "paper") for q in ("match_any", "match_relevant")]
        at_first = [marks(ax, kind)[0].get_xdata()[0] for kind in kinds]
        assert len(set(at_first)) == 4
        assert max(at_first) < 0.5 < min(marks(ax, kind)[1].get_xdata()[0] for kind in kinds)

    def test_a_model_without_runs_keeps_its_place(self):
        ax = figures.against(runs(["cnn-2"]), printed([]), ["cnn-1", "cnn-2"], ["auroc"])
        assert [text.get_text() for text in ax.get_xticklabels()] == ["CNN-1", "CNN-2"]
        assert [len(line.get_xdata()) for line in marks(ax, "ours-auroc")] == [0, 3]
        assert ax.get_ylabel() == "AUROC"

    def test_pools_and_filters_are_read_from_the_models(self):
        ax = figures.against_pool(
            runs(), printed(), ["auroc"], models=["cnn-1", "cnn-4"], references={"best": 0.98}
        )
        assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "4"]
        assert "best" in texts(ax.figure)
        ax = figures.against_filters(runs(["cnn-25-60"]), printed([]), ax=plt.figure().subplots())
        assert [text.get_text() for text in ax.get_xticklabels()] == ["30", "60", "90", "120"]

    def test_a_reference_far_off_is_written_and_leaves_the_marks_apart(self):
        far = {"GC content alone": 0.685, "best": 0.957}
        ax = figures.against(runs(), printed([]), ["cnn-1", "cnn-2"], ["auroc"], references=far)
        assert "GC content alone 0.685 ↓" in texts(ax.figure)
        assert "best" in texts(ax.figure)
        assert [line.get_ydata()[0] for line in ax.lines if line.get_ls() == "--"] == [0.957]
        low, high = ax.get_ylim()
        assert 0.94 < low < 0.95 and 0.957 < high < 0.96  # room for the words

    def test_the_name_of_a_reference_covers_no_mark(self):
        marks = runs()  # from 0.950 to 0.952
        for height, place in ((0.953, "bottom"), (0.9499, "top")):
            ax = plt.figure().subplots()
            figures.against(marks, printed([]), ["cnn-1"], ["auroc"], ax, references={"it": height})
            (name,) = (text for text in ax.texts if text.get_text() == "it")
            assert name.get_va() == place

    def test_what_cannot_be_counted_is_not_drawn(self, tmp_path, write_record):
        layer = {"layer": 1, "window": 2, "match_any": 0.5, "match_relevant": None, "dead": 0}
        write_record(tmp_path, layers=[layer | {"filters": []}])
        table = run_records.table(experiment.get("cnn-2", 1, results_dir=tmp_path))
        assert table["match_relevant"].dtype == float
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ax = figures.against_pool(table, printed([]), models=["cnn-1", "cnn-2"])
            figures.show(ax)
        drawn = [line.get_ydata().tolist() for line in marks(ax, "ours-match_any")]
        assert drawn == [[], [0.5]]
        drawn = [line.get_ydata().tolist() for line in marks(ax, "ours-match_relevant")]
        assert drawn == [[], []]

    def test_without_any_run(self):
        ax = figures.against_pool(pd.DataFrame(), printed())
        assert len(marks(ax, "paper-match_any")) == 2


COMPARISON = pd.DataFrame(
    [
        {"model": "cnn-2", "label": "CNN-2", "quantity": "auroc", "trials": 5}
        | {"ours": 0.97, "ours_sd": 0.001, "paper": 0.966, "paper_sd": 0.0, "delta": 0.004}
        | {"verdict": "reproduced", "copied": False},
        {"model": "cnn-4", "label": "CNN-4", "quantity": "auroc", "trials": 1}
        | {"ours": 0.9, "ours_sd": 0.0, "paper": 0.955, "paper_sd": 0.002, "delta": -0.055}
        | {"verdict": "differs, provisional", "copied": False},
        {"model": "x<y", "label": "x<y", "quantity": "match_any", "trials": 2}
        | {"ours": 0.9, "ours_sd": 0.0, "paper": math.nan, "paper_sd": math.nan}
        | {"delta": math.nan, "verdict": "", "copied": False},
    ]
)


class TestTable:
    def test_rows_cells_and_words(self):
        page = figures.table(COMPARISON).data
        assert page.count("<tr>") == 4
        assert "<b>0.970 ± 0.001</b><br>paper 0.966 ± 0.000" in page.replace("\u00a0", " ")
        assert "Δ\u00a0−0.055" in page
        assert "✕ differs, provisional" in page
        assert "not in the paper" in page
        assert page.count("<td></td>") == 3
        assert "x&lt;y" in page
        assert "x<y" not in page

    def test_what_cannot_be_compared_has_no_difference(self):
        other = COMPARISON.iloc[:1].assign(verdict="cannot be tested", copied=True)
        page = figures.table(other).data
        assert "paper 0.966" in page and "copied from Table 1" in page
        assert "Δ" not in page and "cannot be tested" not in page

    def test_ledger(self):
        rows = pd.DataFrame(
            [
                {"quote": "a < b", "rule": "greater", "paper": 0.5, "paper_sd": math.nan}
                | {"ours": -0.25, "ours_sd": math.nan, "trials": 1, "verdict": "differs"}
                | {"explanation": "an older run", "note": "", "section": "B"}
                | {"kind": "comparison", "delta": -0.75, "low": -0.5, "high": 0.0}
                | {"models": "cnn-2", "quantity": "auroc", "run": "synthetic/cnn-2"},
                {"quote": "0.5", "rule": "value", "paper": 0.5, "paper_sd": 0.1}
                | {"ours": 0.45, "ours_sd": 0.0, "trials": 2, "verdict": "close"}
                | {"explanation": "", "note": "As printed.", "section": "A"}
                | {"kind": "number", "delta": -0.05, "low": math.nan, "high": math.nan}
                | {"models": "cnn-1@2", "quantity": "match_any", "run": ""},
            ]
        )
        page = figures.ledger_table(rows).data
        assert "“a &lt; b”" in page
        interval = "[−0.500,\u00a0+0.000]"
        assert f"<td><b>−0.250</b><br><small>1 trial<br>{interval}</small></td>" in page
        assert "2 trials<br>Δ\u00a0−0.050</small>" in page
        assert "<i>Why:</i> an older run (synthetic/cnn-2)</small>" in page
        assert "✕ differs</span></td>" in page
        assert "CNN-1 layer 2, match any motif<br>“0.5”" in page
        assert "0.500\u00a0±\u00a00.100" in page
        assert "As printed." in page
        counts = figures.counts(rows)
        assert list(counts.index) == ["B", "A"]
        assert list(counts.columns) == ["close", "differs"]
        assert counts.loc["B", "differs"] == 1

    def test_every_verdict_has_a_sign_of_its_own(self):
        from motifbook.paper import claims

        assert set(figures.VERDICT) == set(claims.VERDICTS)
        signs = [figures.verdict_words(verdict) for verdict in claims.VERDICTS]
        assert len({sign[0] for sign in signs}) == len(claims.VERDICTS)


def test_filters_per_tf_writes_every_count():
    counts = pd.DataFrame([[1, 2], [3, 0]], index=["trial 1", "trial 2"], columns=["MAX", "YY1"])
    ax = figures.filters_per_tf(counts)
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3", "0"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["MAX", "YY1"]


def test_traces_have_a_panel_per_quantity_and_a_line_per_model():
    trace = pd.DataFrame(
        {"model": model, "epoch": epoch, "match_relevant": 0.1, "gradient_norm": norm}
        for model in ("cnn-2", "cnn-25")
        for epoch, norm in ((1, 0.5), (2, 0.01))
    )
    figure = figures.traces(trace)
    assert [len(ax.lines) for ax in figure.axes] == [2, 2]
    assert [ax.get_yscale() for ax in figure.axes] == ["linear", "log"]
    narrow = figures.traces(trace.assign(gradient_norm=0.2))  # a log axis would have no labels
    assert [ax.get_yscale() for ax in narrow.axes] == ["linear", "linear"]
    styles = {line.get_linestyle() for line in figure.axes[0].lines}
    assert len(styles) == 2


def test_null_rates_have_a_row_per_model_and_a_marker_per_kind():
    rates = pd.DataFrame(
        {"model": model, "kind": kind, "trial": trial, "match_any": 0.5}
        for kind in ("trained", "shuffled", "untrained")
        for model in ("cnn-2", "cnn-25")
        for trial in (1, 2)
    )
    ax = figures.null_rates(rates)
    assert [len(line.get_xdata()) for line in ax.lines] == [4, 4, 4]
    assert len({line.get_marker() for line in ax.lines}) == 3
    assert [text.get_text() for text in ax.get_yticklabels()] == ["CNN-2", "CNN-25"]


class TestSequence:
    SITES = np.array(
        [(0, 2, 4, 1, 1), (0, 8, 5, 0, -1)],
        dtype=[
            ("sequence", "i4"),
            ("start", "i4"),
            ("length", "i4"),
            ("tf", "i2"),
            ("strand", "i1"),
        ],
    )

    def test_bases_boxes_and_names(self):
        figure = figures.sequence(np.arange(20) % 5, self.SITES, ["MAX", "YY1"], width=10)
        words = texts(figure)
        assert "".join(word for word in words if len(word) == 1 and word in "ACGTN") == "ACGTN" * 4
        assert "YY1 →" in words
        assert words.count("MAX ←") == 1  # split over two rows, named once, where most of it lies
        boxes = [
            [patch for patch in ax.patches if isinstance(patch, Polygon)] for ax in figure.axes
        ]
        assert [len(row) for row in boxes] == [2, 1]
        assert {"1", "11"} <= set(words)

    def test_without_sites(self):
        figure = figures.sequence(np.zeros(5, "uint8"), self.SITES[:0], ["MAX"], width=5)
        assert not figure.axes[0].patches


def test_class_dots_have_a_row_per_tf_and_a_tick_per_reference():
    scores = pd.DataFrame(
        {"model": model, "tf": tf, "auroc": 0.9}
        for model in ("cnn-2", "cnn-25")
        for tf in ("MAX", "YY1", "SP1")
        for _ in range(2)
    )
    ax = figures.class_dots(scores, references={"Bayes-optimal": {"MAX": 0.99, "YY1": 0.98}})
    assert [len(line.get_xdata()) for line in ax.lines] == [6, 6, 3]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["MAX", "YY1", "SP1"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["CNN-2", "CNN-25", "Bayes-optimal"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda table: figures.filters_per_tf(table).figure,
        lambda table: figures.null_rates(table).figure,
        lambda table: figures.class_dots(table).figure,
        lambda table: figures.by_tf(table).figure,
        lambda table: figures.logo_grid(None),
        figures.traces,
    ],
)
def test_a_page_without_runs_says_so(draw):
    assert texts(draw(pd.DataFrame())) == ["no run on record yet"]
    assert "No run on record yet" in figures.table(pd.DataFrame()).data


def test_by_tf_has_a_marker_per_row_and_column():
    values = pd.DataFrame({"half": [0.1, 0.2], "most": [0.3, 0.5]}, index=["MAX", "SP1"])
    ax = figures.by_tf(values, xlabel="share", percent=True)
    assert [list(line.get_xdata()) for line in ax.lines] == [[0.1, 0.2], [0.3, 0.5]]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["MAX", "SP1"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top
    ax.figure.canvas.draw()
    assert "20%" in [text.get_text() for text in ax.get_xticklabels()]


class TestShow:
    def test_is_a_palette_png_of_twice_the_pixels_and_closes_the_figure(self):
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.plot([0, 1])
        shown = figures.show(ax)
        with PIL.Image.open(io.BytesIO(shown.data)) as image:
            assert image.size == (400, 200)
            assert image.mode == "P"
            assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert shown.width == 200
        assert not plt.fignum_exists(figure.number)

    def test_a_page_of_thirty_logos_stays_small(self):
        rng = np.random.default_rng(0)
        rows = [
            filter_(n) | {"ppm": rng.dirichlet([0.3] * 4, 19).tolist(), "trim": [0, 19]}
            for n in range(30)
        ]
        data = record().data | {"layers": [{"layer": 1, "filters": rows}]}
        figure = figures.logo_grid(Record(data))
        assert isinstance(figure, Figure)
        assert len(figures.show(figure).data) < 300_000  # every column full: twice a real page


def test_the_ladder_has_a_dot_per_trial_and_a_place_for_each_rung():
    rungs = pd.DataFrame(
        {
            "rung": ["as run", "as run", "trim"],
            "model": "cnn-4",
            "trial": [1, 2, 1],
            "match_relevant": [0.1, 0.2, 0.4],
            "match_any": [0.5, 0.6, 0.7],
            "auroc": [0.95, 0.96, 0.95],
        }
    )
    figure = figures.ladder(rungs, ("as run", "trim", "sites"))
    assert len(figure.axes) == 3
    first = figure.axes[0]
    assert [len(marks(first, name)[0].get_xdata()) for name in ("as run", "trim", "sites")] == [
        2,
        1,
        0,
    ]
    assert texts(figure).count("not yet run") == 1
    assert "no run on record yet" in texts(figures.ladder(rungs[:0], ("as run",)))


def test_sites_have_a_mark_per_filter_by_verdict():
    judged = pd.DataFrame(
        {
            "model": "cnn-2",
            "verdict": ["relevant", "none", "none"],
            "site_precision": [0.9, 0.1, math.nan],
            "site_recall": [0.4, 0.2, math.nan],
        }
    )
    figure = figures.sites(judged, ["cnn-2", "cnn-4"])
    counts = [
        len(marks(figure.axes[0], kind)[0].get_xdata()) for kind in ("relevant", "other", "none")
    ]
    assert counts == [1, 0, 2]
    (dot,) = marks(figure.axes[0], "relevant")
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0.9, 0.4)  # precision along x
    words = [figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()]
    assert words == ["precision", "recall"]
    assert "not yet run" in texts(figure)


def test_a_table_of_words_is_escaped():
    page = figures.words(pd.DataFrame({"what": ["a < b"], "said": [3]})).data
    assert "<tr><th>a &lt; b</th><td>3</td></tr>" in page


class TestHeld:
    LIMIT = pd.Series({"SRF": 0.75, "MAX": 0.99}, name="best nine columns")

    def test_a_dot_per_filter_beside_the_most_possible(self):
        filters = pd.DataFrame(
            {
                "label": ["CNN9-25", "CNN9-25", "CNN-25"],
                "tf": ["SRF", "MAX", "SRF"],
                "read": [0.6, 0.9, 1.0],
            }
        )
        ax = figures.held(self.LIMIT, filters)
        assert [list(line.get_xdata()) for line in ax.lines] == [[0.6, 0.9], [1.0], [0.75, 0.99]]
        assert [text.get_text() for text in ax.get_yticklabels()] == ["SRF", "MAX"]
        rows = [np.round(line.get_ydata()).tolist() for line in ax.lines]
        assert rows == [[0, 1], [0], [0, 1]]
        legend = [text.get_text() for text in ax.get_legend().get_texts()]
        assert legend == ["CNN9-25", "CNN-25", "best nine columns"]

    def test_tfs_that_have_no_row_are_left_out(self):
        filters = pd.DataFrame({"label": ["CNN9-25"], "tf": ["YY1"], "read": [0.6]})
        ax = figures.held(self.LIMIT, filters)
        assert len(ax.lines[0].get_xdata()) == 0


class TestSitePrecision:
    FILTERS = pd.DataFrame(
        {
            "label": ["CNN-25", "CNN-25", "CNN-25", "CNN-4", "CNN-4"],
            "relevant": [True, False, False, False, False],
            "any": [True, True, False, False, False],
            "site_precision": [0.9, 0.3, 0.1, 0.2, math.nan],
        }
    )

    def test_each_filter_is_drawn_once_by_what_it_matches(self):
        ax = figures.site_precision(self.FILTERS)
        drawn = {line.get_gid(): list(line.get_xdata()) for line in ax.lines}
        assert drawn == {
            "a relevant motif": [0.9],
            "only another motif": [0.3],
            "no motif": [0.1, 0.2],
        }
        assert [text.get_text() for text in ax.get_yticklabels()] == ["CNN-25", "CNN-4"]

    def test_without_sites_there_is_nothing_to_draw(self):
        ax = figures.site_precision(self.FILTERS[-1:])
        assert texts(ax.figure) == ["no run on record yet"]


def test_no_model_asked_for():
    ax = figures.against(runs(), printed(), [], ["auroc"])
    assert texts(ax.figure) == ["no run on record yet"]


def test_jitter_keeps_within_its_height_and_is_always_the_same():
    offsets = figures._jitter(50, 0.4)
    assert np.abs(offsets).max() <= 0.2
    assert len(np.unique(offsets)) == 50
    assert (offsets == figures._jitter(50, 0.4)).all()


def test_a_gallery_has_a_titled_logo_per_filter():
    figure = figures.gallery([filter_(0), filter_(7)], ["first\nof two", "second"])
    assert [ax.get_title(loc="left") for ax in figure.axes[:2]] == ["first\nof two", "second"]
    assert "no run on record yet" in texts(figures.gallery([], []))
