"""A motif slid along sequences: how much likelier each window is under it than by chance."""

from __future__ import annotations

import numpy as np

from motifbook.motifs.matrices import Motif

BACKGROUND = 0.25


def ratios(bases: np.ndarray, motif: Motif) -> np.ndarray:
    """Likelihood ratio of a motif to background at every position, on both strands.

    Parameters
    ----------
    bases : (n, length) integers
        0..3 = A, C, G, T; 4 = ambiguous, which is as likely under a motif as under background.
    motif : Motif

    Returns
    -------
    (n, 2, starts) float64
        Forward strand, then reverse. No starts where the motif is wider than the sequences.
    """
    by_base = np.column_stack([motif.ppm / BACKGROUND, np.ones(motif.width)])
    return _slide(bases, by_base, np.multiply)


def scan(bases: np.ndarray, motif: Motif) -> np.ndarray:
    """The logarithm of `ratios` in bits, (n, 2, starts) float32; −inf where a ratio is zero."""
    with np.errstate(divide="ignore"):
        bits = np.log2(motif.ppm / BACKGROUND)
    by_base = np.column_stack([bits, np.zeros(motif.width)]).astype(np.float32)
    return _slide(bases, by_base, np.add)


def _slide(bases: np.ndarray, by_base: np.ndarray, combine: np.ufunc) -> np.ndarray:
    """(n, 2, starts): a value for each column and base (width, 5), combined over each window."""
    starts = max(bases.shape[1] - len(by_base) + 1, 0)
    result = np.empty((len(bases), 2, starts), by_base.dtype)
    for strand, table in enumerate((by_base, by_base[::-1, [3, 2, 1, 0, 4]])):
        result[:, strand] = table[0][bases[:, :starts]]
        for column in range(1, len(table) if starts else 0):
            combine(
                result[:, strand],
                table[column][bases[:, column : column + starts]],
                out=result[:, strand],
            )
    return result
