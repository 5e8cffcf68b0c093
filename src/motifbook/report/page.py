"""A report as one HTML file that opens without a network, and the files beside it."""

from __future__ import annotations

import json
import math
import os
from html import escape
from importlib.resources import files as package_files
from pathlib import Path

import numpy as np
import pandas as pd

from motifbook import __version__, files
from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif, information
from motifbook.report.measure import Report
from motifbook.yardsticks import real_motif

MOTIF = 0.5
"""Probability from which a filter is counted as a motif."""
_GLYPHS = {  # in a box of 10 by 10, y down
    "A": "M0 10L4 0H6L10 10H7.8L6.9 7.4H3.1L2.2 10ZM3.7 5.6H6.3L5 1.9Z",
    "C": "M10 3.2C9.4 1.2 7.6 0 5.3 0C2.1 0 0 2 0 5S2.1 10 5.3 10C7.6 10 9.4 8.8 10 6.8L7.9 6.2"
    "C7.5 7.5 6.6 8.2 5.3 8.2C3.4 8.2 2.2 7 2.2 5S3.4 1.8 5.3 1.8C6.6 1.8 7.5 2.5 7.9 3.8Z",
    "G": "M10 3.2C9.4 1.2 7.6 0 5.3 0C2.1 0 0 2 0 5S2.1 10 5.3 10C7.4 10 9 9.2 10 7.9V4.6H5.2V6.3"
    "H7.9V7.2C7.2 7.9 6.4 8.2 5.3 8.2C3.4 8.2 2.2 7 2.2 5S3.4 1.8 5.3 1.8C6.6 1.8 7.5 2.5 7.9 3.8Z",
    "T": "M0 0H10V1.8H6.1V10H3.9V1.8H0Z",
}
_GENERATOR = '<meta name="generator" content="motifbook'
_WIDE, _HIGH = 11, 34  # of a logo's column, and of two bits


def write(report: Report, path: Path | str, *inputs: Path | str) -> list[Path]:
    """Write the page, and beside it the matched PPMs, their hits and all numbers.

    Parameters
    ----------
    report : Report
    path : path
        Of the page, `report.html`; the others are `filters.meme`, `hits.tsv` and `report.json`. A
        page of another name puts it before theirs: `mine.filters.meme`.
    *inputs : path
        Files that were read; none of them is overwritten.

    Returns
    -------
    list of Path
        What was written.
    """
    names = beside(path)
    for name in names.values():
        files.destination(name, *inputs)
    check_replaced(path)
    # First, for it vouches for the others: see `check_replaced`.
    text = json.dumps(numbers(report), indent=1, allow_nan=False)
    files.write_whole(names["numbers"], text + "\n")
    if report.trimmed:
        matrices.write_meme(names["filters"], list(report.trimmed.values()))
    else:
        names.pop("filters").unlink(missing_ok=True)  # of an earlier report, it would mislead
    columns = [*tomtom.COLUMNS, "q_value"]
    files.write_whole(names["hits"], report.matches.hits[columns].to_csv(sep="\t", index=False))
    files.write_whole(names["page"], html(report))
    return list(names.values())


def check_replaced(path: Path | str) -> None:
    """Refuse to replace a page and files beside it that are of no report, and a page's link.

    They are replaced where the numbers among them are a report's: these are written first. A page
    may also lie alone.

    Raises
    ------
    ValueError
        Naming the first of them.
    """
    names = beside(path)
    if names["page"].is_symlink():  # what it leads to has its own files beside it
        raise ValueError(f"{path}: is a symbolic link; give --output the name of a page itself")
    there = [name for name in names.values() if os.path.lexists(name) and not _is_page(name)]
    if not there or _is_report(names["numbers"]):
        return
    raise ValueError(
        f"{there[0]}: is there and of no report of ours, so it is not replaced; give --output "
        "another name"
    )


def _is_page(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _GENERATOR.encode() in file.read(1000)
    except OSError:
        return False


def _is_report(path: Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"motifbook", "network", "filters"} <= found.keys()


def beside(path: Path | str) -> dict[str, Path]:
    """The files of a report whose page is `path`.

    Raises
    ------
    ValueError
        If that is no page's name: `report.json` is where the numbers go.
    """
    path = Path(path)
    if path.name not in ("", "-") and path.suffix not in (".html", ".htm"):
        raise ValueError(f"{path}: a report is a page; a name that ends in .html is expected")
    before = "" if path.stem == "report" else f"{path.stem}."
    return {
        "page": path,
        "filters": path.with_name(f"{before}filters.meme"),
        "hits": path.with_name(f"{before}hits.tsv"),
        "numbers": path.with_suffix(".json"),
    }


def numbers(report: Report) -> dict:
    """All that was measured, as JSON has it; what is not known is null."""
    network, influence = report.network, report.influence
    found: dict = {
        "motifbook": __version__,
        "network": {name: getattr(network, name) for name in
                    ("name", "layer", "nonlinearity", "size", "left", "stride", "length")},
        "sequences": {"name": report.sequences.name, "number": len(report.sequences.bases),
                      "length": report.sequences.bases.shape[1],
                      "classes": report.sequences.classes},
        "database": {"name": report.database, "targets": len(report.targets)},
        "evalue": report.matches.evalue,
        "chance": {"rate": report.chance.rate, "commonest": report.chance.commonest},
        "score": {"variant": report.variant, "unlike": report.unlike,
                  "replicates": report.replicates},
        "notes": report.notes,
        "outputs": report.outputs,
        "filters": [
            {"filter": name, **row, "places": places, "ppm": ppm.round(6)}
            for (name, row), places, ppm in zip(
                report.table.to_dict("index").items(), report.scan.places, report.scan.ppms,
                strict=True)
        ],
    }  # fmt: skip
    if influence is not None:
        found["influence"] = vars(influence)
    return _plain(found)


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(f"{value:.6g}") if isinstance(value, float) else value


def logo(ppm: np.ndarray, start: int = 0, columns: int | None = None, alt: str = "") -> str:
    """A sequence logo as inline SVG: letters as high as their part of the column's bits."""
    columns = columns or start + len(ppm)
    parts = []
    for column, (row, bits) in enumerate(zip(ppm, information(ppm), strict=True), start=start):
        base = float(_HIGH)
        for i in np.argsort(row):
            high = row[i] * bits * _HIGH / 2
            base -= high
            if high >= 0.4:
                parts.append(
                    f'<use href="#{"ACGT"[i]}" transform="translate({column * _WIDE + 0.5} '
                    f'{base:.1f})scale({(_WIDE - 1) / 10:.2f} {high / 10:.3f})"/>'
                )
    wide = columns * _WIDE
    return (
        f'<svg class="logo" role="img" aria-label="{escape(alt)}" width="{wide}" '
        f'height="{_HIGH + 1}" viewBox="0 0 {wide} {_HIGH + 1}"><path class="axis" '
        f'd="M0 {_HIGH + 0.5}H{wide}"/>{"".join(parts)}</svg>'
    )


def aligned(query: Motif, target: Motif | None, offset: int, orientation: str) -> str:
    """A filter's logo over its target's, column over column, the target as Tomtom turned it."""
    said = f"Logo of {query.id}, consensus {_consensus(query.ppm)}"
    if target is None:
        return logo(query.ppm, alt=said)
    turned = target if orientation == "+" else target.reverse_complement()
    ours, theirs = max(offset, 0), max(-offset, 0)
    columns = max(ours + query.width, theirs + turned.width)
    strand = "" if orientation == "+" else ", reverse complement"
    return logo(query.ppm, ours, columns, said) + logo(
        turned.ppm,
        theirs,
        columns,
        f"Logo of {target.name}{strand}, consensus {_consensus(turned.ppm)}",
    )


def _consensus(ppm: np.ndarray) -> str:
    """A letter a column of a (length, 4) PPM; n where it says less than half a bit."""
    bits = information(ppm)
    return "".join(
        "ACGT"[row.argmax()] if own > 0.5 else "n" for row, own in zip(ppm, bits, strict=True)
    )


def _places(counts: np.ndarray) -> str:
    """Where sites lie, as inline SVG: (bins,) counts along the sequence."""
    most = max(int(counts.max()), 1)
    bars = "".join(
        f'<rect x="{4 * i}" y="{20 - 20 * n / most:.1f}" width="3" height="{20 * n / most:.1f}"/>'
        for i, n in enumerate(counts)
    )
    first = int(counts.argmax()) * 100 // len(counts)
    where = f"from {first} to {first + 100 // len(counts)} % of the sequence"
    said = f"Sites are most frequent {where}" if counts.any() else "No sites"
    wide = 4 * len(counts)
    return (f'<svg class="places" role="img" aria-label="{said}" width="{wide}" height="20" '
            f'viewBox="0 0 {wide} 20">{bars}</svg>')  # fmt: skip


# --- The page ------------------------------------------------------------------------------------

_COLUMNS = {
    "filter": ("Filter", "number in its layer"),
    "probability": ("Motif?", "probability, without ground truth"),
    "logo": ("Logo, over the best target's", "the PPM that was matched"),
    "target": ("Best target", "match or not"),
    "e_value": ("E-value", "expected such matches by chance"),
    "q_value": ("q-value", "false discovery rate over targets"),
    "null_rate": ("Chance", "how often it matches with its columns shuffled"),
    "sites": ("Sites", "and where they lie"),
    "influence": ("Influence", "largest change of an output when silenced"),
    "auroc_loss": ("AUROC lost", "largest, when silenced"),
    "nearest": ("Nearest filter", "and how alike, 1 is the same"),
}


def html(report: Report) -> str:
    """The whole page."""
    table, network = report.table, report.network
    shown = [name for name in _COLUMNS if name in ("filter", "logo") or name in table]
    heads = "".join(
        f'<th scope="col" aria-sort="none"><button type="button">{_COLUMNS[name][0]}</button>'
        f"<small>{_COLUMNS[name][1]}</small></th>"
        if name != "logo"
        else f'<th scope="col">{_COLUMNS[name][0]}<small>{_COLUMNS[name][1]}</small></th>'
        for name in shown
    )
    order = table.assign(number=range(len(table))).sort_values(
        ["probability", "number"], ascending=[False, True]
    )
    rows = "".join(_row(report, str(name), shown) for name in order.index)
    data = package_files("motifbook") / "data"
    style, script = ((data / f"report.{kind}").read_text("utf-8") for kind in ("css", "js"))
    glyphs = "".join(f'<path id="{b}" class="{b}" d="{d}"/>' for b, d in _GLYPHS.items())
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    title = f"Which filters of {network.name} are motifs?"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
{_GENERATOR} {__version__}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{style}</style></head><body>
<svg width="0" height="0" aria-hidden="true"><defs>{glyphs}</defs></svg>
<main><h1>{escape(title)}</h1>{_summary(report)}
<h2>How to read this</h2>{_explained(report)}
{f"<h2>Notes</h2><ul>{notes}</ul>" if notes else ""}
<h2 id="filters">Filters</h2>
<p class="find"><label>Show filters with <input type="search" id="find"
 placeholder="such as FOS or filter12"></label>
<label><input type="checkbox" id="matched"> matches only</label>
<output id="count" aria-live="polite">{len(table)} of {len(table)}</output></p>
<div class="wide" tabindex="0" role="region" aria-labelledby="filters"><table>
<caption><span>Every filter of layer {escape(network.layer)}, the most probable motifs first. The
 heads' buttons sort.</span></caption>
<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>
<footer>motifbook {__version__}. Beside this page lie the matched PPMs (MEME), all hits, and all
 numbers (JSON).</footer></main>
<script>{script}</script></body></html>
"""


def _summary(report: Report) -> str:
    table = report.table
    count, alive = len(table), int((table["sites"] > 0).sum())
    matched, real = int(table["matched"].sum()), int((table["probability"] >= MOTIF).sum())
    chance = report.chance.rate
    by_chance = "" if math.isnan(chance) else f" With their columns shuffled, {chance:.1%} would."
    cards = [
        (f"{real} of {count}", f"filters are motifs by the score: probability {MOTIF} or more"),
        (f"{matched} of {count}", f"match {escape(report.database)} at E ≤ "
         f"{report.matches.evalue:g}.{by_chance}"),
        (f"{count - alive}", "without a site: nowhere above zero"),
    ]  # fmt: skip
    influence = report.influence
    if influence is not None and influence.auroc is not None:
        known = influence.auroc[~np.isnan(influence.auroc)]
        if len(known):
            several = f", mean of {len(known)} outputs" if len(known) > 1 else ""
            text = f"AUROC of the network on these sequences{several}"
            cards.append((f"{known.mean():.3f}", text))
    found = "".join(f"<li><b>{number}</b> {text}</li>" for number, text in cards)
    sequences, network = report.sequences, report.network
    warn = _of_little_worth(report)
    if report.unlike:
        warn += (
            '<p class="warn"><b>Outside of what the score was fitted on:</b> '
            + escape("; ".join(report.unlike))
            + ". Take the probabilities as an order of the filters, not as rates.</p>"
        )
    return (
        f"<p>Layer {escape(network.layer)} ({count} filters of {network.size} nt; nonlinearity: "
        f"{escape(network.nonlinearity)}) over {len(sequences.bases):,} sequences of "
        f'{sequences.bases.shape[1]} nt from {escape(sequences.name)}.</p><ul class="cards">'
        f"{found}</ul>{warn}"
    )


def _of_little_worth(report: Report) -> str:
    """A warning where columns in random order match about as often, or mostly one target."""
    chance, compared = report.chance, len(report.chance.rates)
    parts = []
    if compared and 2 * chance.rate > report.table["matched"].sum() / compared:
        parts.append(
            "<b>A match says little here:</b> with their columns in random order, "
            f"{chance.rate:.1%} of the filters match as well."
        )
    if chance.commonest:
        target = report.targets[chance.commonest]
        parts.append(
            f"<b>A match with {escape(target.name)} ({escape(target.id)}) says nothing:</b> "
            f"{chance.share:.1%} of the filters match it with their columns in random order."
        )
    return f'<p class="warn">{" ".join(parts)}</p>' if parts else ""


def _explained(report: Report) -> str:
    influence, several = report.influence, len(report.outputs) > 1
    silenced = (
        "The network's outputs were not given, so there is no influence."
        if influence is None
        else "<b>Influence:</b> a filter's activations are set to their mean, on "
        f"{influence.sequences:,} sequences taken at random; what is shown is the mean absolute "
        f"change of the output{' that changes most' * several}."
    )
    if influence is not None and influence.auroc_loss is not None:
        silenced += (
            f" AUROC lost{', the largest of all outputs,' * several} is measured on the same "
            "sequences: the fewer they are, the less a small loss says."
        )
    known = ["its PPM", "its number of sites"]
    others = {"agreement": "the replicates' filters", "match": "its best E-value"}
    known += [others[name] for name in real_motif.VARIANTS[report.variant] if name in others]
    replicates = ""
    if report.replicates:
        replicates = (
            f" Replicates: {escape(', '.join(report.replicates))}; a filter's agreement is how "
            "alike the nearest filter of each is, however many it has."
        )
    return f"""<p>A site is a window whose activation is over half of the filter's highest. Sites,
 weighted by their activation, make the filter's PPM; its ends without information are cut off.
 Tomtom compares it with {len(report.targets):,} targets of {escape(report.database)}. A filter that
 matches is not yet a motif, and a motif need not be in a database.</p>
<p><b>Motif?</b> is the probability that the filter's sites are motifs of one TF, by a logistic
 regression fitted to simulated data, where that is known, and to untrained networks. It goes by
 {", ".join(known[:-1])} and {known[-1]}. A filter is not called a motif if it has no more sites
 than a PPM of its information has in random sequences.{replicates} A star marks a filter that is
 unlike those of the fit.</p>
<p>{silenced}</p>"""


def _row(report: Report, name: str, shown: list[str]) -> str:
    row = report.table.loc[name]
    number = int(name.removeprefix("filter"))
    cells = []
    for column in shown:
        value = row.get(column, None)
        key, text = _cell(report, name, number, column, row, value)
        if column == "filter":
            cells.append(f'<th scope="row" data-key="{number}">{name}</th>')
        else:
            cells.append(f'<td data-key="{escape(str(key))}">{text}</td>')
    matched = ' class="matched"' if row["matched"] else ""
    return f"<tr{matched}>{''.join(cells)}</tr>\n"


def _cell(report: Report, name: str, number: int, column: str, row: pd.Series, value):
    """What a cell is sorted by, and what it shows."""
    if column in ("filter", "logo"):
        if column == "filter" or name not in report.trimmed:
            return number, "no sites"
        target = None if pd.isna(row["target"]) else report.targets[row["target"]]
        offset = 0 if target is None else int(row["offset"])
        return number, aligned(report.trimmed[name], target, offset, str(row["orientation"]))
    if value is None or pd.isna(value):
        return "", "–"
    if column == "probability":
        star = f'<abbr title="{escape(row["outside"])}">*</abbr>' if row["outside"] else ""
        shown = "&lt;0.01" if value < 0.01 else "&gt;0.99" if value > 0.99 else f"{value:.2f}"
        return value, f"{shown}{star}"
    if column == "target":
        strand = "" if row["orientation"] == "+" else " (reverse)"
        return row["name"], f"{escape(str(row['name']))}{strand}<small>{escape(value)}</small>"
    if column == "sites":
        return value, f"{value:,}{_places(report.scan.places[number])}"
    if column == "influence":
        return value, f"{value:.2g}<small>{escape(str(row['output']))}</small>"
    if column == "nearest":
        return row["similarity"], f"{value}<small>{row['similarity']:.2f}</small>"
    if column in ("e_value", "q_value"):
        return value, f"{value:.1g}" if value < 0.01 else f"{value:.2f}"
    return value, f"{value:.2f}" if column == "null_rate" else f"{value:.3f}"
