"""What the chapter on running it again tabulates, and the program in its own words."""

from __future__ import annotations

import contextlib
import html
import io
import os
import re
from collections.abc import Callable, Sequence

import pandas as pd

from motifbook.book.chapter import Gathered
from motifbook.book.provenance import Markup
from motifbook.networks import protocols

MEANT = {
    "smoke": "tests; the numbers mean nothing",
    "quick": "a first look",
    "paper": "what the paper did, and this book",
    "long": "whether more epochs change anything",
}
"""What each profile is for."""


def profiles() -> pd.DataFrame:
    """How much each profile does: a row per profile."""
    return pd.DataFrame.from_dict(
        {
            name: {
                "sequences": f"{profile.sequences:,}" if profile.sequences else "all",
                "epochs, at most": profile.epochs,
                "patience (epochs)": profile.patience or "the protocol's",
                "for": MEANT[name],
            }
            for name, profile in protocols.PROFILES.items()
        },
        orient="index",
    )


def machines(page: Gathered) -> str:
    """How many runs there are and what they ran on, in words."""
    hardware = sorted({record.hardware for record in page.records})
    if not hardware:
        return "None of these runs is on record yet."
    return (
        f"Means over trials; {len(page.records)} of {len(page.wanted)} runs are on record, made "
        f"on: {'; '.join(hardware)}."
    )


def times(table: pd.DataFrame) -> pd.DataFrame:
    """Mean epochs and seconds of a run: a row per model of `runs.table`."""
    found = table.groupby("label", sort=False)[["epochs", "seconds"]].mean()
    return found.round(0).astype(int).rename_axis(None)


def program(main: Callable[[Sequence[str]], object]) -> Markup:
    """What the program says of itself, and of each command when it is unfolded.

    Parameters
    ----------
    main : callable
        The program, such as `cli.main`: prints its help when it is given `--help`.
    """
    whole = _usage(main)
    commands = re.findall(r"(?m)^ {4}([a-z]+)\b", whole)
    folded = "".join(
        f"<details><summary><code>motifbook {name}</code></summary>"
        f"<pre>{html.escape(_usage(main, name))}</pre></details>"
        for name in commands
    )
    return Markup(f"<pre>{html.escape(whole)}</pre>{folded}", whole)


def _usage(main: Callable[[Sequence[str]], object], *command: str) -> str:
    """The help text of the program or of a command, as wide as a page."""
    text = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "76"
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        main([*command, "--help"])
    del os.environ["COLUMNS"]
    if before is not None:
        os.environ["COLUMNS"] = before
    return text.getvalue()
