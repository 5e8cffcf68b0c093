"""The paper's networks as a table, and those of one's own from a file of such rows.

`motifbook.networks.keras_model` builds a row.

Koo & Eddy 2019, Methods, "CNN models". Every convolution is `same`-padded with stride 1 and has no
bias: batch norm follows. A block is convolution, batch norm, ReLU, max-pool (`same`), dropout.
"""

from __future__ import annotations

import re
import reprlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from motifbook.files import source

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

    def check(self, length: int) -> None:
        """Refuse a network that does not fit sequences of this length (nt).

        Raises
        ------
        ValueError
            If a first-layer filter is longer than a sequence, a pool larger than its map, or the
            network has more than `MOST_WEIGHTS`. A deeper filter may be wider than its map, as in
            CNN-50: zeros pad it.
        """
        channels, weights = 4, 0
        for number, conv in enumerate(self.convs):
            for key in ("size", "pool") if number == 0 else ("pool",):
                if (found := getattr(conv, key)) > length:
                    raise ValueError(
                        f"network {self.name}: convs[{number}].{key} is {found}, expected at most "
                        f"{length}: there are that many positions"
                    )
            weights += conv.size * channels * conv.filters
            length, channels = pooled_length(length, conv), conv.filters
        weights += length * channels * self.hidden
        if weights > MOST_WEIGHTS:
            raise ValueError(
                f"network {self.name}: has {weights:,} weights, expected at most {MOST_WEIGHTS:,}"
            )

    @property
    def own(self) -> bool:
        """Whether it is none of the table."""
        return self.name not in MODELS

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


def pooled_length(length: int, conv: Conv) -> int:
    """Positions left after `same`-padded pooling of `length` positions."""
    return -(-length // conv.pool_stride)


def _in_table(like: Architecture) -> Architecture:
    """The table's network with these convolutions, or else this one."""
    return next((row for row in MODELS.values() if row.convs == like.convs), like)


def _cell(pool: int, size: int) -> Architecture:
    """The network of this first pool and filter size."""
    first = Conv(30, size, pool)
    # The last pool leaves two positions of 200 nt, as in the paper's networks.
    convs = (first, Conv(128, 5, -(-pooled_length(200, first) // 2)))
    name = f"pool-{pool}-size-{size}"
    return _in_table(Architecture(name, name, convs))


FIRST_POOLS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 25, 50, 100)
FILTER_SIZES = (3, 5, 7, 9, 11, 15, 19, 25)
DESIGN = {(pool, size): _cell(pool, size) for pool in FIRST_POOLS for size in FILTER_SIZES}
"""Networks by first pool and size of the first filters (nt): what `design` means."""
FILTER_NUMBERS = (6, 12, 18, 30, 60, 120)
BY_FILTERS = {
    (pool, number): _in_table(_two(name, name, (pool, 100 // pool), filters=number))
    for pool in (2, 25)
    for number in FILTER_NUMBERS
    for name in (f"cnn-{pool}-{number}",)
}
"""CNN-2 and CNN-25, by first pool (nt) and number of first-layer filters."""

MOST_WEIGHTS = 100_000_000
"""A network of one's own may have no more: ten thousand times as many as CNN-100."""
_SUFFIX = ".toml"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?"
_LONGEST = 1_000_000  # bytes of a file: some ten thousand rows


class _Block(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `Conv` in a file, with bounds that hold for any sequence."""

    filters: Annotated[int, Meta(ge=1, le=4096)]
    size: Annotated[int, Meta(ge=1, le=1000)]
    pool: Annotated[int, Meta(ge=1, le=10_000)]
    stride: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class _Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An `Architecture` in a file, without its name."""

    convs: Annotated[tuple[_Block, ...], Meta(min_length=1, max_length=20)]
    hidden: Annotated[int, Meta(ge=1, le=65_536)] = 512


def choose(models: str | Iterable[str | Architecture]) -> tuple[Architecture, ...]:
    """The networks that a text names: rows of the table, and those in TOML files.

    Parameters
    ----------
    models : str or iterable
        "all" (the paper's), "design" (`DESIGN`), or a comma-separated list of names and TOML files;
        or several of these, or of networks.

    Returns
    -------
    tuple of Architecture
        In the order given, each once.

    Raises
    ------
    ValueError
        For an unknown name, or none; as `read` for a file; if two files have a network of one name.
    FileNotFoundError
        If there is no such file.
    """
    # papermill makes a number of digits
    several = [str(models)] if isinstance(models, str | int) else list(models)
    found: dict[str, Architecture] = {}
    for part in several:
        for row in [part] if isinstance(part, Architecture) else _named(str(part)):
            if found.setdefault(row.name.casefold(), row) != row:
                raise ValueError(f"two networks are called {row.name}; rename one")
    return tuple(found.values())


def _named(text: str) -> list[Architecture]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    cells = {row.name: [row] for row in (*DESIGN.values(), *BY_FILTERS.values())}
    book = cells | {name: [row] for name, row in MODELS.items()}
    book |= {"all": [MODELS[name] for name in PAPER], "design": [*DESIGN.values()]}
    known = f"there are: all, design, {', '.join(MODELS)}, or a file of networks of yours (.toml)"
    if unknown := [n for n in names if n not in book and not n.endswith(_SUFFIX)]:
        raise ValueError(f"unknown model {unknown[0]!r}; {known}")
    if not names:
        raise ValueError(f"no model named in {text!r}; {known}")
    return [row for name in names for row in (book[name] if name in book else read(name))]


def parse_models(text: str) -> tuple[str, ...]:
    """Names of rows of the table, as `choose`; networks of one's own are refused.

    Raises
    ------
    ValueError
        As `choose`, or for a network of one's own.
    """
    rows = choose(text)
    if own := [row.name for row in rows if row.own]:
        raise ValueError(f"network {own[0]} is one of yours; only the book's can be taken here")
    return tuple(row.name for row in rows)


def read(path: Path | str) -> list[Architecture]:
    """The networks of one's own in a TOML file: a table each, under its name.

    Its keys are those of `Architecture` and `Conv`::

        [wide]
        hidden = 512
        convs = [
            { filters = 60, size = 11, pool = 4 },
            { filters = 128, size = 5, pool = 25 },
        ]

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is none (see `files.source`).
    ValueError
        If it is no TOML or holds no network, an unknown key, a value that cannot be, or a name that
        is no folder's name or one of the table; the error names file, key, found and expected.
    """
    path = source(path, "networks, as TOML")
    with path.open("rb") as file:
        text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise ValueError(f"{path}: has more than {_LONGEST:,} bytes, expected a few networks")
    try:
        tables = tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not readable as TOML ({error})") from error
    if not tables:
        raise ValueError(f"{path}: holds no network, expected tables such as [wide]")
    rows: list[Architecture] = []
    for name, table in tables.items():
        if twin := next((row for row in rows if row.name.casefold() == name.casefold()), None):
            raise ValueError(f"{path}: {twin.name} and {name} are one folder's name; rename one")
        try:
            rows.append(of_row(name, table))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    return rows


def of_row(name: str, row: object) -> Architecture:
    """A network of one's own from its row, such as one in a file or a record; checked.

    Raises
    ------
    ValueError
        Naming key, found and expected.
    """
    if not re.fullmatch(_NAME, name) or name.endswith(_SUFFIX):
        raise ValueError(
            f"a network is called {reprlib.repr(name)}, expected letters, digits, '.', '_' and "
            "'-', at most 64, a letter or digit at both ends"
        )
    if name.casefold() in ("all", "design", *MODELS):
        raise ValueError(f"{name}: is a name in the book, expected another")
    try:
        checked = msgspec.convert(row, _Row)
    except msgspec.ValidationError as error:
        raise ValueError(_located(name, row, str(error))) from None
    convs = tuple(
        Conv(b.filters, b.size, b.pool, None if b.stride == b.pool else b.stride)
        for b in checked.convs
    )
    for number, conv in enumerate(convs):
        if conv.pool_stride > conv.pool:
            raise ValueError(
                f"{name}.convs[{number}].stride: found {conv.stride}, expected at most the pool, "
                f"{conv.pool}: a larger one skips positions"
            )
    return Architecture(name, name, convs, checked.hidden)


def _located(name: str, row: object, message: str) -> str:
    """The library's message in TOML's words, the key first, and what was found there."""
    what, _, place = message.partition(" - at `$")
    place, found = place.removesuffix("`"), row
    keys = (_Block if "[" in place else _Row).__struct_fields__
    for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", place):
        found = found[key or int(index)]  # type: ignore[index]
    if unknown := re.search(r"unknown field (.*)", what):
        return f"{name}{place}: found the key {unknown[1]}, expected {', '.join(keys)}"
    if missing := re.search(r"missing required field (.*)", what):
        return f"{name}{place}: found no key {missing[1]}, expected {', '.join(keys)}"
    for theirs, ours in _WORDS.items():
        what = what.replace(f"`{theirs}`", ours)
    expected = what.partition(", got ")[0].removeprefix("Expected ")
    return f"{name}{place}: found {reprlib.repr(found)}, expected {expected}"


_WORDS = {"int": "a whole number", "array": "a list", "object": "a table", "null": "nothing"}
