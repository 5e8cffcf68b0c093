"""The chapter on data, filters and noise, on made-up runs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import learned
from drawn import points_of, texts

from motifbook.book import limits
from motifbook.book.chapter import Gathered
from motifbook.motifs.matrices import TFS
from motifbook.records.runs import Run
from motifbook.sequences import harder, synthetic

WAYS = ["training sequences", "first-layer filters", "wrong labels"]


def made(shown, auroc, trials=3, spread=0.001):
    """A table of runs that show so many motifs, the last of TFS lost first, with that AUROC.

    Both are functions of the network and of how many steps a level is harder than plain.
    """
    rows = []
    for name, way in limits.WAYS.items():
        for level in way.levels:
            step = way.levels.index(level) - way.levels.index(way.plain)
            for network in limits.NETWORKS:
                number = shown(network, step)
                for trial in range(1, trials + 1):
                    score = auroc(network, step) + spread * (trial - 2)
                    row = {"way": name, "level": level, "network": network, "trial": trial}
                    row |= {"auroc": score, "match_relevant": number / 12 + spread * (trial - 2)}
                    row |= {"motifs": float(number), "precise": number / 24}
                    row |= {"shown": frozenset(TFS[:number])}
                    row |= {"by_class": dict.fromkeys(TFS, score)}
                    rows.append(row)
    columns = ["way", "level", "network", "trial", *limits.QUANTITIES, "shown", "by_class"]
    return pd.DataFrame(rows, columns=columns)


def falling(network, step):
    return 12 - 4 * max(step - 1, 0) if network == "CNN-25" else 1


def apart(network, step):
    return 0.97 - (0.05 if network == "CNN-25" else 0.02) * max(step, 0)


FALLING = made(falling, apart)
STEADY = made(lambda network, step: 12 if network == "CNN-25" else 0, lambda network, step: 0.97)
NONE = FALLING.iloc[:0]


def test_the_runs_of_each_level():
    pages = limits.gather("all", 1, profile="paper", missing="skip", results_dir=None)
    assert len(pages) == 5 + 6 + 4
    wanted = {
        key: [(run.protocol, run.model) for run in page.wanted] for key, page in pages.items()
    }
    plain = [("as-run", "cnn-25"), ("as-run", "cnn-2")]
    assert wanted["data", 1] == wanted["filters", 30] == wanted["noise", 0] == plain
    assert wanted["data", 16] == [("as-run+data-16", name) for _, name in plain]
    assert wanted["noise", 5] == [("as-run+noise-5", name) for _, name in plain]
    assert wanted["filters", 6] == [("as-run", "cnn-25-6"), ("as-run", "cnn-2-6")]
    assert len({run for page in pages.values() for run in page.wanted}) == 2 * 13
    # Those harder than plain.
    assert [way.harder for way in limits.WAYS.values()] == [(2, 4, 8, 16), (18, 12, 6), (5, 10, 20)]


def test_runs_are_measured():
    record = learned("cnn-25", 2, "MAX:.9,.5,.1,.1 SP1:.1,.1,.2,.5 other none", auroc=(0.8, 0.6))
    run = Run("synthetic", "as-run", "paper", "cnn-25", 1)
    pages = {("data", 1): Gathered((run, record.run), (record,))}
    (row,) = limits.measured(pages, {"MAX": 0.5, "SP1": 0.8}).to_dict("records")
    assert (row["way"], row["level"], row["network"], row["trial"]) == ("data", 1, "CNN-25", 2)
    assert (row["match_relevant"], row["precise"], row["motifs"]) == (0.5, 0.25, 2)
    assert (row["shown"], row["by_class"]) == ({"MAX", "SP1"}, {"MAX": 0.8, "SP1": 0.6})
    assert limits.line(pages).text.startswith("Made from 1 of 2 runs")
    assert limits.on_record(pages) == (
        "1 of 2 runs are on record. All levels are complete but these: training sequences "
        "all (CNN-25 1 of 2 trials)."
    )


@pytest.mark.parametrize(
    ("seen", "lost"), [((1, 1, 0), False), ((1, 0, 0), True), ((1, 0), False), ((0,), True)]
)
def test_lost_is_what_less_than_half_of_the_trials_show(seen, lost):
    table = STEADY.copy()
    there = (table["way"] == "data") & (table["level"] == 8) & (table["network"] == "CNN-25")
    table = table[~there | (table["trial"] <= len(seen))]
    for trial, shows in enumerate(seen, start=1):
        if not shows:
            where = there & (table["trial"] == trial)
            table.loc[where, "shown"] = table.loc[where, "shown"].map(lambda tfs: tfs - {"SP1"})
    assert limits.first_loss(table, "data", "CNN-25") == ((8, ["SP1"]) if lost else None)
    assert limits.first_loss(table, "noise", "CNN-25") is None


def test_the_first_loss_is_the_nearest_and_needs_something_to_lose():
    # Two steps beyond plain four motifs are lost, three beyond four more.
    found = [limits.first_loss(FALLING, way, "CNN-25") for way in limits.WAYS]
    assert found == [(level, list(TFS[8:])) for level in (4, 12, 10)]
    assert limits.first_loss(FALLING, "data", "CNN-2") is None  # holds one throughout
    assert limits.first_loss(NONE, "data", "CNN-25") is None


def test_easier_levels_without_a_run_are_named():
    table = FALLING[~((FALLING["way"] == "noise") & (FALLING["level"] == 5))]
    assert f"first loses {', '.join(TFS[8:])} (3 trials; 5% not yet run)" in limits.answer(table)
    assert "not yet run)" not in limits.answer(FALLING)


def test_shares():
    share = limits.shares(FALLING, "noise", "CNN-25")
    assert list(share.columns) == [0, 5, 10, 20]
    assert share.loc[TFS[0]].tolist() == [1, 1, 1, 1]
    assert share.loc[TFS[11]].tolist() == [1, 1, 0, 0]
    assert limits.shares(NONE, "noise", "CNN-25").isna().all(axis=None)


def test_verdicts():
    found = limits.verdicts(FALLING).set_index("claim")
    assert list(found.columns) == WAYS
    loses, easier, better, hides = limits.CLAIMS
    assert set(found.loc[loses]) == {"holds"}
    # With a sixteenth, three steps after the first loss, CNN-25 shows no motif and CNN-2 one.
    assert found.loc[easier].tolist() == ["does not hold", "holds", "holds"]
    assert set(found.loc[better]) == {"holds"}
    assert set(found.loc[hides]) == {"does not hold"}  # 0.10 below plain
    other = limits.verdicts(STEADY).set_index("claim")
    assert set(other.loc[loses]) == {"inconclusive"}
    assert set(other.loc[better]) == {"inconclusive"}
    assert set(other.loc[hides]) == {"no loss"}
    hidden = made(falling, lambda network, step: 0.97 - 0.001 * step)
    assert set(limits.verdicts(hidden).set_index("claim").loc[hides]) == {"holds"}
    worse = made(falling, lambda network, step: 0.97 if network == "CNN-25" else 0.9)
    assert set(limits.verdicts(worse).set_index("claim").loc[better]) == {"does not hold"}


def test_verdicts_of_few_runs():
    one = limits.verdicts(made(falling, apart, trials=1)).set_index("claim")
    assert set(one.loc[limits.CLAIMS[0]]) == {"inconclusive, provisional"}
    two = limits.verdicts(made(falling, apart, trials=2)).set_index("claim")
    assert set(two.loc[limits.CLAIMS[2]]) == {"holds, provisional"}
    assert set(limits.verdicts(NONE)[WAYS].to_numpy().ravel()) == {"not yet run"}
    level = FALLING[~((FALLING["way"] == "noise") & (FALLING["level"] == 10))]
    assert limits.verdicts(level)["wrong labels"].tolist()[1:3] == ["not yet run"] * 2


def test_the_answer():
    said = limits.answer(FALLING).replace("\xa0", " ")
    assert said.startswith(
        "Plain, with all training sequences, 30 filters and no label wrong, CNN-25 shows 12.0 ± 0.0"
        " of the 12 motifs, and CNN-2 1.0 ± 0.0.\n\n- With 1/4 of the training sequences "
        "CNN-25 first loses "
    )
    assert (
        f"\n- With 12 filters CNN-25 first loses {', '.join(TFS[8:])} (3 trials): motifs 12.0 → "
        "8.0, AUROC 0.970 → 0.870. CNN-2 meanwhile (3 trials): motifs 1.0 → 1.0, AUROC 0.970 → "
        "0.930."
    ) in said
    steady = limits.answer(STEADY)
    assert "With 20% of labels wrong CNN-25 has lost none (3 trials): motifs 12.0 → 12.0" in steady
    alone = FALLING[(FALLING["network"] == "CNN-25") | (FALLING["way"] == "data")]
    assert limits.answer(alone).endswith("0.870. CNN-2 meanwhile (0 trials): not yet run.")
    assert limits.answer(NONE).startswith("Not known yet")
    first = FALLING[FALLING["way"] == "data"]
    assert limits.in_short(first)[0].endswith(
        "of first-layer filters nothing is known yet; of wrong labels nothing is known yet."
    )
    assert limits.in_short(FALLING)[1].endswith(
        "at the sites? With 1/4 of the training sequences 0.67 and 0.33; with 12 filters 0.67 and "
        "0.33; with 10% of labels wrong 0.67 and 0.33."
    )
    assert limits.in_short(STEADY)[1].endswith("? It loses none on record.")
    assert limits.in_short(FALLING)[2] == (
        "CNN-25 loses motifs? training sequences: holds, first-layer filters: holds, wrong labels: "
        "holds."
    )


def test_what_becomes_of_a_motif_that_is_lost():
    scores = [
        {tf: 0.8 if network == "CNN-2" else 0.9 if tf in shown else 0.6 for tf in TFS}
        for network, shown in zip(FALLING["network"], FALLING["shown"], strict=True)
    ]
    table = FALLING.assign(by_class=scores)
    # Lost at the harder levels: 0, 4, 8, 12 with less data; 0, 4, 8 on each other way; 3 trials.
    assert limits.meanwhile(table) == (
        "The median AUROC of the motifs that CNN-25 does not show at the harder levels, run by "
        "run, and CNN-2's of the same: training sequences: 72 such motifs, 0.600 and 0.800; "
        "first-layer filters: 36 such motifs, 0.600 and 0.800; wrong labels: 36 such motifs, 0.600 "
        "and 0.800."
    )
    assert limits.meanwhile(STEADY).endswith("is not known yet.")
    assert limits.meanwhile(NONE).endswith("is not known yet.")


def test_courses():
    record = learned("cnn-25", 1, epochs=2, best_epoch=2)
    ended = learned("cnn-25", 2, epochs=100, best_epoch=80)
    cut = learned("cnn-25", 3, epochs=100, best_epoch=81)
    records = record, ended, cut
    none = Gathered((), ())
    pages = {("data", 1): Gathered(tuple(one.run for one in records), records)}
    said = limits.courses(pages | {("data", 4): none, ("data", 16): none})
    # 17,500 sequences are 175 batches, and 80 is the median of 2, 80 and 81 epochs.
    assert said.startswith("1 of 3 runs ran")
    assert said.endswith("sequences? CNN-25 14,000 with all.")


def test_a_quarter_that_goes_on():
    short = learned("cnn-25", 1, "MAX none", epochs=2, best_epoch=2)
    plain = learned("cnn-25", 1, "MAX SP1", epochs=2, best_epoch=2)
    pages = {
        ("data", 1): Gathered((plain.run,), (plain,)),
        ("data", 4): Gathered((short.run,), (short,)),
    }
    assert limits.longer(pages, Gathered((), ())).endswith("is not known yet.")
    on = [learned("cnn-25", t, "MAX SP1", auroc=(0.9, 0.8), epochs=2) for t in (1, 2)]
    # 4,375 sequences are 44 batches; the kept weights are of the second epoch, and of the first.
    assert limits.longer(pages, Gathered((), tuple(on))).replace("\xa0", " ") == (
        "Is it the data, or does training end too soon? With a quarter of the sequences CNN-25, "
        "stopped as usual: 1.0 motifs, AUROC 0.750, lost SP1 (weights of 88 batches). Trained to "
        "the last epoch (2 trials): 2.0 ± 0.0 motifs, AUROC 0.850 ± 0.000, lost none (weights of "
        "44 batches). So of 1 motif lost when it stops as usual, 1 comes back when it goes on. "
        "CNN-2 was not trained on."
    )


def test_how_many_positive_labels_are_right():
    data = synthetic.get(number=2_000)
    truth = data.train.labels.astype(bool)
    noisy = harder.make(data, noise=20).train.labels.astype(bool)
    right = (truth & noisy).sum() / noisy.sum()
    assert 0.3 < right < 0.6
    assert limits.true_positives(data).endswith(f", {right:.0%} with 20%.")


def test_the_panels_draw_every_trial_and_break_where_none_is():
    lacking = FALLING[~((FALLING["way"] == "data") & (FALLING["level"] == 4))]
    figure = limits.panels(lacking, "auroc")
    first = figure.axes[0]
    (marks,) = points_of(first, "CNN-25-auroc")
    assert len(marks) == 4 * 3
    assert sorted(y for _, y in marks)[-1] == pytest.approx(0.971)
    means = next(line for line in first.lines if line.get_label() == "_means")
    assert np.isnan(means.get_ydata()).tolist() == [False, False, True, False, False]
    labels = [text.get_text() for text in first.get_xticklabels()]
    assert labels == ["all", "1/2", "1/4", "1/8", "1/16"]
    plt.close(figure)
    nothing = limits.panels(NONE, "auroc")
    assert texts(nothing) == ["no run on record yet"]
    plt.close(nothing)


def test_the_grid_of_motifs_counts_trials_and_is_sorted_by_information():
    figure = limits.by_motif(FALLING)
    data = figure.axes[0]
    rows = [text.get_text() for text in data.get_yticklabels()]
    assert (rows[0], rows[-1]) == ("SRF (21.0)", "Arid3a (9.9)")
    shown = np.array([text.get_text() for text in data.texts]).reshape(12, 5)
    lost = [row for row, tf in enumerate(rows) if tf.partition(" ")[0] in TFS[8:]]
    for row, cells in enumerate(shown):
        assert cells[:3].tolist() == ["3", "3", "0" if row in lost else "3"]
    plt.close(figure)
    plt.close(limits.by_motif(NONE))


def test_whether_information_decides():
    order = list(limits.information().index)

    def fewest_bits_first(tfs):
        return frozenset(order[: len(tfs)])

    assert limits.by_information(FALLING.assign(shown=FALLING["shown"].map(fewest_bits_first))) == (
        "Spearman's correlation of a motif's information with the part of CNN-25's harder runs "
        "that show it: +0.95 (training sequences), +0.95 (first-layer filters), +0.95 (wrong "
        "labels). No rule asked for this; it was looked at afterwards."
    )  # √(128/143): twelve in order, beside three groups of four
    assert limits.by_information(STEADY).endswith("is not known yet.")


def test_fates():
    found = limits.fates(FALLING, synthetic.get(number=2_000))
    assert found.index[0] == "SRF" and found.loc["SRF", ["bits", "columns"]].tolist() == [21.0, 16]
    # Three harder levels: all twelve are shown at the first, the last four no longer then.
    assert found.loc[TFS[11], "shown, wrong labels"] == "0.33"
    assert found.loc[TFS[0], "shown, first-layer filters"] == "1.00"
    assert set(limits.fates(NONE, synthetic.get(number=2_000))["shown, wrong labels"]) == {"–"}
