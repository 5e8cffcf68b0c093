"""Alt texts tell the values that were drawn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from motifbook.book import alt, figures


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_marks_of_named_rows_are_told_by_their_means():
    """Two marks of MAX at 0.2 and 0.4, one of SP1 at 0.9."""
    figure, ax = plt.subplots()
    ax.plot([0.2, 0.4, 0.9], [0, 0, 1], "o", label="CNN-2")
    ax.set_yticks([0, 1], ["MAX", "SP1"])
    ax.set_xlabel("AUROC")
    assert alt.describe(figure) == "AUROC: CNN-2 from 0.3 (MAX) to 0.9 (SP1)."


def test_ours_and_the_paper_s_are_told_apart():
    figure, ax = plt.subplots()
    for x, y in ((0, 0.5), (0, 0.7), (1, 0.8)):
        ax.plot([x], [y], "o", gid="ours-auroc")
    ax.plot([0, 1], [0.65, 0.65], "D", gid="paper-match_any")
    ax.set_xticks([0, 1], ["CNN-2", "CNN-4"])
    ax.set_ylabel("AUROC")
    said = alt.describe(figure)
    assert said == "AUROC: ours from 0.6 (CNN-2) to 0.8 (CNN-4); the paper, match any 0.65."


def test_a_course_is_told_by_its_ends_and_a_cloud_by_its_middle():
    epochs = np.arange(31.0)
    figure, (course, cloud) = plt.subplots(1, 2)
    course.plot(epochs, 3 - epochs / 30, label="CNN-2")
    cloud.plot(epochs, epochs / 10, "o", label="no match")
    assert alt.describe(figure) == (
        "CNN-2 from 3 at 0 to 2 at 30. no match (31 marks), medians 15.00 across and 1.50 up."
    )


def test_a_grid_is_told_by_its_extremes():
    counts = pd.DataFrame([[0, 2], [5, 0]], index=["trial 1", "trial 2"], columns=["MAX", "SP1"])
    figure = figures.filters_per_tf(counts).figure
    assert alt.describe(figure) == "2 rows of 2 values from 0 to 5 (trial 2, MAX); zeros: 2."


def test_logos_are_counted_by_title():
    figure, axes = plt.subplots(1, 3)
    for ax, title in zip(axes, ("no match", "SRF 3e−8", "SRF 0.04"), strict=True):
        ax.set(xticks=[], yticks=[])
        ax.set_title(title)
    assert alt.describe(figure) == "3 logos: SRF × 2, no match."


def test_a_label_speaks_for_the_figure():
    figure = plt.figure(label="Six boxes.")
    assert alt.describe(figure) == "Six boxes."


def test_nothing_drawn_is_nothing_told():
    figure, ax = plt.subplots()
    ax.set_axis_off()
    assert alt.describe(figure) == ""


def test_a_shown_figure_carries_its_values():
    figures.style()
    figure, ax = plt.subplots()
    ax.plot([0.5], [0], "o", label="GC content")
    ax.set_yticks([0], ["MAX"])
    assert figures.show(figure).alt == "GC content 0.5."


def test_names_are_those_of_a_reader():
    """A legend's word comes before the group that a test asks for; a sign is a minus."""
    figure, (first, second) = plt.subplots(1, 2, sharey=True)
    first.set_yticks([0, 1], ["MAX", "SP1"])
    for ax in (first, second):
        ax.plot([-0.25, 0.5], [0, 1], "o", label="ReLU", gid="ReLU-match_relevant")
        ax.plot([0.5], [1], "D", gid="paper-")
    panel = "ReLU from −0.25 (MAX) to 0.5 (SP1); the paper 0.5."
    assert alt.describe(figure) == f"{panel} {panel}"


def test_a_measured_axis_has_no_places():
    figure, ax = plt.subplots()
    ax.set_xticks([0, 0.5, 1])
    ax.plot([0.02, 0.12, 0.1], [0.1, 0.3, 0.2], "o", label="no match")
    ax.plot([0.1], [0.4], "o", label="a match")
    ax.plot([1e-9, 1], [0, -1], label="line")
    assert alt.describe(figure) == (
        "no match (3 marks), medians 0.10 across and 0.20 up; a match at 0.10 across and 0.40 up; "
        "line from 0 at 1e−09 to −1 at 1."
    )
