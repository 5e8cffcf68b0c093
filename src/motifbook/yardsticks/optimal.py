"""What could be learned at best on the synthetic data: two upper references for every network.

`pwm_scores` is a scanner that knows the true PWMs; `posterior` is the Bayes-optimal answer, which
knows the whole generative model as well. Neither is fitted to anything.

The model behind `posterior`
----------------------------
A sequence of L bases gets k = 1..5 motifs with probability P(k) (`synthetic.COUNT_PROBABILITY`).
Each is one of the 2C PWMs (C classes, two orientations), uniformly and independently; picks that
do not fit are drawn again, so that all ordered picks that fit are equally likely given k.
Given the picks, with T bases in all, every placement in that order is taken as equally likely.
Their number depends on T alone: F = L - T free bases fall into k + 1 gaps, which makes
N(k, T) = C(F + k, k) placements where a gap may be empty (`as-run`) and C(F - 1, k) where it has
at least one base (`as-written`). All other bases are background, 0.25 each. Divided by the
background's likelihood of the whole sequence, an arrangement has the likelihood ratio

    P(k) / (number of ordered picks that fit) / N(k, T) * product over its motifs of LR,

where LR is the product over the motif's bases of PPM / 0.25. Z is its sum over all arrangements,
Z without t the sum over those with neither orientation of TF t, and

    P(t is present | sequence) = 1 - Z without t / Z.

How it is summed
----------------
As N(k, T) is no product over the motifs, a forward recursion over positions has to carry how many
motifs there were and how many bases they took; which motifs they were it may forget. So PWMs of
one width are summed before the recursion. With the twelve matrices' six widths there are 87 states
(count, bases) for at most four motifs, and the last motif is weighed as it is placed. A mandatory
gap is counted as part of the motif before it. The C + 1 sums (without each TF, and over all) go
through the recursion side by side.

What "equally likely" leaves out
--------------------------------
It is exact for `as-written` as simulated here. The authors' code (`as-run`) draws a uniform number
for each gap, scales them to F and rounds (again until they sum to F). Such gaps are more even than
those of equally likely placements: a single motif starts in the middle about four times as often
as near an end. A classifier that knew that could do slightly better than `posterior`.
"""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct, convert

from motifbook.motifs import scanning
from motifbook.motifs.matrices import TFS, Motif, ground_truth
from motifbook.networks import evaluation
from motifbook.networks.protocols import parse_profile
from motifbook.records import store
from motifbook.records.runs import Scores
from motifbook.records.store import Envelope, Number, Positive
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import AMBIGUOUS, Dataset
from motifbook.sequences.synthetic import COUNT_PROBABILITY, SMALLEST_GAP

_WIDEST = 100  # five motifs of 100 nt still have a likelihood ratio, at most 4**500, in float64
_CHUNK = 256  # sequences at a time: some 10 MB of ratios


class References(Struct, frozen=True, kw_only=True):
    """How well both classifiers tell the test split's classes."""

    pwm: Scores
    posterior: Scores


class Reference(Envelope, frozen=True, kw_only=True, eq=False):
    """Both references on record, of a dataset's `sequences` test sequences.

    Raises
    ------
    ValueError
        If a reference has not one number a class.
    """

    kind: Annotated[str, Meta(pattern="^reference$")] = "reference"
    dataset: str
    protocol: str
    hardware: str
    seconds: Positive
    sequences: Number
    classes: tuple[str, ...]
    references: References

    def __post_init__(self) -> None:
        Envelope.__post_init__(self)
        for name in References.__struct_fields__:
            getattr(self.references, name).check(f"references.{name}", self.classes)

    def contradictions(self) -> Iterator[store.Contradiction]:
        if self.classes != TFS:
            yield "classes", list(self.classes), list(TFS)
        for name in References.__struct_fields__:
            yield from getattr(self.references, name).contradictions(f"references.{name}")


def pwm_scores(bases: np.ndarray, motifs: Sequence[Motif] | None = None) -> np.ndarray:
    """Likelihood ratio of each motif to background, summed over positions and both strands.

    Parameters
    ----------
    bases : (n, length) integers
        0..3 = A, C, G, T; 4 = ambiguous, which is as likely under a motif as under background
        (factor 1).
    motifs : sequence of Motif, optional
        One a class; the twelve ground-truth motifs unless given.

    Returns
    -------
    (n, classes) float64
        Not negative; 0 for a motif that is wider than the sequence.

    Raises
    ------
    ValueError
        If `bases` or a motif's PPM is not of the form above.
    """
    bases, motifs = _checked_bases(bases), _checked_motifs(motifs)
    result = np.empty((len(bases), len(motifs)))
    for chunk, ratios in _ratios(bases, motifs):
        result[chunk] = ratios.sum(2)
    return result


def posterior(
    bases: np.ndarray, protocol: str = "as-run", motifs: Sequence[Motif] | None = None
) -> np.ndarray:
    """Probability that each TF has a motif in each sequence, under the generative model.

    Parameters
    ----------
    bases : (n, length) integers
        0..3 = A, C, G, T; 4 = ambiguous, which is as likely under a motif as under background
        (factor 1).
    protocol : "as-run" or "as-written"
        Decides how many motifs there are and how close they may lie.
    motifs : sequence of Motif, optional
        One a class; the twelve ground-truth motifs unless given.

    Returns
    -------
    (n, classes) float64
        In 0..1, to an absolute error of some 1e-15; NaN in the row of a sequence that the model
        cannot make (possible only where PPMs have zeros).

    Raises
    ------
    ValueError
        If the protocol is unknown, `bases` or a motif's PPM is not of the form above, or no motif
        fits into a sequence.

    Notes
    -----
    The model and the recursion are described at the head of this module. Some seconds for 5,000
    sequences of 200 nt on one core, of which one or two are Numba's compilation (kept on disk).
    """
    if protocol not in COUNT_PROBABILITY:
        known = ", ".join(COUNT_PROBABILITY)
        raise ValueError(f"protocol {protocol!r} is unknown; there are: {known}")
    bases, motifs = _checked_bases(bases), _checked_motifs(motifs)
    gap = SMALLEST_GAP[protocol]
    widths = [motif.width for motif in motifs]
    steps, target, weight = _states(widths, bases.shape[1], gap, COUNT_PROBABILITY[protocol])
    group = np.searchsorted(steps, np.array(widths) + gap)
    # One sum without each class and one over all, rounded up to whole vector registers (8
    # doubles): as the innermost loop that is twice as fast as without the surplus.
    sums = 8 * math.ceil((len(motifs) + 1) / 8)
    result = np.empty((len(bases), len(motifs)))
    for chunk, ratios in _ratios(bases, motifs):
        for ratio, width in zip(ratios.swapaxes(0, 1), widths, strict=True):
            # A motif needs its gap behind it inside the sequence; cropping makes the one before
            # the first motif.
            ratio[:, max(bases.shape[1] - width - gap + 1, 0) :] = 0
        evidence = _compiled()(ratios[:, :, gap:], group, steps, target, weight, sums)
        with np.errstate(invalid="ignore"):
            result[chunk] = 1 - evidence[:, : len(motifs)] / evidence[:, len(motifs), None]
    # A class that is absent has two equal sums, up to rounding.
    return np.clip(result, 0, 1, out=result)


def coverage(
    bases: np.ndarray,
    classes: Sequence[int] | np.ndarray,
    protocol: str = "as-run",
    motifs: Sequence[Motif] | None = None,
) -> np.ndarray:
    """Probability that each position lies in an embedded motif of one class, under the model.

    It is 1 - Z without the class's motifs over that position / Z.

    Parameters
    ----------
    bases : (n, length) integers
        As for `posterior`.
    classes : (n,) int
        Which class is asked of each sequence.
    protocol, motifs
        As for `posterior`.

    Returns
    -------
    (n, length) float64

    Raises
    ------
    ValueError
        As `posterior` does, or if there is not one known class a sequence.

    Notes
    -----
    Some hundredths of a second for a sequence of 200 nt.
    """
    if protocol not in COUNT_PROBABILITY:
        known = ", ".join(COUNT_PROBABILITY)
        raise ValueError(f"protocol {protocol!r} is unknown; there are: {known}")
    bases, motifs = _checked_bases(bases), _checked_motifs(motifs)
    classes = np.asarray(classes)
    if classes.shape != (len(bases),) or not np.isin(classes, np.arange(len(motifs))).all():
        raise ValueError(
            f"classes must be {len(bases)} numbers in 0..{len(motifs) - 1}, one a sequence, found "
            f"{classes.tolist()}"
        )
    length, gap = bases.shape[1], SMALLEST_GAP[protocol]
    widths = [motif.width for motif in motifs]
    steps, target, weight = _states(widths, length, gap, COUNT_PROBABILITY[protocol])
    group = np.searchsorted(steps, np.array(widths) + gap)
    # `_evidence` leaves class v out of sum v. Its class 0 is nobody here, and there is one sum:
    # over all, of ratios that are added up by width.
    nobody = np.concatenate([[0], np.arange(len(steps))])
    result = np.empty(bases.shape)
    for chunk, ratios in _ratios(bases, motifs):
        for ratio, width in zip(ratios.swapaxes(0, 1), widths, strict=True):
            ratio[:, max(length - width - gap + 1, 0) :] = 0
        for row, (one, number) in enumerate(zip(ratios, classes[chunk], strict=True), chunk.start):
            by_width = np.zeros((length + 1, len(steps) + 1, length))
            for which in range(len(steps)):
                by_width[:, which + 1] = one[group == which].sum(0)
            others = (group == group[number]) & (np.arange(len(motifs)) != number)
            left = one[others].sum(0)
            for position in range(length):
                over = slice(max(position - widths[number] + 1, 0), position + 1)
                by_width[position, group[number] + 1, over] = left[over]
            found = _compiled()(by_width[:, :, gap:], nobody, steps, target, weight, 1)[:, 0]
            with np.errstate(invalid="ignore"):
                result[row] = 1 - found[:length] / found[length]
    return np.clip(result, 0, 1, out=result)


def reference(dataset: Dataset) -> References:
    """How well both references tell the test split's classes, as a network's record says it.

    Parameters
    ----------
    dataset : Dataset
        A synthetic dataset; its `config` names the protocol.

    Returns
    -------
    References
        One number a class in class order, and the means.

    Raises
    ------
    ValueError
        If the dataset is not synthetic with the twelve ground-truth classes, so that its
        generative model is not known, or if a class has no positive or no negative test sequence.
    """
    protocol = _protocol(dataset)
    labels, bases = dataset.test.labels, dataset.test.bases
    for tf, positives in zip(dataset.classes, labels.sum(0, dtype=int), strict=True):
        if not 0 < positives < len(labels):
            raise ValueError(
                f"{dataset.name}: {positives} of {len(labels)} test sequences have {tf}; "
                "AUROC needs positives and negatives"
            )
    result = {}
    for name, scores in (("pwm", pwm_scores(bases)), ("posterior", posterior(bases, protocol))):
        measures = evaluation.scores(labels, scores)
        means = {f"mean_{key}": float(np.mean(values)) for key, values in measures.items()}
        result[name] = {**measures, **means}
    return convert(result, References)


def write_reference(dataset: Dataset, results_dir: Path | str | None = None) -> Path:
    """Compute `reference` and keep it as `<dataset>/<protocol>/optimal.json` among the results.

    The file is written whole or not at all.

    Raises
    ------
    ValueError
        As `reference` does.
    """
    from llvmlite.binding import get_host_cpu_name

    protocol = _protocol(dataset)
    started = time.perf_counter()
    references = reference(dataset)
    record = Reference(
        **store.envelope({"dataset": dataset.config}, "numba", "numpy", "pyjaspar", "scikit-learn"),
        dataset=dataset.name,
        protocol=protocol,
        hardware=f"{get_host_cpu_name()}, 1 thread",
        seconds=round(time.perf_counter() - started, 1),
        sequences=len(dataset.test),
        classes=dataset.classes,
        references=references,
    )
    return store.save(_path(results_dir, dataset.name, protocol), record)


def load_reference(
    results_dir: Path | str | None = None, dataset: str = "synthetic", protocol: str = "as-run"
) -> Reference:
    """Read and check the record that `write_reference` left.

    Raises
    ------
    FileNotFoundError
        If there is no such record.
    RecordError
        If the file is not a whole record of that dataset and protocol.
    """
    path = _path(results_dir, dataset, protocol)
    record = store.load(path, Reference)
    if (found := (record.dataset, record.protocol)) != (dataset, protocol):
        raise store.RecordError(
            f"{path}: says it is of {' '.join(found)}, expected {dataset} {protocol}"
        )
    return record


def get(
    profile: str = "paper",
    protocol: str = "as-run",
    *,
    missing: str = "skip",
    results_dir: Path | str | None = None,
) -> References | None:
    """The references of the dataset that a profile trains on, by the rules of `runs.get`.

    Parameters
    ----------
    profile : str
        Decides how many sequences are simulated. A record of another number does not count.
    protocol : "as-run" or "as-written"
    missing : "skip", "train" or "error"
        What to do where they are not on record. There is nothing to train: with "train" they are
        computed, which takes seconds, and not kept.
    results_dir : path, optional

    Returns
    -------
    References or None
        What `reference` gives; None where they are missing and skipped.

    Raises
    ------
    ValueError
        For a parameter that names nothing.
    MissingRunError
        With `missing="error"`.
    RecordError
        For a record that cannot be trusted.
    """
    store.open_results(results_dir, missing)
    number = parse_profile(profile).sequences or 25_000
    config = synthetic.configuration(protocol, number=number)
    with contextlib.suppress(FileNotFoundError):
        record = load_reference(results_dir, protocol=protocol)
        if record.configuration["dataset"] == config:
            return record.references
    path = _path(results_dir, "synthetic", protocol)
    if store.makes(missing, f"{path}: no upper references of {config['number']} sequences"):
        return reference(synthetic.get(protocol, number=config["number"]))
    return None


def heights(references: References | None) -> dict[str, float]:
    """The mean AUROC of each classifier, by what plots call it; empty without references."""
    if references is None:
        return {}
    both = {"Bayes-optimal": references.posterior, "true PWMs": references.pwm}
    return {name: scores.mean_auroc for name, scores in both.items()}


def ceiling(references: References | None) -> dict[str, float]:
    """The Bayes-optimal AUROC of each TF; empty without references."""
    if references is None:
        return {}
    return dict(zip(TFS, references.posterior.auroc, strict=True))


def _path(results_dir: Path | str | None, dataset: str, protocol: str) -> Path:
    return store.results_folder(results_dir) / dataset / protocol / "optimal.json"


def _protocol(dataset: Dataset) -> str:
    protocol = dataset.config.get("protocol")
    if (
        dataset.config.get("dataset") != "synthetic"
        or protocol not in COUNT_PROBABILITY
        or dataset.classes != TFS
        or not {"added_motifs", "counts"}.isdisjoint(dataset.config)
    ):
        raise ValueError(
            f"{dataset.name}: an upper reference needs a known generative model, that is a "
            f"synthetic dataset with the motifs {', '.join(TFS)} and the protocol's numbers of "
            f"them; found protocol {protocol!r}, the classes {', '.join(dataset.classes)}"
            f"{' and other numbers' if 'counts' in dataset.config else ''}"
        )
    return protocol


def _checked_bases(bases: np.ndarray) -> np.ndarray:
    bases = np.asarray(bases)
    if bases.ndim != 2 or not np.issubdtype(bases.dtype, np.integer) or bases.shape[1] == 0:
        raise ValueError(
            "bases must be a (n, length) array of integers 0..4, "
            f"found {bases.dtype} of shape {bases.shape}"
        )
    if bases.size and (bases.min() < 0 or bases.max() > AMBIGUOUS):
        raise ValueError(
            f"bases must lie in 0..4 (A, C, G, T, ambiguous), found {bases.min()}..{bases.max()}"
        )
    return bases


def _checked_motifs(motifs: Sequence[Motif] | None) -> Sequence[Motif]:
    motifs = ground_truth() if motifs is None else motifs
    if len(motifs) == 0:
        raise ValueError("motifs: found none, expected one a class")
    for motif in motifs:
        if motif.width > _WIDEST:
            raise ValueError(
                f"motif {motif.id}: at most {_WIDEST} positions are expected, found {motif.width}"
            )
        if not (motif.ppm >= 0).all() or not np.allclose(motif.ppm.sum(1), 1, atol=1e-6):
            raise ValueError(f"motif {motif.id}: the rows of a PPM must be probabilities")
    return motifs


def _ratios(bases: np.ndarray, motifs: Sequence[Motif]):
    """Likelihood ratios by chunk: its slice, and (chunk, classes, length) by start position.

    Both orientations are summed; starts from which a motif would leave the sequence have 0.
    """
    for begin in range(0, len(bases), _CHUNK):
        chunk = slice(begin, begin + _CHUNK)
        part = bases[chunk].astype(np.intp)
        ratios = np.zeros((len(part), len(motifs), bases.shape[1]))
        for number, motif in enumerate(motifs):
            both = scanning.ratios(part, motif).sum(1)
            ratios[:, number, : both.shape[1]] = both
        yield chunk, ratios


def _states(
    widths: list[int], length: int, gap: int, prior: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The states (count, bases) of the recursion, and where a motif leads from each.

    Returns
    -------
    steps : (distinct widths,) int
        By how far a motif moves the recursion on: its width and the gap behind it.
    target : (states, distinct widths) int
        State after one more motif; -1 if there is none.
    weight : (states, distinct widths) float64
        What an arrangement counts if that motif is its last: P(k) over the number of ordered
        picks of k that fit and over the number of placements of these.
    """
    distinct = sorted(set(widths))
    room = length - gap  # what is left behind the first gap for motifs with their gaps

    def placements(count: int, total: int) -> int:
        free = room - total - count * gap
        # The authors' code wants a free base even where gaps may be empty.
        return math.comb(free + count, count) if free >= 0 and total < length else 0

    picks = [{0: 1}]  # ordered picks (two orientations) by count and number of bases
    for count in range(1, len(prior) + 1):
        longer: dict[int, int] = {}
        for total, ways in picks[-1].items():
            for width in widths:
                if placements(count, total + width):
                    longer[total + width] = longer.get(total + width, 0) + 2 * ways
        picks.append(longer)
    if not picks[1]:
        raise ValueError(f"no motif fits into {length} nt; the narrowest has {distinct[0]} nt")

    states = [(count, total) for count in range(len(prior)) for total in sorted(picks[count])]
    index = {state: number for number, state in enumerate(states)}
    target = np.full((len(states), len(distinct)), -1)
    weight = np.zeros(target.shape)
    for number, (count, total) in enumerate(states):
        for which, width in enumerate(distinct):
            after = (count + 1, total + width)
            target[number, which] = index.get(after, -1)
            if ways := placements(*after):
                weight[number, which] = prior[count] / sum(picks[count + 1].values()) / ways
    return np.array(distinct) + gap, target, weight


@functools.cache
def _compiled():
    import numba

    return numba.njit(cache=True)(_evidence)


def _evidence(ratios, group, steps, target, weight, sums):
    """Z for each sequence without class 0, 1, ...; from the number of classes on, over all.

    Parameters
    ----------
    ratios : (n, classes, length) float64
        By start position.
    group : (classes,) int
        Index of a class's width in `steps`.
    steps, target, weight
        As `_states` gives them.
    sums : int
        How many sums to carry; more than classes.

    Returns
    -------
    (n, sums) float64
    """
    n, classes, length = ratios.shape
    ring = steps.max() + 1
    result = np.zeros((n, sums))
    # waiting[i % ring, q, v]: arrangements of state q after which the next motif may start at i
    waiting = np.zeros((ring, len(target), sums))
    starting = np.zeros((len(steps), sums))
    last = np.zeros(sums)
    for s in range(n):
        waiting[:] = 0
        waiting[0, 0] = 1
        for i in range(length):
            now = waiting[i % ring]
            starting[:] = 0
            for c in range(classes):
                for v in range(sums):
                    if v != c:
                        starting[group[c], v] += ratios[s, c, i]
            for w in range(len(steps)):
                after = waiting[(i + steps[w]) % ring]
                last[:] = 0
                for q in range(len(target)):
                    share, then = weight[q, w], target[q, w]
                    for v in range(sums):
                        last[v] += share * now[q, v]
                    if then >= 0:
                        for v in range(sums):
                            after[then, v] += starting[w, v] * now[q, v]
                for v in range(sums):
                    result[s, v] += starting[w, v] * last[v]
            following = waiting[(i + 1) % ring]
            for q in range(len(target)):
                for v in range(sums):
                    following[q, v] += now[q, v]
                    now[q, v] = 0
    return result
