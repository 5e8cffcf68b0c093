"""Sites that nobody embedded: windows of random DNA that look like a motif by chance.

A sequence is labelled by what was embedded in it. Where a motif also arises by chance, the label
says that it is absent: a false negative label. How many there are depends on how good a window has
to be to count, so the measure is taken from the embedded sites themselves: "as good as half of
them" is a threshold at their median.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from motifbook.motifs.matrices import Motif, ground_truth, information
from motifbook.motifs.scanning import scan
from motifbook.sequences.datasets import SITE, Split


def embedded_threshold(split: Split, number: int, name: str, scores: np.ndarray):
    """What a given share of a motif's embedded copies score at least, as a function of the share.

    Parameters
    ----------
    split : Split
        With sites.
    number, name : int, str
        The motif's class.
    scores : (n, 2, starts)
        Of the motif, from `scan`.

    Raises
    ------
    ValueError
        If nobody knows the sites, or the class has no embedded motif.
    """
    if split.sites is None:
        raise ValueError(f"what embedded motifs of {name} score: a split with sites is needed")
    mine = split.sites[split.sites["tf"] == number]
    if not len(mine):
        raise ValueError(f"no motif of {name} is embedded in this split")
    embedded = scores[mine["sequence"], (mine["strand"] < 0).astype(int), mine["start"]]
    return lambda share: np.quantile(embedded, 1 - share, method="lower")


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
        `threshold` (bits), `negatives` (sequences without the motif), `with_one` (those of them
        with a chance site), `fraction` (with_one / negatives), `mislabelled` (of all sequences with
        a window that good, the share labelled as without), `in_motifs` (share of the chance sites
        that lie for more than half in another TF's embedded motif; NaN without chance sites).

    Raises
    ------
    ValueError
        If nobody knows the sites, a class has no embedded motif, or a share is not in 0..1.
    """
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"shares of the embedded motifs must lie in 0..1, found {list(shares)}")
    covered = _covered(split)
    rows = []
    for number, motif in enumerate(ground_truth() if truth is None else truth):
        scores = scan(split.bases, motif)
        at_least = embedded_threshold(split, number, motif.name, scores)
        negative = split.labels[:, number] == 0
        for share in shares:
            threshold = at_least(share)
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
                    "with_one": int((carries & negative).sum()),
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


def _covered(split: Split) -> np.ndarray:
    """(n, length + 1): how many of a sequence's first bases lie in embedded motifs."""
    if split.sites is None:
        raise ValueError("chance sites need a split whose embedded sites are known")
    edges = np.zeros((len(split), split.bases.shape[1] + 1), np.int32)
    np.add.at(edges, (split.sites["sequence"], split.sites["start"]), 1)
    np.add.at(edges, (split.sites["sequence"], split.sites["start"] + split.sites["length"]), -1)
    inside = np.cumsum(edges, axis=1)[:, :-1] > 0
    return np.pad(np.cumsum(inside, axis=1), ((0, 0), (1, 0)))
