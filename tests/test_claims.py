"""What the paper printed, and the claims that are drawn from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from motifbook.networks.architectures import MODELS, PAPER
from motifbook.networks.protocols import parse_protocol
from motifbook.paper import claims, facts, measures, rules

SHARED = Path(__file__).parents[2] / "shared" / "paper"


class TestPrinted:
    def test_table_1_has_sixteen_models_of_ours_and_three_numbers_each(self):
        table = claims.printed().query("dataset == 'synthetic' and layer == 1")
        table = table[table["model"] != "cnn-1-1-100"]
        assert len(table) == 48
        assert set(table["model"]) == set(PAPER) - {"cnn-1-1-100"}
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
            if claim.rule in ("none", "fact"):
                assert claim.note, f"{claim.id}: what is computed, or why it cannot be tested"
                assert (claim.rule == "fact") == (claim.kind == "fact") == (claim.id in facts.FACTS)
                continue
            assert claim.quantity in measures.QUANTITIES
            for place in f"{claim.models} {claim.than}".split():
                model, plus, switches = place.partition("@")[0].partition("+")
                known = model in MODELS or place.replace(".", "").isdigit()
                assert known or claim.id == "enough-filters", claim.id  # its models are to come
                parse_protocol(f"as-run{plus}{switches}")

    def test_numbers_have_a_value_and_limits(self):
        for claim in self.claims[self.claims["kind"] == "number"].itertuples():
            float(claim.paper)
            assert claim.quantity in rules.LIMITS

    def test_quotations_that_occur_twice_are_told_apart(self):
        """By the model and quantity that stand before them, or by their notes."""
        words = self.claims[self.claims["quote"].str.contains("[A-Za-z]")]
        twice = words[words.duplicated("quote", keep=False)]
        assert len(twice) >= 6
        assert not twice.duplicated(["quote", "models", "quantity"]).any()

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
