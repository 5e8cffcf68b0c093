"""Simulated sequences that are richer, towards real ones, with their truth known: `richer`.

Of the paper's motifs and length, as `synthetic`, but with four things of real data:

1. the background is that of `planted`: bases of ChIP-seq peaks, shuffled;
2. the classes are as unequal as the labels of the paper's Table S1, and several meet in one
   sequence as often as they would if they were independent, but for this: each sequence has one;
3. sites are weak: of each, a part of the bases stays background, and how large a part is drawn
   evenly from 0 to `WEAKEST`;
4. sites come in pairs: with probability `PAIRED` a site gets a neighbour, another of the same TF or
   that of another label of the sequence, in the arrangement of these two, where there is room.

None of it says how real sites are; it is what an assembly of parts could be of use for.
"""

from __future__ import annotations

import numpy as np

from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif
from motifbook.sequences import chipseq, deepsea, planted, synthetic
from motifbook.sequences.datasets import SITE, Dataset, Split, cached
from motifbook.sequences.synthetic import LENGTH

NAME = "richer"
WEAKEST = 0.25
"""The largest part of a site's bases, on average, that stay background. It was chosen before any
network was trained on it: with it the best site of each motif, by the motif mixed with as much
background as a site has on average, tells its class about as well as the paper's networks do in
vivo (AUROC 0.90, AUPR 0.65)."""
PAIRED = 0.5
"""Probability of a neighbour."""
WIDEST_GAP = 10
"""Most bases between two neighbours, in nt; each of 0..10 is as likely for a pair of TFs."""


def configuration(seed: int = 33, number: int = 25_000) -> dict:
    """Everything that decides the dataset; the parameters are those of `make`.

    Raises
    ------
    ValueError, TypeError
        As `synthetic.configuration`.
    """
    plain = synthetic.configuration("as-run", seed, number)
    return {
        **{key: plain[key] for key in ("seed", "number", "length", "motifs", "fractions")},
        "dataset": NAME,
        "classes": {"sequences": deepsea.TRAINING, "positives": _positives().tolist()},
        "weakest": WEAKEST,
        "paired": PAIRED,
        "widest_gap": WIDEST_GAP,
        "background": planted.made_from(),
    }


def make(seed: int = 33, number: int = 25_000) -> Dataset:
    """Simulate the dataset.

    Parameters
    ----------
    seed : int
    number : int
        Sequences in all, split 0.7, 0.1, 0.2.

    Returns
    -------
    Dataset
        Of the length and the classes of `synthetic.make`, with every embedded site.

    Raises
    ------
    FileNotFoundError
        If the peaks were not fetched; the error says which command does that.
    ValueError, TypeError
        As `configuration`.
    """
    config = configuration(seed, number)
    own, peaks = synthetic.embedded(config), chipseq.seven()
    stream = np.random.default_rng(seed)
    arrangements = draw_arrangements(len(own), stream)
    likely = independent(shares())
    ends = np.round(np.cumsum([0, *config["fractions"]]) * number).astype(int)
    splits = {}
    for (part, split), rows in zip(peaks.splits.items(), np.diff(ends), strict=True):
        labels = draw_labels(rows, likely, stream)
        sites = draw_sites(labels, own, arrangements, PAIRED, stream)
        bases = planted.background(split.bases, rows, LENGTH, stream)
        embed(bases, sites, own, WEAKEST, stream)
        splits[part] = Split(bases, labels, sites)
    classes = tuple(motif.name for motif in own)
    return Dataset(NAME, classes, **splits, config=config, relevant=synthetic.relevant(own))


def get(seed: int = 33, number: int = 25_000) -> Dataset:
    """`make`, through the cache."""
    config = configuration(seed, number)
    return cached(NAME, config, lambda: make(seed, number))


def independent(shares: np.ndarray) -> np.ndarray:
    """Probabilities of independent labels that have these shares where at least one is there.

    Parameters
    ----------
    shares : (classes,)
        Of the sequences that have a label; they sum to more than 1.
    """
    any_label = 1.0
    for _ in range(1_000):
        any_label = 1 - float(np.prod(1 - shares * any_label))
    return shares * any_label


def draw_arrangements(classes: int, stream: np.random.Generator) -> np.ndarray:
    """How two neighbours stand to each other, as `draw_sites` takes it: (classes, classes, 2)."""
    gaps = stream.integers(WIDEST_GAP + 1, size=(classes, classes))
    return np.stack([gaps, stream.choice([1, -1], size=(classes, classes))], axis=-1)


def draw_labels(number: int, likely: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """Labels of sequences, each drawn again until it has one: (number, classes) uint8."""
    labels = stream.random((number, len(likely))) < likely
    while (none := ~labels.any(axis=1)).any():
        labels[none] = stream.random((none.sum(), len(likely))) < likely
    return labels.astype(np.uint8)


def draw_sites(
    labels: np.ndarray,
    motifs: list[Motif],
    arrangements: np.ndarray,
    paired: float,
    stream: np.random.Generator,
) -> np.ndarray:
    """Where the sites of each sequence lie, none on another: an array of SITE.

    Parameters
    ----------
    labels : (n, classes) uint8
    motifs : list of Motif
        One a class.
    arrangements : (classes, classes, 2) int
        Of two neighbours, by their classes in order: the bases between them, and the strand of the
        second (+1 or -1) where the first lies forward.
    paired : float
        Probability that a site gets a neighbour, where there is room for it.
    stream : Generator
    """
    widths = [motif.width for motif in motifs]
    found = []
    for sequence, label in enumerate(labels):
        waiting = stream.permutation(np.flatnonzero(label)).tolist()
        room = LENGTH - sum(widths[tf] for tf in waiting)  # all twelve take 140 nt
        blocks = []
        while waiting:
            tf = waiting.pop()
            block = [(tf, 0, 1)]
            if stream.random() < paired:
                other = [*waiting, tf][stream.integers(len(waiting) + 1)]
                a, b = sorted((tf, other))
                gap, strand = arrangements[a, b]
                needed = gap + (widths[tf] if other == tf else 0)
                if needed <= room:
                    room -= needed
                    waiting = [one for one in waiting if one != other]
                    block = [(a, 0, 1), (b, widths[a] + gap, strand)]
            blocks.append(block)
        lengths = [block[-1][1] + widths[block[-1][0]] for block in blocks]
        free = np.sort(stream.integers(room + 1, size=len(blocks)))
        begins = free + np.cumsum(lengths) - lengths
        for block, begin, length in zip(blocks, begins, lengths, strict=True):
            turned = stream.random() < 0.5
            for tf, offset, strand in reversed(block) if turned else block:
                start = length - offset - widths[tf] if turned else offset
                sign = -strand if turned else strand
                found.append((sequence, begin + start, widths[tf], tf, sign))
    return np.array(found, SITE)


def in_pairs(split: Split, arrangements: np.ndarray | None = None) -> np.ndarray:
    """Of which TFs a sequence has a site that stands in a pair: (n, classes) bool.

    A few sites stand by chance as a pair does, and count.

    Parameters
    ----------
    split : Split
        With sites.
    arrangements : (classes, classes, 2) int, optional
        As for `draw_sites`; those of the dataset of seed 33 unless given.

    Raises
    ------
    ValueError
        If nobody knows the sites.
    """
    if split.sites is None:
        raise ValueError("pairs are told of a split whose embedded sites are known")
    found = np.zeros(split.labels.shape, bool)
    if arrangements is None:
        arrangements = draw_arrangements(split.labels.shape[1], np.random.default_rng(33))
    left, right = split.sites[:-1], split.sites[1:]
    first, second = (order(left["tf"], right["tf"]) for order in (np.minimum, np.maximum))
    gap, strand = arrangements[first, second].T
    forward = (left["tf"] == first) & (left["strand"] == 1) & (right["strand"] == strand)
    turned = (right["tf"] == first) & (right["strand"] == -1) & (left["strand"] == -strand)
    apart = right["start"] - left["start"] - left["length"]
    together = (left["sequence"] == right["sequence"]) & (apart == gap) & (forward | turned)
    for side in (left[together], right[together]):
        found[side["sequence"], side["tf"]] = True
    return found


def embed(
    bases: np.ndarray,
    sites: np.ndarray,
    motifs: list[Motif],
    weakest: float,
    stream: np.random.Generator,
) -> None:
    """Write sites into sequences: bases of the motif, but for a part of each that stays.

    Parameters
    ----------
    bases : (n, length) uint8
        The background; changed.
    sites : (m,) SITE
    motifs : list of Motif
        One a class.
    weakest : float
        The largest part that stays, in 0..1; a site's own is drawn evenly from 0 to it.
    stream : Generator
    """
    for number, motif in enumerate(matrices.both_strands(motifs)):
        mine = sites[(sites["tf"] == number // 2) & (sites["strand"] == (-1) ** number)]
        columns = np.arange(motif.width)
        place = mine["sequence"][:, None], mine["start"][:, None] + columns
        # A base is the first whose cumulative probability exceeds its uniform number.
        uniforms = stream.random((len(mine), motif.width, 1))
        drawn = (np.cumsum(motif.ppm, axis=1)[:, :3] <= uniforms).sum(axis=2)
        stays = stream.random(drawn.shape) < stream.uniform(0, weakest, (len(mine), 1))
        bases[place] = np.where(stays, bases[place], drawn)


def shares() -> np.ndarray:
    """Part of Table S1's training sequences that have each label, in the order of the classes."""
    return _positives() / deepsea.TRAINING


def _positives() -> np.ndarray:
    table = deepsea.table_s1().set_index("tf")
    return table.loc[list(matrices.TFS), "training_positives"].to_numpy()
