"""The ledger: every claim of the paper judged by records."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from ledger_records import record
from msgspec.structs import replace
from scipy import stats

from motifbook.networks.architectures import MODELS
from motifbook.paper import claims, rules, verdicts


def row_of(records, claim, **options):
    return verdicts.ledger(records, **options).set_index("id").loc[claim]


class TestLedger:
    def test_without_records_nothing_is_judged(self):
        table = verdicts.ledger([])
        assert list(table["id"]) == list(claims.claims()["id"])
        facts = table["rule"] == "fact"
        assert set(table.loc[facts, "verdict"]) == {"holds"}
        assert set(table.loc[~facts, "verdict"]) == {"not yet run", "cannot be tested"}
        assert table.loc[~facts, "ours"].isna().all()

    def test_a_cell_by_hand(self):
        relevant = [29, 29, 29, 30, 30]
        records = [record(trial=t, relevant=r) for t, r in enumerate(relevant, start=1)]
        row = row_of(records, "table1-cnn-25-relevant")
        assert row["ours"] == pytest.approx(0.98)
        assert row["ours_sd"] == pytest.approx(np.std(relevant) / 30)
        assert (row["paper"], row["paper_sd"]) == (0.980, 0.027)
        assert row["delta"] == pytest.approx(0)
        assert (row["trials"], row["first"], row["verdict"]) == (5, "reproduced", "equivalent")
        # Welch's interval by hand; 0.027 may stand for up to 0.0275.
        theirs_sd = 0.0275 * math.sqrt(1.25)
        ours = np.array(relevant) / 30
        se = math.sqrt(ours.var(ddof=1) / 5 + theirs_sd**2 / 5)
        freedom = se**4 / (ours.var(ddof=1) ** 2 / 100 + theirs_sd**4 / 100)
        half = stats.t.ppf(0.975, freedom) * se + 0.0005
        assert (row["low"], row["high"]) == pytest.approx((-half, half))

    def test_fewer_than_three_trials_are_provisional(self):
        two = [record(trial=t) for t in (1, 2)]
        row = row_of(two, "table1-cnn-25-any")
        assert (row["first"], row["verdict"]) == (
            "reproduced, provisional",
            "equivalent, provisional",
        )
        row = row_of([*two, record(trial=3)], "table1-cnn-25-any")
        assert (row["first"], row["verdict"]) == ("reproduced", "equivalent")

    def test_one_trial_is_inconclusive(self):
        row = row_of([record()], "table1-cnn-25-any")
        assert (row["verdict"], row["trials_needed"]) == ("inconclusive, provisional", "")

    def test_a_difference_without_an_explanation_says_so(self):
        row = row_of([record(trial=t, any_=3, relevant=0) for t in (1, 2, 3)], "table1-cnn-25-any")
        assert (row["verdict"], row["explanation"]) == (
            "different",
            "not explained yet",
        )
        assert row["first"] == "differs"
        assert row["trials_needed"] == "to see it again: 2 trials"

    def test_a_difference_carries_its_explanation_and_run(self, monkeypatch):
        known = {"table1-cnn-25-any": {"explanation": "Other filters.", "run": "a/b/c"}}
        monkeypatch.setattr(verdicts, "explanations", lambda: known)
        row = row_of([record(trial=t, any_=3, relevant=0) for t in (1, 2)], "table1-cnn-25-any")
        assert (row["explanation"], row["run"]) == ("Other filters.", "a/b/c")
        alike = [record(trial=t) for t in (1, 2)]
        assert row_of(alike, "table1-cnn-25-any")["explanation"] == ""

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
        assert (row["trials"], row["first"], row["verdict"]) == (3, "reproduced", "holds")
        assert row["pair"] == "cnn-100 cnn-4"
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
        assert (row["first"], row["verdict"]) == ("differs", "does not hold")

    def test_a_trend_is_judged_by_its_ends_and_its_steps(self):
        def records(*relevant):
            models = ("cnn-25", "cnn-25-60", "cnn-25-90", "cnn-25-120")
            return [
                record(model, trial, relevant=count, any_=MODELS[model].convs[0].filters)
                for model, count in zip(models, relevant, strict=True)
                for trial in (1, 2, 3)
            ]

        row = row_of(records(30, 54, 75, 96), "fractions-fall")
        assert (row["ours"], row["first"]) == (pytest.approx(-0.2), "reproduced")
        assert row["verdict"] == "holds"
        assert row["high"] < 0
        row = row_of(records(27, 57, 75, 96), "fractions-fall")
        assert (row["first"], row["verdict"]) == ("close", "does not hold")  # one step goes back
        assert row_of(records(24, 54, 81, 120), "fractions-fall")["first"] == "differs"

    def test_at_most_is_one_sided(self):
        seven = ("cnn-1", "cnn-2", "cnn-4", "cnn-10", "cnn-25", "cnn-50", "cnn-100")

        def judged(spread):
            aurocs = np.linspace(0.97 - spread, 0.97, 7)
            records = [
                record(model, trial, auroc=auroc)
                for model, auroc in zip(seven, aurocs, strict=True)
                for trial in (1, 2, 3)
            ]
            return tuple(row_of(records, "similar-auroc")[["first", "verdict"]])

        assert [judged(s) for s in (0.0, 0.019, 0.027, 0.037, 0.05)] == [
            ("reproduced", "holds"),
            ("reproduced", "holds"),
            ("reproduced", "does not hold"),
            ("close", "does not hold"),
            ("differs", "does not hold"),
        ]

    def test_equal_tells_networks_of_other_size(self):
        records = [record("cnn-2"), record("cnn-50-2", parameters=25_712)]
        assert row_of(records, "same-parameters")["ours"] == 160_048 - 25_712
        row = row_of(records, "same-parameters")
        assert (row["first"], row["verdict"]) == (
            "differs, provisional",
            "does not hold, provisional",
        )
        same = [record("cnn-2"), record("cnn-50-2")]
        assert row_of(same, "same-parameters")["verdict"] == "holds, provisional"

    def test_deeper_layers_are_read_where_they_are_on_record(self):
        deep = [record("cnn-1", t, any_=6, relevant=0, layers=[(115, 108, 128)]) for t in (1, 2, 3)]
        row = row_of(deep, "deeper-cnn-1-layer2-relevant")
        assert (row["ours"], row["verdict"]) == (108 / 128, "equivalent")
        assert row_of(deep, "second-layer-assembles")["ours"] == pytest.approx(108 / 128)
        assert row_of([record("cnn-1")], "second-layer-assembles")["verdict"] == "not yet run"

    def test_the_error_over_classes_is_not_the_error_over_trials(self):
        table = claims.claims().set_index("id").loc["table1-error", "models"].split()
        records = [record(model, t) for model in table for t in (1, 2, 3)]
        row = row_of(records, "table1-error")
        # All class spreads are std(.1, 0 x 11); CNN-2's printed error, 0, is furthest from it.
        assert row["ours"] == pytest.approx(np.std([0.1] + [0] * 11))
        assert (row["first"], row["verdict"], row["pair"]) == ("differs", "does not hold", "cnn-2")

    def test_in_vivo_needs_in_vivo_records(self):
        row = row_of([record(t) for t in ("cnn-1", "cnn-2")], "in-vivo-second-layer")
        assert row["verdict"] == "cannot be tested"
        assert "deepsea" in row["explanation"]

    def test_other_in_vivo_data_judge_comparisons_and_no_numbers(self):
        records = [
            record("cnn-1", t, any_=6, relevant=0, dataset="chipseq", layers=[(115, 108, 128)])
            for t in (1, 2, 3)
        ]
        table = verdicts.ledger(records, in_vivo="chipseq").set_index("id")
        assert table.loc["in-vivo-second-layer", "verdict"] == "holds"
        assert set(table.loc[table["stand_in"], "section"]) == {"In vivo", "Table 2"}
        assert not verdicts.ledger(records)["stand_in"].any()
        number = table.loc["in-vivo-cnn-1-layer2-relevant"]
        assert number["verdict"] == "cannot be tested"
        assert number["ours"] == pytest.approx(108 / 128)
        assert "other data" in number["explanation"]

    def test_copied_cells_are_shown_but_not_judged(self):
        records = [record("cnn-25-60", t, dataset="deepsea", any_=50) for t in (1, 2, 3)]
        table = verdicts.ledger(records).set_index("id")
        assert table.loc["table2-cnn-25-60-any", "verdict"] == "cannot be tested"
        assert table.loc["table2-cnn-25-60-any", "ours"] == pytest.approx(50 / 60)
        assert "copied" in table.loc["table2-cnn-25-60-any", "explanation"]
        assert table.loc["table2-cnn-25-60-auroc", "verdict"] == "different"

    def test_records_that_cannot_stand_together_are_refused(self):
        with pytest.raises(ValueError, match="two records of synthetic cnn-25 trial 1"):
            verdicts.ledger([record(), record()])
        with pytest.raises(ValueError, match="as-run/paper with as-run/smoke"):
            verdicts.ledger([record(), record(trial=2, profile="smoke")])


class TestCompare:
    def test_rows_by_hand(self):
        records = [record("cnn-25", t, relevant=r) for t, r in ((1, 28), (2, 30), (3, 30))]
        records += [record("cnn-2", 1, any_=6, relevant=0)]
        table = verdicts.compare(records)
        assert list(table["model"]) == ["cnn-2"] * 3 + ["cnn-25"] * 3
        assert list(table["label"].unique()) == ["CNN-2", "CNN-25"]
        row = table.set_index(["model", "quantity"]).loc[("cnn-25", "match_relevant")]
        assert row["ours"] == pytest.approx(88 / 90)
        assert row["ours_sd"] == pytest.approx(np.std([28, 30, 30]) / 30)
        assert (row["paper"], row["trials"], row["verdict"]) == (0.980, 3, "equivalent")
        found = table.set_index(["model", "quantity"])["verdict"]
        assert found[("cnn-2", "match_any")] == "inconclusive, provisional"
        assert math.isnan(table.set_index("model").loc["cnn-2", "ours_sd"].iloc[0])

    def test_agrees_with_the_ledger(self):
        records = [record(trial=t, auroc=a) for t, a in enumerate((0.95, 0.94, 0.96), start=1)]
        mine = verdicts.compare(records).set_index("quantity").loc["auroc"]
        theirs = row_of(records, "table1-cnn-25-auroc")
        columns = ["ours", "ours_sd", "paper", "paper_sd", "delta", "low", "high", "verdict"]
        assert list(mine[columns]) == list(theirs[columns])

    def test_different_is_corrected_by_holm_over_the_section(self):
        # Of Table 1's 48 numbers two are here: 48 × 0.0010 and 47 × 0.00105 are below 0.05, and
        # 48 × 0.00105 is not.
        table = pd.DataFrame({"section": "Table 1", "alike": False, "trials": 3, "verdict": ""},
                             index=range(2)).assign(p=[0.00105, 0.0010])  # fmt: skip
        verdicts._judge_cells(table)
        assert list(table["verdict"]) == ["different", "different"]
        table["p"] = [0.0011, 0.0010]
        verdicts._judge_cells(table)
        assert list(table["verdict"]) == ["inconclusive", "different"]

    def test_a_deeper_layer(self):
        table = verdicts.compare([record("cnn-1", layers=[(115, 108, 128)])], layer=2)
        assert list(table["quantity"]) == ["match_any", "match_relevant"]
        assert list(table["paper"]) == [0.900, 0.847]

    def test_a_value_that_the_paper_lacks_has_no_verdict(self):
        table = verdicts.compare([record("cnn-1-1-100")]).set_index("quantity")
        assert table.loc["auroc", "verdict"] == ""
        assert math.isnan(table.loc["auroc", "paper"])
        assert table.loc["match_any", "paper"] == 0.147

    def test_other_data_than_the_papers_are_not_judged(self):
        table = verdicts.compare([record("cnn-1", dataset="chipseq")]).set_index("quantity")
        assert list(table.index) == ["auroc", "aupr", "match_any", "match_relevant"]
        assert table.loc["auroc", "paper"] == 0.918
        assert set(table["verdict"]) == {"cannot be tested"}

    def test_data_without_a_known_motif_have_no_relevant_value(self):
        own = record("cnn-25", dataset="peaks")
        own = replace(own, layers=(replace(own.layer(1), match_relevant=None),))
        assert list(verdicts.compare([own])["quantity"]) == ["auroc", "aupr", "match_any"]
        claim = row_of([own], "in-vivo-more-matches", in_vivo="peaks")
        assert (claim["verdict"], claim["trials"]) == ("cannot be tested", 0)

    def test_needs_records_of_one_data_set(self):
        assert verdicts.compare([]).empty
        with pytest.raises(ValueError, match="found chipseq, synthetic"):
            verdicts.compare([record(), record(dataset="chipseq")])


def test_the_ledger_is_a_table_that_survives_csv(tmp_path):
    table = verdicts.ledger([record(trial=t) for t in (1, 2, 3)])
    table.to_csv(tmp_path / "ledger.csv", index=False)
    again = pd.read_csv(tmp_path / "ledger.csv", keep_default_na=False, na_values={"ours": [""]})
    assert list(again["verdict"]) == list(table["verdict"])
    assert again["ours"].to_numpy() == pytest.approx(table["ours"].to_numpy(), nan_ok=True)


class TestNumbersTogether:
    def test_holm_over_the_section(self):
        """One number of a section is as sure alone as printed; of many, less so."""
        few = [record(trial=t, auroc=0.95 + 0.001 * t) for t in (1, 2, 3)]
        alone = row_of(few, "table1-cnn-25-auroc")
        between = rules.difference(
            rules.summary(np.array([0.951, 0.952, 0.953])), rules.printed_summary(0.973, 0.001)
        )
        p = float(between.p_value(rules.HALF_UNIT))
        assert alone["p"] == pytest.approx(3 * p)  # of three cells
        more = [record("cnn-2", t, any_=7, relevant=0, auroc=0.966) for t in (1, 2, 3)]
        assert row_of([*few, *more], "table1-cnn-25-auroc")["p"] == pytest.approx(6 * p)

    def test_a_number_without_an_error_scatters_as_ours(self):
        """The text's 93%: half a per cent may be rounding."""
        records = [record("cnn9-25", t, relevant=r) for t, r in enumerate((20, 24, 22), start=1)]
        row = row_of(records, "cnn9-25-93")
        ours = np.array([20, 24, 22]) / 30
        error = ours.std(ddof=1) * math.sqrt(1 / 3 + 1 / 5)
        between = rules.difference(rules.summary(ours), rules.Summary(0.93, ours.std(ddof=1), 5))
        assert between.error == pytest.approx(error)
        expected = 2 * stats.t.sf((0.93 - 22 / 30 - 0.005) / error, between.freedom)
        assert row["p"] == pytest.approx(expected)


class TestChangesOfTraining:
    def ladder(self, *relevant):
        return [
            record("cnn-50", t, relevant=r, protocol="as-run+l1")
            for t, r in enumerate(relevant, start=1)
        ]

    def test_are_compared_trial_by_trial(self):
        base = [record("cnn-50", t, relevant=r) for t, r in enumerate((20, 25, 30), start=1)]
        row = row_of(base, "regularisation-matters", ladder=self.ladder(14, 20, 25))
        # Differences -6, -5, -5 of 30.
        assert row["ours"] == pytest.approx(-16 / 90)
        assert (row["verdict"], row["trials"], row["pair"]) == ("holds", 3, "cnn-50+l1")
        row = row_of(base, "regularisation-matters", ladder=self.ladder(24, 20, 30))
        assert row["verdict"] == "inconclusive"  # 4, -5, 0
        assert row["trials_needed"] == "more than 1,000 trials each"
        assert row_of(base, "regularisation-matters")["verdict"] == "not yet run"


def test_what_exists_needs_one_run_only():
    pools = ("cnn-10", "cnn-25", "cnn-50", "cnn-100")
    whole = [record(m, t) for m in pools for t in (1, 2, 3)]
    assert row_of(whole, "not-all-filters")["verdict"] == "inconclusive"
    row = row_of([*whole, record("cnn-50", 4, any_=29)], "not-all-filters")
    assert (row["verdict"], row["first"]) == ("holds", "differs")


def test_filters_of_a_motif_agree_over_trials():
    """Kendall's W is 1 where all trials have the same counts; ties leave a test."""
    same = [record(trial=t, relevant=7) for t in (1, 2, 3, 4, 5)]
    row = row_of(same, "redundancy-cause")
    assert (row["ours"], row["verdict"]) == (pytest.approx(1.0), "holds")
    none = [record(trial=t, relevant=0) for t in (1, 2, 3)]
    assert row_of(none, "redundancy-cause")["verdict"] == "not yet run"


@pytest.fixture(scope="module")
def records():
    """Two trials of each of Table 1's models, as printed."""
    table = claims.printed().query("dataset == 'synthetic' and layer == 1")
    cells = table.pivot_table(index="model", columns="quantity", values="mean").dropna()
    return [
        record(
            model,
            trial,
            auroc=row["auroc"],
            any_=row["match_any"] * MODELS[model].convs[0].filters,
            relevant=5 if (model, trial) == ("cnn-25", 2) else 0,
        )
        for model, row in cells.iterrows()
        for trial in (1, 2)
    ]


class TestChance:
    def test_names_permuted_give_the_mean_over_all_pairs(self, records):
        found = verdicts.chance(records, permutations=4000)
        aurocs = found[(found["claims"] == "AUROCs of Table 1") & (found["rule"] == "first")]
        aurocs = aurocs.set_index("verdict")
        assert (aurocs["ours"]["reproduced"], aurocs["of"]["reproduced"]) == (16, 16)
        table = claims.printed().query("dataset == 'synthetic' and quantity == 'auroc'")
        pairs = []
        for theirs in table.itertuples():
            for ours in table.itertuples():
                printed = rules.printed_summary(theirs.mean, theirs.error)
                interval = rules.welch(rules.Summary(ours.mean, 0.0, 2), printed, rules.HALF_UNIT)
                pairs.append(rules.judge_number(ours.mean - theirs.mean, interval, "auroc"))
        expected = pairs.count("reproduced") / 16
        assert aurocs["mean"]["reproduced"] == pytest.approx(expected, abs=0.1)
        assert aurocs["low"]["reproduced"] <= expected <= aurocs["high"]["reproduced"]

    def test_ours_are_the_ledgers(self, records):
        found = verdicts.chance(records, permutations=10)
        found = found.set_index(["claims", "rule", "verdict"]).sort_index()
        table = verdicts.ledger(records)
        cells = table[(table["section"] == "Table 1") & (table["kind"] == "number")]
        for rule, column in (("first", "first"), ("second", "verdict")):
            counts = found.loc[("cells of Table 1", rule)]["ours"]
            judged = cells[column].str.removesuffix(rules.PROVISIONAL).value_counts()
            assert counts[counts > 0].to_dict() == judged.to_dict()
        counts = found.loc[("comparisons", "second")]
        comparisons = table[(table["kind"] == "comparison") & (table["dataset"] == "synthetic")]
        whole = comparisons["models"] + comparisons["than"]
        asked = ~comparisons["rule"].isin(["equal", "consistent", "moves", "none"])
        asked &= ~whole.str.contains("@") & (comparisons["id"] != "enough-filters")
        judged = comparisons[asked].set_index("id")["verdict"].str.removesuffix(rules.PROVISIONAL)
        assert judged["redundancy-varies"] == "holds"  # in one of two trials
        judged = judged.replace("not yet run", "inconclusive")  # no long motif in any filter
        assert counts["of"].iloc[0] == len(judged) == 25
        assert counts.loc[counts["ours"] > 0, "ours"].to_dict() == judged.value_counts().to_dict()

    def test_needs_all_models(self, records):
        assert verdicts.chance(records[2:]).empty
        assert verdicts.common_shift(records[2:]) is None

    def test_same_seed_same_counts(self, records):
        one, again = (verdicts.chance(records, permutations=50) for _ in range(2))
        pd.testing.assert_frame_equal(one, again)


def test_a_common_shift_is_a_test_of_the_models_means(monkeypatch):
    ours = rules.Summary(np.zeros((3, 3)), np.ones((3, 3)), np.full((3, 3), 4))
    theirs = ours._replace(mean=np.array([[1.0, 2, 3], [4, 4, 4], [-1, 0, 1]]), sd=np.zeros((3, 3)))
    monkeypatch.setattr(verdicts, "_cells", lambda runs: (ours, theirs))
    # Standard error 1/2: means by model -4, -8, 0; their deviation 4, so t = -4 / (4 / sqrt 3).
    found = verdicts.common_shift([])
    assert (found.mean, found.models) == (-4, 3)
    half = 4.302653 * 4 / math.sqrt(3)
    assert (found.low, found.high) == pytest.approx((-4 - half, -4 + half))
    assert found.p == pytest.approx(2 * stats.t.sf(math.sqrt(3), 2))
