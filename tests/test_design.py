"""The design map: values on a small grid that can be checked by hand."""

import math

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from motifbook.book import design as page
from motifbook.networks.architectures import (
    DESIGN,
    FILTER_SIZES,
    FIRST_POOLS,
    MODELS,
    choose,
    pooled_length,
)
from motifbook.yardsticks import design


def a_table(*rows):
    """Rows of pool, size and the fraction that matches; the other quantities follow from it."""
    return pd.DataFrame(
        {
            "pool": pool,
            "size": size,
            "model": f"pool-{pool}-size-{size}",
            "profile": "quick",
            "trials": 1,
            "match_relevant": match,
            "precise": match / 2,
            "auroc": 1 - match / 10,
        }
        for pool, size, match in rows
    )


SQUARE = a_table((1, 4, 0.0), (4, 4, 0.4), (1, 16, 0.2), (4, 16, 0.6))


def test_the_grid_is_the_tables_where_the_table_has_it():
    assert DESIGN[4, 19] is MODELS["cnn-4"]
    assert DESIGN[100, 19] is MODELS["cnn-100"]
    assert DESIGN[25, 9] is MODELS["cnn9-25"]
    assert DESIGN[50, 3] is MODELS["cnn3-50"]
    assert DESIGN[3, 9].convs[1].pool == 34
    assert len(choose("design")) == len(DESIGN) == 96


@pytest.mark.parametrize("cell", DESIGN)
def test_two_positions_are_left(cell):
    length = 200
    for conv in DESIGN[cell].convs:
        length = pooled_length(length, conv)
    assert length == 2
    assert (DESIGN[cell].convs[0].pool, DESIGN[cell].convs[0].size) == cell


def test_half_way_by_logarithms_is_the_mean():
    found = design.between(SQUARE, 2, 8)
    assert found == pytest.approx({"match_relevant": 0.3, "precise": 0.15, "auroc": 0.97})
    assert design.between(SQUARE, 1, 8)["match_relevant"] == pytest.approx(0.1)
    assert design.between(SQUARE, 4, 16)["match_relevant"] == pytest.approx(0.6)


@pytest.mark.parametrize("rows", [slice(0, 2), slice(0, 3, 2), slice(0, 0)])
def test_nothing_is_known_where_networks_do_not_surround_the_place(rows):
    assert all(map(math.isnan, design.between(SQUARE.iloc[rows], 2, 8).values()))


def test_left_out():
    """The centre is interpolated from the corners; no corner is surrounded by the others."""
    table = pd.concat([SQUARE, a_table((2, 8, 0.5))], ignore_index=True)
    off = design.left_out(table)
    assert list(off["model"]) == ["pool-2-size-8"]
    assert off["match_relevant_off"].item() == pytest.approx(0.3 - 0.5)
    assert off["auroc_off"].item() == pytest.approx(0.97 - 0.95)


def test_the_step_is_where_no_larger_pool_falls_back():
    table = a_table(
        (1, 19, 0.6), (2, 19, 0.1), (4, 19, 0.7), (10, 19, 0.8), (1, 3, 0.0), (4, 3, 0.1)
    )
    found = design.steps(table)
    assert found.loc[19, "step"] == 4  # 1 reaches it, but 2 falls back
    assert found.loc[19, "below"] == pytest.approx(0.99)
    assert found.loc[19, "above"] == pytest.approx(0.93)
    assert found.loc[19, "price"] == pytest.approx(0.06)
    assert math.isnan(found.loc[3, "step"])
    assert math.isnan(found.loc[3, "price"])


def test_a_map_has_a_place_for_each_network():
    found = design.grid(a_table((4, 19, 0.7)), "match_relevant")
    assert found.shape == (len(FILTER_SIZES), len(FIRST_POOLS))
    assert found.loc[19, 4] == 0.7
    assert found.notna().sum().sum() == 1


def test_advice_of_what_was_measured():
    said = design.advice(a_table((4, 19, 0.7)), 4, 19)
    assert said.startswith(
        "First pool 4 nt, filters of 19 nt: 70% of the first layer's filters match a relevant "
        "motif, 35% find its embedded sites; AUROC 0.930. By the map's "
        "rule, that 50% of the filters match, the first layer holds whole motifs."
    )
    assert said.endswith(
        "holds whole motifs. Measured: pool-4-size-19, profile quick, at most 15 epochs, 1 trial."
    )


def test_advice_in_between_names_its_neighbours_and_its_error():
    table = pd.concat([SQUARE, a_table((2, 8, 0.5))], ignore_index=True)
    said = design.advice(table, 3, 8)
    assert "interpolated" in said
    assert "pool-2-size-8" in said
    assert "half are off by at most 0.20, 0.10 and 0.020" in said


@pytest.mark.parametrize(("pool", "size"), [(0, 9), (101, 9), (4, 2), (4, 26)])
def test_no_advice_beyond_the_grid(pool, size):
    with pytest.raises(ValueError, match="nothing was measured beyond"):
        design.advice(SQUARE, pool, size)


def test_no_advice_without_records():
    with pytest.raises(ValueError, match="0 of 96 networks"):
        design.advice(SQUARE.iloc[:0], 4, 9)


# What is drawn and said of it.


def test_the_maps_draw_the_values():
    figure = page.maps(a_table((4, 19, 0.7), (1, 3, 0.0)))
    for ax, values in zip(figure.axes, ((0.7, 0.0), (0.35, 0.0), (0.93, 1.0)), strict=True):
        drawn = ax.collections[0].get_array().reshape(len(FILTER_SIZES), len(FIRST_POOLS))
        places = ((FILTER_SIZES.index(19), FIRST_POOLS.index(4)), (0, 0))
        assert [drawn[place] for place in places] == pytest.approx(values)
        assert drawn.count() == 2  # the others are empty
    assert sorted(text.get_text() for text in figure.axes[1].texts) == [".00", ".35"]
    plt.close(figure)


def test_the_answer_counts_and_names_the_steps():
    said = page.answer(a_table((4, 19, 0.7), (2, 19, 0.3), (50, 3, 0.1)))
    assert "3 of the map's 96 networks are on record; 1 of them" in said
    assert "By the filters' size: 3 nt, at no pool; 19 nt, from a pool of 4 nt on." in said
    assert "with whole motifs is 0.930, without them 0.990" in said
    assert "no network of the map is on record" in page.answer(a_table().reindex(columns=SQUARE))


def test_the_chooser_tells_of_each_network_and_of_those_without_a_record():
    told = page.chooser(a_table((4, 19, 0.7))).data
    assert told.count("<option") == len(FIRST_POOLS) + len(FILTER_SIZES)
    assert "70% of the first layer" in told
    assert "Nothing is known of pool 1, filter size 3: 1 of 96" in told


def test_two_profiles_side_by_side():
    quick, paper = a_table((4, 19, 0.4), (1, 19, 0.0)), a_table((4, 19, 0.6), (2, 19, 0.1))
    assert list(page.beside_paper(quick, paper)["match a relevant motif, paper"]) == ["0.600"]
    said = page.off_paper(quick, paper)
    assert said.startswith("1 network on record under both profiles.")
    assert "0.200 (match a relevant motif), 0.100 (precise at the sites), 0.020 (AUROC)" in said
    assert said.endswith("is the same for 0 of them.")


def test_the_error_between_networks_beside_that_of_the_mean():
    table = pd.concat([SQUARE, a_table((2, 8, 0.5))], ignore_index=True)
    row = page.interpolated(table).iloc[0]
    assert row["networks"] == 1
    assert row["median error"] == "0.200"
    assert row["by the mean of the others"] == "0.200"  # (0 + .4 + .2 + .6) / 4 less .5


def test_in_short():
    table = a_table((4, 19, 0.7), (10, 9, 0.6), (2, 19, 0.3))
    best, smallest, price = page.in_short(table, table)
    assert (
        price
        == "The price on the map, and of networks trained to the end: 19 nt, +0.040 and +0.040."
    )
    assert "first pool 10 nt and filters of 9 nt predicts best: AUROC 0.940, 60%" in best
    assert smallest.endswith("are 9 nt wide.")
    assert page.in_short(table[2:], table) == ("None of 1 network on record holds whole motifs.",)


def test_the_best_with_small_filters():
    table = a_table((4, 9, 0.7), (10, 11, 0.6), (25, 19, 0.9), (1, 7, 0.1))
    found = page.best(table, largest=11)
    assert found["first pool (nt)"].tolist() == [10, 4]  # AUROC .94 and .93
    assert list(found) == [
        *("first pool (nt)", "filter size (nt)"),
        *("match a relevant motif", "precise at the sites", "AUROC"),
    ]
