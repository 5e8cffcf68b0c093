"""What the chapter on the simulated data draws, says and tabulates.

`survey` is the table of `chance.survey` with the shares 0.9 and 0.5 throughout, `references` what
`optimal.get` gives (None or empty where it is not on record).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from motifbook.book import figures
from motifbook.book.chapter import signed
from motifbook.motifs.matrices import Motif
from motifbook.paper import claims
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import Dataset, Split
from motifbook.yardsticks import chance, optimal
from motifbook.yardsticks.optimal import References

GOOD = {0.9: "nine in ten", 0.5: "half"}
"""What a window has to be as good as: the share of the embedded motifs, in words."""
CLASSIFIERS = ("true PWMs", "Bayes-optimal")


def lead(data: Dataset, references: References | None) -> str:
    """What is in the data and the best scores on them, in words."""
    sequences = sum(len(split) for split in data.splits.values())
    sites = sum(len(embedded(split)) for split in data.splits.values())
    held = (
        f"{sequences:,} sequences of {data.length} nt hold {sites:,} embedded motifs of "
        f"{len(data.classes)} transcription factors"
    )
    if references is None:
        return f"**Ours:** {held}. The best possible scores are not yet on record."
    return (
        f"**Ours: a mean AUROC of {references.posterior.mean_auroc:.3f} is the best possible.** "
        f"{held}. The true PWMs alone score {references.pwm.mean_auroc:.3f}."
    )


def embedded(split: Split) -> np.ndarray:
    """The embedded sites of a split. Raises ValueError where nobody knows them."""
    if split.sites is None:
        raise ValueError("the embedded motifs of these sequences are not known")
    return split.sites


def with_motifs(split: Split, least: int = 3) -> int:
    """The first sequence with so many embedded motifs or more (0 where there is none)."""
    found = np.bincount(embedded(split)["sequence"], minlength=len(split))
    return int(np.argmax(found >= least))


def sequence(split: Split, number: int, classes: Sequence[str]) -> Figure:
    """A sequence of a split with its embedded motifs: `figures.sequence`."""
    own = embedded(split)
    own = own[own["sequence"] == number]
    return figures.sequence(split.bases[number], own, classes)


def numbers_of_motifs(data: Dataset) -> pd.DataFrame:
    """How many motifs sequences have: by the code, found, and if all numbers were as likely."""
    counts = np.concatenate(
        [np.bincount(embedded(p)["sequence"], minlength=len(p)) for p in data.splits.values()]
    )
    return (
        pd.DataFrame(
            {
                "by the code": synthetic.COUNT_PROBABILITY["as-run"],
                "found": np.bincount(counts, minlength=6)[1:] / len(counts),
                "if all equal": synthetic.COUNT_PROBABILITY["as-written"],
            },
            index=range(1, 6),
        )
        .map("{:.1%}".format)
        .rename_axis(columns="motifs")
    )


PARTS = {"train": "training", "valid": "validation", "test": "test"}


def balance(data: Dataset) -> pd.DataFrame:
    """The share of each part's sequences with each TF's label: a row per TF."""
    return pd.DataFrame(
        {PARTS[name]: part.labels.mean(0) for name, part in data.splits.items()}, data.classes
    )


def balance_table(data: Dataset) -> pd.DataFrame:
    """`balance` for the page, with how many motifs were embedded in the training set."""
    shown = balance(data).map("{:.1%}".format)
    motifs = np.bincount(embedded(data.train)["tf"], minlength=len(data.classes))
    shown.insert(0, "embedded", motifs)
    return shown.rename_axis(columns="TF")


def evenly(data: Dataset) -> str:
    """How far apart the rarest and the most frequent class are, in words."""
    prior = synthetic.COUNT_PROBABILITY["as-run"]
    absent = 1 - 1 / len(data.classes)
    expected = sum(p * (1 - absent**k) for k, p in enumerate(prior, start=1))
    train = balance(data)["training"]
    return (
        f"By the probabilities above a class should be present in {expected:.1%} of the sequences. "
        f"In training the rarest, {train.idxmin()}, is in {train.min():.1%}, and the most "
        f"frequent, {train.idxmax()}, in {train.max():.1%}. So a filter's motif is not learned "
        "more often because it is seen more often: the next chapter needs this."
    )


def by_information(survey: pd.DataFrame) -> pd.DataFrame:
    """A survey with a row per TF, least information first; columns (quantity, share)."""
    return survey.pivot_table(index="tf", columns="share").sort_values(("bits", 0.9))


def names(survey: pd.DataFrame) -> list[str]:
    """TFs with their motif's information, least first: "Arid3a (7.1 bits)"."""
    bits = by_information(survey)["bits"][0.9]
    return [f"{tf} ({value:.1f} bits)" for tf, value in bits.items()]


def with_chance_site(survey: pd.DataFrame) -> pd.DataFrame:
    """Share of the sequences without the motif that carry a chance site, for `figures.by_tf`."""
    found = by_information(survey)["fraction"].set_axis(names(survey))
    return found.rename(columns=lambda share: f"as good as {GOOD[share]}")


def chance_table(survey: pd.DataFrame) -> pd.DataFrame:
    """Carriers, mislabelled ones and those within other motifs, at both thresholds."""
    found = by_information(survey)
    columns = {("", "nt"): found["width"][0.9].astype(int)}
    columns["", "bits"] = found["bits"][0.9].map("{:.1f}".format)
    for share, words in GOOD.items():
        columns[words, "with one"] = found["fraction"][share].map("{:.1%}".format)
        columns[words, "mislabelled"] = found["mislabelled"][share].map("{:.0%}".format)
        if share == 0.9:
            within = found["in_motifs"][share].map("{:.0%}".format)
            columns[words, "in others"] = within.replace("nan%", "–")
    return pd.DataFrame(columns).rename_axis(None)


def worst(survey: pd.DataFrame) -> str:
    """The TF whose chance sites are most frequent, at the lower threshold."""
    return survey[survey["share"] == 0.9].set_index("tf")["fraction"].idxmax()


def false_zeros(survey: pd.DataFrame, length: int) -> str:
    """How many zeros among the labels stand over a chance site, and why, in words.

    Parameters
    ----------
    survey : DataFrame
    length : int
        Of a sequence, in nt.
    """
    loose = survey[survey["share"] == 0.9].set_index("tf")
    most, least = loose["fraction"].idxmax(), loose["fraction"].idxmin()
    every = loose["with_one"].sum() / loose["negatives"].sum()
    rank = loose["bits"].corr(loose["fraction"], method="spearman")
    return (
        f"At nine in ten, {every:.1%} of all the zeros among the labels stand over a chance site. "
        f"They are spread unevenly: {most} has one in {loose['fraction'][most]:.1%} of the "
        f"sequences without it, {least} in {loose['fraction'][least]:.2%}. What decides is "
        f"information (rank correlation with the share that has one: {_minus(rank)}). Both strands "
        f"of {length} nt offer some {2 * length} windows, and a choice among so many is worth "
        f"{np.log2(2 * length):.1f} bits. The {loose['bits'][most]:.1f} bits of {most} hardly "
        "exceed that."
    )


def _minus(value: float) -> str:
    return signed(value).removeprefix("+")


def chance_site(data: Dataset, motif: Motif, tf: str) -> tuple[Figure, float]:
    """The test sequence with the best chance site of a TF, and what the site is worth in bits."""
    split = data.test
    site, bits = chance.best_site(split, data.classes.index(tf), motif)
    number, own = site["sequence"][0], embedded(split)
    site["tf"] = len(data.classes)
    boxes = np.concatenate([own[own["sequence"] == number], site])
    return figures.sequence(split.bases[number], boxes, (*data.classes, f"{tf} (chance)")), bits


def worth(survey: pd.DataFrame, tf: str, bits: float) -> str:
    """The best chance site of a TF beside its embedded motifs, in words."""
    strict = survey[survey["share"] == 0.5].set_index("tf")["threshold"]
    return (
        f"This window is worth {bits:.1f} bits; half of the embedded {tf} motifs are worth less "
        f"than {strict[tf]:.1f}."
    )


def classifiers(
    references: References | None, classes: Sequence[str], survey: pd.DataFrame
) -> pd.DataFrame:
    """AUROC and AUPR of both classifiers by TF, least information first, then the mean."""
    if references is None:
        return pd.DataFrame()
    columns = {
        (quantity.upper(), name): [*getattr(scores, quantity), getattr(scores, f"mean_{quantity}")]
        for quantity in ("auroc", "aupr")
        for scores, name in zip((references.pwm, references.posterior), CLASSIFIERS, strict=True)
    }
    found = pd.DataFrame(columns, index=[*classes, "mean"])
    return found.loc[[*by_information(survey).index, "mean"]]


def ceilings(found: pd.DataFrame, survey: pd.DataFrame) -> pd.DataFrame:
    """The AUROCs of `classifiers` without their mean, for `figures.by_tf`."""
    return found["AUROC"].drop("mean").set_axis(names(survey)) if len(found) else found


def beside_the_paper(found: pd.DataFrame, survey: pd.DataFrame) -> str:
    """Both classifiers beside the best network of the paper, in words.

    Parameters
    ----------
    found : DataFrame
        From `classifiers`.
    survey : DataFrame
    """
    if found.empty:
        return "The references are not yet on record."
    printed = claims.printed().query("dataset == 'synthetic' and quantity == 'auroc'")
    top = printed.loc[printed["mean"].idxmax()]
    auroc = found["AUROC"]
    pwm, posterior = (auroc.loc["mean", name] for name in CLASSIFIERS)
    bits = by_information(survey)["bits"][0.9]
    by_bits = auroc["Bayes-optimal"].drop("mean").corr(bits, method="spearman")
    return (
        f"The Bayes-optimal classifier reaches a mean AUROC of {posterior:.3f}, the true PWMs "
        f"{pwm:.3f}. The paper expects that a method based on PWMs would do well on such data; the "
        f"best mean in its Table 1 is {top['mean']:.3f} ({top['label']}), "
        f"{abs(pwm - top['mean']):.3f} {'below' if pwm > top['mean'] else 'above'} the true PWMs. "
        "The rank correlation between a motif's information and the Bayes-optimal AUROC is "
        f"{_minus(by_bits)}."
    )


def costs(split: Split, truth: Sequence[Motif], survey: pd.DataFrame) -> pd.DataFrame:
    """AUROC of the true PWMs on all sequences, and without those that chance or luck spoils.

    Parameters
    ----------
    split : Split
    truth : sequence of Motif
        One a class, in the order of classes, as is `optimal.pwm_scores`.
    survey : DataFrame
        Its lower threshold decides what a chance site and what a weak motif is.

    Returns
    -------
    DataFrame
        By TF, least information first, then the mean: "all", "no chance sites" (without the
        sequences that carry one), "no weak motifs" (without those whose motif is no better).
    """
    from sklearn.metrics import roc_auc_score

    threshold = survey[survey["share"] == 0.9].set_index("tf")["threshold"]
    rows, scores = {}, optimal.pwm_scores(split.bases)
    for number, motif in enumerate(truth):
        good = chance.scan(split.bases, motif).max((1, 2)) >= threshold[motif.name]
        label, score = split.labels[:, number] == 1, scores[:, number]
        everywhere = np.ones_like(label)
        kept = {
            "all": everywhere,
            "no chance sites": label | ~good,
            "no weak motifs": ~label | good,
        }
        rows[motif.name] = {name: roc_auc_score(label[k], score[k]) for name, k in kept.items()}
    found = pd.DataFrame(rows).T.loc[by_information(survey).index]
    found.loc["mean"] = found.mean()
    return found.rename_axis(None)
