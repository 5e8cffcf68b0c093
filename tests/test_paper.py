"""The paper's numbers, and the one rule by which ours are judged."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from motifbook.motifs import matrices
from motifbook.networks.architectures import MODELS
from motifbook.paper import claims
from motifbook.records.runs import Record

SHARED = Path(__file__).parents[2] / "shared" / "paper"


def filters(any_=0, relevant=0, of=30, tf="MAX"):
    """`of` filters: `any_` match a motif of JASPAR, `relevant` of these a relevant one."""
    hit = {"p_value": 1e-6, "offset": 0, "overlap": 8, "orientation": "+"}
    rows = []
    for number in range(of):
        hits = []
        if number < relevant:
            hits = [hit | {"target": matrices.GROUND_TRUTH[tf], "name": tf, "e_value": 1e-3}]
        elif number < any_:
            hits = [hit | {"target": "MA0004.1", "name": "Arnt", "e_value": 1e-2}]
        rows.append(
            {
                "filter": number,
                "state": "alive",
                "hits": hits,
                "tf": tf if number < relevant else None,
                "ppm": [[0.25] * 4] * 19,
                "trim": [0, 19],
            }
        )
    return rows


def record(model="cnn-25", trial=1, auroc=0.97, any_=30, relevant=29, dataset="synthetic", **other):
    """A record with what the ledger reads; `layers` gives (any, relevant, of) beyond the first."""
    of = MODELS[model].convs[0].filters
    layers = [(any_, relevant, of), *other.pop("layers", [])]
    data = {
        "dataset": dataset,
        "protocol": "as-run",
        "profile": "paper",
        "model": model,
        "trial": trial,
        "parameters": 160_048,
        "best_epoch": 2,
        "history": {"gradient_norm": [4.0, 1.0]},
        "classes": list(matrices.TFS),
        "test": {"mean_auroc": auroc, "mean_aupr": 0.8, "auroc": [auroc] * 11 + [auroc - 0.1]},
        "layers": [
            {"layer": n, "match_any": a / f, "match_relevant": r / f, "filters": filters(a, r, f)}
            for n, (a, r, f) in enumerate(layers, start=1)
        ],
    }
    return Record(data | other)


def row_of(records, claim, **options):
    return claims.ledger(records, **options).set_index("id").loc[claim]


class TestPrinted:
    def test_table_1_has_sixteen_models_of_ours_and_three_numbers_each(self):
        table = claims.printed().query("dataset == 'synthetic' and layer == 1")
        table = table[table["model"] != "cnn-1-1-100"]
        assert len(table) == 48
        assert set(table["model"]) == set(MODELS) - {"cnn-1-1-100"}
        assert (table["label"] == table["model"].map(lambda m: MODELS[m].label)).all()

    def test_filters_are_the_architectures(self):
        for row in claims.printed().itertuples():
            assert row.filters == MODELS[row.model].convs[row.layer - 1].filters

    def test_a_value_by_hand(self):
        table = claims.printed().set_index(["dataset", "model", "layer", "quantity"])
        assert table.loc[("synthetic", "cnn-4", 1, "match_any"), "mean"] == 0.453
        assert table.loc[("synthetic", "cnn-4", 1, "match_any"), "error"] == 0.131
        assert table.loc[("synthetic", "cnn-1-1-100", 3, "match_relevant"), "mean"] == 0.891
        assert table.loc[("in vivo", "cnn-25-90", 1, "aupr"), "mean"] == 0.628

    def test_no_place_is_printed_twice(self):
        """CNN-1's first layer stands in two tables, with the same numbers."""
        assert not claims.printed().duplicated(["dataset", "model", "layer", "quantity"]).any()

    def test_copied_cells_are_table_2s_that_repeat_table_1s(self):
        table = claims.printed()
        copied = table[table["copied"]]
        assert len(copied) == 6
        ours = table[table["dataset"] == "synthetic"]
        both = copied.merge(ours, on=["model", "layer", "quantity"], suffixes=("", "_1"))
        assert len(both) == 6
        assert (both["mean"] == both["mean_1"]).all()
        assert (both["error"] == both["error_1"]).all()


class TestClaims:
    claims = claims.claims()

    def test_ids_are_unique(self):
        assert self.claims["id"].is_unique

    def test_every_printed_cell_is_a_claim_with_its_value(self):
        numbers = self.claims[self.claims["rule"].isin(["value", "copied"])]
        claimed = {
            (c.dataset, c.models if "@" in c.models else f"{c.models}@1", c.quantity): (
                float(c.paper),
                float(c.error),
            )
            for c in numbers[numbers["error"] != ""].itertuples()
        }
        cells = {
            (p.dataset, f"{p.model}@{p.layer}", p.quantity): (p.mean, p.error)
            for p in claims.printed().itertuples()
        }
        assert claimed == cells

    def test_table_1_makes_48_claims_and_the_deeper_layers_10(self):
        values = self.claims[(self.claims["error"] != "") & (self.claims["rule"] == "value")]
        assert (values["section"] == "Table 1").sum() == 48
        assert (values["section"] == "Deeper layers").sum() == 10

    def test_models_quantities_and_rules_are_known(self):
        for claim in self.claims.itertuples():
            if claim.rule == "none":
                assert claim.note, f"{claim.id}: why it cannot be tested"
                continue
            assert claim.quantity in claims.QUANTITIES
            names = [place.split("@")[0] for place in f"{claim.models} {claim.than}".split()]
            assert all(name in MODELS or name.isdigit() for name in names), claim.id

    def test_numbers_have_a_value_and_limits(self):
        for claim in self.claims[self.claims["kind"] == "number"].itertuples():
            float(claim.paper)
            assert claim.quantity in claims.LIMITS

    def test_what_a_comparison_prints_follows_from_the_tables(self):
        """The paper's difference of each comparison is that of its printed values."""
        table = claims.printed()
        derived = {
            "match_other": ("match_any", lambda v, p: v - p["match_relevant"]),
            "unmatched_filters": ("match_any", lambda v, p: (1 - v) * p["filters"]),
        }

        def values(dataset, quantity, places):
            found = []
            for place in places.split():
                model, _, layer = place.partition("@")
                rows = table[
                    (table["dataset"] == dataset)
                    & (table["model"] == model)
                    & (table["layer"] == int(layer or 1))
                ]
                cells = rows.set_index("quantity")["mean"].to_dict()
                base, change = derived.get(quantity, (quantity, lambda v, p: v))
                found.append(change(cells[base], cells | {"filters": rows["filters"].iloc[0]}))
            return found

        checked = 0
        for claim in self.claims[self.claims["kind"] == "comparison"].itertuples():
            if not claim.paper:
                continue
            mine = values(claim.dataset, claim.quantity, claim.models)
            if claim.rule == "greater":
                than = float(claim.than) if claim.than.isdigit() else None
                others = values(claim.dataset, claim.quantity, claim.than) if than is None else []
                expected = min(mine) - (max(others) if others else than)
            else:
                expected = {
                    "spread at most": max(mine) - min(mine),
                    "largest at most": max(mine),
                    "rises": mine[-1] - mine[0],
                    "falls": mine[-1] - mine[0],
                }[claim.rule]
            assert float(claim.paper) == pytest.approx(expected, abs=5e-4), claim.id
            checked += 1
        assert checked > 20

    @pytest.mark.skipif(not SHARED.is_dir(), reason="the paper's text is not beside the project")
    def test_quotes_are_the_papers_words(self):
        text = (SHARED / "koo-eddy-2019.md").read_text(encoding="utf-8")
        text, *quotes = (re.sub(r"[\s*]", "", part) for part in (text, *self.claims["quote"]))
        assert [quote for quote in quotes if quote not in text] == []


class TestWelch:
    def test_equals_scipys_interval(self):
        a, b = np.array([1.0, 2, 4, 4]), np.array([0.5, 1, 1.5])
        expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
        found = claims.welch(claims.summary(a), claims.summary(b))
        assert found == pytest.approx((expected.low, expected.high))

    def test_a_constant_is_students_interval_of_the_mean(self):
        a = np.array([1.0, 2, 4, 4])
        expected = stats.ttest_1samp(a, 1).confidence_interval(0.95)
        found = claims.welch(claims.summary(a), claims.Summary(0.0, 0.0, math.inf))
        assert found == pytest.approx((expected.low, expected.high))

    def test_without_spread_the_interval_is_the_rounding(self):
        same = claims.Summary(0.5, 0.0, 5)
        assert claims.welch(same, same, 0.25) == (-0.25, 0.25)

    def test_one_trial_has_none(self):
        one = claims.summary(np.array([0.5]))
        assert np.isnan(claims.welch(one, claims.Summary(0.5, 0.1, 5))).all()

    def test_the_papers_error_becomes_a_sample_deviation(self):
        trials = np.array([0.90, 0.95, 1.00, 0.95, 0.90])
        theirs = claims._paper_summary(trials.mean(), np.std(trials) - claims.HALF_UNIT)
        assert theirs.sd == pytest.approx(np.std(trials, ddof=1))


class TestRule:
    NONE = (math.nan, math.nan)

    @pytest.mark.parametrize(
        ("delta", "interval", "quantity", "verdict"),
        [
            (0.01, NONE, "auroc", "reproduced"),
            (-0.0101, NONE, "auroc", "close"),
            (0.015, (-0.001, 0.031), "auroc", "reproduced"),
            (0.015, (0.001, 0.029), "auroc", "close"),
            (0.0201, (-1, 1), "auroc", "differs"),
            (0.95 - 0.90, NONE, "match_any", "reproduced"),
            (-0.06, NONE, "match_relevant", "close"),
            (-0.06, (-0.13, 0.01), "match_relevant", "reproduced"),
            (0.11, (-0.05, 0.27), "match_relevant", "differs"),
        ],
    )
    def test_numbers(self, delta, interval, quantity, verdict):
        assert claims.judge_number(delta, interval, quantity) == verdict

    @pytest.mark.parametrize(
        ("difference", "interval", "claimed", "every_step", "verdict"),
        [
            (0.8, (0.7, 0.9), 0.9, True, "reproduced"),
            (0.5, (0.4, 0.6), math.nan, True, "reproduced"),
            (0.5, (0.4, 0.6), 0.9, True, "close"),
            (0.8, (0.7, 0.9), 0.9, False, "close"),
            (0.5, (-0.1, 1.1), 0.55, True, "close"),
            (0.5, (-0.1, 1.1), 0.9, True, "differs"),
            (0.5, NONE, math.nan, True, "close"),
            (0.0, (-0.1, 0.1), 0.01, True, "differs"),
            (-0.5, (-0.6, -0.4), 0.9, True, "differs"),
            (4e-7, (-0.01, 0.01), 0.2, True, "differs"),  # a tie, but for the digits kept
        ],
    )
    def test_comparisons(self, difference, interval, claimed, every_step, verdict):
        found = claims.judge_comparison(difference, interval, claimed, "match_any", every_step)
        assert found == verdict

    @given(
        delta=st.floats(-1, 1),
        half=st.floats(0, 1),
        quantity=st.sampled_from(sorted(claims.LIMITS)),
    )
    def test_a_wider_interval_or_a_smaller_difference_never_worsens(self, delta, half, quantity):
        rank = claims.VERDICTS.index
        verdict = claims.judge_number(delta, (delta - half, delta + half), quantity)
        wider = claims.judge_number(delta, (delta - 2 * half, delta + 2 * half), quantity)
        nearer = claims.judge_number(delta / 2, (delta / 2 - half, delta / 2 + half), quantity)
        assert rank(wider) <= rank(verdict)
        assert rank(nearer) <= rank(verdict)


class TestLedger:
    def test_without_records_nothing_is_judged(self):
        table = claims.ledger([])
        assert list(table["id"]) == list(claims.claims()["id"])
        assert set(table["verdict"]) == {"not yet run", "cannot be tested"}
        assert table["ours"].isna().all()

    def test_a_cell_by_hand(self):
        relevant = [29, 29, 29, 30, 30]
        records = [record(trial=t, relevant=r) for t, r in enumerate(relevant, start=1)]
        row = row_of(records, "table1-cnn-25-relevant")
        assert row["ours"] == pytest.approx(0.98)
        assert row["ours_sd"] == pytest.approx(np.std(relevant) / 30)
        assert (row["paper"], row["paper_sd"]) == (0.980, 0.027)
        assert row["delta"] == pytest.approx(0)
        assert (row["trials"], row["verdict"]) == (5, "reproduced")
        # Welch's interval by hand; 0.027 may stand for up to 0.0275.
        theirs_sd = 0.0275 * math.sqrt(1.25)
        ours = np.array(relevant) / 30
        se = math.sqrt(ours.var(ddof=1) / 5 + theirs_sd**2 / 5)
        freedom = se**4 / (ours.var(ddof=1) ** 2 / 100 + theirs_sd**4 / 100)
        half = stats.t.ppf(0.975, freedom) * se + 0.0005
        assert (row["low"], row["high"]) == pytest.approx((-half, half))

    def test_fewer_than_three_trials_are_provisional(self):
        two = [record(trial=t) for t in (1, 2)]
        assert row_of(two, "table1-cnn-25-any")["verdict"] == "reproduced, provisional"
        assert row_of([*two, record(trial=3)], "table1-cnn-25-any")["verdict"] == "reproduced"

    def test_a_difference_without_an_explanation_says_so(self):
        row = row_of([record(trial=t, any_=3, relevant=0) for t in (1, 2, 3)], "table1-cnn-25-any")
        assert (row["verdict"], row["explanation"]) == ("differs", "not explained yet")

    def test_a_difference_carries_its_explanation_and_run(self, monkeypatch):
        known = {"table1-cnn-25-any": {"explanation": "Other filters.", "run": "a/b/c"}}
        monkeypatch.setattr(claims, "_explanations", lambda: known)
        row = row_of([record(any_=3, relevant=0)], "table1-cnn-25-any")
        assert (row["explanation"], row["run"]) == ("Other filters.", "a/b/c")
        assert row_of([record()], "table1-cnn-25-any")["explanation"] == ""

    def test_largest_and_smallest_pick_the_model(self):
        matches = {"cnn-1": 9, "cnn-2": 3, "cnn-4": 12}
        small = [record(model, any_=count, relevant=0) for model, count in matches.items()]
        assert row_of(small, "small-pools-at-best")["ours"] == pytest.approx(0.4)
        pools = ("cnn-10", "cnn-25", "cnn-50", "cnn-100")
        large = [record(m, relevant=r) for m, r in zip(pools, (27, 30, 24, 29), strict=True)]
        assert row_of(large, "large-pools-at-worst")["ours"] == pytest.approx(0.8)

    def test_groups_are_compared_by_their_nearest_pair(self):
        relevant = {"cnn-1": 0, "cnn-2": 1, "cnn-4": 3, "cnn-10": 29, "cnn-25": 30, "cnn-50": 27}
        records = [
            record(model, trial, relevant=count, any_=30)
            for model, count in (relevant | {"cnn-100": 24}).items()
            for trial in (1, 2, 3)
        ]
        row = row_of(records, "large-pools-resemble")
        assert row["ours"] == pytest.approx((24 - 3) / 30)
        assert (row["trials"], row["verdict"]) == (3, "reproduced")
        assert row_of(records, "cnn-25-highest")["ours"] == pytest.approx(1 / 30)
        assert row_of(records, "any-is-not-relevant")["ours"] == pytest.approx(27 / 30)

    def test_a_comparison_of_the_other_sign_differs(self):
        records = [
            record(model, trial, auroc=auroc)
            for model, auroc in (("cnn-25", 0.95), ("cnn9-25", 0.96))
            for trial in (1, 2, 3)
        ]
        row = row_of(records, "cnn9-25-lower")
        assert row["ours"] == pytest.approx(-0.01)
        assert row["delta"] == pytest.approx(-0.025)
        assert row["verdict"] == "differs"

    def test_a_trend_is_judged_by_its_ends_and_its_steps(self):
        def records(*relevant):
            models = ("cnn-25", "cnn-25-60", "cnn-25-90", "cnn-25-120")
            return [
                record(model, trial, relevant=count, any_=MODELS[model].convs[0].filters)
                for model, count in zip(models, relevant, strict=True)
                for trial in (1, 2, 3)
            ]

        row = row_of(records(30, 54, 75, 96), "fractions-fall")
        assert (row["ours"], row["verdict"]) == (pytest.approx(-0.2), "reproduced")
        assert row["high"] < 0
        assert row_of(records(27, 57, 75, 96), "fractions-fall")["verdict"] == "close"
        assert row_of(records(24, 54, 81, 120), "fractions-fall")["verdict"] == "differs"

    def test_at_most_is_one_sided(self):
        seven = ("cnn-1", "cnn-2", "cnn-4", "cnn-10", "cnn-25", "cnn-50", "cnn-100")

        def verdict(spread):
            aurocs = np.linspace(0.97 - spread, 0.97, 7)
            records = [
                record(model, trial, auroc=auroc)
                for model, auroc in zip(seven, aurocs, strict=True)
                for trial in (1, 2, 3)
            ]
            return row_of(records, "similar-auroc")["verdict"]

        assert [verdict(s) for s in (0.0, 0.027, 0.037, 0.05)] == [
            "reproduced",
            "reproduced",
            "close",
            "differs",
        ]

    def test_equal_tells_networks_of_other_size(self):
        records = [record("cnn-2"), record("cnn-50-2", parameters=25_712)]
        assert row_of(records, "same-parameters")["ours"] == 160_048 - 25_712
        assert row_of(records, "same-parameters")["verdict"] == "differs, provisional"
        same = [record("cnn-2"), record("cnn-50-2")]
        assert row_of(same, "same-parameters")["verdict"] == "reproduced, provisional"

    def test_deeper_layers_are_read_where_they_are_on_record(self):
        deep = [record("cnn-1", t, any_=6, relevant=0, layers=[(115, 108, 128)]) for t in (1, 2, 3)]
        row = row_of(deep, "deeper-cnn-1-layer2-relevant")
        assert (row["ours"], row["verdict"]) == (108 / 128, "reproduced")
        assert row_of(deep, "second-layer-assembles")["ours"] == pytest.approx(108 / 128)
        assert row_of([record("cnn-1")], "second-layer-assembles")["verdict"] == "not yet run"

    def test_the_error_over_classes_is_not_the_error_over_trials(self):
        row = row_of([record(trial=t) for t in (1, 2, 3)], "table1-error")
        assert row["ours"] == pytest.approx(np.std([0.1] + [0] * 11))
        assert row["verdict"] == "differs"

    def test_in_vivo_needs_in_vivo_records(self):
        row = row_of([record(t) for t in ("cnn-1", "cnn-2")], "in-vivo-second-layer")
        assert row["verdict"] == "cannot be tested"
        assert "deepsea" in row["explanation"]

    def test_other_in_vivo_data_judge_comparisons_and_no_numbers(self):
        records = [
            record("cnn-1", t, any_=6, relevant=0, dataset="chipseq", layers=[(115, 108, 128)])
            for t in (1, 2, 3)
        ]
        table = claims.ledger(records, in_vivo="chipseq").set_index("id")
        assert table.loc["in-vivo-second-layer", "verdict"] == "reproduced"
        number = table.loc["in-vivo-cnn-1-layer2-relevant"]
        assert number["verdict"] == "cannot be tested"
        assert number["ours"] == pytest.approx(108 / 128)
        assert "other data" in number["explanation"]

    def test_copied_cells_are_shown_but_not_judged(self):
        records = [record("cnn-25-60", t, dataset="deepsea", any_=50) for t in (1, 2, 3)]
        table = claims.ledger(records).set_index("id")
        assert table.loc["table2-cnn-25-60-any", "verdict"] == "cannot be tested"
        assert table.loc["table2-cnn-25-60-any", "ours"] == pytest.approx(50 / 60)
        assert "copied" in table.loc["table2-cnn-25-60-any", "explanation"]
        assert table.loc["table2-cnn-25-60-auroc", "verdict"] == "differs"

    def test_records_that_cannot_stand_together_are_refused(self):
        with pytest.raises(ValueError, match="two records of synthetic cnn-25 trial 1"):
            claims.ledger([record(), record()])
        with pytest.raises(ValueError, match="as-run/paper with as-run/smoke"):
            claims.ledger([record(), record(trial=2, profile="smoke")])


class TestLearnedTf:
    def hit(self, target, tf):
        return {"tf": tf, "hits": [{"target": "MA0004.1"}, {"target": target}]}

    def test_is_the_records_but_for_mef2_under_stat1(self):
        assert claims.learned_tf(self.hit("MA0060.2", "NFYB")) == "NFYB"
        assert claims.learned_tf(self.hit("MA0137.3", "STAT1")) == "STAT1"
        assert claims.learned_tf(self.hit("MA0660.1", "STAT1")) == "MEF2A"
        assert claims.learned_tf(self.hit("MA0773.1", "STAT1")) == "MEF2A"

    def test_is_none_without_a_relevant_hit(self):
        assert claims.learned_tf(self.hit("MA0004.1", None)) is None

    def test_redundancy_counts_tfs_that_no_filter_has_learned(self):
        row = record(relevant=7)
        assert claims.QUANTITIES["redundancy_range"](row.data, row.layer(1)) == 7

    def test_filters_per_tf(self):
        table = claims.filters_per_tf([record(relevant=7), record("cnn-2", 3, relevant=0)])
        assert list(table.index) == ["CNN-25, trial 1", "CNN-2, trial 3"]
        assert list(table.columns) == list(matrices.TFS)
        assert table.loc["CNN-25, trial 1", "MAX"] == 7
        assert table.to_numpy().sum() == 7

    def test_what_a_long_motif_lacks(self):
        """A filter of MEF2A with half of the motif's informative columns lacks half of them."""
        truth = matrices.ground_truth()[matrices.TFS.index("MEF2A")].ppm
        keep = np.flatnonzero(matrices.information(truth) > 0.5)
        half = np.full_like(truth, 0.25)
        half[keep[: len(keep) // 2]] = truth[keep[: len(keep) // 2]]
        for ppm, missing in ((truth, 0), (half, 1 - (len(keep) // 2) / len(keep))):
            layer = {"filters": [filters(1, 1, 1, "MEF2A")[0] | {"ppm": ppm.tolist()}]}
            found = claims.QUANTITIES["long_motif_missing"](record().data, layer)
            assert found == pytest.approx(missing)

    def test_columns_of_a_long_motif_count_from_half_a_bit(self):
        """Three columns of 0.52 bits and nine of 0.48 stand for 3 of MEF2A's 11 above 0.5."""
        columns = [[0.65, 0.15, 0.1, 0.1]] * 3 + [[0.63, 0.17, 0.1, 0.1]] * 9
        bits = matrices.information(np.array(columns))
        assert bits[[0, -1]] == pytest.approx([0.521, 0.481], abs=1e-3)
        rows = [row | {"ppm": columns} for tf in ("MEF2A", "MAX") for row in filters(1, 1, 1, tf)]
        found = claims.QUANTITIES["long_motif_missing"](record().data, {"filters": rows})
        assert found == pytest.approx(8 / 11)

    def test_hard_motifs(self):
        run = record().data
        rows = [*filters(1, 1, 1, "SP1"), *filters(1, 1, 1, "SP1"), *filters(1, 1, 1, "Arid3a")]
        assert claims.QUANTITIES["hard_motifs"](run, {"filters": rows}) == 2


class TestCompare:
    def test_rows_by_hand(self):
        records = [record("cnn-25", t, relevant=r) for t, r in ((1, 28), (2, 30), (3, 30))]
        records += [record("cnn-2", 1, any_=6, relevant=0)]
        table = claims.compare(records)
        assert list(table["model"]) == ["cnn-2"] * 3 + ["cnn-25"] * 3
        assert list(table["label"].unique()) == ["CNN-2", "CNN-25"]
        row = table.set_index(["model", "quantity"]).loc[("cnn-25", "match_relevant")]
        assert row["ours"] == pytest.approx(88 / 90)
        assert row["ours_sd"] == pytest.approx(np.std([28, 30, 30]) / 30)
        assert (row["paper"], row["trials"], row["verdict"]) == (0.980, 3, "reproduced")
        verdicts = table.set_index(["model", "quantity"])["verdict"]
        assert verdicts[("cnn-2", "match_any")] == "reproduced, provisional"
        assert math.isnan(table.set_index("model").loc["cnn-2", "ours_sd"].iloc[0])

    def test_agrees_with_the_ledger(self):
        records = [record(trial=t, auroc=a) for t, a in enumerate((0.95, 0.94, 0.96), start=1)]
        mine = claims.compare(records).set_index("quantity").loc["auroc"]
        theirs = row_of(records, "table1-cnn-25-auroc")
        columns = ["ours", "ours_sd", "paper", "paper_sd", "delta", "low", "high", "verdict"]
        assert list(mine[columns]) == list(theirs[columns])

    def test_a_deeper_layer(self):
        table = claims.compare([record("cnn-1", layers=[(115, 108, 128)])], layer=2)
        assert list(table["quantity"]) == ["match_any", "match_relevant"]
        assert list(table["paper"]) == [0.900, 0.847]

    def test_a_value_that_the_paper_lacks_has_no_verdict(self):
        table = claims.compare([record("cnn-1-1-100")]).set_index("quantity")
        assert table.loc["auroc", "verdict"] == ""
        assert math.isnan(table.loc["auroc", "paper"])
        assert table.loc["match_any", "paper"] == 0.147

    def test_other_data_than_the_papers_are_not_judged(self):
        table = claims.compare([record("cnn-1", dataset="chipseq")]).set_index("quantity")
        assert list(table.index) == ["auroc", "aupr", "match_any", "match_relevant"]
        assert table.loc["auroc", "paper"] == 0.918
        assert set(table["verdict"]) == {"cannot be tested"}

    def test_data_without_a_known_motif_have_no_relevant_value(self):
        own = record("cnn-25", dataset="peaks")
        own.data["layers"][0]["match_relevant"] = None
        assert list(claims.compare([own])["quantity"]) == ["auroc", "aupr", "match_any"]
        claim = row_of([own], "in-vivo-more-matches", in_vivo="peaks")
        assert (claim["verdict"], claim["trials"]) == ("cannot be tested", 0)

    def test_needs_records_of_one_data_set(self):
        assert claims.compare([]).empty
        with pytest.raises(ValueError, match="found chipseq, synthetic"):
            claims.compare([record(), record(dataset="chipseq")])


def test_the_ledger_is_a_table_that_survives_csv(tmp_path):
    table = claims.ledger([record(trial=t) for t in (1, 2, 3)])
    table.to_csv(tmp_path / "ledger.csv", index=False)
    again = pd.read_csv(tmp_path / "ledger.csv", keep_default_na=False, na_values={"ours": [""]})
    assert list(again["verdict"]) == list(table["verdict"])
    assert again["ours"].to_numpy() == pytest.approx(table["ours"].to_numpy(), nan_ok=True)
