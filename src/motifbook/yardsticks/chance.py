"""Sites that nobody embedded: windows of random DNA that look like a motif by chance.

A sequence is labelled by what was embedded in it. Where a motif also arises by chance, the label
says that it is absent: a false negative label. How many there are depends on how good a window has
to be to count, so the measure is taken from the embedded sites themselves: "as good as half of
them" is a threshold at their median.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from motifbook.motifs.matrices import Motif, ground_truth, information
from motifbook.sequences.datasets import SITE, Split

BACKGROUND = 0.25


def scan(bases: np.ndarray, motif: Motif) -> np.ndarray:
    """Log-likelihood ratio of a motif to background at every position, on both strands.

    Parameters
    ----------
    bases : (n, length) uint8
        0..3 = A, C, G, T; 4 = ambiguous, which counts nothing.
    motif : Motif

    Returns
    -------
    (n, 2, starts) float32
        In bits; forward strand, then reverse. −inf where the motif cannot make the window. No
        starts where the motif is wider than the sequences.
    """
    n, length = bases.shape
    starts = max(length - motif.width + 1, 0)
    total = np.zeros((n, 2, starts), np.float32)
    for strand, ppm in enumerate((motif.ppm, motif.ppm[::-1, ::-1])):
        with np.errstate(divide="ignore"):
            bits = np.log2(ppm / BACKGROUND)
        bits = np.column_stack([bits, np.zeros(len(bits))]).astype(np.float32)
        for column in range(motif.width if starts else 0):
            total[:, strand] += bits[column][bases[:, column : column + starts]]
    return total


def survey(
    split: Split, truth: Sequence[Motif] | None = None, shares: Sequence[float] = (0.9, 0.5)
) -> pd.DataFrame:
    """How often a motif arises by chance, and what that does to the labels.

    A chance site is a window, on either strand, of a sequence in which no motif of this TF was
    embedded, that scores at least as high as a given share of the embedded motifs do.

    Parameters
    ----------
    split : Split
        With sites.
    truth : sequence of Motif, optional
        One a class; the twelve ground-truth motifs unless given.
    shares : sequence of float
        Of the embedded motifs, in 0..1: 0.9 asks for windows as good as nine of ten of them.

    Returns
    -------
    DataFrame
        One row per TF and share: `tf`, `width` (nt), `bits` (the motif's information), `share`,
        `threshold` (bits), `negatives` (sequences without the motif), `carriers` (those of them
        with a chance site), `fraction` (carriers / negatives), `mislabelled` (of all sequences with
        a window that good, the share labelled as without), `in_motifs` (share of the chance sites
        that lie for more than half in another TF's embedded motif; NaN without chance sites).

    Raises
    ------
    ValueError
        If nobody knows the sites, a class has no embedded motif, or a share is not in 0..1.
    """
    if split.sites is None:
        raise ValueError("chance sites need a split whose embedded sites are known")
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"shares of the embedded motifs must lie in 0..1, found {list(shares)}")
    covered = _covered(split)
    rows = []
    for number, (motif, scores) in enumerate(_scans(split, truth)):
        mine = split.sites[split.sites["tf"] == number]
        if not len(mine):
            raise ValueError(f"no motif of {motif.name} is embedded in this split")
        embedded = scores[mine["sequence"], (mine["strand"] < 0).astype(int), mine["start"]]
        negative = split.labels[:, number] == 0
        for share in shares:
            threshold = np.quantile(embedded, 1 - share, method="lower")
            good = scores >= threshold
            carries = good.any((1, 2))
            row, _, start = np.nonzero(good & negative[:, None, None])
            inside = (covered[row, start + motif.width] - covered[row, start]) / motif.width
            rows.append(
                {
                    "tf": motif.name,
                    "width": motif.width,
                    "bits": float(information(motif.ppm).sum()),
                    "share": share,
                    "threshold": float(threshold),
                    "negatives": int(negative.sum()),
                    "carriers": int((carries & negative).sum()),
                    "fraction": float((carries & negative).sum() / max(negative.sum(), 1)),
                    "mislabelled": float((carries & negative).sum() / carries.sum()),
                    "in_motifs": float(np.mean(inside > 0.5)) if len(inside) else np.nan,
                }
            )
    return pd.DataFrame(rows)


def best_site(split: Split, number: int, motif: Motif) -> tuple[np.ndarray, float]:
    """The best chance site of a motif that touches no embedded motif.

    Parameters
    ----------
    split : Split
        With sites.
    number : int
        The motif's class.
    motif : Motif

    Returns
    -------
    site : SITE, shape (1,)
        Where it lies, among the sequences without this class; the first of equally good ones.
    bits : float
        Its log-likelihood ratio.

    Raises
    ------
    ValueError
        If there is no place for one.
    """
    scores = scan(split.bases, motif)
    covered = _covered(split)
    starts = np.arange(scores.shape[2])
    free = covered[:, starts + motif.width] == covered[:, starts]
    free &= (split.labels[:, number] == 0)[:, None]
    scores = np.where(free[:, None], scores, -np.inf)
    if not np.isfinite(scores).any():
        raise ValueError(f"no sequence of this split has a chance site of {motif.name}")
    row, strand, start = np.unravel_index(np.argmax(scores), scores.shape)
    site = np.array([(row, start, motif.width, number, -1 if strand else 1)], SITE)
    return site, float(scores[row, strand, start])


def _scans(split: Split, truth: Sequence[Motif] | None) -> Iterator[tuple[Motif, np.ndarray]]:
    for motif in ground_truth() if truth is None else truth:
        yield motif, scan(split.bases, motif)


def _covered(split: Split) -> np.ndarray:
    """(n, length + 1): how many of a sequence's first bases lie in embedded motifs."""
    edges = np.zeros((len(split), split.bases.shape[1] + 1), np.int32)
    np.add.at(edges, (split.sites["sequence"], split.sites["start"]), 1)
    np.add.at(edges, (split.sites["sequence"], split.sites["start"] + split.sites["length"]), -1)
    inside = np.cumsum(edges, axis=1)[:, :-1] > 0
    return np.pad(np.cumsum(inside, axis=1), ((0, 0), (1, 0)))
