"""What a figure or a table says, read back from it."""

from __future__ import annotations

import math

import numpy as np
from bs4 import BeautifulSoup
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch
from matplotlib.text import Text

BLUE, ORANGE, GREEN, RED = "#0173b2", "#de8f05", "#029e73", "#d55e00"
GREY, WHITE, BLACK = "#6b6b6b", "#ffffff", "#000000"
LETTERS = {"#029e73": "A", "#0173b2": "C", "#e69f00": "G", "#cc4125": "T"}


def texts(figure):
    """Every text of a figure, its axes and legends."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def written(ax, colour=None):
    """The texts of an axes' own, of a colour if one is given: (x, y, text)."""
    return [
        (*np.round(text.get_position(), 4).tolist(), text.get_text())
        for text in ax.texts
        if colour in (None, to_hex(text.get_color()))
    ]


def points(line):
    """A line's points; None where there is none."""
    xy = np.round(np.asarray(line.get_xydata(), float), 4).tolist()
    return [tuple(None if math.isnan(value) else value for value in pair) for pair in xy]


def points_of(ax, gid):
    return [points(line) for line in ax.lines if line.get_gid() == gid]


def look(line):
    """Marker, its edge's colour and its face's."""
    return line.get_marker(), to_hex(line.get_color()), to_hex(line.get_markerfacecolor())


def legend(owner):
    box = owner.legends[0] if hasattr(owner, "legends") else owner.get_legend()
    words = [text.get_text() for text in box.get_texts()]
    return dict(zip(words, map(look, box.legend_handles), strict=True))


def ticks(axis):
    """Label -> where it stands."""
    labels = [label.get_text() for label in axis.get_ticklabels()]
    return dict(zip(labels, np.round(axis.get_ticklocs(), 4).tolist(), strict=True))


def letters(ax):
    """(x of its middle, base) -> (bottom, top) of each letter that can be seen.

    Told by colour and extent, whether a patch is one letter or all letters of a base.
    """
    found = {}
    for patch in ax.patches:
        if not isinstance(patch, PathPatch):
            continue
        base = LETTERS[to_hex(patch.get_facecolor())]
        for outline in patch.get_path().to_polygons(patch.get_transform()):
            (left, low), (right, high) = (
                ax.transData.inverted().transform(getattr(outline, end)(axis=0))
                for end in ("min", "max")
            )
            place = (round(left + right) / 2, base)
            below, above = found.get(place, (low, high))
            found[place] = (min(low, below), max(high, above))
    return {
        place: (round(float(low), 2) + 0.0, round(float(high), 2))
        for place, (low, high) in found.items()
        if high - low > 0.02
    }


def cells(page):
    """The text of an HTML table, a list per row; a bar for every line break."""
    soup = BeautifulSoup(page.data, "html.parser")
    for line_break in soup.find_all("br"):
        line_break.replace_with("|")
    return [
        [cell.get_text().replace("\u00a0", " ") for cell in row.find_all(["th", "td"])]
        for row in soup.find_all("tr")
    ]
