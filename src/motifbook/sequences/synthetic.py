"""Sequences with embedded motifs: the paper's synthetic dataset, as run and as written.

`as-run` follows the authors' notebook draw for draw, so its sequences are theirs, base for base;
`as-written` is the text of the Methods section. Where they differ: how many motifs a sequence
gets, and how motifs are spaced.
"""

from __future__ import annotations

import operator

import numpy as np

from motifbook.motifs import matrices
from motifbook.sequences.datasets import SITE, Dataset, Split, cached

LENGTH = 200
COUNT_PROBABILITY = {
    "as-run": (0.50, 0.25, 0.17, 0.05, 0.03),
    "as-written": (0.2, 0.2, 0.2, 0.2, 0.2),
}
"""P(1), ..., P(5) motifs in a sequence."""
SMALLEST_GAP = {"as-run": 0, "as-written": 1}
"""Least number of background bases between motifs, and to the ends (nt)."""
FRACTIONS = (0.7, 0.1, 0.2)
_DISPLAYED = 10  # models that the authors' notebook draws only to show them, before the dataset
_THRESHOLDS = np.cumsum((0, *COUNT_PROBABILITY["as-run"][:-1]))


def configuration(protocol: str = "as-run", seed: int = 33, number: int = 25_000) -> dict:
    """Everything that decides the dataset, checked.

    Raises
    ------
    ValueError
        If the protocol is unknown, the seed is not in 0..2**32-1, or `number` is too small to
        give every split a sequence or too large for memory.
    TypeError
        If seed or number is not a whole number.
    """
    if protocol not in COUNT_PROBABILITY:
        known = ", ".join(COUNT_PROBABILITY)
        raise ValueError(f"dataset protocol {protocol!r} is unknown; there are: {known}")
    seed, number = operator.index(seed), operator.index(number)
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must lie in 0..{2**32 - 1}, found {seed}")
    if not 10 <= number <= 10_000_000:
        raise ValueError(f"number of sequences must lie in 10..10,000,000, found {number}")
    return {
        "dataset": "synthetic",
        "protocol": protocol,
        "seed": seed,
        "number": number,
        "length": LENGTH,
        "motifs": list(matrices.GROUND_TRUTH.values()),
        "fractions": list(FRACTIONS),
    }


def make(protocol: str = "as-run", seed: int = 33, number: int = 25_000) -> Dataset:
    """Simulate the dataset.

    Parameters
    ----------
    protocol : "as-run" or "as-written"
    seed : int
        33 is the authors' own.
    number : int
        Sequences in all, 10 to 10,000,000 (some 5 kB of memory each while they are made); split
        0.7, 0.1, 0.2 at random.

    Returns
    -------
    Dataset
        200-nt sequences, labels for `matrices.TFS`, and every embedded site.

    Raises
    ------
    ValueError, TypeError
        As `configuration`.

    Notes
    -----
    Koo & Eddy 2019, Methods, "Synthetic dataset"; for `as-run`, the random stream of the
    authors' notebook, which a frozen `RandomState` still gives.
    """
    config = configuration(protocol, seed, number)
    pool = matrices.pwm_pool()
    draw = _draw_as_run if protocol == "as-run" else _draw_as_written
    widths = np.array([motif.width for motif in pool])
    counts, picks, starts, uniforms, order = draw(seed, number, widths)

    sequence, slot = np.nonzero(np.arange(picks.shape[1]) < counts[:, None])
    pick, start = picks[sequence, slot], starts[sequence, slot]

    # Every position of every sequence is a row of one table of cumulative base probabilities:
    # row 0 is background, then come the columns of the 24 PWMs.
    table = np.cumsum(np.concatenate([np.full((1, 4), 0.25)] + [m.ppm for m in pool]), axis=1)
    first_row = 1 + np.concatenate([[0], np.cumsum(widths)[:-1]])
    rows = np.zeros((number, LENGTH), np.int32)
    for which, width in enumerate(widths):
        here = pick == which
        columns = np.arange(width)
        rows[sequence[here, None], start[here, None] + columns] = first_row[which] + columns
    # A base is the first whose cumulative probability exceeds its uniform number.
    bases = np.zeros((number, LENGTH), np.uint8)
    for base in range(3):
        bases += table[:, base][rows] <= uniforms

    labels = np.zeros((number, len(matrices.TFS)), np.uint8)
    labels[sequence, pick // 2] = 1
    sites = np.zeros(len(sequence), SITE)
    sites["sequence"], sites["start"], sites["length"] = sequence, start, widths[pick]
    sites["tf"], sites["strand"] = pick // 2, np.where(pick % 2, -1, 1)

    ends = np.round(np.cumsum(FRACTIONS) * number).astype(int)
    train, valid, test = (_part(bases, labels, sites, rows) for rows in np.split(order, ends[:-1]))
    relevant = dict(matrices.RELEVANT)
    return Dataset("synthetic", matrices.TFS, train, valid, test, config, relevant)


def get(protocol: str = "as-run", seed: int = 33, number: int = 25_000) -> Dataset:
    """`make`, through the cache."""
    config = configuration(protocol, seed, number)
    return cached("synthetic", config, lambda: make(protocol, seed, number))


def _part(bases: np.ndarray, labels: np.ndarray, sites: np.ndarray, chosen: np.ndarray) -> Split:
    place = np.full(len(bases), -1)
    place[chosen] = np.arange(len(chosen))
    mine = sites[place[sites["sequence"]] >= 0].copy()
    mine["sequence"] = place[mine["sequence"]]
    return Split(bases[chosen], labels[chosen], mine[np.lexsort((mine["start"], mine["sequence"]))])


def _draw_as_run(seed: int, number: int, widths: np.ndarray):
    """The authors' draws, one at a time because the stream is one."""
    stream = np.random.RandomState(seed)
    counts = np.zeros(number, int)
    picks = np.zeros((number, 5), int)
    starts = np.zeros((number, 5), int)
    uniforms = np.empty((number, LENGTH))
    for _ in range(_DISPLAYED):
        _model_as_run(stream, widths)
    for n in range(number):
        pick, start = _model_as_run(stream, widths)
        counts[n] = count = len(pick)
        picks[n, :count], starts[n, :count] = pick, start
        uniforms[n] = stream.rand(LENGTH)
    return counts, picks, starts, uniforms, stream.permutation(number)


def _model_as_run(stream: np.random.RandomState, widths: np.ndarray):
    """The authors' model of one sequence: which of the 24 PWMs it gets, and where they start."""
    count = int(np.searchsorted(_THRESHOLDS, stream.rand(), side="right"))
    while True:
        pick = stream.randint(len(widths), size=count)
        free = LENGTH - widths[pick].sum()
        if free > 0:
            break
    while True:
        gaps = stream.rand(count + 1)
        gaps = np.round(gaps / gaps.sum() * free).astype(int)
        if gaps.sum() == free:
            break
    return pick, np.cumsum(gaps)[:-1] + np.cumsum(widths[pick]) - widths[pick]


def _draw_as_written(seed: int, number: int, widths: np.ndarray):
    """The Methods' draws, all sequences at once; every placement of the motifs equally likely."""
    stream = np.random.default_rng(seed)
    counts = stream.choice(5, size=number, p=COUNT_PROBABILITY["as-written"]) + 1
    picks = stream.integers(len(widths), size=(number, 5))
    present = np.arange(5) < counts[:, None]
    taken = np.where(present, widths[picks], 0)
    # With g free bases left once every gap has its one base, a placement is a choice of `count`
    # out of g + count slots; the smallest of equally distributed keys make that choice.
    slots = LENGTH - taken.sum(1) - (counts + 1) * SMALLEST_GAP["as-written"] + counts
    keys = stream.random((number, LENGTH))
    keys[np.arange(LENGTH) >= slots[:, None]] = 2
    chosen = np.argpartition(keys, 5, axis=1)[:, :5]
    ranked = np.argsort(np.take_along_axis(keys, chosen, 1), axis=1)
    chosen = np.take_along_axis(chosen, ranked, 1)
    chosen = np.sort(np.where(present, chosen, LENGTH), axis=1)
    before = np.cumsum(taken, axis=1) - taken
    # The j-th motif starts after its slot's free bases, the motifs before it (each of which also
    # used a slot), and j + 1 obligatory bases.
    starts = chosen - np.arange(5) + before + np.arange(1, 6) * SMALLEST_GAP["as-written"]
    uniforms = stream.random((number, LENGTH))
    return counts, picks, starts, uniforms, stream.permutation(number)
