"""Koo & Eddy's toy network (2019, Fig 1), computed: what a second layer sees after max-pooling.

Two first-layer filters detect the words GTG and CAC; max-pooling blurs where; a second-layer
filter looks at three neighbouring pooled positions ("cells") of both feature maps. A *view* is
what it finds there: six bits, which of the three cells hold which of the two words. This module
asks how well views tell apart patterns that consist of the same two words.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd

from motifbook.networks.architectures import MODELS
from motifbook.sequences.datasets import AMBIGUOUS, BASES, encode, one_hot

WORDS = ("GTG", "CAC")
"""What the two first-layer filters detect, in channel order (Fig 1: top and bottom filter)."""
FILTER_SIZE = 7
PATTERNS = ("CACGTG", "GTGCAC", "CACNNNGTG")
AMBIGUOUS_PATTERN = "CACNGTG"
"""The text's ambiguous case: it may fire the second-layer filter of CACGTG."""
TOY = "CTAATCTCACGTGTCAGCGAGCGATAGGTGCACTCCTGAGCCCTTCACCAAGTGCTTGCA"
"""A 60-nt sequence in place of Fig 1's, of which the paper's text gives the patterns but not the
letters between them. Drawn at random until neither word stood outside the patterns."""
SITES = {"CACGTG": 7, "GTGCAC": 27, "CACNNNGTG": 45}
"""Where TOY holds each pattern (0-based start)."""
CELLS = 3
"""Pooled positions that a second-layer filter spans."""
LARGEST_POOL = 50
"""Backgrounds are long enough for pools up to this size (nt)."""
ALIKE = 0.5
"""Below this distance two patterns are called alike: shown one of each, the best second-layer
filter picks the right one less than three times in four, (1 + 0.5) / 2."""

_FLANK = 4 * LARGEST_POOL  # more than any cell that a view of the pattern holds can reach
_LONGEST = max(map(len, PATTERNS))
_LENGTH = 2 * _FLANK + _LONGEST


# --- The network's first half -----------------------------------------------------------------


def first_layer() -> np.ndarray:
    """The two filters as a kernel of shape (7, 4, 2): size, base A C G T, filter.

    Each has ones at its word in the three central columns, zeros elsewhere.
    """
    kernel = np.zeros((FILTER_SIZE, len(BASES), len(WORDS)), "float32")
    start = (FILTER_SIZE - 3) // 2
    for channel, word in enumerate(WORDS):
        kernel[start : start + 3, :, channel] = one_hot(encode(word))
    return kernel


def feature_maps(bases: np.ndarray) -> np.ndarray:
    """First-layer activations: ReLU(convolution − 2), zero-padded by 3 so that lengths agree.

    A word's three bases score 3, so only an exact word is active, with 1, at its middle base;
    anything less is silent. Real filters are graded; here a partial match is nothing.

    Parameters
    ----------
    bases : (n, length) uint8
        0..3 = A, C, G, T; 4 matches nothing.

    Returns
    -------
    (n, length, 2) bool
        True where the word of `WORDS` stands.
    """
    kernel = first_layer()
    pad = FILTER_SIZE // 2
    padded = np.pad(one_hot(bases), ((0, 0), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, FILTER_SIZE, axis=1)
    scores = np.tensordot(windows, kernel, axes=([3, 2], [0, 1]))
    return np.maximum(scores - 2, 0) > 0


def grid(length: int, pool: int, stride: int | None = None, shift: int = 0) -> np.ndarray:
    """First position of each pooling window over `length` positions, with `same` padding.

    Padding is split as TensorFlow does, the odd one to the right. `shift` moves the grid to the
    left by so many positions, which is what moving the sequence to the right would do. A window
    may begin before position 0 or end past the last; it then covers what there is.

    Raises
    ------
    ValueError
        Unless 1 <= stride <= pool and 0 <= shift < stride.
    """
    stride = _checked(pool, stride)
    if not 0 <= shift < stride:
        raise ValueError(f"shift must lie in 0..{stride - 1} (stride − 1), found {shift}")
    outputs = -(-length // stride)
    padding = max((outputs - 1) * stride + pool - length, 0)
    starts = -(padding // 2) - shift + stride * np.arange(outputs + 1)
    covers = (starts + pool > 0) & (starts < length)
    return starts[covers] if shift else starts[:outputs]


def max_pool(maps: np.ndarray, pool: int, stride: int | None = None, shift: int = 0) -> np.ndarray:
    """(n, length, 2) feature maps max-pooled on `grid`: (n, cells, 2)."""
    starts = grid(maps.shape[1], pool, stride, shift)
    return np.stack([maps[:, max(start, 0) : start + pool].max(axis=1) for start in starts], axis=1)


def receptive_field(steps: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Receptive field of a stack of convolutions and poolings, and the distance between two.

    With size k and stride s of each step, first to last,
    r = 1 + sum over steps of (k − 1) × (product of the strides before it)
    (Araujo, Norris & Sim, Distill 2019, doi:10.23915/distill.00021).

    Parameters
    ----------
    steps : iterable of (size, stride)
        A convolution is (filter size, 1), a pooling (pool size, pool stride).

    Returns
    -------
    size : int
        Input positions (nt) that reach one neuron.
    jump : int
        Input positions (nt) between the receptive fields of neighbouring neurons.

    Raises
    ------
    ValueError
        If a size or stride is below 1.
    """
    size, jump = 1, 1
    for width, stride in steps:
        if width < 1 or stride < 1:
            raise ValueError(f"sizes and strides must be at least 1, found {(width, stride)}")
        size += (width - 1) * jump
        jump *= stride
    return size, jump


# --- What a second-layer filter can tell apart ------------------------------------------------


def parse_backgrounds(number: int) -> int:
    """How many backgrounds; raises ValueError as `random_backgrounds` does."""
    if not isinstance(number, int) or number < 2:
        raise ValueError(f"backgrounds must be a whole number, at least 2, found {number!r}")
    return number


def parse_seed(seed: int) -> int:
    """What decides the backgrounds; raises ValueError as `random_backgrounds` does."""
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be a whole number in 0..{2**32 - 1}, found {seed!r}")
    return seed


def random_backgrounds(number: int, seed: int = 1) -> np.ndarray:
    """Uniform random DNA to embed a pattern in: (number, length) uint8.

    Raises
    ------
    ValueError
        If `number` is no whole number or below 2 (half choose the filter, half judge it), or the
        seed is no whole number or not in 0..2**32-1.
    """
    parse_backgrounds(number)
    parse_seed(seed)
    # RandomState's stream is frozen: the stored figure stays what this function computes.
    stream = np.random.RandomState(seed)
    return stream.randint(0, 4, size=(number, _LENGTH)).astype(np.uint8)


def scan(pattern: str, backgrounds: np.ndarray | None = None) -> np.ndarray:
    """Feature maps of backgrounds with `pattern` written into their middle.

    Parameters
    ----------
    pattern : str
        At most 9 nt; where it has N, the background stays.
    backgrounds : (n, length) uint8, optional
        From `random_backgrounds`. If not given, one silent background that matches no filter:
        only the pattern speaks, and N is never part of a word.

    Returns
    -------
    (n, length, 2) bool

    Raises
    ------
    ValueError
        If the pattern is empty or too long, or holds a letter that is no nucleotide.
    """
    if not 1 <= len(pattern) <= _LONGEST:
        raise ValueError(f"a pattern must be 1 to {_LONGEST} nt long, found {pattern!r}")
    if backgrounds is None:
        backgrounds = np.full((1, _LENGTH), AMBIGUOUS, np.uint8)
    letters = encode(pattern)
    known = np.flatnonzero(letters != AMBIGUOUS)
    bases = backgrounds.copy()
    bases[:, _FLANK + (_LONGEST - len(pattern)) // 2 + known] = letters[known]
    return feature_maps(bases)


@cache
def second_layer() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every second-layer filter with weights −1, 0, 1 over three cells and two channels.

    Two that fire on the same views are one filter: the one with fewest weights, then with its
    weights furthest left, is kept. Filters that fire on an empty view are left out.

    Returns
    -------
    weights : (1458, 3, 2) int
    thresholds : (1458,) int
        The filter fires on a view where the weighted sum reaches the threshold.
    fires : (1458,) uint64
        Bit v is set where the filter fires on view v; v = sum of 4^cell × 2^channel.
    """
    bits = np.arange(64)[:, None] >> np.arange(6) & 1
    by_views: dict[int, tuple[tuple[int, ...], int]] = {}
    every = itertools.product((1, 0, -1), repeat=6)
    for weights in sorted(every, key=lambda w: sum(map(abs, w))):
        response = bits @ np.array(weights)
        for threshold in range(1, response.max() + 1):
            views = sum(1 << int(view) for view in np.flatnonzero(response >= threshold))
            by_views.setdefault(views, (weights, threshold))
    return (
        np.array([weights for weights, _ in by_views.values()]).reshape(-1, CELLS, len(WORDS)),
        np.array([threshold for _, threshold in by_views.values()]),
        np.array(list(by_views), np.uint64),
    )


@dataclass(frozen=True, eq=False)
class Views:
    """What a second layer gets to see of an embedded pattern.

    One half of the backgrounds serves to choose a filter, the other to judge it, so that a lucky
    draw does not count. The silent background is both.

    Attributes
    ----------
    seen : (phases, n) uint64
        For each phase of the pooling grid (how far into a stride the pattern's nine positions
        begin: 0 to stride − 1) and background: bit v is set if view v is there.
    """

    seen: np.ndarray

    @property
    def judging(self) -> np.ndarray:
        return self.seen if self.seen.shape[1] == 1 else self.seen[:, 1::2]

    @cached_property
    def firing_rates(self) -> np.ndarray:
        """Share of the choosing half on which each filter of `second_layer` fires: (1458,)."""
        choosing = self.seen if self.seen.shape[1] == 1 else self.seen[:, ::2]
        kinds, counts = np.unique(choosing, return_counts=True)
        hits = (kinds[:, None] & second_layer()[2]) != 0
        return counts @ hits / counts.sum()


def views(maps: np.ndarray, pool: int, stride: int | None = None) -> Views:
    """All views of an embedded pattern that a second layer gets as it slides along.

    Counted are the views that have one of their three cells on the pattern: on the same seven
    positions for every pattern, so that a longer one gives chance words no more room.

    Parameters
    ----------
    maps : (n, length, 2) bool
        From `scan`.
    pool, stride : int
        Stride is the pool size unless given.

    Returns
    -------
    Views

    Raises
    ------
    ValueError
        Unless 1 <= stride <= pool <= 50.
    """
    stride = _checked(pool, stride)
    if pool > LARGEST_POOL:
        raise ValueError(f"pool size must lie in 1..{LARGEST_POOL}, found {pool}")
    # The maximum over the window that starts at each position (is a word in it? the running
    # count of words then rises); the grid picks its own windows below.
    count = np.pad(maps.cumsum(axis=1, dtype=np.uint8), ((0, 0), (1, 0), (0, 0)))
    pooled = count[:, pool:] != count[:, :-pool]
    cell = pooled[..., 0] + 2 * pooled[..., 1].astype(np.uint8)
    last = cell.shape[1] - 2 * stride
    view = cell[:, :last] + 4 * cell[:, stride : last + stride] + 16 * cell[:, 2 * stride :]
    seen = np.uint64(1) << view.astype(np.uint64)
    first_word, last_word = _FLANK + 1, _FLANK + _LONGEST - 2
    found = []
    for phase in range(stride):
        origin = _FLANK - phase
        first = (first_word - pool - origin) // stride + 1  # the first cell on the pattern
        final = (last_word - origin) // stride
        starts = origin + stride * np.arange(first - (CELLS - 1), final + 1)
        found.append(np.bitwise_or.reduce(seen[:, starts], axis=1))
    return Views(np.stack(found))


@dataclass(frozen=True, eq=False)
class Detector:
    """The second-layer filter that singles one pattern out best.

    Attributes
    ----------
    index : int
        Row of `second_layer`.
    difference : (phases, n) int
        For each phase and background: 1 if it fires on its pattern, less 1 if it fires on the
        rival on which it fires most.
    """

    index: int
    difference: np.ndarray

    @property
    def separation(self) -> float:
        """How much more often it fires on its pattern than on the rival, over all of them.

        1: always on the pattern, never on the rival. 0: no filter is of any use.
        """
        return float(self.difference.mean())

    @property
    def by_phase(self) -> np.ndarray:
        """The same for each phase of the pooling grid: (phases,)."""
        return self.difference.mean(axis=1)

    @property
    def error(self) -> float:
        """Standard error of the separation over backgrounds; 0 for the silent one."""
        values = self.difference.mean(axis=0)
        return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0


def best_detector(target: Views, rivals: Sequence[Views]) -> Detector:
    """The filter that fires most on `target` beyond what it fires on any of `rivals`.

    All filters of `second_layer` are tried.
    """
    margins = target.firing_rates - np.max([rival.firing_rates for rival in rivals], axis=0)
    index = int(np.argmax(margins))
    fires = second_layer()[2][index]
    on_target, *on_rivals = (
        (views.judging & fires != 0).astype(int) for views in (target, *rivals)
    )
    return Detector(index, on_target - max(on_rivals, key=np.mean))


def distinguish(first: Views, second: Views) -> Detector:
    """The filter that best tells two patterns apart; its separation is their *distance*.

    Of the best filter for the first against the second and the best for the second against the
    first, the one with the larger separation.
    """
    return max(
        best_detector(first, [second]),
        best_detector(second, [first]),
        key=lambda detector: detector.separation,
    )


def survey(
    pairs: Sequence[tuple[str, str]], settings: Iterable[tuple[int, int]], backgrounds: np.ndarray
) -> pd.DataFrame:
    """How well pairs of patterns can be told apart at each phase of the pooling grid.

    Parameters
    ----------
    pairs : sequence of (str, str)
    settings : iterable of (pool size, stride)
    backgrounds : (n, length) uint8
        From `random_backgrounds`.

    Returns
    -------
    DataFrame
        One row per pair, background ("alone" or "in random DNA"), setting and phase: columns
        pair ("CACGTG or GTGCAC"), background, pool, stride, phase, difference (at this phase),
        distance (over all phases) and error (its standard error over backgrounds).
    """
    rows = []
    settings = list(settings)
    for background, bases in (("alone", None), ("in random DNA", backgrounds)):
        maps = {pattern: scan(pattern, bases) for pattern in itertools.chain(*pairs)}
        for pool, stride in settings:
            seen = {pattern: views(scanned, pool, stride) for pattern, scanned in maps.items()}
            for first, second in pairs:
                best = distinguish(seen[first], seen[second])
                for phase, difference in enumerate(best.by_phase):
                    rows.append(
                        {
                            "pair": f"{first} or {second}",
                            "background": background,
                            "pool": pool,
                            "stride": stride,
                            "phase": phase,
                            "difference": difference,
                            "distance": best.separation,
                            "error": best.error,
                        }
                    )
    return pd.DataFrame(rows)


def distances(survey: pd.DataFrame) -> pd.DataFrame:
    """A survey without its phases: one row per pair, background and setting, in its order."""
    columns = ["pair", "background", "pool", "stride", "distance", "error"]
    return survey[columns].drop_duplicates(columns[:4], ignore_index=True)


def alike_from(distances: pd.Series) -> int | None:
    """The pool size (the index) from which on every distance is below `ALIKE`; None if none is."""
    ordered = distances.sort_index()
    apart = ordered.index[ordered >= ALIKE]
    alike = ordered.index[ordered.index > apart.max()] if len(apart) else ordered.index
    return int(alike[0]) if len(alike) else None


def wide(survey: pd.DataFrame, columns: str | list[str]) -> pd.DataFrame:
    """A survey's distances: a row per background and pair, a column per setting, unnamed."""
    index = ["background", "pair"]
    found = distances(survey).pivot_table("distance", index, columns, sort=False)
    return found.rename_axis([None, None]).rename_axis([None] * found.columns.nlevels, axis=1)


def by_pool(survey: pd.DataFrame, pools: Sequence[int]) -> pd.DataFrame:
    """Distances at some pool sizes, and the size from which on a pair is alike.

    Parameters
    ----------
    survey : DataFrame
        From `survey`, with stride = pool size.
    pools : sequence of int
        Pool sizes (nt) to show; "not apart from" goes by all of them.
    """
    found = wide(survey, "pool")
    shown = found[list(pools)].round(2).add_suffix(" nt")
    return shown.assign(**{"not apart from": found.apply(alike_from, axis=1)})


def total_variation(first: Views, second: Views) -> float:
    """Half the summed difference of how often each set of views is seen, between two patterns.

    No function of the views can tell the patterns apart more often.
    """
    one, two = (
        pd.Series(views.seen.ravel()).value_counts(normalize=True) for views in (first, second)
    )
    return float(one.sub(two, fill_value=0).abs().sum() / 2)


def of_network(model: str) -> dict[str, int]:
    """Receptive fields (nt) of a network's first pooled neuron and of a second-layer one.

    Returns
    -------
    dict
        `pooled`, `jump` (between the fields of neighbouring pooled neurons) and `second`.
    """
    first, second = MODELS[model].convs[:2]
    steps = [(first.size, 1), (first.pool, first.pool_stride)]
    pooled, jump = receptive_field(steps)
    return {
        "pooled": pooled,
        "jump": jump,
        "second": receptive_field([*steps, (second.size, 1)])[0],
    }


def fields(models: Iterable[str]) -> pd.DataFrame:
    """What a pooled and a second-layer neuron of each network sees, in nt: a row per network."""
    rows = {}
    for model in models:
        first, seen = MODELS[model].convs[0], of_network(model)
        rows[MODELS[model].label] = {
            "filter": first.size,
            "pool": first.pool,
            "stride": seen["jump"],
            "pooled": seen["pooled"],
            "shared": seen["pooled"] - seen["jump"],
            "share": f"{1 - seen['jump'] / seen['pooled']:.0%}",
            "second layer": seen["second"],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _checked(pool: int, stride: int | None) -> int:
    stride = pool if stride is None else stride
    if not 1 <= stride <= pool:
        raise ValueError(f"stride must lie in 1..{pool} (the pool size), found {stride}")
    return stride
