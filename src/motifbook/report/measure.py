"""What a report says of each filter: its PPM, matches, sites, influence, and whether it is a motif.

Filters are read as the paper's authors did (protocol `as-run`): a site is a position whose
activation exceeds half of the filter's highest, and counts by its activation. Whatever is measured,
only one batch of activations is held at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from tqdm import tqdm

from motifbook.filters import readout
from motifbook.motifs import tomtom
from motifbook.motifs.matrices import Motif, information
from motifbook.networks import evaluation
from motifbook.networks.protocols import AS_RUN
from motifbook.report import sites
from motifbook.report.network import Network
from motifbook.report.sequences import Sequences
from motifbook.sequences.datasets import one_hot
from motifbook.yardsticks import real_motif

ACTIVATIONS = 1 << 24
"""Numbers held of a layer at a time: 64 MB."""
HELD = 1 << 24
"""Sites that are held at once (270 MB); where there are more, activations are computed twice."""
PASSES = 15_000
"""Times that the rest of the network is run to learn what each filter is worth."""
BINS = 20
"""Parts of the sequence that sites are counted in."""


_REFUSED = {"zero column": "at every site, a column lies outside of the sequence"}


@dataclass(frozen=True, eq=False)
class Scan:
    """The filters of a network over some sequences.

    Attributes
    ----------
    ppms : (filters, window, 4) float64
        All zero without sites.
    sites, sequences : (filters,) int
        Sites, and sequences that have one.
    maximum, mean : (filters,) float64
        Activation.
    places : (filters, BINS) int
        Sites by where their middle lies in the sequence.
    """

    ppms: np.ndarray
    sites: np.ndarray
    sequences: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    places: np.ndarray


@dataclass(frozen=True, eq=False)
class Influence:
    """What silencing each filter costs: its activations are set to their mean everywhere.

    Attributes
    ----------
    sequences : int
        Taken at random, that it was measured on.
    change : (filters, outputs) float64
        Mean absolute change of an output.
    cost : (filters, outputs) float64
        Mean loss of an output: above zero where the filter raises it.
    auroc : (outputs,) float64, or None
        Of the whole network on all sequences, with labels.
    auroc_loss : (filters, outputs) float64, or None
    """

    sequences: int
    change: np.ndarray
    cost: np.ndarray
    auroc: np.ndarray | None = None
    auroc_loss: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Report:
    """All that a report shows.

    Attributes
    ----------
    table : DataFrame
        One row per filter, by its id; see `measure`.
    trimmed : dict of str to Motif
        What was matched, of each filter that has sites.
    matches : Matches
    targets : dict of str to Motif
    chance : Chance
    """

    network: Network
    sequences: Sequences
    database: str
    scan: Scan
    table: pd.DataFrame
    trimmed: dict[str, Motif]
    matches: tomtom.Matches
    targets: dict[str, Motif]
    chance: tomtom.Chance
    influence: Influence | None
    outputs: tuple[str, ...]
    variant: str
    unlike: tuple[str, ...]
    replicates: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def scan(
    network: Network, bases: np.ndarray, window: int | None = None, progress: bool = False
) -> Scan:
    """Read the filters of a network.

    Parameters
    ----------
    network : Network
    bases : (n, length) uint8
    window : int, optional
        Columns of a PPM, around the filter's middle; its size unless given.
    progress : bool
        Show it on standard error.

    Returns
    -------
    Scan

    Raises
    ------
    ValueError
        If the network does not take sequences of this length, or answers what is no activation.
    """
    length = bases.shape[1]
    if network.length not in (None, length):
        raise ValueError(f"{network.name}: takes {network.length} nt, found {length} nt")
    if network.size > length + 2 * network.left:
        raise ValueError(
            f"{network.name}: filters of {network.size} nt are wider than sequences of {length} nt"
        )
    window = window or network.size
    left = network.left + window // 2 - network.size // 2
    batch = _batch(network, bases)
    maximum, total = np.array(-np.inf, np.float32), np.array(0.0)
    held: list[tuple[int, tuple]] | None = []  # what is over the threshold so far
    with tqdm(total=len(bases), desc="filters", unit="seq", disable=not progress) as bar:
        for start, active in _activations(network, bases, batch, bar):
            maximum = np.maximum(maximum, active.max(axis=(0, 2)))
            total = total + active.mean(axis=2).sum(axis=0, dtype=float)
            # Either is not finite where a single activation is not.
            if not (np.isfinite(maximum) & np.isfinite(total)).all():
                raise ValueError(f"{network.name}: activations are not all finite")
            if held is not None:
                held.append((start, sites.over(active, _threshold(maximum))))
                if sum(len(found[0]) for _, found in held) > HELD:
                    held = None
        threshold, filters = _threshold(maximum), len(maximum)
        counts, places = np.zeros((filters, window, 4)), np.zeros((filters, BINS), int)
        number, hit = np.zeros(filters, int), np.zeros(filters, int)
        batches: Iterable[tuple[int, tuple]]
        if held is None:
            bar.reset(len(bases))
            again = _activations(network, bases, batch, bar)
            batches = ((start, sites.over(active, threshold)) for start, active in again)
        else:
            batches = held
        for start, found in batches:
            rows = bases[start : start + batch]
            sites.count(rows, found, threshold, network.stride, left, counts, number, hit, places)
    return Scan(
        readout.as_ppms(counts), number, hit, maximum.astype(float), total / len(bases), places
    )


def _threshold(maximum: np.ndarray) -> np.ndarray:
    """(filters,); one that is nowhere above zero has no part of its highest to be over."""
    return np.where(maximum > 0, AS_RUN.threshold * maximum, np.inf).astype(np.float32)


def _batch(network: Network, bases: np.ndarray) -> int:
    """Sequences at a time, such that their activations are at most `ACTIVATIONS`."""
    one = network.activations(one_hot(bases[:1]))
    if one.ndim != 3 or len(one) != 1 or not one.size:
        raise ValueError(
            f"{network.name}: activations of one sequence are {np.shape(one)}, expected "
            "(1, positions, filters)"
        )
    return max(1, min(evaluation.batch_size(bases.shape[1]), ACTIVATIONS // one.size))


def _activations(
    network: Network, bases: np.ndarray, batch: int, bar: tqdm
) -> Iterator[tuple[int, np.ndarray]]:
    """Batches of activations, (n, filters, positions) float32."""
    for start in range(0, len(bases), batch):
        active = network.activations(one_hot(bases[start : start + batch]))
        yield start, np.ascontiguousarray(np.moveaxis(active, 2, 1), np.float32)
        bar.update(len(active))


def silence(
    network: Network,
    sequences: Sequences,
    mean: np.ndarray,
    passes: int = PASSES,
    progress: bool = False,
    seed: int = 0,
) -> Influence | None:
    """What each filter is worth to the outputs; None where the network's rest is not known.

    Parameters
    ----------
    network, sequences
    mean : (filters,)
        Activation that silences.
    passes : int
        Sequences times filters; at least 20 sequences are taken.
    progress : bool
    seed : int
        Of the choice of sequences.
    """
    if network.rest is None or network.predict is None:
        return None
    bases, labels = sequences.bases, sequences.labels
    filters = len(mean)
    few = min(len(bases), max(20, passes // filters))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(bases))[:few])
    batch = min(_batch(network, bases), 100)
    outputs = network.predict(one_hot(bases[:1])).shape[1]
    scored = labels is not None and labels.shape[1] == outputs
    change, cost = np.zeros((filters, outputs)), np.zeros((filters, outputs))
    before = np.zeros((few, outputs), np.float32)
    after = np.zeros((filters, few, outputs), np.float32) if scored else None
    with tqdm(total=few * filters, desc="influence", unit="pass", disable=not progress) as bar:
        for start in range(0, few, batch):
            x = one_hot(bases[chosen[start : start + batch]])
            active = network.activations(x)
            rows = slice(start, start + len(x))
            before[rows] = network.rest(x, active)
            for f in range(filters):
                own = active[:, :, f].copy()
                active[:, :, f] = mean[f]
                silent = network.rest(x, active)
                active[:, :, f] = own
                lost = before[rows].astype(float) - silent
                change[f] += np.abs(lost).sum(axis=0)
                cost[f] += lost.sum(axis=0)
                if after is not None:
                    after[f, rows] = silent
                bar.update(len(x))
    _check_answers(network, before)
    found = Influence(few, change / few, cost / few)
    if after is None or labels is None:
        return found
    answers = [
        network.predict(one_hot(bases[start : start + batch]))
        for start in range(0, len(bases), batch)
    ]
    _check_answers(network, np.concatenate(answers))
    own = _auroc(labels[chosen], before)
    loss = np.array([own - _auroc(labels[chosen], one) for one in after])
    return Influence(few, found.change, found.cost, _auroc(labels, np.concatenate(answers)), loss)


def _check_answers(network: Network, answers: np.ndarray) -> None:
    unsound = (~np.isfinite(answers)).any(axis=1).sum()
    if unsound:
        raise ValueError(
            f"{network.name}: answers NaN or infinity on {unsound:,} of {len(answers):,} "
            "sequences, expected numbers"
        )


def _auroc(labels: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """(classes,) of (n, classes) labels and answers; NaN where all labels are one."""
    from scipy.stats import rankdata

    positive = labels.sum(axis=0).astype(float)
    negative = len(labels) - positive
    ranks = rankdata(answers, axis=0)
    above = (ranks * labels).sum(axis=0) - positive * (positive + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return above / (positive * negative)


def measure(
    network: Network,
    sequences: Sequences,
    targets: Sequence[Motif],
    database: str,
    replicates: Sequence[Network] = (),
    evalue: float = 0.1,
    progress: bool = False,
) -> Report:
    """Measure all that a report shows.

    Parameters
    ----------
    network, sequences
    targets : sequence of Motif
        What filters are compared with; those that cannot be compared are left out, and said.
    database : str
        Their name.
    replicates : sequence of Network
        Other trainings of the same network; their filters' likeness is part of the score. They
        may have more or fewer filters, but of the same size, stride and nonlinearity.
    evalue : float
        Greatest E-value of a match.
    progress : bool

    Returns
    -------
    Report
        Its table has the columns width, information (bits), sites, sequences, maximum, target,
        name, e_value, q_value, offset, orientation (of the best target, match or not), matched,
        null_rate, nearest, similarity, influence (the largest change of an output), output (which),
        auroc_loss (the largest), probability, outside.

    Raises
    ------
    ValueError
        As `scan`; if no target can be compared, or a replicate has filters of another kind, or
        those of another network here.
    """
    _comparable(targets, database)  # before any work
    for one in replicates:
        _check_replicate(one, network)
    found = scan(network, sequences.bases, progress=progress)
    influence = silence(network, sequences, found.mean, progress=progress)
    others = [scan(one, sequences.bases, progress=progress).ppms for one in replicates]
    ppms = [found.ppms, *others]
    for number, one in enumerate(replicates, start=1):
        for other, same in zip((network, *replicates), ppms[:number], strict=False):
            if same.any() and np.array_equal(ppms[number], same):
                raise ValueError(
                    f"{one.name}: its filters are those of {other.name}, expected another training"
                )
    names = tuple(
        f"{one.name} ({len(own)} filters)" if len(own) != len(found.ppms) else one.name
        for one, own in zip(replicates, others, strict=True)
    )
    return assemble(
        network, sequences, targets, database, found, influence, others, names, evalue, progress
    )


def _check_replicate(one: Network, network: Network) -> None:
    """Refuse what is no other training of the same first layer; its filters may be more or fewer.

    A filter's agreement is its likeness to the nearest filter of the replicate, so their number
    does not matter, but what a filter reads does.
    """
    for what, own, expected in (
        ("filters of {} nt", one.size, network.size),
        ("a stride of {}", one.stride, network.stride),
        ("nonlinearity {}", one.nonlinearity, network.nonlinearity),
    ):
        if own != expected:
            raise ValueError(
                f"{one.name}: has {what.format(own)}, {network.name} has {what.format(expected)}; "
                "a replicate is another training of the same network"
            )


def _comparable(targets: Sequence[Motif], database: str) -> tuple[list[Motif], list[str]]:
    """The targets that can be compared, and what to say of the others. Raises if none can be."""
    refused = {target.id: reason for target in targets if (reason := tomtom.refusal(target))}
    sound = [target for target in targets if target.id not in refused]
    first = next((f"such as {id_}: {reason}" for id_, reason in refused.items()), "")
    if not sound:
        raise ValueError(
            f"{database}: none of its {len(targets)} motifs can be compared ({first}); expected "
            "columns of probabilities that sum to 1"
        )
    notes = [f"{len(refused)} targets of {database} cannot be compared ({first}), and are left out"]
    few = tomtom.few(sound)
    return sound, notes[: len(refused)] + ([few] if few else [])


def assemble(
    network: Network,
    sequences: Sequences,
    targets: Sequence[Motif],
    database: str,
    found: Scan,
    influence: Influence | None,
    others: Sequence[np.ndarray] = (),
    replicates: tuple[str, ...] = (),
    evalue: float = 0.1,
    progress: bool = False,
) -> Report:
    """Match and score what was measured; `others` are the PPMs of the replicates named so."""
    sound, left_out = _comparable(targets, database)
    notes = [*network.notes, *(f"{sequences.name}: {note}" for note in sequences.notes), *left_out]
    queries = readout.trimmed(found.ppms)
    asked = list(queries.values())
    with tqdm(total=2, desc="matching", disable=not progress) as bar:
        matches = tomtom.match(asked, sound, evalue)
        bar.update()
        chance = tomtom.chance(asked, sound, evalue)
        bar.update()
    if matches.refused:
        name, reason = next(iter(matches.refused.items()))
        notes.append(
            "filters that cannot be compared, and are not judged: "
            f"{len(matches.refused)} (such as {name}: {_REFUSED.get(reason, reason)})"
        )
    ids = [f"filter{f}" for f in range(len(found.ppms))]
    table = pd.DataFrame({"width": [queries[i].width if i in queries else 0 for i in ids]}, ids)
    bits = [information(queries[i].ppm).sum() if i in queries else math.nan for i in ids]
    table["information"] = bits
    table["sites"], table["sequences"] = found.sites, found.sequences
    table["maximum"] = found.maximum
    best = matches.best.set_index("query").reindex(ids)
    for column in ("target", "name", "e_value", "q_value", "offset", "overlap", "orientation"):
        table[column] = best[column]
    table["matched"] = table["e_value"] <= evalue
    table["null_rate"] = pd.Series(chance.rates, dtype=float).reindex(ids)
    _add_nearest(table, found.ppms)
    outputs = _names(sequences, influence, notes)
    if influence is not None:
        table["influence"] = influence.change.max(axis=1)
        table["output"] = [outputs[i] for i in influence.change.argmax(axis=1)]
        if influence.auroc_loss is not None:
            # Of outputs that have one: pandas leaves out what is not known.
            table["auroc_loss"] = pd.DataFrame(influence.auroc_loss, ids).max(axis=1)
    features = real_motif.features(
        found.ppms,
        found.sites,
        sequences.bases.size,
        others,
        table["e_value"].to_numpy(float),
    )
    scored = real_motif.score(features)
    if few := int(((found.sites > 0) & (found.sites < real_motif.FEWEST)).sum()):
        notes.append(f"filters with fewer than {real_motif.FEWEST} sites, not judged: {few}")
    table["probability"], table["outside"] = (
        scored[name].to_numpy() for name in ("probability", "outside")
    )
    return Report(
        network,
        sequences,
        database,
        found,
        table,
        queries,
        matches,
        {target.id: target for target in sound},
        chance,
        influence,
        outputs,
        str(scored["variant"].iloc[0]),
        tuple(real_motif.unlike(network.size, sequences.bases.shape[1])),
        replicates,
        tuple(notes),
    )


def _add_nearest(table: pd.DataFrame, ppms: np.ndarray) -> None:
    """The filter whose PPM is most alike, on either strand, and how alike (1 is the same)."""
    alike = np.array(real_motif.similarity(ppms, ppms), float)
    np.fill_diagonal(alike, -np.inf)
    dead = np.array([not ppm.any() for ppm in ppms])
    alike[:, dead] = -np.inf
    one = len(ppms) - dead.sum() > 1
    nearest = [table.index[i] if one and not dead[f] else None
               for f, i in enumerate(alike.argmax(axis=1))]  # fmt: skip
    table["nearest"] = nearest
    table["similarity"] = [
        value if name is not None else math.nan
        for name, value in zip(nearest, alike.max(axis=1), strict=True)
    ]


def _names(sequences: Sequences, influence: Influence | None, notes: list[str]) -> tuple[str, ...]:
    """Outputs are named by the labels' classes, where these are as many; else numbered."""
    if influence is None:
        return ()
    outputs = influence.change.shape[1]
    if len(sequences.classes) == outputs:
        if outputs > 1:
            order = ", ".join(f"{n} is {name}" for n, name in enumerate(sequences.classes, 1))
            notes.append(f"{sequences.name}: columns are taken for outputs in their order: {order}")
        if influence.auroc is not None and (alike := np.isnan(influence.auroc)).any():
            names = ", ".join(np.array(sequences.classes)[alike])
            notes.append(
                f"{sequences.name}: labels of {names} are all 0 or all 1, so there is no AUROC"
            )
        return sequences.classes
    if sequences.classes:
        notes.append(
            f"{sequences.name}: labels {len(sequences.classes)} classes and the network has "
            f"{outputs} outputs, so no AUROC; a table with a column of 0 and 1 for each output "
            "gives it"
        )
    return tuple(f"output {number}" for number in range(1, outputs + 1))
