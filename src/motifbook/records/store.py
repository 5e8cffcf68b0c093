"""Records on disk: one envelope, one atomic write, one checked read, one rule for what is missing.

Every kind of record is a subclass of `Envelope`, whose fields are the schema: what a file holds
comes back as typed objects, or not at all. Nothing here needs TensorFlow or numba.
"""

from __future__ import annotations

import json
import os
import platform
import re
import reprlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

import motifbook
from motifbook.files import loop, write_whole
from motifbook.sequences.datasets import fingerprint

FORMAT = 1
MISSING = ("skip", "train", "error")

Count = Annotated[int, Meta(ge=0, le=2**53)]
Number = Annotated[int, Meta(ge=1, le=2**53)]
Positive = Annotated[float, Meta(ge=0)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Score = Annotated[float, Meta(ge=0, le=1 + 1e-12)]
"""AUROC and the like: a perfect area, summed over its trapezoids, may come out as 1 + 2e-16."""


class RecordError(ValueError):
    """A record that cannot be trusted: the message names the file and what is wrong."""


class OtherDataError(RecordError):
    """A record of other data than its folder holds now; it is whole, but not of this dataset."""


class MissingRunError(LookupError):
    """Runs, or other records, that were asked for are not on record."""


class Envelope(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """What every record says: its kind, its format, and what made it.

    Attributes
    ----------
    kind : str
        Of a subclass, which states it; older files do not.
    versions : dict
        Of the packages that had a part in it.
    configuration : dict
        Everything that decides what the record says, but for seeds and hardware.
    configuration_sha256 : str
        Checked against it on construction.

    Raises
    ------
    ValueError
        If the configuration does not have that hash.
    """

    kind: str = ""
    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)]
    configuration: dict[str, Any]
    configuration_sha256: str
    versions: dict[str, str]

    def __post_init__(self) -> None:
        if (found := fingerprint(self.configuration)) != self.configuration_sha256:
            raise ValueError(
                f"its configuration has sha256 {found}, it states {self.configuration_sha256!r}"
            )

    def contradictions(self) -> Iterator[Contradiction]:
        """Each field that another belies; `load` refuses a record that has one."""
        yield from ()


Contradiction = tuple[str, object, object]
"""A field, what it holds, and what the rest of the record says."""


def repeated(place: str, values: Iterable) -> Iterator[Contradiction]:
    """What a list should hold but once."""
    for value, number in Counter(values).items():
        if number > 1:
            yield f"the number of {value!r} in {place}", number, 1


def above(place: str, part: Sequence, whole: Sequence) -> Iterator[Contradiction]:
    """Fractions of what matches a relevant motif, beside those of what matches any."""
    for at, (one, most) in enumerate(zip(part, whole, strict=True)):
        if one is not None and one > most:
            yield f"{place}[{at}]", one, f"at most {most}, that of any motif"


R = TypeVar("R", bound=Envelope)


def envelope(configuration: dict, *packages: str) -> dict:
    """The part of a record that `Envelope` describes, made now with these packages."""
    return {
        "format": FORMAT,
        "configuration": configuration,
        "configuration_sha256": fingerprint(configuration),
        "versions": {
            "motifbook": motifbook.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    }


def load(path: Path, of: type[R]) -> R:
    """Read and check a record.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    RecordError
        If it is no whole record of this type, or contradicts itself: names the file, the field
        (`$.layers[0].filters[3]`), what was found and what is expected.
    """
    if not os.path.lexists(path):
        raise FileNotFoundError(f"{path}: no such record")
    if not path.is_file():
        raise RecordError(f"{path}: is no file, or a link to none, expected a record")
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        record = msgspec.json.decode(text, type=of)
    except msgspec.ValidationError as error:
        raise RecordError(f"{path}: {_located(str(error), text)}") from error
    except ValueError as error:
        raise RecordError(f"{path}: not readable as JSON ({error})") from error
    except RecursionError as error:
        raise RecordError(f"{path}: not readable as JSON (nested too deeply)") from error
    _check_consistent(path, record)
    return record


def _check_consistent(path: Path, record: Envelope) -> None:
    if (wrong := next(record.contradictions(), None)) is not None:
        place, found, expected = wrong
        raise RecordError(f"{path}: contradicts itself: {place} is {found}, expected {expected}")


def _located(message: str, text: bytes) -> str:
    """The library's message, the place first, and what was found there."""
    what, _, place = message.partition(" - at `")
    place = place.removesuffix("`")
    if what.startswith(("Expected", "Number")) and ", got" not in what:
        found = json.loads(text)
        for key, index in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", place):
            if index == "...":  # some entry of an object whose keys are not fixed
                break
            found = found[key or int(index)]
        else:
            if place == "$.format":
                return f"is in format {reprlib.repr(found)}, expected {FORMAT}"
            what = f"{what}, found {reprlib.repr(found)}"
    return f"{place}: {what}" if place else what


def save(path: Path, record: Envelope) -> Path:
    """Write a record whole or not at all.

    Raises
    ------
    ValueError
        If it is not what `load` would read, so that nothing is written.
    """
    text = to_json(record)
    _check_consistent(path, msgspec.json.decode(text, type=type(record)))
    write_whole(path, text)
    return path


def to_json(record: object) -> str:
    """JSON with one line per key and per filter: small, and readable in a diff."""
    text = json.dumps(msgspec.to_builtins(record), indent=1, allow_nan=False)
    # Join the innermost lists (numbers, PPM rows) and flat objects into one line each.
    text = re.sub(r"[\[{][^\[\]{}]*[\]}]", lambda m: re.sub(r"\s*\n\s*", " ", m[0]), text)
    return text + "\n"


# Where records lie, and what is not there.


PACKAGED = Path(__file__).resolve().parents[1] / "project"
"""Records and chapters' texts in a copy that was installed from a wheel; see setup.py."""


def project_root() -> Path:
    """The project's folder: $MOTIFBOOK_ROOT, the checkout this package lies in, or `PACKAGED`."""
    if chosen := os.environ.get("MOTIFBOOK_ROOT"):
        return Path(chosen)
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() else PACKAGED


def keep_here(results_dir: Path | str | None) -> None:
    """See to it that an installed copy writes no record among its own.

    Where no folder is named it makes ./results, which from then on is the one that is read.
    """
    if not results_dir and project_root() == PACKAGED:
        Path("results").mkdir(exist_ok=True)


def results_folder(results_dir: Path | str | None = None) -> Path:
    """Where records lie: the folder given (if not None or empty), or the project's `results`.

    An installed copy's are ./results where there is such a folder, else those it came with.

    Raises
    ------
    ValueError
        If it is not text or a path: papermill takes digits for a number.
    """
    if results_dir is None or results_dir == "":
        root = project_root()
        here = root == PACKAGED and Path("results").is_dir()
        return (Path.cwd() if here else root) / "results"
    if not isinstance(results_dir, str | Path):
        raise ValueError(f"results_dir must be a folder's name as text, found {results_dir!r}")
    return Path(results_dir)


def parse_missing(text: str) -> str:
    """What to do about what is not on record; raises ValueError if it is none of `MISSING`."""
    if text not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, found {text!r}")
    return text


def open_results(results_dir: Path | str | None = None, missing: str = "skip") -> Path:
    """The folder to read records from, which is there.

    Parameters
    ----------
    results_dir : path, optional
        A folder that is given must exist; with `missing="train"` it is made.
    missing : "skip", "train" or "error"
        As for `makes`.

    Raises
    ------
    ValueError
        If there is no such folder, or what is there is none; if `missing` is none of `MISSING`.
    """
    parse_missing(missing)
    if missing == "train":
        keep_here(results_dir)
    folder = results_folder(results_dir)
    if loop(folder):
        raise ValueError(f"results_dir {str(folder)!r} is a symbolic link that leads to itself")
    if missing == "train" and not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"results_dir {str(folder)!r} is a file, expected a folder of records")
    if results_dir and not folder.exists():
        raise ValueError(f"results_dir {str(folder)!r} does not exist")
    return folder


def makes(missing: str, lacking: str) -> bool:
    """Whether what is not on record is to be made: with "train", and with "skip" not.

    Raises
    ------
    MissingRunError
        With "error", saying what is lacking.
    """
    if missing == "error":
        raise MissingRunError(lacking)
    return missing == "train"
