"""What the chapter on real sequences draws, says and tabulates, whatever the dataset.

A dataset is the paper's own (deepsea), the published page's smaller one (chipseq), or a folder of
the reader's. Each has a record (`baselines.get`), or none yet.
"""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from motifbook.book import figures, filter_number
from motifbook.book.chapter import (
    Gathered,
    answer,
    count,
    gather,
    p_value,
    signed,
    trend,
    with_thousands,
)
from motifbook.book.provenance import Markup, described, provenance
from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif
from motifbook.paper import claims, measures, verdicts
from motifbook.records import runs
from motifbook.sequences import catalogue, chipseq, deepsea, downloads, readers, synthetic
from motifbook.yardsticks import baselines

BASELINES = {"gc": "GC content alone", "words": "words of six bases"}
"""What needs no network, in words."""
NOTHING = "Relevant matches cannot be counted: no TF has a known motif."
BATCH = "as-run+batch"


@dataclass(frozen=True, eq=False)
class Data:
    """A dataset of real sequences and what is on record of it.

    Attributes
    ----------
    name : str
    record : Description or None
        From `baselines.get`.
    command : str
        What puts it on record.
    """

    name: str
    record: baselines.Description | None
    command: str = ""

    @property
    def configuration(self) -> dict:
        """What made the dataset; empty where it is not on record."""
        return self.record.configuration["dataset"] if self.record else {}

    @property
    def classes(self) -> tuple[str, ...]:
        return self.record.classes if self.record else ()

    @property
    def relevant(self) -> dict[str, tuple[str, ...]]:
        """The motifs that count for each TF."""
        return self.record.relevant if self.record else {}

    @property
    def uncounted(self) -> bool:
        """Whether it is on record that no TF has a motif that could count."""
        return self.record is not None and not any(self.relevant.values())

    @property
    def line(self) -> Markup:
        """The line below what is made from the record."""
        return described(self.name, self.record, self.command)

    @property
    def baselines(self) -> pd.DataFrame:
        """AUROC and AUPR of what needs no network: `class`, `baseline` in words, and both."""
        if self.record is None:
            return pd.DataFrame(columns=["baseline", "class", "auroc", "aupr"])
        return self.record.baseline_table.replace({"baseline": BASELINES})


def open_data(dataset: str, missing: str = "skip", results_dir: Path | str = "") -> Data:
    """The dataset that the chapter's parameter names, and its record.

    Raises
    ------
    ValueError
        If it names none, the book's simulated data, or a folder whose files are no sequences.
    """
    name, folder = catalogue.parse_real(dataset)
    record = baselines.get(dataset, missing=missing, results_dir=results_dir)
    if isinstance(folder, chipseq.Folder) and record is None:
        background = chipseq.background(folder)
        for file in (*chipseq.files(folder).values(), *([background] if background else [])):
            readers.check_format(file)
    words = ["motifbook", "describe", name if folder is None else os.path.abspath(folder.path)]
    if isinstance(folder, chipseq.Folder):
        words += ["--length", str(folder.length)] * (folder.length != chipseq.LENGTH)
        words += ["--genome", os.path.abspath(folder.genome)] if folder.genome else []
    words += ["--results", os.path.abspath(results_dir)] if results_dir else []
    return Data(name, record, shlex.join(words))


# --- The data ---------------------------------------------------------------------------------


def lead(page: Gathered, data: Data) -> str:
    """What the numbers of the page are of, and how many runs there are."""
    known = {"deepsea": "the paper's own data", "chipseq": "**not the paper's data**"}
    about = "not on record yet"
    if data.record:
        sequences = data.record.size_table.loc["sequences", "all"]
        length = data.configuration["length"]
        about = f"{sequences:,} sequences of {length} nt and {count(len(data.classes), 'TF')}"
    said = ""
    if page.records and data.name in known:
        carried = ("in-vivo-larger-pools", "in-vivo-slightly-better", "in-vivo-more-filters")
        said = f"{answer(asked(page, data), *carried)} "
    return (
        f"{said}The numbers of ours on this page are of the dataset *{data.name}*: {about}; "
        f"{known.get(data.name, '**your own data**')}. Runs on record: "
        f"{len(page.records)} of {len(page.wanted)}.{_other_page(page, data)}"
    )


def _other_page(page: Gathered, data: Data) -> str:
    """What of the page's fixed text is not about the reader's data or networks, in words."""
    said = ""
    if data.configuration.get("dataset") == "synthetic":
        said = (
            " The page is written for real sequences. What it says of files, of peaks and of "
            "motifs that nobody knows is not about these simulated ones."
        )
    if page.own:
        said += (
            f" Networks of yours ({', '.join(row.name for row in page.own)}) are in Table 2, in "
            "the figure below it, and among the logos of first-layer filters."
        )
    return said


def labels() -> pd.DataFrame:
    """The paper's Table S1: a row per TF."""
    table = deepsea.table_s1().set_index("tf").rename_axis(None)
    names = ["cell", "index", "training_positives", "test_positives", "file"]
    return with_thousands(table[names].rename(columns=lambda name: name.replace("_", " ")))


def origin(data: Data) -> str:
    """Where the sequences come from, and how they became a dataset, in words."""
    if data.name == "deepsea":
        return "This page is made from the bundle: the paper's own sequences."
    made = data.configuration
    whose = f"This page is made from **your own data**, {'the folder ' * bool(made)}{data.name}."
    if data.name == "chipseq":
        whose = (
            "So, as published, this page is made from **smaller data**: seven of the twelve TFs, "
            "from peak files that the repositories of other programs share."
        )
    if not made:
        return whose
    if made.get("dataset") == "synthetic":
        counts = made.get("counts", synthetic.COUNT_PROBABILITY[made["protocol"]])
        return (
            f"This page is made from **simulated sequences**, the file {data.name}: "
            f"{made['number']:,} of {made['length']:,} nt, each with up to {len(counts)} of "
            f"{len(made['motifs'])} embedded motifs. Where they are is known."
        )
    most = f", at most {made['at_most']:,} sites of a TF" if made["at_most"] else ""
    return (
        f"{whose} From these files we take the central {made['length']} nt of bound "
        f"sequences{most}. Windows of several sets that share {made['one_site_shares']} nt are one "
        f"site, with the labels of all of them; windows that share {made['one_split_shares']} nt, "
        "by neighbourhood or by a repeat, never lie in two splits."
    )


def sources(data: Data) -> pd.DataFrame:
    """The file of each TF: for the published data, in which repository it is."""
    if data.name == "chipseq":
        table = pd.DataFrame(downloads.table("chipseq")).set_index("tf").rename_axis(None)
        table["commit"] = table["commit"].str[:8]
        names = ["cell", "length", "repository", "commit"]
        return table[names].rename(columns={"length": "nt in the file"})
    sets = pd.DataFrame(data.configuration.get("sets", {})).T
    return sets[["file", "format"]] if len(sets) else sets


def sizes(data: Data) -> pd.DataFrame:
    """Bound sequences, sites and those kept of each TF, and how many are in each split."""
    if data.record is None:
        return pd.DataFrame()
    found = data.record.size_table.drop(columns="all")
    found = found.rename(columns={"train": "training", "valid": "validation"})
    if sets := data.configuration.get("sets"):
        taken = pd.DataFrame(sets).T[["bound", "sites", "sites_kept"]]
        return taken.rename(columns={"sites_kept": "kept"}).join(found)
    return found


def in_common(data: Data) -> str:
    """What the table of overlaps shows, and how many sites are in several sets."""
    words = "How many sequences two TFs have in common (the diagonal is the TF's own number)."
    made = data.configuration
    if "sites" not in made:
        return words
    return (
        f"{words} Of the {made['sites']:,} different sites {made['sites_of_several']:,} are in "
        f"several sets, of the {made['sites_kept']:,} kept {made['sites_of_several_kept']:,}."
    )


WORTH = {
    "chipseq": """What the smaller data are *not*:

- They are from several cells, laboratories and programs. A network may learn to tell the sources.
- A sequence is negative for a TF because it is not in that TF's set. Nobody measured that it is not
  bound.
- Peaks of different TFs differ in composition and repeats, with or without a motif. The next
  section measures how far that goes.
- A window of 100 nt is a tenth of the paper's, so there is less in it beside the motif. It is also
  no longer than the largest pool: CNN-100 is left with a single position.

So **on these data no number of ours can confirm or contradict a number of the paper**. What
can be asked of both is which way a comparison goes, and that alone gets a verdict.""",
    "deepsea": """These are the paper's own sequences and labels. So **each number of ours below is
set against the paper's, and gets a verdict** by the rule of the ledger.""",
}


def worth(data: Data) -> str:
    """What can be concluded from the data."""
    negative = "is not in that TF's file; nobody measured that it is not bound."
    if data.configuration.get("dataset") == "synthetic":
        negative = "was not given its motif; one may be there by chance."
    elif len(data.classes) == 1:
        negative = "is labelled 0 or in the file `background`: no other TF's sites are there."
    elif data.configuration.get("negatives"):
        negative += " Those labelled 0, and those of a file `background`, are so for every TF."
    own = (
        f"The dataset {data.name} is your own. The paper has no results on it, so **no number of "
        "ours here can be compared with a number of the paper**, and none gets a verdict. A "
        f"sequence is negative for a TF because it {negative}"
    )
    return WORTH.get(data.name, own)


# --- What needs no network --------------------------------------------------------------------


def floor(data: Data) -> pd.DataFrame:
    """AUROC of each baseline by TF, for `figures.by_tf`."""
    return data.baselines.pivot_table("auroc", "class", "baseline", sort=False)


def floor_means(data: Data) -> pd.DataFrame:
    """Mean AUROC and AUPR over TFs: a row per baseline."""
    found = data.baselines.groupby("baseline", sort=False)[["auroc", "aupr"]].mean()
    return found.rename_axis(None).rename(columns=str.upper).add_prefix("mean ").round(3)


def floor_sentence(data: Data) -> str:
    """`floor_means` in words, for under the table of networks."""
    means = floor_means(data)
    found = "; ".join(
        f"{name}, AUROC {auroc:.3f} and AUPR {aupr:.3f}" for name, auroc, aupr in means.itertuples()
    )
    return (
        "Without a network, on the same test sequences (means over TFs): "
        f"{found or 'not on record yet'}."
    )


def reference_heights(data: Data) -> dict[str, float]:
    """Mean AUROC of each baseline, for plots."""
    return data.baselines.groupby("baseline", sort=False)["auroc"].mean().to_dict()


# --- Networks ---------------------------------------------------------------------------------


def copied_cells() -> pd.DataFrame:
    """The cells of Table 2 that repeat Table 1: both as printed."""
    printed = claims.printed()
    printed["cell"] = [f"{row.mean:.3f} ± {row.error:.3f}" for row in printed.itertuples()]
    second = printed[printed["copied"]]
    first = printed.query("dataset == 'synthetic' and layer == 1")
    both = second.merge(first, on=["label", "quantity"], suffixes=(", Table 2", ", Table 1"))
    both["quantity"] = both["quantity"].map(lambda name: figures.QUANTITY[name][0])
    both = both.set_index(["label", "quantity"]).rename_axis([None, None])
    return both[["cell, Table 1", "cell, Table 2"]]


def scores(page: Gathered, theirs: pd.DataFrame, references: Mapping[str, float]) -> Figure:
    """AUROC of every network: ours above the paper's, on axes of their own.

    See whether the networks come in the same order in both.
    """
    figure, axes = plt.subplots(2, 1, figsize=(figures.WIDTH, 7.6))
    ours = (page.table, theirs[:0], page.models, ["auroc"], axes[0])
    figures.against(*ours, references=references)
    figures.against(page.table[:0], theirs, page.models, ["auroc"], axes[1])
    for ax, title in zip(axes, ("ours", "the paper's"), strict=True):
        ax.set_title(title)
        if ax.get_legend():
            ax.get_legend().remove()
    return figure


def with_motifs(data: Data) -> str:
    """Which TFs have motifs that count, and where they are from, in words."""
    if data.record is None:
        return "Which of them have known motifs is not on record yet."
    found = [tf for tf, ids in data.relevant.items() if ids]
    if not found:
        return (
            "**Relevant matches cannot be counted on these data**: none of the TFs "
            f"({', '.join(data.relevant)}) has a known motif, for none is one of the paper's "
            "twelve and no `relevant.csv` names motifs of theirs. What stays is how many filters "
            "match any motif at all."
        )
    said = f"Of these {len(data.relevant)} TFs, {len(found)} have known motifs: {', '.join(found)}."
    if len(data.relevant) == 1:
        said = f"The one TF, {found[0]}, has known motifs."
    added = data.configuration.get("added_motifs", [])
    if added:
        named = ", ".join(
            one["id"] + (f" ({one['source']})" if "source" in one else "") for one in added
        )
        said += f" To the 519 motifs of JASPAR 2016 that are searched, these were added: {named}."
    return said


def known_motifs(data: Data) -> list[Motif]:
    """The motifs to look for, each under its TF's name.

    For one of the paper's twelve TFs that is the motif that was embedded in the simulated data,
    unless the data's own `relevant.csv` names others: then all of those.
    """
    embedded = dict(zip(matrices.TFS, matrices.ground_truth(), strict=True))
    paper = {tf.lower(): tf for tf in matrices.TFS}
    held = {motif.id: motif for motif in matrices.jaspar()}
    held |= {motif.id: motif for motif in chipseq.added_motifs(data.configuration)}
    found = []
    for tf, ids in data.relevant.items():
        name = paper.get(tf.lower())
        if name and tuple(ids) == matrices.RELEVANT[name]:
            found.append(embedded[name])
        else:
            found += [Motif(one, f"{tf} {one}", held[one].ppm, 0.0) for one in ids if one in held]
    return found


def truth_grid(data: Data) -> Figure:
    """The logos of `known_motifs`, or that there is none."""
    known = known_motifs(data)
    return figures.ground_truth_grid(known) if known else figures.saying("no known motif to show")


def pools(page: Gathered, data: Data) -> str:
    """Relevant matches before small and large pools, in words."""
    asked = [model for model in page.models if model in figures.POOLS]
    share = page.table.groupby("model")["match_relevant"].mean().reindex(asked).dropna()
    small, large = (
        share[share.index.isin(group)] for group in (figures.POOLS[:3], figures.POOLS[3:])
    )
    if small.empty or large.empty:
        how = "by relevant matches." if data.uncounted else "yet."
        return f"Small and large pools cannot be compared {how}"
    return (
        f"Of filters before a pool of 4 or less, at most {small.max():.3f} match a relevant motif; "
        f"of those before a pool of 10 or more, at least {large.min():.3f} do. From the smallest "
        f"pool to the largest the fraction {trend(share)}."
    )


def both_layers(page: Gathered) -> pd.DataFrame:
    """CNN-1's match fractions in both layers beside the paper's, for `figures.table`."""
    found = [
        verdicts.compare(page.of("cnn-1"), ["match_any", "match_relevant"], layer).assign(
            model=f"layer {layer}", label=f"CNN-1, layer {layer}"
        )
        for layer in (1, 2)
    ]
    return pd.concat(found)


def more_filters(page: Gathered, theirs: pd.DataFrame, references: Mapping[str, float]) -> Figure:
    """AUROC and the number of relevant filters against how many there are.

    See whether both rise at every step. Of the paper's numbers of relevant filters only that of
    CNN-25 is a result in vivo: the other cells were copied.
    """
    fractions = theirs[(theirs["quantity"] == "match_relevant") & ~theirs["copied"]]
    numbers = filter_number.printed_as_numbers(fractions)
    theirs = pd.concat([theirs, numbers[numbers["quantity"] == "relevant_filters"]])
    ours = filter_number.counted(page.table)
    widths = [model for model in page.models if model in figures.WIDTHS]
    figure, axes = plt.subplots(2, 1, figsize=(figures.WIDTH, 6.4))
    panels: dict[str, Mapping[str, float]] = {"auroc": references, "relevant_filters": {}}
    for ax, (quantity, lines) in zip(axes, panels.items(), strict=True):
        figures.against_filters(ours, theirs, [quantity], ax, models=widths, references=lines)
    axes[1].set_ylim(bottom=0)
    return figure


def per_tf(page: Gathered, data: Data) -> Figure:
    """How many filters of each run have learned each TF: `figures.filters_per_tf`."""
    if data.uncounted:
        return figures.saying(NOTHING)
    counts = measures.filters_per_tf(page.of(*figures.WIDTHS))
    return figures.filters_per_tf(counts).figure


def hard(page: Gathered) -> pd.DataFrame:
    """Mean number of filters of the TFs that the paper calls hard, by network and layer.

    Without a column where none of the three is among these TFs.
    """
    rows = [
        (record.label + (", layer 2" if layer == 2 else ""), counts)
        for layer, models in ((1, figures.WIDTHS), (2, ("cnn-1",)))
        for record in page.of(*models)
        for counts in measures.filters_per_tf([record], layer).to_dict("records")
    ]
    found = pd.DataFrame([counts for _, counts in rows], index=[label for label, _ in rows])
    names = [tf for tf in found.columns if tf.lower() in measures.HARD_MOTIFS]
    return found[names].groupby(level=0, sort=False).mean().round(1)


def hard_sentence(page: Gathered) -> str:
    """That none of the hard TFs is among the data's, where that is so."""
    table = hard(page)
    if table.columns.empty and page.of(*figures.WIDTHS, "cnn-1"):
        return "None of the three is among these TFs."
    return ""


# --- What the batch size changes --------------------------------------------------------------


def at_batch_32(page: Gathered, models: str, trials: str | int, **options) -> Gathered:
    """The same runs in batches of 32: those on record, none is made.

    Parameters
    ----------
    page : Gathered
    models, trials, **options
        As in `chapter.gather`.
    """
    of = options | {"missing": "skip", "protocol": BATCH}
    return gather(page.models, models, trials, **of, yours=True)


def batch_table(page: Gathered, other: Gathered) -> pd.DataFrame:
    """Mean and spread over trials in batches of 100 and of 32: a row per network with either."""
    quantities = {"AUROC": "auroc", "match a relevant motif": "match_relevant"}
    rows = {
        figures.model_label(model): {
            (name, f"batches of {size}"): runs_of.mean_sd(model, quantity)
            for name, quantity in quantities.items()
            for size, runs_of in ((100, page), (32, other))
        }
        for model in page.models
        if other.of(model)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def batch_line(page: Gathered, other: Gathered) -> Markup:
    """The line below `batch_table`."""
    return provenance([*page.records, *other.records], len(page.wanted) + len(other.wanted))


def batch_sentence(page: Gathered, other: Gathered) -> str:
    """By how much batches of 32 move the scores and the matches, in words.

    With Student's p over the networks.
    """
    moved = {}
    for quantity in ("auroc", "match_relevant"):
        ours, theirs = (one.table.groupby("model")[quantity].mean() for one in (page, other))
        moved[quantity] = (theirs - ours).dropna()
    if moved["auroc"].empty:
        return "What the batch size changes can be told once the same runs are there at both sizes."
    auroc, matched = moved["auroc"], moved["match_relevant"]
    said = (
        f"In batches of 32 instead of 100 the mean AUROC of these {len(auroc)} networks moves by "
        f"{_moved(auroc)}"
    )
    if len(matched):
        said += f", the fraction of filters that match a relevant motif by {_moved(matched)}"
    return f"{said}."


def _moved(by: pd.Series) -> str:
    p = stats.ttest_1samp(by, 0.0).pvalue if len(by) > 1 and np.ptp(by) else math.nan
    test = "" if math.isnan(p) else f"; {p_value(p)}"
    return (
        f"{signed(by.mean(), 3)} on average ({signed(by.min(), 3)} to {signed(by.max(), 3)}{test})"
    )


# --- What carries over ------------------------------------------------------------------------


def asked(page: Gathered, data: Data) -> pd.DataFrame:
    """The ledger's rows in vivo: of other data than the paper's, the comparisons alone.

    What the caption of Table 2 says of its ± is among them.
    """
    rows = verdicts.ledger(page.records, in_vivo=data.name)
    rows = rows[(rows["section"] == "In vivo") | (rows["id"] == "table2-error")]
    return rows if data.name == "deepsea" else rows[rows["kind"] == "comparison"]


def learned(page: Gathered, data: Data) -> tuple[str, ...]:
    """What the chapter's end says."""
    rows = verdicts.ledger(page.records, in_vivo=data.name).set_index("id")["verdict"]

    def said(claim: str) -> str:
        return rows[f"in-vivo-{claim}"] if page.records else "not yet run"

    return (
        "Larger pools make first-layer filters match relevant motifs in vivo too: "
        f"{said('larger-pools')}, on {data.name}.",
        f"Where the first layer does not, the second does (CNN-1): {said('second-layer')}.",
        "Networks that assemble motifs in deeper layers predict slightly better: "
        f"{said('slightly-better')} by AUROC, {said('slightly-better-aupr')} by AUPR.",
        f"The score rises with the number of filters: {said('more-filters')}; so does the number "
        f"that match a relevant motif: {said('more-matches')}; and more of them find the motifs "
        f"that are hard to find: {said('harder-motifs')}.",
        "An AUROC in vivo says little by itself: ask what GC content and counts of words reach on "
        "the same sequences.",
    )


def gains(page: Gathered, data: Data, models: Sequence[str]) -> pd.DataFrame:
    """Mean AUROC of networks less that of the words of six bases: a row per TF."""
    found = runs.per_class(page.of(*models))
    if found.empty or data.record is None:
        return pd.DataFrame()
    wide = found.pivot_table("auroc", "tf", "label", sort=False)
    words = floor(data)["words of six bases"]
    gained = wide.sub(words, axis=0).rename_axis(None).rename_axis(None, axis=1)
    return gained.map(lambda value: signed(value, 3))


def other_motifs(page: Gathered, most: int = 10) -> pd.DataFrame:
    """The motifs of none of these TFs that most filters match best."""
    seen = runs.filters(page.records)
    others = seen[seen["any"].astype(bool) & ~seen["relevant"].astype(bool)]
    found = others.groupby("name")["model"].agg(filters="size", networks="nunique")
    return found.sort_values("filters", ascending=False).head(most).rename_axis(None)
