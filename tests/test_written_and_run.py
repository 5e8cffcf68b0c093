"""What the chapter on the Methods and the code says and tabulates, on runs made by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import learned, record_of
from ledger_records import record
from msgspec.structs import replace

from motifbook.book import written_and_run
from motifbook.book.chapter import Gathered
from motifbook.paper import differences
from motifbook.records.runs import Run


def rung(protocol, trial, text, model="cnn-25", **changes):
    return learned(model, trial, text, protocol=protocol, **changes)


AS_RUN = (
    *(rung("as-run", n, text, auroc=(0.9, 0.9)) for n, text in
      ((1, "MAX MAX"), (2, "MAX none"), (3, "MAX SP1"), (4, "none none"))),
    *(rung("as-run", 1, text, model) for model, text in
      (("cnn-2", "none none"), ("cnn-4", "MAX none"), ("cnn-50", "MAX SP1"))),
)  # fmt: skip
STEPS = (
    rung("as-run+trim", 1, "MAX MAX", auroc=(0.9, 0.9)),
    rung("as-run+trim", 2, "none none", auroc=(0.9, 0.9)),
    rung("as-run+dataset", 1, "MAX MAX", auroc=(0.8, 0.8)),
)
WHOLE = tuple(
    rung("as-written", 1, text, model)
    for model, text in (("cnn-2", "none none"), ("cnn-4", "none none"),
                        ("cnn-25", "MAX none"), ("cnn-50", "MAX dead"))
)  # fmt: skip


def gathered(records):
    return Gathered(tuple(record.run for record in records), tuple(records))


PAGE, EMPTY = gathered(AS_RUN), Gathered((), ())
RUNGS = written_and_run.Ladder(gathered(AS_RUN[:4]), gathered(STEPS), gathered(WHOLE))
MOVED = written_and_run.effects(differences.ladder(RUNGS.records))
NOTHING = written_and_run.effects(differences.ladder([]))


class TestClimb:
    def test_three_trials_of_a_rung_at_most(self, tmp_path):
        options = {"missing": "skip", "profile": "paper", "results_dir": tmp_path}
        found = written_and_run.climb(PAGE, "all", 5, **options)
        assert {run.trial for run in found.steps.wanted} == {1, 2, 3}
        assert len(found.steps.wanted) == len(differences.LADDER) * 2 * 3
        assert len(found.whole.wanted) == 4 * 3
        long = {run.protocol for run in found.steps.wanted if run.profile == "long"}
        assert long == {"as-run+hidden-norm", "as-run+epsilon", "as-run+hidden-norm+epsilon"}
        assert [record.run.model for record in found.base.records] == ["cnn-25"] * 4 + ["cnn-4"]
        assert len(written_and_run.climb(PAGE, "cnn-4", 1, **options).steps.wanted) == len(
            differences.LADDER
        )

    def test_the_line_counts_what_the_figure_shows(self):
        assert RUNGS.line.text.startswith("Made from 9 runs (")  # CNN-25 and CNN-4 as written too

    def test_rungs_without_a_run_are_named(self):
        wanted = (*(r.run for r in STEPS), Run("synthetic", "as-run+stopping", "paper", "cnn-4", 1))
        assert written_and_run.not_made(Gathered(wanted, STEPS)) == "Not yet run: `stopping`."
        assert written_and_run.not_made(gathered(STEPS)) == ""


class TestEffects:
    def test_table(self):
        found = written_and_run.effects_table(MOVED)
        assert found.loc[("CNN-25", "dataset")].tolist() == [1, "none", "", "−0.100"]
        # 0 and −0.5: −0.25 ± t(1) · 0.3536 / √2, t = 12.706.
        assert found.loc[("CNN-25", "trim")].tolist() == [2, "−0.250 [−3.427, +2.927]", "", "none"]
        assert written_and_run.effects_table(NOTHING).empty

    def test_strongest_leaves_out_the_whole(self):
        said = written_and_run.strongest(MOVED)
        assert (
            "relevant matches of CNN-25 most is `trim`: from 0.750 to 0.500 in the same 2 trials, "
            "and the interval holds zero." in said
        )
        assert "AUROC of CNN-25 most is `dataset`: from 0.900 to 0.800 in the same trial." in said
        assert said.endswith(
            "No change of CNN-4 is on record yet. No change of CNN-4 is on record yet."
        )

    def test_no_change_at_all(self):
        same = [AS_RUN[0], rung("as-run+ends", 1, "MAX MAX", auroc=(0.9, 0.9))]
        said = written_and_run.strongest(written_and_run.effects(differences.ladder(same)))
        assert "No switch on record changes the AUROC of CNN-25 at all." in said

    def test_reading(self):
        assert written_and_run.reading(MOVED).endswith("that of CNN-25 by at most 0.250.")
        assert written_and_run.reading(NOTHING).endswith("not yet run.")


def test_beside():
    found = written_and_run.beside(PAGE, RUNGS.whole)
    row = found.loc[("CNN-25", "match a relevant motif")]
    assert row.tolist() == ["0.625\u00a0±\u00a00.415", "0.500", "0.980\u00a0±\u00a00.027"]
    assert written_and_run.beside_line(PAGE, RUNGS.whole).text.startswith("Made from 11 runs (")
    assert written_and_run.beside(PAGE, EMPTY).empty


class TestGap:
    def test_worse_large_pool_less_better_small_one(self):
        assert written_and_run.gap(AS_RUN) == pytest.approx(0.625 - 0.5)
        assert written_and_run.gap(WHOLE) == 0.5
        assert math.isnan(written_and_run.gap(WHOLE[1:]))

    def test_in_words(self):
        said = written_and_run.gaps(PAGE, RUNGS.whole)
        assert said.endswith(
            "it is +0.125 as run and +0.500 as written. Either way it has the paper's sign."
        )
        said = written_and_run.gaps(PAGE, EMPTY)
        assert said.endswith("+0.125 as run; the runs as written are not all on record yet.")
        assert "it is not known yet; the runs as run and as written" in written_and_run.gaps(
            EMPTY, EMPTY
        )

    def test_the_other_sign(self):
        turned = gathered([rung("as-written", 1, "none none", r.run.model) for r in WHOLE])
        assert written_and_run.gaps(PAGE, turned).endswith("+0.000 as written.")


class TestWithoutNorm:
    def made(self, *relevant, **changes):
        """CNN-25 under hidden-norm: of two filters so many match, trial by trial."""
        text = ("none none", "MAX none", "MAX MAX")
        return gathered(
            [rung("as-run+hidden-norm", n, text[k], **changes) for n, k in enumerate(relevant, 1)]
        )

    def test_five_networks_for_as_long_as_they_get_better(self, tmp_path):
        options = {"missing": "skip", "results_dir": tmp_path}
        wanted = written_and_run.without_norm("all", 5, profile="paper", **options).wanted
        assert {(run.protocol, run.profile) for run in wanted} == {("as-run+hidden-norm", "long")}
        assert len(wanted) == 5 * 3
        quick = written_and_run.without_norm("all", 1, profile="quick", **options).wanted
        assert {run.profile for run in quick} == {"quick"} and len(quick) == 5

    def test_table(self):
        # As run 1, 0.5 and 1 of CNN-25's filters match; without norm 0.5, 0 and 0.5.
        table = written_and_run.norm_table(PAGE, self.made(1, 0, 1, auroc=(0.8, 0.8)))
        assert table.index.tolist() == [("CNN-25", "match a relevant motif"), ("CNN-25", "AUROC")]
        assert table.iloc[0].tolist() == [3, "0.833", "0.333", "−0.500 [−0.500, −0.500]"]
        assert table.iloc[1]["Δ by trial"] == "−0.100 [−0.100, −0.100]"
        assert written_and_run.norm_table(PAGE, EMPTY).empty

    def test_in_words(self):
        said = written_and_run.norm_sentence(PAGE, self.made(1, 0, 1, best_epoch=390))
        assert "rises in none (surely in none) and falls in CNN-25 (surely in CNN-25)" in said
        assert "Of this network" in said
        said = written_and_run.norm_sentence(PAGE, self.made(1, 1, 2))
        # −0.5, 0 and 0: an interval with zero inside.
        assert "rises in none (surely in none) and falls in CNN-25 (surely in none)" in said
        assert "nothing is on record yet" in written_and_run.norm_sentence(PAGE, EMPTY)

    def test_large_pools_less_small_ones(self):
        # As run 1 and 1, less 0 and 0.5: 0.75. Without it all match: 0.
        page = gathered([r for r in AS_RUN if r.run.model != "cnn-25" or r.run.trial == 1])
        all_match = [
            rung("as-run+hidden-norm", 1, "MAX MAX", model)
            for model in ("cnn-2", "cnn-4", "cnn-25", "cnn-50")
        ]
        said = written_and_run.norm_sentence(page, gathered(all_match))
        assert said.endswith("CNN-2 and CNN-4 together, trial by trial, change by −0.750.")


def test_without_sites():
    filters = [{"filter": number, "sites": 10 * number} for number in range(3)]
    run = Run("synthetic", "as-written", "paper", "cnn-2", 1)
    whole = gathered([record_of(run, layers=[{"filters": filters}])])
    assert written_and_run.without_sites(whole) == (
        "As written, that befell 1 of 3 first-layer filters."
    )
    assert "not yet known" in written_and_run.without_sites(EMPTY)


def test_disagreements():
    networks = pd.DataFrame(
        {
            "model": list(dict.fromkeys(written_and_run.QUOTED_MODELS)),
            "auroc": 0.5,
            "auroc_sd": 0.25,
            "match_relevant": 0.75,
        }
    )
    found = written_and_run.disagreements(EMPTY, networks).set_index("the text")
    row = found.loc["“87% match to ground truth motifs”"]
    assert row.tolist() == ["0.747\u00a0±\u00a00.096", "0.750", "not yet run"]
    assert found["archived run"].tolist()[4:] == ["0.500 (0.250)"] * 2
    assert set(written_and_run.disagreements(EMPTY, pd.DataFrame())["archived run"]) == {"–"}


def test_parameter_counts():
    page = gathered([learned("cnn-2", 1), learned("cnn-50-2", 1, parameters=25712)])
    assert written_and_run.parameter_counts(page) == (
        "In our runs CNN-2 has 100 and CNN-50-2 has 25,712 trained parameters."
    )
    assert written_and_run.parameter_counts(EMPTY) == ""


MISFILED = pd.DataFrame(
    [("NFYB", "NFYA", 7, 9, 6), ("STAT1", "MEF2B", 3, 10, 2), ("STAT1", "MEF2D", 1, 10, 1)],
    columns=["counted as", "truly", "filters", "of", "sites"],
)


def test_misfiled():
    found = written_and_run.misfiled_table(MISFILED)
    assert found.loc["NFYB"].tolist() == ["NFYA", 7, 9, 6] and "sites agree" in found
    filters = [{"filter": number, "tf": tf} for number, tf in enumerate(("STAT1", "STAT1", "MAX"))]
    record = record_of(
        Run("synthetic", "as-run", "paper", "cnn-2", 1), layers=[{"filters": filters}]
    )
    said = written_and_run.stat1(MISFILED, [record])
    assert said.startswith("Of 2 first-layer filters") and "STAT1, 4 match MEF2B" in said
    assert "in 3 of these the sites are MEF2A's" in said
    assert written_and_run.misfiled_table(MISFILED[:0]).empty


def test_zeros():
    dropped = pd.DataFrame(
        [("CNN-25", "as written", 3, 1, 30, 1, 0.9, 0.8, 0.0333, 0.0),
         ("CNN-25", "as written", 3, 2, 128, 1, 0.9, 0.8, 0.0, 0.0)],
        columns=["label", "rung", "trial", "layer", "filters", "first", "match_any",
                 "match_relevant", "match_any_dropped", "match_relevant_dropped"],
    )  # fmt: skip
    assert written_and_run.zeros(dropped, 9).startswith("Of 9 runs looked at, 1 has a filter")
    assert written_and_run.zeros(dropped[:0], 9).startswith("None of the 9 runs")
    found = written_and_run.zeros_table(dropped)
    assert found["any motif, by Tomtom"].tolist() == [0.033, 0.0]
    assert not any("_" in name for name in found.columns)


def test_unlisted():
    record = learned("cnn-2", 1, "MAX MAX SP1 none other")
    assert written_and_run.unlisted([record], []) == (0, 3)
    target = record.layer(1).filters[0].hits[0].target
    assert written_and_run.unlisted([record], [target]) == (2, 3)


@pytest.mark.parametrize(("patience", "least"), [(1, 2.0), (2, 2.0), (3, 1.0), (9, 1.0)])
def test_least_seen(patience, least):
    assert written_and_run.least_seen([3.0, 2.0, 2.5, 2.5, 1.0, 4.0], patience) == least


class TestCutShort:
    RUNS = tuple(
        rung(protocol, trial, text, model, best_epoch=best, epochs=100)
        for protocol, model, trial, text, best in (
            ("as-run+epsilon", "cnn-25", 1, "MAX MAX", 80),
            ("as-run+epsilon", "cnn-4", 1, "MAX MAX", 81),
            ("as-run+epsilon", "cnn-4", 2, "MAX MAX", 30),
        )
    )

    def test_patience_was_not_used_up(self):
        found = written_and_run.cut_short(self.RUNS)
        assert found[["label", "runs", "cut", "best"]].to_numpy().tolist() == [
            ["CNN-25", 1, 0, "80"],
            ["CNN-4", 2, 1, "81, 30"],
        ]
        table = written_and_run.cut_short_table(found)
        assert table.index.tolist() == [("epsilon", "CNN-4")]
        assert table["cut short"].tolist() == ["1 of 2 runs"]
        assert written_and_run.cut_short_table(written_and_run.cut_short([])).empty

    def test_as_written(self):
        found, nothing = written_and_run.cut_short(WHOLE), differences.ladder([])
        said = written_and_run.written_short(found.assign(cut=[1, 0, 1, 1]), nothing)
        assert said == (
            "As written, 3 of 4 runs were cut short by their last epoch: a longer training might "
            "end elsewhere."
        )
        assert written_and_run.written_short(found.assign(cut=0), nothing) == (
            "As written, 0 of 4 runs were cut short by their last epoch."
        )
        assert written_and_run.written_short(written_and_run.cut_short([]), nothing) == ""
        both = [
            rung(name, 1, text, model)
            for name, text in (("as-run", "MAX MAX"), ("as-run+hidden-norm+epsilon", "MAX none"))
            for model in ("cnn-25", "cnn-4")
            for text in [text if model == "cnn-25" else "none none"]
        ]
        said = written_and_run.written_short(found.assign(cut=1), differences.ladder(both))
        assert said.endswith("bring CNN-25 and CNN-4 to 0.500 of each other, so that gap may well "
                             "shrink.")  # fmt: skip


class TestStopping:
    def stopped(self, losses, *, hardware="AMD, 2 threads", text="MAX none"):
        record = rung("as-run+stopping", 1, text, "cnn-4", best_epoch=int(np.argmin(losses)) + 1)
        each = dict.fromkeys(("valid_loss", "loss", "gradient_norm"), tuple(losses))
        history = replace(record.history, **each)
        return replace(record, history=history, hardware=hardware, epochs=len(losses))

    def test_the_same_epoch_is_no_change(self):
        base = self.stopped([0.5, 0.4], hardware="AMD, 1 thread", text="MAX MAX")
        base = replace(base, protocol="as-run")
        early = self.stopped([0.6, 0.4, *[0.5] * 30])
        late = self.stopped([0.5, 0.4, *[0.5] * 30, 0.3])
        said = written_and_run.same_epoch(gathered([base]), gathered([early]))
        assert said.startswith("In 1 of 1 runs of `stopping`")
        assert "in 1 of 1 pairs the losses part with the first epoch; 1 of these ran" in said
        assert said.endswith("the relevant matches of CNN-4 by −0.500.")
        said = written_and_run.same_epoch(gathered([base]), gathered([late]))
        assert said.startswith("In 0 of 1 runs") and "in 0 of 1 pairs" in said
        assert written_and_run.same_epoch(gathered([base]), EMPTY) == ""

    def test_what_all_match_can_only_fall(self):
        base = [rung("as-run", 1, "MAX MAX"), rung("as-run", 1, "MAX none", "cnn-4")]
        up = [rung("as-run+trim", 1, "MAX MAX", r.run.model) for r in base]
        said = written_and_run.ceiling(written_and_run.effects(differences.ladder([*base, *up])))
        assert said.startswith("All filters of CNN-25 match in the trials as run")
        assert written_and_run.ceiling(NOTHING).startswith("*Against all trials*")


class TestApart:
    def told(self, **best):
        """As run all filters of CNN-25 match and none of CNN-4; on the rung half of these do."""
        base = [
            rung("as-run", trial, text, model)
            for trial in (1, 2, 3)
            for model, text in (("cnn-25", "MAX MAX"), ("cnn-4", "none none"))
        ]
        up = [
            rung("as-run+epsilon", trial, text, model, **best)
            for trial in (1, 2, 3)
            for model, text in (("cnn-25", "MAX MAX"), ("cnn-4", "MAX none"))
        ]
        table = differences.ladder([*base, *up])
        longer = written_and_run.to_convergence(table)
        return f"{longer} {written_and_run.moved_most(table, written_and_run.cut_short(up))}"

    def test_the_distance_by_trial(self):
        said = self.told(best_epoch=30)
        assert "`epsilon`: from 1.000 to 0.500 in the same 3 trials, a change of −0.500" in said
        assert said.startswith("`epsilon` alone, trained for as long as it gets better, takes the ")
        assert "same 3 trials, a change of −0.500 [−0.500, −0.500]. Does a detail that" in said
        assert "after Holm's correction over 1 rung p < 0.001." in said
        assert said.endswith("All its 6 runs ended by themselves. So the answer is yes.")

    def test_what_was_cut_short_shows_nothing(self):
        said = self.told(best_epoch=99)
        assert said.endswith("But 6 of its 6 runs were cut short: it is not shown.")

    def test_without_runs(self):
        nothing = written_and_run.cut_short([])
        assert "not known yet" in written_and_run.moved_most(differences.ladder([]), nothing)


class TestL1:
    L1 = gathered([rung("as-run+l1", 1, "MAX SP1", "cnn-50", auroc=(0.85, 0.85))])

    def test_beside_as_run_and_the_paper(self):
        table = written_and_run.l1_table(PAGE, self.L1)
        assert table["as run"].tolist()[0] == table["with L1"].tolist()[0] == "1.000"
        assert table["Δ by trial"].tolist() == ["none", "none", "+0.100"]
        assert table["paper"].tolist()[0] == "0.920\u00a0±\u00a00.045"
        assert written_and_run.l1_table(PAGE, EMPTY).empty
        assert "CNN-50" in repr(written_and_run.l1_line(PAGE, self.L1))

    def test_the_ledger_s_rows_on_training(self):
        page = gathered([record("cnn-50", t, relevant=n) for t, n in ((1, 20), (2, 21), (3, 22))])
        l1 = [record("cnn-50", t, relevant=30, protocol="as-run+l1") for t in (1, 2, 3)]
        found = written_and_run.training_matters(page, RUNGS, gathered(l1))
        assert found.set_index("id")["verdict"]["regularisation-matters"] == "holds"
        assert set(found["id"]) == {"optimisation-matters", "regularisation-matters"}
