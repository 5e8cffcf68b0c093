"""What the paper printed: its tables' numbers, and the claims that its text makes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd


@cache
def _read(name: str) -> pd.DataFrame:
    path = files("motifbook") / "data" / name
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


def claims() -> pd.DataFrame:
    """Every claim of the paper that the ledger judges, one row each, all columns as text.

    Columns: `id`; `section`; `quote`, the paper's words; `kind` (number, comparison or fact);
    `paper`, the printed value, or the difference that the printed values make; `error`, the
    printed error over trials; `rule`, and `second_rule` where the second rule reads the claim
    otherwise; `dataset` (synthetic or in vivo); `quantity`, a key of `measures.QUANTITIES`;
    `models`, and `than`, the models (`name`, `name@layer` or `name+switch`) or the constant
    compared with; `note`.
    """
    return _read("claims.csv").astype(str)


_PLACE = ("dataset", "model", "label", "layer")


@cache
def _printed() -> pd.DataFrame:
    rows = []
    tables: tuple[tuple[str, dict], ...] = (
        ("table1.csv", {"dataset": "synthetic", "layer": 1}),
        ("table2.csv", {"dataset": "in vivo", "layer": 1}),
        ("deeper_layers.csv", {}),
    )
    for name, fixed in tables:
        for row in _read(name).to_dict("records"):
            for quantity in ("auroc", "aupr", "match_any", "match_relevant"):
                if f"{quantity}_mean" in row:
                    rows.append(
                        {key: row.get(key, fixed.get(key)) for key in _PLACE}
                        | {"quantity": quantity, "filters": row["filters"]}
                        | {"mean": row[f"{quantity}_mean"], "error": row[f"{quantity}_err"]}
                    )
    table = pd.DataFrame(rows).drop_duplicates()
    copied = claims().query("rule == 'copied'")
    cells = set(zip(copied["dataset"], copied["models"], copied["quantity"], strict=True))
    table["copied"] = [
        (row.dataset, row.model, row.quantity) in cells for row in table.itertuples()
    ]
    return table.reset_index(drop=True)


def printed() -> pd.DataFrame:
    """Tables 1 and 2 and the deeper-layer numbers of the paper, tidy: one row per printed value.

    Columns: `dataset` (synthetic or in vivo), `model` (our name), `label` (the paper's), `layer`,
    `quantity` (auroc, aupr, match_any, match_relevant), `filters`, `mean`, `error` (population
    standard deviation over five trials) and `copied` (true for Table 2's cells that repeat Table
    1's and so are not in vivo results).
    """
    return _printed().copy()


@cache
def places() -> pd.DataFrame:
    """The paper's figures, tables and sections, and where this book has them.

    Columns: `paper`; `shows`; `here`, a chapter; `figure`, its anchor there or empty; `claims`,
    the identifiers of its claims, or `section:` and a section of the ledger.
    """
    return _read("places.csv").copy()


def chapter_seconds() -> dict[str, float]:
    """How long each chapter took to execute, measured by benchmarks/chapter_seconds.py."""
    table = _read("chapter_seconds.csv")
    return dict(zip(table["chapter"], table["seconds"].astype(float), strict=True))


def explanations() -> dict[str, dict[str, str]]:
    """By claim: `explanation`, why ours is not as printed, and the `run` on which that rests."""
    rows = _read("explanations.csv").to_dict("records")
    return {row["id"]: {"explanation": row["text"], "run": row["run"]} for row in rows}


def motif_e_values() -> pd.DataFrame:
    """Tomtom's E-value of each of the twelve embedded motifs against each other one.

    Columns: `query`, `target` (TFs) and `e_value`, as in a search of JASPAR 2016's vertebrates.
    """
    return _read("motif_e_values.csv").copy()
