"""Motifs from maps of importance, by TF-MoDISco, beside those that a network's filters show.

A map says where, not what. TF-MoDISco (Shrikumar et al. 2018) cuts the windows of greatest
importance out of many maps, aligns those that are alike, and so makes patterns of them. Each class
of a network is asked by itself, with the integrated gradients of all test sequences that have it.

A motif *comes out* of the maps if a pattern from its class's maps matches it by the rule that
filters are held to: the pattern's informative part, against JASPAR 2016, E of at most 0.1, and the
best relevant match is of that TF. The filters of the same network *show* it if one of them does so.

TF-MoDISco is of no other use here, so no dependency: `benchmarks/attribution_patterns.py` runs it
and keeps its patterns; all else reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct, convert

from motifbook.motifs import matrices
from motifbook.motifs.matrices import TFS
from motifbook.networks.protocols import AS_RUN
from motifbook.records import experiment, store
from motifbook.records.runs import Filter
from motifbook.records.store import Contradiction, Envelope, Number
from motifbook.yardsticks import attribution


class Pattern(Filter, frozen=True, kw_only=True, omit_defaults=True):
    """A pattern, read as a filter is; `asked` is the class whose maps it was made from.

    `filter` is its number, `sites` are the windows ("seqlets") that it was made from.
    """

    asked: str

    @property
    def is_own(self) -> bool:
        """Whether it is the motif of the class that was asked."""
        return self.learned_tf == self.asked


class Network(Struct, frozen=True, kw_only=True):
    """A network's patterns.

    Attributes
    ----------
    maps : int
        Pairs of a test sequence and a class that it has.
    on_record : bool or None
        As in `attribution.Network`.
    shown : tuple of str
        The motifs that its first-layer filters show.
    """

    run: str
    maps: Number
    on_record: bool | None
    shown: tuple[str, ...]
    patterns: tuple[Pattern, ...]

    @property
    def model(self) -> str:
        """Its name in the table of networks."""
        return Path(self.run).parent.name

    @property
    def motifs(self) -> list[str]:
        """Those that come out of its maps, in the order of classes."""
        own = {one.asked for one in self.patterns if one.is_own}
        return [tf for tf in TFS if tf in own]


class Patterns(Envelope, frozen=True, kw_only=True, eq=False):
    """Patterns on record."""

    kind: Annotated[str, Meta(pattern="^attribution-patterns$")] = "attribution-patterns"
    networks: Annotated[tuple[Network, ...], Meta(min_length=1)]

    def contradictions(self) -> Iterator[Contradiction]:
        yield from store.repeated("networks", (network.run for network in self.networks))
        for at, network in enumerate(self.networks):
            numbers = (one.filter for one in network.patterns)
            yield from store.repeated(f"networks[{at}].patterns", numbers)
            named = {f"patterns[{n}].asked": one.asked for n, one in enumerate(network.patterns)}
            named |= {f"shown[{n}]": tf for n, tf in enumerate(network.shown)}
            for field, tf in named.items():
                if tf not in TFS:
                    yield f"networks[{at}].{field}", repr(tf), f"one of {', '.join(TFS)}"


def describe(found: Iterable[tuple[str, np.ndarray, int]]) -> tuple[Pattern, ...]:
    """Patterns for the record, matched all at once.

    Parameters
    ----------
    found : iterable of (class, PPM, windows)
        A PPM is (columns, 4), the mean of the one-hot windows.
    """
    found = list(found)
    ppms = (ppm for _, ppm, _ in found)
    rows, _ = experiment.match("pattern", ppms, AS_RUN, matrices.jaspar(), matrices.RELEVANT)
    own = ({"asked": tf, "filter": i, "sites": sites} for i, (tf, _, sites) in enumerate(found))
    return convert([row | more for row, more in zip(rows, own, strict=True)], tuple[Pattern, ...])


def path(profile: str = "paper", results_dir: Path | str | None = None) -> Path:
    """Where the patterns of a profile's networks lie."""
    return attribution.path(profile, results_dir).with_name("attribution-patterns.json")


def load(profile: str = "paper", results_dir: Path | str | None = None) -> Patterns | None:
    """The patterns on record, or None; raises RecordError if they cannot be trusted."""
    file = path(profile, results_dir)
    return store.load(file, Patterns) if file.exists() else None
