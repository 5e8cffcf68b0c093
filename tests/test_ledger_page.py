"""Tables and sentences of the ledger's chapter, on literals."""

from __future__ import annotations

import base64
import math
import re

import pandas as pd
import pytest
from ledger_records import filters, layer, record
from msgspec.structs import replace

from motifbook.book import ledger_page
from motifbook.paper import verdicts

TABLE = pd.DataFrame(
    [
        ("Table 1", "number", "equivalent", "reproduced", False, 0.01, "auroc", 0.2),
        ("Table 1", "number", "equivalent, provisional", "reproduced, provisional", False, -0.03,
         "auroc", 0.01),
        ("Table 1", "number", "inconclusive", "differs", False, 0.1, "match_any", math.nan),
        ("In vivo", "comparison", "holds", "close", True, math.nan, "auroc", math.nan),
        ("Data", "fact", "holds", "", False, math.nan, "", math.nan),
    ],
    columns=["section", "kind", "verdict", "first", "stand_in", "delta", "quantity", "spread_p"],
)  # fmt: skip


def test_verdicts_are_counted_by_section_with_other_data_apart():
    found = ledger_page.counts(TABLE)
    assert found.index.tolist() == [
        "Table 1",
        "Data",
        "In vivo, other data",
        "all",
        "all, other data",
    ]
    assert found.columns.tolist() == ["equivalent", "holds", "inconclusive", "provisional"]
    assert found.loc["Table 1"].tolist() == [2, 0, 1, 1]
    assert found.loc["all"].tolist() == [2, 1, 1, 1]
    assert found.loc["all, other data"].tolist() == [0, 1, 0, 0]


def test_counts_in_words():
    assert ledger_page.counted(TABLE) == (
        "Of 4 claims about the synthetic data and the design, 2 are equivalent, 1 holds "
        "and 1 is inconclusive. Of 1 about the paper's in vivo data, asked of other data, 1 holds."
    )
    assert ledger_page.counted(TABLE[:1]) == "Of 1 claim, 1 is equivalent."


def test_both_rules_side_by_side():
    found = ledger_page.both_rules(TABLE)
    assert found.index.tolist() == ["reproduced", "differs"]
    assert found.columns.tolist() == ["equivalent", "inconclusive"]
    assert found.to_numpy().tolist() == [[2, 0], [0, 1]]


CHANCE = pd.DataFrame(
    [
        ("cells of Table 1", 48, "first", "reproduced", 44, 20.96, 14.0, 28.0),
        ("cells of Table 1", 48, "first", "differs", 4, 21.7, 15.0, 28.0),
        ("cells of Table 1", 48, "second", "equivalent", 36, 17.64, 12.0, 24.0),
    ],
    columns=["claims", "of", "rule", "verdict", "ours", "mean", "low", "high"],
)


def test_chance_is_told_beside_ours():
    found = ledger_page.chance(CHANCE)
    assert found.index.tolist() == ["48 cells of Table 1"] * 3
    assert found.iloc[0].tolist() == ["first", "reproduced", 44, "21.0 (14 to 28)"]
    assert ledger_page.chance_sentence(CHANCE) == (
        "By the first rule 44 of 48 cells are reproduced, 21.0 with names permuted; by the second "
        "rule 36 of 48 cells are equivalent, 17.6 with names permuted."
    )
    assert "not counted" in ledger_page.chance_sentence(pd.DataFrame())


@pytest.mark.parametrize(
    ("shift", "said"),
    [
        (
            (0.4, 0.1, 0.7, 0.0078, 16),
            "ours lie above the paper's as a whole: Δ is on average +0.40",
        ),
        (
            (-0.4, -0.7, -0.1, 0.03, 16),
            "ours lie below the paper's as a whole: Δ is on average −0.40",
        ),
        ((-0.1, -0.7, 0.5, 0.6, 16), "no common shift is found: Δ is on average −0.10"),
    ],
)
def test_a_shift_in_words(shift, said):
    sentence = ledger_page.shift_sentence(verdicts.Shift(*shift))
    assert said in sentence
    assert sentence.startswith("Over the 16 models")
    assert "not tested" in ledger_page.shift_sentence(None)


def test_shifts_by_quantity():
    found = ledger_page.shifts(TABLE)
    assert found.index.tolist() == ["AUROC", "match any motif"]
    assert found.loc["AUROC"].tolist() == ["−0.0100", "−0.0300", "+0.0100", "p = 0.7"]
    # 0.01 and −0.03: t = −0.01 / 0.02 with one degree of freedom, 1 − 2 arctan(0.5) / π = 0.70.
    assert found.loc["match any motif", "Student's test"] == ""


def test_spreads_in_words():
    assert ledger_page.spread_sentence(TABLE).startswith("Of 2 spreads over trials")
    assert "1 surely differs" in ledger_page.spread_sentence(TABLE)


def test_the_cut_off_in_a_table_and_in_words():
    rows = filters(any_=15)
    rows[0] |= {"hits": [{"e_value": 0.15}]}
    runs = [
        replace(record("cnn-4"), layers=(layer(*rows),)),
        record("cnn-25"),
        record("cnn-2", any_=0, relevant=0),
    ]
    curve = ledger_page.near_the_cutoff(runs)
    assert curve.index.tolist() == ["CNN-4", "CNN-2"]
    assert curve["E ≤ 0.1"].tolist() == [0.467, 0.0]
    assert curve["0.05 < E ≤ 0.2"].tolist() == [0.033, 0.0]
    assert "0% to 3% of the filters (on average 2%)" in ledger_page.near_sentence(curve)
    assert ledger_page.near_sentence(ledger_page.near_the_cutoff([])) == ""


def test_the_page_gathers_changes_of_the_training_too(tmp_path):
    found = ledger_page.gather("cnn-25", 1, results_dir=str(tmp_path))
    assert (found.records, found.ladder, found.wanted) == ((), (), 1)
    assert set(found.of("holds")["rule"]) == {"fact"}
    assert ledger_page._changes() == {"optimiser": ["cnn-4", "cnn-25"], "l1": ["cnn-50"]}


def test_the_download_names_the_runs_on_both_sides_of_a_change():
    base = [record("cnn-50", t, relevant=r) for t, r in ((1, 20), (2, 25))]
    changed = [record("cnn-50", t, relevant=r, protocol="as-run+l1") for t, r in ((1, 14), (2, 20))]
    table = verdicts.ledger(base, ladder=changed)
    page = ledger_page.Ledger(table, tuple(base), tuple(changed), 4)
    data = re.search('base64,([^"]+)', ledger_page.download(page).data)[1]
    rows = base64.b64decode(data).decode().splitlines()
    (row,) = (row for row in rows if row.startswith("regularisation-matters"))
    assert "synthetic/as-run/paper/cnn-50: 1-2; synthetic/as-run+l1/paper/cnn-50: 1-2" in row
    assert "<b>Table 1</b>: inconclusive" in ledger_page.sections(table[table["trials"] > 0]).data


def test_numbers_of_small_pools_that_are_not_settled():
    table = TABLE[2:3].assign(models="cnn-1 cnn-4")
    said = ledger_page.small_pools_sentence(pd.concat([table, table.assign(models="cnn-25")]))
    assert said.startswith("Of the 2 numbers among these, 1 is a fraction of filters before small")
    assert ledger_page.small_pools_sentence(TABLE[:2].assign(models="cnn-1")) == ""


class TestMoreTrials:
    SOME = tuple(record("cnn9-4", n, any_=k, relevant=0) for n, k in enumerate((6, 13, 20), 1))
    """Any matches of 30: 0.2, 0.433 and 0.667, on average 0.433; the paper has 0.260 ± 0.039."""
    MORE = (*SOME, *(record("cnn9-4", n, any_=13, relevant=0) for n in range(4, 21)))

    def ledger(self, *records):
        return ledger_page.Ledger(verdicts.ledger(records), records, (), len(records))

    def test_the_same_rule_with_more_trials(self):
        base = record("cnn-4", any_=15, relevant=3)
        real = record("cnn9-4", dataset="chipseq", any_=1, relevant=0)
        found = ledger_page.with_more(self.ledger(*self.SOME, base, real), self.MORE)
        row = found.set_index("measured").loc["fraction of filters that match any motif: CNN9-4"]
        assert row["paper"] == "0.260" and row["ours"] == row["ours, more"] == "0.433"
        assert row["verdict"] == "inconclusive" and row["verdict, more"] == "different"
        assert "trials" in row["to settle it"]
        low, high = row["95%"].split(" to ")
        assert 0.08 < float(low) < 0.433 - 0.26 < float(high) < 0.27
        pairs = found["measured"].str.endswith("CNN-4, CNN9-4")
        assert pairs.sum() == 2  # likeness in matches and in AUROC
        assert not found["measured"].str.contains("networks").any()

    def test_in_words(self):
        found = ledger_page.with_more(self.ledger(*self.SOME), self.MORE)
        said = ledger_page.more_sentence(found, self.MORE)
        assert said.startswith("With 20 trials of CNN9-4 and 0 trials of CNN3-2, ")
        assert "any motif: CNN9-4, from inconclusive to different" in said

    def test_no_more_than_the_page_has(self):
        found = ledger_page.with_more(self.ledger(*self.SOME), self.SOME)
        assert found.empty
        assert "no network" in ledger_page.more_sentence(found, self.SOME)
