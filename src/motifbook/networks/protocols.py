"""How a network is trained and read: protocols (faithful to what) and profiles (how much).

`as-run` is what the authors' code did, which made the published numbers; `as-written` is what the
paper's Methods say. They are two values of one dataclass. A name such as
`as-run+initialisation+window` is the first with those switches set as in the other, so that each
difference can be tested on its own. `as-run+jaspar-2024` matches filters with another release,
`as-run+data-16` trains on a sixteenth of the sequences, `as-run+noise-5` with 5% of labels wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from motifbook.motifs import matrices

BETA2, ADAM_EPSILON = 0.999, 1e-8
"""Adam's other constants, in which text and code agree."""


@dataclass(frozen=True)
class Protocol:
    """Every choice in which the paper's text and its code differ, and the two they share.

    Attributes
    ----------
    dataset : "as-run" or "as-written"
        Which simulation; see `motifbook.sequences.synthetic`.
    learning_rate, beta1 : float
        Adam's step size and first decay.
    initialisation : "glorot" or "he"
        Of the kernels; with Glorot the output bias is random as well, as in the authors' code.
    norm_hidden : bool
        Batch norm (and so no bias) in the hidden dense layer as well.
    norm_epsilon : float
        Batch norm's epsilon. The Methods give none; `as-written` takes Keras's default.
    patience : int or None
        Epochs without a better validation loss before stopping; None trains to the last epoch.
    widths : "as-run" or "as-written"
        CNN-50-2's layers: 64 filters and 96 units as run, 128 and 512 as written.
    threshold : float
        A position is a filter's site if its activation exceeds this part of the maximum.
    maximum : "observed" or "possible"
        The maximum over the test set, or over all sequences; see `motifbook.filters.readout`.
    sites : "all" or "best"
        Every position over the threshold, or the best one of each sequence.
    weighting : "activation" or "equal"
        How much a site counts in the PPM.
    ends : "kept" or "dropped"
        Sites whose window runs off the sequence.
    window : int or None
        Columns of a PPM; None is the filter's own size.
    trim : bool
        Cut uninformative ends off before the database search.
    l1, l2 : float
        Weight of the sum of absolute and of squared weights in the loss.
    batch_size : int
    activation : "relu" or "exponential"
        Of the first convolution, after its batch norm; deeper layers keep ReLU.
    data, noise : int
        One in so many training sequences is used, and so many percent of the labels of training
        and validation are flipped; see `motifbook.sequences.harder`.
    jaspar : str
        The release whose CORE vertebrates filters are matched with.
    """

    name: str
    dataset: str
    learning_rate: float
    beta1: float
    initialisation: str
    norm_hidden: bool
    norm_epsilon: float
    patience: int | None
    widths: str
    threshold: float
    maximum: str
    sites: str
    weighting: str
    ends: str
    window: int | None
    trim: bool
    l1: float = 0.0
    l2: float = 1e-6
    batch_size: int = 100
    activation: str = "relu"
    data: int = 1
    noise: int = 0
    jaspar: str = matrices.PAPERS_RELEASE

    def training(self) -> dict:
        """The part that decides the trained weights, given dataset and architecture."""
        everything = asdict(self)
        for name, plain in (("l1", 0.0), ("activation", "relu")):
            if everything[name] == plain:  # as before there was a choice: networks keep their key
                del everything[name]
        # What is in the data or the architecture is in a network's key on their account.
        reading = {"name", "dataset", "widths", "data", "noise", "jaspar"}.union(
            *(SWITCHES[name] for name in READING)
        )
        return {key: value for key, value in everything.items() if key not in reading}


AS_RUN = Protocol(
    name="as-run",
    dataset="as-run",
    learning_rate=1e-3,
    beta1=0.95,
    initialisation="glorot",
    norm_hidden=True,
    norm_epsilon=1e-8,
    patience=20,
    widths="as-run",
    threshold=0.5,
    maximum="observed",
    sites="all",
    weighting="activation",
    ends="kept",
    window=19,
    trim=True,
)
AS_WRITTEN = Protocol(
    name="as-written",
    dataset="as-written",
    learning_rate=3e-4,
    beta1=0.9,
    initialisation="he",
    norm_hidden=False,
    norm_epsilon=1e-3,
    patience=None,
    widths="as-written",
    threshold=0.7,
    maximum="possible",
    sites="best",
    weighting="equal",
    ends="dropped",
    window=None,
    trim=False,
)

SWITCHES: dict[str, tuple[str, ...]] = {
    "dataset": ("dataset",),
    "optimiser": ("learning_rate", "beta1"),
    "initialisation": ("initialisation",),
    "hidden-norm": ("norm_hidden",),
    "epsilon": ("norm_epsilon",),
    "stopping": ("patience",),
    "widths": ("widths",),
    "sites": ("threshold", "maximum", "sites"),
    "weighting": ("weighting",),
    "ends": ("ends",),
    "window": ("window",),
    "trim": ("trim",),
}
"""The differences between the two protocols, each by the fields it sets."""
ALONE: dict[str, dict] = {
    "batch": {"batch_size": 32},
    "l1": {"l1": 1e-6},
    "exponential": {"activation": "exponential"},
}
"""Switches that neither protocol has set: what the authors' code came to have (`batch` since
2019-12-24, `l1` in CNN-50's model file since 2019-04-17), and what Koo & Ploenzke 2021 propose."""
READING = ("sites", "weighting", "ends", "window", "trim")
"""Switches that only change how filters are read: they need no training of their own."""


def _whole(name: str, least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
            raise ValueError(f"{name}-{text}: expected a whole number from {least} to {most}")
        return int(text)

    return read


VALUED: dict[str, Callable[[str], object]] = {
    "data": _whole("data", 1, 1000),
    "noise": _whole("noise", 0, 50),
    "jaspar": matrices.parse_release,
}
"""Switches with a value, such as `noise-5`: the field that each sets, and what reads the value."""
KNOWN = (*SWITCHES, *ALONE, "data-N", "noise-PERCENT", "jaspar-YEAR")
"""Every switch, as one is told of them."""


def parse_protocol(text: str) -> Protocol:
    """A protocol from its name: `as-run`, `as-written`, or either with switches set the other way.

    `as-run+optimiser+window` is `as-run` with the two switches set as in `as-written`; a switch of
    `ALONE` has a value of its own. Those of `VALUED` come last: `data-16`, `noise-5`,
    `jaspar-YEAR`.

    Raises
    ------
    ValueError
        For an unknown protocol, switch or value of a switch, or two values of one.
    """
    base, *switches = str(text).strip().split("+")  # papermill makes a number of digits
    protocols = {"as-run": (AS_RUN, AS_WRITTEN), "as-written": (AS_WRITTEN, AS_RUN)}
    if base not in protocols:
        raise ValueError(f"unknown protocol {base!r}; there are: {', '.join(protocols)}")
    protocol, other = protocols[base]
    known, plain, values = [*SWITCHES, *ALONE], set[str](), dict[str, object]()
    for switch in switches:
        name, dash, value = switch.partition("-")
        if dash and name in VALUED:
            found = VALUED[name](value)
            if (first := values.setdefault(name, found)) != found:
                raise ValueError(
                    f"protocol {text!r} has {name} {first} and {found}, expected one of them"
                )
        elif switch in known:
            plain.add(switch)
            fields = {key: getattr(other, key) for key in SWITCHES.get(switch, ())}
            protocol = replace(protocol, **fields, **ALONE.get(switch, {}))
        else:
            names = ", ".join(KNOWN)
            raise ValueError(f"unknown switch {switch!r} in protocol {text!r}; there are: {names}")
    written = [base, *sorted(plain, key=known.index)]
    for name in VALUED:
        if name in values and values[name] != getattr(AS_RUN, name):
            written.append(f"{name}-{values[name]}")
    return replace(protocol, name="+".join(written), **values)  # type: ignore[arg-type]


def with_jaspar(protocol: str, release: str | int | None) -> str:
    """A protocol's name with another JASPAR release; as it is without one.

    Raises
    ------
    ValueError
        As `parse_protocol`.
    """
    text = protocol if release is None else f"{protocol}+jaspar-{release}"
    return parse_protocol(text).name


@dataclass(frozen=True)
class Profile:
    """How much: number of sequences (None: all of the dataset), epochs at most, patience cap."""

    name: str
    sequences: int | None
    epochs: int
    patience: int | None = None


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("smoke", sequences=2_000, epochs=3),
        Profile("quick", sequences=None, epochs=15, patience=5),
        Profile("paper", sequences=None, epochs=100),
        Profile("long", sequences=None, epochs=400),
    )
}


def parse_profile(text: str) -> Profile:
    """A profile by name.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    name = str(text).strip()
    if name not in PROFILES:
        raise ValueError(f"unknown profile {text!r}; there are: {', '.join(PROFILES)}")
    return PROFILES[name]
