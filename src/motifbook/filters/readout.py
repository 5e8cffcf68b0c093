"""What a convolutional filter has learned, as a position probability matrix (PPM).

A filter is scanned over the test set; the windows around the positions that excite it most are
aligned into a PPM. Which positions, how wide a window and how each counts is where the paper's
text and code differ; a `Protocol` says which. Only layers that no pooling precedes can be read so:
pooling blurs where an activation was.

Koo & Eddy 2019, Methods, "Visualizing first layer filters".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from motifbook.motifs.matrices import Motif, information
from motifbook.networks import evaluation
from motifbook.networks.architectures import Architecture
from motifbook.networks.protocols import Protocol
from motifbook.networks.receptive import receptive_field
from motifbook.sequences.datasets import Split

if TYPE_CHECKING:
    import keras

INFORMATIVE = 0.5  # bits; what a column must exceed to be kept when trimming
MARGIN = 3  # columns kept on each side of the informative ones


@dataclass(frozen=True, eq=False)
class Filters:
    """The filters of one layer.

    Attributes
    ----------
    layer : int
        From one.
    ppms : (filters, window, 4) float64
        All zero where a filter has no sites.
    sites : (filters,) int
        Number of positions that each PPM is made of.
    maximum : (filters,) float64
        The activation that the threshold is a part of; zero for a dead filter.
    precision, recall : (filters, classes) float64, or None
        Of the sites against the embedded motifs of each class; see `read`. NaN where a filter
        has no sites.
    """

    layer: int
    ppms: np.ndarray
    sites: np.ndarray
    maximum: np.ndarray
    precision: np.ndarray | None = None
    recall: np.ndarray | None = None


def read(
    model: keras.Model,
    architecture: Architecture,
    protocol: Protocol,
    split: Split,
    layer: int = 1,
    batch: int | None = None,
) -> Filters:
    """Read the PPMs of a layer off a split, in batches: of activations only one is ever held.

    Parameters
    ----------
    model, architecture, protocol
        The trained model, its row of the table and how to read it.
    split : Split
        The test set, usually. With `sites`, the filters' sites are scored against them.
    layer : int
        From one; no pooling may precede it.
    batch : int, optional
        Sequences at a time; by default `evaluation.batch_size`.

    Returns
    -------
    Filters

    Notes
    -----
    The maximum *possible* activation of the first layer is that of the best sequence under the
    filter: the sum over the kernel's columns of their largest weights, through batch norm and ReLU
    (a window that runs off a sequence's end is not considered). For a deeper layer
    it is an upper bound by interval arithmetic (every channel of the layer below between zero and
    its own maximum), which no sequence need reach; such a filter may be left without sites.

    Precision and recall: a site stands for the informative columns of its window (over 0.5 bits,
    first to last). It hits an embedded motif if they share at least half of the shorter of both.
    Precision for a class is the part of a filter's sites that hit a motif of that class, on either
    strand; recall the part of the class's embedded motifs, on both strands, that are hit. A filter
    that reads one strand of a non-palindromic motif can recall about half.

    Raises
    ------
    ValueError
        If pooling precedes the layer.
    """
    convs = architecture.under(protocol).convs
    if not 1 <= layer <= architecture.unpooled_layers:
        raise ValueError(
            f"{architecture.name}: layer {layer} cannot be read; pooling comes after layer "
            f"{architecture.unpooled_layers}, so layers 1 to {architecture.unpooled_layers} can"
        )
    batch = batch or evaluation.batch_size(split.bases.shape[1])
    window = protocol.window or receptive_field((c.size, 1) for c in convs[:layer])[0]
    left, right = window // 2, window - window // 2

    observed = protocol.maximum == "observed"
    if observed:
        maximum = np.full(convs[layer - 1].filters, -np.inf)
    else:
        maximum = _possible_maximum(model, layer)
    batches = []  # of each, every filter's candidates: sequence, position, activation
    for start, active in evaluation.outputs(model, split.bases, f"active_{layer}", batch):
        if observed:
            maximum = np.maximum(maximum, active.max(axis=(0, 1)))
        # What is over the threshold so far holds all that is over the last one.
        sites = sites_of(active, protocol.threshold * maximum, protocol, left, right)
        batches.append([(start + i, j, value) for i, j, value in sites])
    threshold = protocol.threshold * maximum

    counts = np.zeros((len(maximum), window, 4))
    places: list[np.ndarray] = []  # of each filter's sites, in the sequences end to end
    length = split.bases.shape[1]
    padded = np.pad(split.bases, ((0, 0), (left, right)), constant_values=4)
    for f, candidates in enumerate(zip(*batches, strict=True)):
        kept = []
        for sequence, position, value in candidates:
            over = value > threshold[f]
            sequence, position, weight = sequence[over], position[over], value[over].astype(float)
            if protocol.weighting == "equal":
                weight = np.ones_like(weight)
            count_bases(counts[f], padded, sequence, position, weight)
            kept.append(sequence * length + position)
        places.append(np.concatenate(kept))
    number = np.array([len(own) for own in places])
    ppms = as_ppms(counts)
    whole = Filters(layer, ppms, number, maximum)
    if split.sites is None:
        return whole

    classes = split.labels.shape[1]
    hit_sites = np.zeros((len(maximum), classes))
    found = np.zeros((len(maximum), classes))
    embedded = np.bincount(split.sites["tf"], minlength=classes)
    motifs = [split.sites[split.sites["tf"] == tf] for tf in range(classes)]
    for f, ppm in enumerate(ppms):
        first, last = (edge - left for edge in core(ppm))
        for tf in range(classes):
            scored = score_sites(places[f], length, motifs[tf], first, last)
            hit_sites[f, tf], found[f, tf] = scored
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = hit_sites / number[:, None]
        recall = np.where(number[:, None] > 0, found / embedded, np.nan)
    return replace(whole, precision=precision, recall=recall)


def softmax(matrix: np.ndarray) -> np.ndarray:
    """A PPM of any matrix (length, 4), as the authors made one: exp(3 x / max |x|) by column.

    So they read filters off kernels at first, later off activations.
    """
    powers = np.exp(3 * matrix / np.abs(matrix).max())
    return powers / powers.sum(axis=1, keepdims=True)


def trim(ppm: np.ndarray, *, as_archived: bool = False) -> tuple[int, int]:
    """First and past-the-last column to keep: the informative ones and 3 more on each side.

    A PPM without an informative column is left whole; as in the authors' code, so is one whose
    only informative column is the first.

    Parameters
    ----------
    ppm : ndarray, shape (length, 4)
    as_archived : bool
        Which columns are informative is asked of `softmax` of the PPM, as in the authors' code
        up to commit 30b2384 (2019-04-17), whose results they archived; the code since then asks
        the PPM itself. The archive's kernels were trimmed by the same rule.
    """
    matrix = softmax(ppm) if as_archived and ppm.any() else ppm
    informative = np.flatnonzero(information(matrix) > INFORMATIVE)
    if not informative.any():
        return 0, len(ppm)
    return max(informative[0] - MARGIN, 0), min(informative[-1] + MARGIN + 1, len(ppm))


def trimmed(ppms: np.ndarray) -> dict[str, Motif]:
    """The trimmed PPM of each filter that has sites, as it is matched: `filter0`, ...

    As in the records, and by the authors, its width is stated as its number of sites, which decides
    Tomtom's pseudocount.
    """
    parts = {f"filter{f}": ppm[slice(*trim(ppm))] for f, ppm in enumerate(ppms)}
    return {name: Motif(name, "", part, len(part)) for name, part in parts.items() if part.any()}


def core(ppm: np.ndarray) -> tuple[int, int]:
    """First and past-the-last informative column of a (window, 4) PPM; all where there is none."""
    informative = np.flatnonzero(information(ppm) > INFORMATIVE)
    return (informative[0], informative[-1] + 1) if informative.size else (0, len(ppm))


def count_bases(
    counts: np.ndarray,
    padded: np.ndarray,
    sequence: np.ndarray,
    start: np.ndarray,
    weight: np.ndarray,
) -> None:
    """Add the windows of some sites to a filter's counts, in place.

    Parameters
    ----------
    counts : (window, 4) float64
    padded : (n, length + window) uint8
        Sequences with 4 where there is no base, which does not count.
    sequence, start : (sites,) int
        Row, and first column of the window.
    weight : (sites,) float
        What a site counts.
    """
    column = np.arange(len(counts))
    base = padded.ravel().take((sequence * padded.shape[1] + start)[:, None] + column)
    places = (base + 5 * column).ravel()
    added = np.bincount(places, weight.repeat(len(counts)), minlength=5 * len(counts))
    counts += added.reshape(-1, 5)[:, :4]


def as_ppms(counts: np.ndarray) -> np.ndarray:
    """(filters, window, 4) counts as probabilities; all zero where there is none."""
    total = counts.sum(axis=2, keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def sites_of(
    active: np.ndarray, threshold: np.ndarray, protocol: Protocol, left: int = 0, right: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each filter, its sites in a batch of activations: sequence, position, activation.

    `active` is (n, positions, filters) and `threshold` (filters,). Of a site whose `left` or
    `right` positions are not all there, the protocol says whether it is dropped.
    """
    length, number = active.shape[1:]
    if protocol.sites == "all":
        over = np.flatnonzero(active > threshold)  # in the order of sequence, position, filter
    else:
        best = np.expand_dims(active.argmax(axis=1), 1)
        peaks = np.take_along_axis(active, best, axis=1)[:, 0]
        sequence, own = np.nonzero(peaks > threshold)
        over = (sequence * length + best[sequence, 0, own]) * number + own
    place, own = np.divmod(over, number)
    by_filter = np.argsort(own, kind="stable")
    place, value = place[by_filter], active.ravel()[over[by_filter]]
    ends = np.cumsum(np.bincount(own, minlength=number))
    for first, last in zip((0, *ends[:-1]), ends, strict=True):
        sequence, position = np.divmod(place[first:last], length)
        whole = slice(None)
        if protocol.ends == "dropped":
            whole = (position >= left) & (position + right <= length)
        yield sequence[whole], position[whole], value[first:last][whole]


def score_sites(places, length, motifs, first, last) -> tuple[int, int]:
    """How many active positions hit one of these motifs, and how many motifs are hit.

    `places` are the active positions in order, each as sequence * length + position; a position p
    stands for the bases p + first ... p + last - 1. The motifs are of one length and in order.
    """
    width = last - first
    need = (np.minimum(width, motifs["length"]) + 1) // 2
    low = np.clip(motifs["start"] + need - last, 0, length)
    high = np.clip(motifs["start"] + motifs["length"] - need - first + 1, low, length)
    offset = motifs["sequence"].astype(int) * length
    before, ends = np.searchsorted(places, offset + low), np.searchsorted(places, offset + high)
    recalled = np.count_nonzero(ends > before)
    # Count a position once where the reach of two neighbouring motifs overlaps.
    ends[:-1] = np.minimum(ends[:-1], np.maximum(before[1:], before[:-1]))
    return int((ends - before).sum()), int(recalled)


def _possible_maximum(model: keras.Model, layer: int) -> np.ndarray:
    """(filters,) bounds; see the notes of `read`. A kernel is (size, channels, filters)."""
    best = np.array([])  # of each channel below; none stands for a one-hot sequence
    for number in range(1, layer + 1):
        (kernel,) = model.get_layer(f"conv_{number}").get_weights()
        norm = model.get_layer(f"norm_{number}")
        gamma, beta, mean, variance = norm.get_weights()
        kernel = kernel * np.where(gamma < 0, -1, 1)
        if number == 1:
            reach = kernel.max(axis=1).sum(axis=0)
        else:
            reach = (np.maximum(kernel, 0) * best[None, :, None]).sum(axis=(0, 1))
        scale = np.abs(gamma) / np.sqrt(variance + norm.epsilon)
        best = np.maximum(scale * (reach - np.where(gamma < 0, -mean, mean)) + beta, 0)
    return best.astype(float)
