"""The two rules by which ours are judged beside the paper's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from motifbook.paper import rules
from motifbook.paper.rules import Summary

A, B = np.array([1.0, 2, 4, 4]), np.array([0.5, 1, 1.5])


class TestWelch:
    def test_equals_scipys_interval(self):
        a, b = np.array([1.0, 2, 4, 4]), np.array([0.5, 1, 1.5])
        expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
        found = rules.welch(rules.summary(a), rules.summary(b))
        assert found == pytest.approx((expected.low, expected.high))

    def test_a_constant_is_students_interval_of_the_mean(self):
        a = np.array([1.0, 2, 4, 4])
        expected = stats.ttest_1samp(a, 1).confidence_interval(0.95)
        found = rules.welch(rules.summary(a), rules.Summary(0.0, 0.0, math.inf))
        assert found == pytest.approx((expected.low, expected.high))

    def test_without_spread_the_interval_is_the_rounding(self):
        same = rules.Summary(0.5, 0.0, 5)
        assert rules.welch(same, same, 0.25) == (-0.25, 0.25)

    def test_one_trial_has_none(self):
        one = rules.summary(np.array([0.5]))
        assert np.isnan(rules.welch(one, rules.Summary(0.5, 0.1, 5))).all()

    def test_the_papers_error_becomes_a_sample_deviation(self):
        trials = np.array([0.90, 0.95, 1.00, 0.95, 0.90])
        theirs = rules.printed_summary(trials.mean(), np.std(trials) - rules.HALF_UNIT)
        assert theirs.sd == pytest.approx(np.std(trials, ddof=1))


class TestFirstRule:
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
        assert rules.judge_number(delta, interval, quantity) == verdict

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
        found = rules.judge_comparison(difference, interval, claimed, "match_any", every_step)
        assert found == verdict

    @given(
        delta=st.floats(-1, 1),
        half=st.floats(0, 1),
        quantity=st.sampled_from(sorted(rules.LIMITS)),
    )
    def test_a_wider_interval_or_a_smaller_difference_never_worsens(self, delta, half, quantity):
        rank = rules.FIRST_VERDICTS.index
        verdict = rules.judge_number(delta, (delta - half, delta + half), quantity)
        wider = rules.judge_number(delta, (delta - 2 * half, delta + 2 * half), quantity)
        nearer = rules.judge_number(delta / 2, (delta / 2 - half, delta / 2 + half), quantity)
        assert rank(wider) <= rank(verdict)
        assert rank(nearer) <= rank(verdict)


class TestDifference:
    def test_is_welchs_test(self):
        expected = stats.ttest_ind(A, B, equal_var=False)
        found = rules.difference(rules.summary(A), rules.summary(B))
        assert found.p_value() == pytest.approx(expected.pvalue)
        assert found.freedom == pytest.approx(expected.df)
        # 2.75 - 1; variances 2.25 of four trials and 0.25 of three.
        assert found[:2] == pytest.approx((1.75, math.sqrt(2.25 / 4 + 0.25 / 3)))

    def test_rounding_counts_against_a_difference(self):
        found = rules.difference(rules.summary(A), rules.summary(B))
        nearer = found._replace(delta=1.5)
        assert found.p_value(0.25) == pytest.approx(nearer.p_value())
        assert found.p_value(2.0) == 1.0

    def test_without_spread_any_difference_is_sure(self):
        found = rules.difference(Summary([0.5, 0.5], [0.0, 0.0], [5, 5]), rules.constant(0.5))
        assert list(found.p_value()) == [1, 1]
        assert rules.difference(Summary(0.6, 0.0, 5), rules.constant(0.5)).p_value() == 0


def test_holm_by_hand():
    # Sorted .01 x 3, .03 x 2, .04 x 1, never falling; one is no test.
    found = rules.holm(np.array([[0.01, 0.04, math.nan, 0.03], [0.5, 0.6, 0.9, 0.02]]))
    assert found[0] == pytest.approx([0.03, 0.06, math.nan, 0.06], nan_ok=True)
    assert found[1] == pytest.approx([1.0, 1.0, 1.0, 0.08])


@pytest.mark.parametrize("shift", [-1.9, -1.2, 0.0, 1.0, 1.9])
def test_equivalent_is_two_one_sided_tests(shift):
    ours, margin = A - A.mean() + B.mean() + shift, 2.0
    sides = (
        stats.ttest_ind(ours + margin, B, equal_var=False, alternative="greater").pvalue,
        stats.ttest_ind(ours - margin, B, equal_var=False, alternative="less").pvalue,
    )
    between = rules.difference(rules.summary(ours), rules.summary(B))
    assert rules.equivalent(between, margin, 0.0) == (max(sides) < 0.05)


def test_rounding_widens_what_must_lie_within_the_margin():
    between = rules.difference(Summary(0.0195, 0.0, 5), rules.constant(0.0))
    assert rules.equivalent(between, 0.02, 0.0)
    assert not rules.equivalent(between, 0.02, 0.0005)


def test_numbers_of_a_table_are_judged_together():
    alike = np.array([True, False, False, False, False])
    p = np.array([0.001, 0.01, 0.012, 0.03, math.nan])
    # After Holm .004, .03, .03, .03: four tests, the last of them times one.
    assert list(rules.judge_numbers(alike, p)) == [
        "equivalent",
        "different",
        "different",
        "different",
        "inconclusive",
    ]
    more = np.concatenate([p, np.full(4, 0.5)])
    found = rules.judge_numbers(np.concatenate([alike, np.zeros(4, bool)]), more)
    assert list(found[1:4]) == ["inconclusive"] * 3


class TestSpread:
    def test_by_hand(self):
        # F of 4 and 4 degrees: with y = 9/10, cdf(9) = 3y^2 - 2y^3 = 0.972.
        ours = Summary(0.9, 3 * math.sqrt(1.25) * 0.1, 5)
        assert rules.spread_p_value(ours, 0.1, 0.0) == pytest.approx(2 * 0.028)
        smaller = ours._replace(sd=math.sqrt(1.25) * 0.1 / 3)
        assert rules.spread_p_value(smaller, 0.1, 0.0) == pytest.approx(2 * 0.028)

    def test_rounding_may_explain_it(self):
        ours = Summary(0.9, 0.0014 * math.sqrt(1.25), 5)
        assert rules.spread_p_value(ours, 0.001) == pytest.approx(1.0)
        smaller = ours._replace(sd=0.0006 * math.sqrt(1.25))
        assert rules.spread_p_value(smaller, 0.001) == pytest.approx(1.0)
        assert rules.spread_p_value(Summary(0.0, 0.0, 5), 0.0) == 1.0

    def test_without_a_spread_there_is_no_test(self):
        assert math.isnan(rules.spread_p_value(Summary(1.0, 0.0, 5), 0.02))


def models(*means, sd=0.01, trials=5):
    return rules.stack([Summary(mean, sd, trials) for mean in means])


def judged(rule, table, first, second=(), limit=math.inf):
    named = np.array([first], int), np.array([second], int).reshape(1, -1)
    (verdict,) = rules.judge_models(rule, table, *named, limit)
    return verdict


class TestModels:
    # Five trials a side of spread .01: error .00632, 8 degrees; t .975 is 2.306, t .95 1.860.
    # So a difference is sure from .0146 on, and surely within .02 up to .0082.

    @pytest.mark.parametrize(
        ("means", "verdict"),
        [
            ((0.015, 0.5, 0.0), "holds"),
            ((0.014, 0.5, 0.0), "inconclusive"),
            ((-0.016, 0.5, 0.0), "inconclusive"),  # sure alone, not as one of two pairs
            ((-0.018, 0.5, 0.0), "does not hold"),  # t .9875 is 2.752: from .0174 on
        ],
    )
    def test_a_direction_needs_every_pair(self, means, verdict):
        assert judged("greater", models(*means), [0, 1], [2]) == verdict

    @pytest.mark.parametrize(
        ("steps", "verdict"),
        [
            ((0.0, 0.007, 0.015), "holds"),
            ((0.0, -0.01, 0.015), "holds"),  # a step back, not a sure one
            ((0.0, -0.018, 0.015), "does not hold"),
            ((0.0, 0.007, 0.014), "inconclusive"),
            ((0.0, -0.01, -0.015), "does not hold"),
        ],
    )
    def test_a_trend(self, steps, verdict):
        assert judged("rises", models(*steps), [0, 1, 2]) == verdict
        assert judged("falls", models(*(-s for s in steps)), [0, 1, 2]) == verdict

    @pytest.mark.parametrize(
        ("apart", "verdict"),
        [
            (0.008, "holds"),
            (0.009, "inconclusive"),
            (0.034, "inconclusive"),
            (0.036, "does not hold"),
        ],
    )
    def test_a_likeness(self, apart, verdict):
        for sign in (1, -1):
            assert (
                judged("spread at most", models(0.5, 0.5 + sign * apart), [0, 1], (), 0.02)
                == verdict
            )
        # Beside a constant: standard error .00447, 4 degrees; t .95 is 2.132, .975 2.776.
        table = rules.stack([Summary(0.01, 0.01, 5), Summary(-0.011, 0.01, 5), rules.constant(0.0)])
        assert judged("largest at most", table, [0], [2], 0.02) == "holds"
        assert judged("near", table, [1], [2], 0.02) == "inconclusive"
        assert judged("near", table, [1], [2], 0.021) == "holds"

    def test_of_three_models_all_pairs_count(self):
        table = models(0.5, 0.508, 0.504)
        assert judged("spread at most", table, [0, 1, 2], (), 0.02) == "holds"
        assert judged("spread at most", models(0.5, 0.508, 0.516), [0, 1, 2], (), 0.02) != "holds"

    def test_a_likeness_is_decided_by_the_interval_that_reaches_furthest(self):
        # The second and third lie nearer to each other, but the third scatters.
        table = rules.stack([Summary(0.5, 0.001, 5), Summary(0.516, 0.001, 5),
                             Summary(0.51, 0.02, 5), rules.constant(0.0)])  # fmt: skip
        named = np.arange(4)
        assert rules.hardest("spread at most", table, named[:3], named[3:]) == (2, 0)
        assert rules.hardest("spread at most", table, named[:2], named[3:]) == (1, 0)
        assert rules.hardest("near", table, named[:1], named[3:]) == (0, 3)
        one = models(0.0, 0.9, sd=math.nan, trials=1)
        assert rules.hardest("spread at most", one, named[:2], named[:0]) is None

    def test_many_ways_to_name_the_models_at_once(self):
        table = models(0.0, 0.1, 0.2)
        first, second = np.array([[1], [0], [2]]), np.array([[0], [2], [1]])
        found = rules.judge_models("greater", table, first, second)
        assert list(found) == ["holds", "does not hold", "holds"]

    def test_one_trial_settles_nothing(self):
        table = models(0.0, 0.9, sd=math.nan, trials=1)
        assert judged("greater", table, [1], [0]) == "inconclusive"
        assert judged("spread at most", table, [0, 1], (), 0.02) == "inconclusive"


class TestSettle:
    def test_textbook_numbers_of_trials(self):
        """Two-sided t test at 5%, power 80%: 64 a side for half a deviation, 17 for a whole."""
        one = Summary(0.0, 1.0, 5)
        assert rules.trials_to_settle(one, one, 0.5, both=True) == 64
        assert rules.trials_to_settle(one, one, 1.0, both=True) == 17
        assert rules.trials_to_settle(one, rules.constant(0.0), 0.5) == 34
        assert rules.trials_to_settle(one, one, 1.0, both=True, sides=1) == 14
        assert rules.trials_to_settle(one, one, 1.0, both=True, tests=48) > 17

    def test_theirs_stay_as_few_as_they_are(self):
        one = Summary(0.0, 1.0, 5)
        assert rules.trials_to_settle(one, one, 0.5) is None
        assert rules.trials_to_equivalence(one, one, 0.5) is None
        assert rules.trials_to_settle(one, one, 0.0) is None

    def test_equivalence_by_hand(self):
        """Ten: 2 T(3.162 - 1.833; 9) - 1 = .78. Eleven: 2 T(3.317 - 1.812; 10) - 1 = .84."""
        assert rules.trials_to_equivalence(Summary(0.0, 1.0, 5), rules.constant(0.0), 1.0) == 11

    def test_a_comparison_needs_its_hardest_pair_or_one_against_it(self):
        table = rules.stack([Summary(m, 1.0, 5) for m in (1.0, 0.5, 0.0)])
        first, second = np.array([0, 1]), np.array([2])
        assert rules.trials_to_compare("greater", table, first, second) == 64
        against = rules.stack([Summary(m, 1.0, 5) for m in (1.0, -1.0, 0.0)])
        one = Summary(0.0, 1.0, 5)
        expected = rules.trials_to_settle(one, one, 1.0, both=True, tests=2)
        assert rules.trials_to_compare("greater", against, first, second) == expected
        both = rules.stack([Summary(m, 1.0, 5) for m in (-0.5, -1.0, 0.0)])
        assert rules.trials_to_compare("greater", both, first, second) == expected
        tie = rules.stack([Summary(0.0, 1.0, 5)] * 3)
        assert rules.trials_to_compare("greater", tie, first, second) is None

    def test_a_likeness_is_as_far_from_its_limit(self):
        table = rules.stack([Summary(m, 1.0, 5) for m in (1.0, 0.0)])
        found = rules.trials_to_compare(
            "spread at most", table, np.array([0, 1]), np.array([]), 2.0
        )
        assert found == 14
        rises = rules.trials_to_compare("falls", table, np.array([0, 1]), np.array([]))
        assert rises == 17
