"""How much of a motif a filter of some size can hold, and how much of it a filter does hold.

A filter of nine columns reads nine bases, but its PPM is as wide as the window in which its sites
were aligned (19 nt, as run): beside the nine columns it shows what lies next to them in the data.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.records.runs import Record

_FILTER = ("model", "label", "trial", "filter", "tf", "target", "size", "width")
HELD = (*_FILTER, "start", "read", "shown")
"""The columns of `held`."""
NARROW = ("cnn9-4", "cnn9-25")
"""The models whose first filters have nine columns."""
NARROWED = ("run", "started", "model", "match_any", "match_relevant")
"""The columns of `narrowed`."""


def best_window(ppm: np.ndarray, size: int) -> tuple[int, float]:
    """The neighbouring columns that hold most of a motif's information.

    Parameters
    ----------
    ppm : ndarray, shape (length, 4)
    size : int
        How many columns.

    Returns
    -------
    start : int
        The first of them (0 where the motif is no wider than `size`).
    share : float
        What they hold of the motif's information, 0 to 1.

    Raises
    ------
    ValueError
        If `size` is below one, or the motif has no information.
    """
    if size < 1:
        raise ValueError(f"size must be at least one column, found {size}")
    bits = matrices.information(ppm)
    if not bits.sum() > 0:
        raise ValueError("a motif without information has no best window")
    held = np.convolve(bits, np.ones(min(size, len(bits))), mode="valid")
    start = int(held.argmax())
    return start, float(min(held[start] / bits.sum(), 1.0))


def embedded(sizes: Iterable[int]) -> pd.DataFrame:
    """The embedded motifs: `columns`, `bits`, and the share held by the best window of each size.

    One row per TF, in label order; a column per size, named by it.
    """
    sizes = list(sizes)
    return pd.DataFrame(
        {
            "columns": motif.width,
            "bits": matrices.information(motif.ppm).sum(),
            **{size: best_window(motif.ppm, size)[1] for size in sizes},
        }
        for motif in matrices.ground_truth()
    ).set_axis(list(matrices.TFS))


def held(records: Iterable[Record]) -> pd.DataFrame:
    """How much of its motif each relevant first-layer filter holds, by Tomtom's alignment.

    Returns
    -------
    DataFrame
        One row per filter with a relevant match: `model`, `label`, `trial`, `filter`, `tf` (what
        it has learned, `Filter.learned_tf`), `target`, `size` (of the filter), `width` (of the
        target), `start` (the first of the target's columns, as JASPAR has it, on which the filter's
        weights lie; below zero where they begin before it), and two shares of the target's
        information: `read`, of the columns that the filter's own weights lie on; `shown`, of those
        that its trimmed PPM lies on.

    Notes
    -----
    Column c of the window lies on column c - trim + offset of the target, read in the orientation
    of the match. The weights span the window's middle: a convolution of size k, padded to keep the
    length, reads (k - 1) // 2 bases before its position, and the window begins window // 2 before.
    """
    targets = {motif.id: motif for motif in matrices.jaspar()}
    rows = []
    for record in records:
        size = record.configuration["architecture"]["convs"][0]["size"]
        layer = record.layer(1)
        first = layer.window // 2 - (size - 1) // 2
        for one in layer.filters:
            if (hit := one.relevant_hit) is None:
                continue
            target = targets[hit.target]
            oriented = target if hit.orientation == "+" else target.reverse_complement()
            bits = matrices.information(oriented.ppm)
            shift = hit.offset - one.trim[0]
            start = first + shift
            if hit.orientation == "-":
                start = target.width - start - size

            def share(start: int, stop: int, bits=bits, shift=shift) -> float:
                return float(bits[max(start + shift, 0) : max(stop + shift, 0)].sum() / bits.sum())

            rows.append(
                {
                    "model": record.run.model,
                    "label": record.label,
                    "trial": record.run.trial,
                    "filter": one.filter,
                    "tf": one.learned_tf,
                    "target": target.id,
                    "size": size,
                    "width": target.width,
                    "start": start,
                    "read": share(first, first + size),
                    "shown": share(*one.trim),
                }
            )
    return pd.DataFrame(rows, columns=HELD)


def narrowed(records: Iterable[Record], window: int = 9) -> pd.DataFrame:
    """Match fractions if first-layer PPMs had been read in a narrower window, and not trimmed.

    So the authors' archived run of CNN9-4 and CNN9-25 has it (window 9). The sites are the same,
    so the narrower PPM is the middle of the recorded one.

    Returns
    -------
    DataFrame
        One row per record, with the columns `NARROWED`: `run` (as text) and `started` (when it
        was trained) say which record it is.

    Raises
    ------
    ValueError
        If a recorded window is narrower.
    """
    records = list(records)
    queries = []
    for number, record in enumerate(records):
        recorded = record.layer(1).window
        if window > recorded:
            raise ValueError(f"{record.run}: its window is {recorded} nt, {window} were asked for")
        first = recorded // 2 - window // 2
        for one in record.layer(1).filters:
            ppm = np.asarray(one.ppm)[first : first + window]
            queries.append(Motif(f"{number}_{one.filter}", "", ppm, window))
    if not queries:
        return pd.DataFrame(columns=NARROWED)
    found = tomtom.verdicts(tomtom.match(queries, matrices.jaspar()))
    by_record = found[["any", "relevant"]].groupby(
        found.index.str.partition("_").get_level_values(0)
    )
    fractions = by_record.mean()
    return pd.DataFrame(
        {
            "run": str(record.run),
            "started": record.started,
            "model": record.run.model,
            "match_any": float(fractions.loc[str(number), "any"]),
            "match_relevant": float(fractions.loc[str(number), "relevant"]),
        }
        for number, record in enumerate(records)
    )
