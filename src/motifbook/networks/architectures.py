"""The paper's networks as a table; `motifbook.networks.keras_model` builds a row.

Koo & Eddy 2019, Methods, "CNN models". Every convolution is `same`-padded with stride 1 and has no
bias: batch norm follows. A block is convolution, batch norm, ReLU, max-pool (`same`), dropout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from motifbook.networks.protocols import Protocol


@dataclass(frozen=True)
class Conv:
    """A convolutional block: number of filters, filter size, max-pool size and stride (nt)."""

    filters: int
    size: int
    pool: int
    stride: int | None = None

    @property
    def pool_stride(self) -> int:
        return self.pool if self.stride is None else self.stride


@dataclass(frozen=True)
class Architecture:
    """A row of the table: name, the paper's name for it, its convolutional blocks, hidden units."""

    name: str
    label: str
    convs: tuple[Conv, ...]
    hidden: int = 512
    as_written: Architecture | None = None
    """What the Methods describe, where that is another network."""

    def under(self, protocol: Protocol) -> Architecture:
        """The network that `protocol` trains under this name."""
        return self.as_written if protocol.widths == "as-written" and self.as_written else self

    @property
    def unpooled_layers(self) -> int:
        """How many first layers see positions that no pooling has blurred (1-based count)."""
        for number, conv in enumerate(self.convs, start=1):
            if conv.pool > 1:
                return number
        return len(self.convs)


def _two(
    name: str,
    label: str,
    pools: tuple[int, int],
    filters: int = 30,
    size: int = 19,
    second: int = 5,
) -> Architecture:
    return Architecture(name, label, (Conv(filters, size, pools[0]), Conv(128, second, pools[1])))


_CNN_50_2 = Architecture("cnn-50-2", "CNN-50-2", (Conv(30, 19, 50, 2), Conv(128, 5, 50)))

MODELS: dict[str, Architecture] = {
    row.name: row
    for row in (
        _two("cnn-1", "CNN-1", (1, 100)),
        _two("cnn-2", "CNN-2", (2, 50)),
        _two("cnn-4", "CNN-4", (4, 25)),
        _two("cnn-10", "CNN-10", (10, 10)),
        _two("cnn-25", "CNN-25", (25, 4)),
        _two("cnn-50", "CNN-50", (50, 2)),
        _two("cnn-100", "CNN-100", (100, 1)),
        _two("cnn9-4", "CNN9-4", (4, 25), size=9),
        _two("cnn9-25", "CNN9-25", (25, 4), size=9),
        _two("cnn3-2", "CNN3-2", (2, 50), size=3),
        _two("cnn3-50", "CNN3-50", (50, 2), size=3),
        # The model file that made the numbers is narrower than the Methods' text has it.
        replace(
            _CNN_50_2,
            convs=(Conv(30, 19, 50, 2), Conv(64, 5, 50)),
            hidden=96,
            as_written=_CNN_50_2,
        ),
        _two("cnn19-1-2", "CNN19-1-2", (2, 50), second=1),
        _two("cnn-25-60", "CNN-25 (60)", (25, 4), filters=60),
        _two("cnn-25-90", "CNN-25 (90)", (25, 4), filters=90),
        _two("cnn-25-120", "CNN-25 (120)", (25, 4), filters=120),
        Architecture(
            "cnn-1-1-100", "CNN-1-1-100", (Conv(30, 19, 1), Conv(128, 5, 1), Conv(128, 5, 100))
        ),
        _two("cnn-25-6", "CNN-25 (6)", (25, 4), filters=6),
        _two("cnn-25-12", "CNN-25 (12)", (25, 4), filters=12),
        _two("cnn-25-18", "CNN-25 (18)", (25, 4), filters=18),
    )
}
FEWER = ("cnn-25-6", "cnn-25-12", "cnn-25-18")
"""Fewer first-layer filters than the paper tried: to see when they are too few."""
PAPER = tuple(name for name in MODELS if name not in FEWER)
"""The paper's networks: what `all` means."""


def parse_models(text: str) -> tuple[str, ...]:
    """Names from "all" (the paper's) or a comma-separated list, in the order given, each once.

    Raises
    ------
    ValueError
        For an unknown name, or none.
    """
    text = str(text)  # papermill makes a number of digits
    if text.strip() == "all":
        return PAPER
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if unknown := [name for name in names if name not in MODELS]:
        raise ValueError(f"unknown model {unknown[0]!r}; there are: all, {', '.join(MODELS)}")
    if not names:
        raise ValueError(f"no model named in {text!r}; there are: all, {', '.join(MODELS)}")
    return names


def pooled_length(length: int, conv: Conv) -> int:
    """Positions left after `same`-padded pooling of `length` positions."""
    return -(-length // conv.pool_stride)
