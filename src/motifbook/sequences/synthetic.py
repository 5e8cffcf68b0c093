"""Sequences with embedded motifs: the paper's synthetic dataset, as run and as written.

`as-run` follows the authors' notebook draw for draw, so its sequences are theirs, base for base;
`as-written` is the text of the Methods section. Where they differ: how many motifs a sequence
gets, and how motifs are spaced. Length, motifs and their number can be others than the paper's.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.sequences import chipseq
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
MOST_MOTIFS = 1_000
MOST_BASES = 2_000_000_000
"""In all sequences together: beyond it, nobody's memory."""
_DISPLAYED = 10  # models that the authors' notebook draws only to show them, before the dataset
_DECIMALS = 6  # of a matrix that a configuration carries


def configuration(
    protocol: str = "as-run",
    seed: int = 33,
    number: int = 25_000,
    *,
    length: int = LENGTH,
    motifs: Sequence[Motif] | None = None,
    counts: Sequence[float] | None = None,
) -> dict:
    """Everything that decides the dataset, checked; the parameters are those of `make`.

    What is as in the paper is stated as if there were no choice. A motif that JASPAR 2016, CORE
    vertebrates, does not have is in it with its matrix, as one of `added_motifs`.

    Raises
    ------
    ValueError
        If the protocol is unknown, the seed is not in 0..2**32-1, or `number` is too small to
        give every split a sequence or too large for memory; if there are fewer than two motifs, two
        of one name, one that Tomtom could not compare or that has the identifier of another of
        JASPAR; if `counts` are no weights; or if a sequence cannot hold as many of the widest
        motif as it may get, with a base between them and at its ends.
    TypeError
        If seed, number or length is not a whole number.
    """
    if protocol not in COUNT_PROBABILITY:
        known = ", ".join(COUNT_PROBABILITY)
        raise ValueError(f"dataset protocol {protocol!r} is unknown; there are: {known}")
    seed, number, length = map(operator.index, (seed, number, length))
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must lie in 0..{2**32 - 1}, found {seed}")
    if not 10 <= number <= 10_000_000:
        raise ValueError(f"number of sequences must lie in 10..10,000,000, found {number}")
    if number * length > MOST_BASES:
        raise ValueError(
            f"{number:,} sequences of {length:,} nt are {number * length:,} bases; at most "
            f"{MOST_BASES:,} are expected"
        )
    config = {
        "dataset": "synthetic",
        "protocol": protocol,
        "seed": seed,
        "number": number,
        "length": length,
        "motifs": list(matrices.GROUND_TRUTH.values()),
        "fractions": list(FRACTIONS),
    }
    if motifs is not None:
        config["motifs"], added = _stated(motifs)
        if added:
            config["added_motifs"] = added
    likely = COUNT_PROBABILITY[protocol] if counts is None else _probabilities(counts)
    if np.round(likely, 12).tolist() != list(COUNT_PROBABILITY[protocol]):
        config["counts"] = list(likely)
    widest = max(embedded(config), key=lambda motif: motif.width)
    most = len(likely)
    if length < (needed := most * widest.width + (most + 1)):
        raise ValueError(
            f"sequences of {length:,} nt cannot hold {most} motifs of up to {widest.width} nt "
            f"({widest.name}) with a base between them and at the ends, which takes {needed:,} nt"
        )
    return config


def find_motifs(names: Sequence[str]) -> list[Motif]:
    """Motifs by name, for `make`.

    Parameters
    ----------
    names : sequence of str
        One of the paper's TFs ("SP1"), the identifier of a matrix of any JASPAR release
        ("MA0139.1"), or a file in MEME format ("mine.meme"), all of whose motifs are taken. These
        get the file's name before their identifier ("mine.meme:MOTIF1").

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file or matrix, or the file cannot be read.
    """
    found = []
    for name in names:
        path = Path(name)
        is_file = name.lower().endswith(chipseq.MEME) or path.exists()
        if is_file and name not in matrices.GROUND_TRUTH:
            file = "-".join(path.name.split())
            found += [replace(motif, id=f"{file}:{motif.id}") for motif in matrices.read_meme(path)]
        else:
            try:
                found.append(matrices.find(matrices.GROUND_TRUTH.get(name, name))[0])
            except ValueError as error:
                tfs = ", ".join(matrices.GROUND_TRUTH)
                raise ValueError(f"{error}; of the paper's TFs there are: {tfs}") from None
    return found


def embedded(config: dict) -> list[Motif]:
    """The motifs of a configuration, one a class; their names are those of the classes."""
    known = {motif.id: motif for motif in (*matrices.jaspar(), *chipseq.added_motifs(config))}
    return [known[one] for one in config["motifs"]]


def relevant(motifs: Sequence[Motif]) -> dict[str, tuple[str, ...]]:
    """The identifiers that count as a match of each embedded motif, by its name.

    Of the paper's twelve these are the paper's; of another of JASPAR, all its versions in JASPAR
    2016 and itself; of one from a file, itself.
    """
    papers = {id_: tf for tf, id_ in matrices.GROUND_TRUTH.items()}
    own = {motif.name: (motif.id,) for motif in motifs}
    versions = matrices.relevant_in(
        matrices.PAPERS_RELEASE, {name: ids for name, ids in own.items() if ":" not in ids[0]}
    )
    return {
        motif.name: matrices.RELEVANT[papers[motif.id]]
        if motif.id in papers
        else tuple(dict.fromkeys((*versions.get(motif.name, ()), motif.id)))
        for motif in motifs
    }


def _stated(motifs: Sequence[Motif]) -> tuple[list[str], list[dict]]:
    """Identifiers as a configuration has them, and with their matrices those to be added."""
    if not 2 <= len(motifs) <= MOST_MOTIFS:
        raise ValueError(
            f"expected 2 to {MOST_MOTIFS:,} motifs, found {len(motifs):,}: a sequence is negative "
            "for a motif that it does not have"
        )
    known = {motif.id: motif for motif in matrices.jaspar()}
    names: dict[str, Motif] = {}
    ids, added = set[str](), []
    for motif in motifs:
        if motif.id in ids:
            raise ValueError(f"motif {motif.id} is given twice")
        ids.add(motif.id)
        if (twin := names.setdefault(matrices.folded(motif.name), motif)) is not motif:
            raise ValueError(
                f"motifs {twin.id} and {motif.id} are both named {motif.name}; each is a class, "
                "and expected to have a name of its own"
            )
        if reason := tomtom.refusal(motif):
            raise ValueError(
                f"motif {motif.id}: cannot be embedded and searched for ({reason}); its columns "
                "must be probabilities that sum to 1, and not all uniform"
            )
        if (theirs := known.get(motif.id)) is None:
            total = motif.ppm.sum(axis=1, keepdims=True)
            exact = np.abs(total - 1) < 10 / 10**_DECIMALS  # what was rounded once stays as it is
            ppm = np.round(np.where(exact, motif.ppm, motif.ppm / total), _DECIMALS).tolist()
            fields = {"id": motif.id, "name": motif.name, "nsites": motif.nsites}
            added.append({**fields, "ppm": ppm})
        elif theirs.name != motif.name or not np.array_equal(theirs.ppm, motif.ppm):
            raise ValueError(
                f"motif {motif.id}: has another name or matrix than in JASPAR 2016; give it an "
                "identifier of its own"
            )
    return [motif.id for motif in motifs], added


def _probabilities(weights: Sequence[float]) -> tuple[float, ...]:
    """P(1), P(2), ... motifs in a sequence, from weights; the last is above 0."""
    given = np.array(weights, float).ravel()
    if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
        shown = ", ".join(f"{weight:g}" for weight in given)
        raise ValueError(
            "counts must be weights of 1, 2, ... motifs in a sequence: numbers from 0 on, one of "
            f"them above 0; found {shown or 'none'}"
        )
    return tuple((given / given.sum())[: np.flatnonzero(given)[-1] + 1].tolist())


def make(
    protocol: str = "as-run",
    seed: int = 33,
    number: int = 25_000,
    *,
    length: int = LENGTH,
    motifs: Sequence[Motif] | None = None,
    counts: Sequence[float] | None = None,
) -> Dataset:
    """Simulate the dataset.

    Parameters
    ----------
    protocol : "as-run" or "as-written"
    seed : int
        33 is the authors' own.
    number : int
        Sequences in all, 10 to 10,000,000 (some 5 kB of memory each while they are made, at 200
        nt); split 0.7, 0.1, 0.2 at random.
    length : int
        Of a sequence, in nt.
    motifs : sequence of Motif, optional
        Those to embed, one a class, such as `find_motifs` gives; the paper's twelve unless given.
    counts : sequence of float, optional
        Weights of 1, 2, ... motifs in a sequence, which need not sum to 1: (1, 1) is one or two,
        as often; unless given, the protocol's.

    Returns
    -------
    Dataset
        Sequences of `length` nt, labels for the names of the motifs, and every embedded site.

    Raises
    ------
    ValueError, TypeError
        As `configuration`.

    Notes
    -----
    Koo & Eddy 2019, Methods, "Synthetic dataset"; for `as-run`, the random stream of the
    authors' notebook, which a frozen `RandomState` still gives.
    """
    config = configuration(protocol, seed, number, length=length, motifs=motifs, counts=counts)
    own = embedded(config)
    pool = matrices.both_strands(own)
    draw = _draw_as_run if protocol == "as-run" else _draw_as_written
    widths = np.array([motif.width for motif in pool])
    likely = config.get("counts", COUNT_PROBABILITY[protocol])
    number_of, picks, starts, uniforms, order = draw(seed, number, length, widths, likely)

    sequence, slot = np.nonzero(np.arange(picks.shape[1]) < number_of[:, None])
    pick, start = picks[sequence, slot], starts[sequence, slot]

    # Every position of every sequence is a row of one table of cumulative base probabilities:
    # row 0 is background, then come the columns of the PWMs, two a class.
    table = np.cumsum(np.concatenate([np.full((1, 4), 0.25)] + [m.ppm for m in pool]), axis=1)
    first_row = 1 + np.concatenate([[0], np.cumsum(widths)[:-1]])
    rows = np.zeros((number, length), np.int32)
    for which, width in enumerate(widths):
        here = pick == which
        columns = np.arange(width)
        rows[sequence[here, None], start[here, None] + columns] = first_row[which] + columns
    # A base is the first whose cumulative probability exceeds its uniform number.
    bases = np.zeros((number, length), np.uint8)
    for base in range(3):
        bases += table[:, base][rows] <= uniforms

    labels = np.zeros((number, len(own)), np.uint8)
    labels[sequence, pick // 2] = 1
    sites = np.zeros(len(sequence), SITE)
    sites["sequence"], sites["start"], sites["length"] = sequence, start, widths[pick]
    sites["tf"], sites["strand"] = pick // 2, np.where(pick % 2, -1, 1)

    ends = np.round(np.cumsum(FRACTIONS) * number).astype(int)
    train, valid, test = (_part(bases, labels, sites, rows) for rows in np.split(order, ends[:-1]))
    classes = tuple(motif.name for motif in own)
    return Dataset("synthetic", classes, train, valid, test, config, relevant(own))


def get(protocol: str = "as-run", seed: int = 33, number: int = 25_000) -> Dataset:
    """`make`, through the cache."""
    config = configuration(protocol, seed, number)
    return cached("synthetic", config, lambda: make(protocol, seed, number))


def _part(bases: np.ndarray, labels: np.ndarray, sites: np.ndarray, chosen: np.ndarray) -> Split:
    """The rows `chosen` of (n, length) bases and (n, classes) labels, with their sites."""
    place = np.full(len(bases), -1)
    place[chosen] = np.arange(len(chosen))
    mine = sites[place[sites["sequence"]] >= 0].copy()
    mine["sequence"] = place[mine["sequence"]]
    return Split(bases[chosen], labels[chosen], mine[np.lexsort((mine["start"], mine["sequence"]))])


def _draw_as_run(seed: int, number: int, length: int, widths: np.ndarray, likely: Sequence[float]):
    """The authors' draws, one at a time because the stream is one.

    Returns (n,) numbers of motifs, (n, most) picks and starts, (n, length) uniform numbers, and the
    order of sequences, (n,).
    """
    stream = np.random.RandomState(seed)
    thresholds = np.cumsum((0, *likely[:-1]))
    counts = np.zeros(number, int)
    picks = np.zeros((number, len(likely)), int)
    starts = np.zeros((number, len(likely)), int)
    uniforms = np.empty((number, length))
    for _ in range(_DISPLAYED):
        _model_as_run(stream, length, widths, thresholds)
    for n in range(number):
        pick, start = _model_as_run(stream, length, widths, thresholds)
        counts[n] = count = len(pick)
        picks[n, :count], starts[n, :count] = pick, start
        uniforms[n] = stream.rand(length)
    return counts, picks, starts, uniforms, stream.permutation(number)


def _model_as_run(
    stream: np.random.RandomState, length: int, widths: np.ndarray, thresholds: np.ndarray
):
    """The authors' model of one sequence: which of the PWMs it gets and where, (motifs,) each."""
    count = int(np.searchsorted(thresholds, stream.rand(), side="right"))
    pick = stream.randint(len(widths), size=count)
    free = length - widths[pick].sum()
    while True:
        gaps = stream.rand(count + 1)
        gaps = np.round(gaps / gaps.sum() * free).astype(int)
        if gaps.sum() == free:
            break
    return pick, np.cumsum(gaps)[:-1] + np.cumsum(widths[pick]) - widths[pick]


def _draw_as_written(
    seed: int, number: int, length: int, widths: np.ndarray, likely: Sequence[float]
):
    """The Methods' draws, all sequences at once; every placement of the motifs equally likely.

    Returns as `_draw_as_run`.
    """
    stream = np.random.default_rng(seed)
    most = len(likely)
    counts = stream.choice(most, size=number, p=likely) + 1
    picks = stream.integers(len(widths), size=(number, most))
    present = np.arange(most) < counts[:, None]
    taken = np.where(present, widths[picks], 0)
    # With g free bases left once every gap has its one base, a placement is a choice of `count`
    # out of g + count slots; the smallest of equally distributed keys make that choice.
    slots = length - taken.sum(1) - (counts + 1) * SMALLEST_GAP["as-written"] + counts
    keys = stream.random((number, length))
    keys[np.arange(length) >= slots[:, None]] = 2
    chosen = np.argpartition(keys, most, axis=1)[:, :most]
    ranked = np.argsort(np.take_along_axis(keys, chosen, 1), axis=1)
    chosen = np.take_along_axis(chosen, ranked, 1)
    chosen = np.sort(np.where(present, chosen, length), axis=1)
    before = np.cumsum(taken, axis=1) - taken
    # The j-th motif starts after its slot's free bases, the motifs before it (each of which also
    # used a slot), and j + 1 obligatory bases.
    places = np.arange(most)
    starts = chosen - places + before + (places + 1) * SMALLEST_GAP["as-written"]
    uniforms = stream.random((number, length))
    return counts, picks, starts, uniforms, stream.permutation(number)
