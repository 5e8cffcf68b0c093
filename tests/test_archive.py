"""The tables and sentences on the authors' archive, from small tables checked by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import record_of

from motifbook.book import archive
from motifbook.paper import claims
from motifbook.records.runs import Run
from motifbook.yardsticks import authors

SCORES = {"auroc": 0.95, "auroc_sd": 0.06, "aupr": 0.85, "aupr_sd": 0.1, "parameters": 7.0}


def row(folder="synthetic", network="cnn_4", **changes):
    same = SCORES | {f"archived_{name}": value for name, value in SCORES.items()}
    found = {"folder": folder, "network": network, "model": authors.NETWORKS[network]}
    found |= {"filters": 30, "ppms_equal": 30, "trimmed_equal": 30, "trimmed_equal_later": 9}
    found |= {"hits": 64, "hits_equal": True, "match_any": 0.5, "match_relevant": 0.1}
    return found | {"later_any": 0.6, "later_relevant": 0.2} | same | changes


def record(model="cnn-4", trial=1, match_any=0.7, match_relevant=0.3):
    layer = {"match_any": match_any, "match_relevant": match_relevant}
    return record_of(Run("synthetic", "as-run", "paper", model, trial), layers=[layer])


@pytest.fixture
def table():
    return pd.DataFrame(
        [
            row(),
            row(network="cnn_25", auroc=0.9664, ppms_equal=29),
            row("older/synthetic", match_any=0.3, match_relevant=0.0),
            row("invivo", ppms_equal=float("nan"), hits_equal=False),
        ]
    )


def test_the_chain_in_words(table):
    found = archive.chain(table)["equal"]
    assert found["mean AUROC and its SD over classes (networks)"] == "1 of 2"
    assert found["PPMs from activations (filters)"] == "59 of 60"
    assert found["trimmed PPMs, by the later script's rule (filters)"] == "27 of 90"
    assert found["Tomtom's hits (networks)"] == "2 of 3"
    assert archive.lead(table) == (
        "In our hands 1 of 2 archived networks score as their summary says, 59 of 60 filters read "
        "off activations and 30 of 30 read off weights are the archived ones. Trimmed by the rule "
        "of that time 90 of 90 are the archived ones, by the later script's, which as run uses, 27 "
        "of 90. For 3 of 4 sets of filters Tomtom's answers come out, all of them and no other."
    )
    assert archive.whole(table).startswith("yes, but for how filters are trimmed and ")
    assert archive.whole(table).endswith(" other comparisons")
    assert archive.whole(table[:0]) == "not on record"


def test_scores_beside_the_archive_s(table):
    found = archive.scores(table[table["folder"] == "synthetic"])
    assert found.loc["CNN-4"].tolist() == [
        *["0.950 (0.060)"] * 2,
        *["0.850 (0.100)"] * 2,
        "30 of 30",
        "64, all found",
    ]
    assert found.loc["CNN-25", "AUROC"] == "0.966 (0.060)"
    assert found.loc["CNN-25", "archived AUROC"] == "0.950 (0.060)\u00a0*"
    alone = pd.DataFrame([row(network="cnn_2_1", archived_auroc=None, hits_equal=False)])
    assert archive.scores(alone)["archived AUROC"].tolist() == ["–"]
    assert archive.scores(alone)["hits"].tolist() == ["64, not all found"]
    assert archive.scores(alone)["filters equal"].tolist() == ["30 of 30\u00a0*"]


def test_readings_of_the_archived_networks(table):
    found = archive.readings(table).query("model == 'cnn-4'").set_index("reading")
    assert found["match_any"].tolist() == [0.3, 0.5, 0.6]
    assert found["match_relevant"].tolist() == [0.0, 0.1, 0.2]
    assert found.index.tolist() == list(archive.READINGS.values())
    assert archive.kernel_sentence(table) == (
        "Take the one archived CNN-4: 0.300 of its filters match any motif and 0.000 a relevant "
        "one when read from kernels; 0.500 of its filters match any motif and 0.100 a relevant "
        "one when read from activations; 0.600 of its filters match any motif and 0.200 a relevant "
        "one when read so and trimmed by the later rule."
    )


def test_our_own_filters_by_both_rules_beside_the_paper():
    records = [record(trial=1), record(trial=2, match_any=0.5), record(trial=3, match_any=0.0)]
    run = "synthetic/as-run/paper/cnn-4/trial-{}"
    reread = pd.DataFrame(
        {
            "run": [run.format(1), run.format(2), run.format(9)],  # the third is not on the page
            "model": "cnn-4",
            "match_any": [0.5, 0.3, 0.0],
            "match_relevant": [0.2, 0.1, 0.0],
        }
    )
    found = archive.own(records, reread).set_index("reading")
    assert found["match_any"].round(6).tolist() == [0.6, 0.4, 0.453]
    assert found["match_relevant"].round(6).tolist() == [0.3, 0.15, 0.127]
    assert found.index.tolist() == ["trimmed by the later rule", "trimmed as the archive", "paper"]
    assert archive.off_sentence(found.reset_index()) == (
        "Of 2 printed fractions, our mean is off by more than 0.10 in 2 trimmed by the later rule "
        "(CNN-4, any; CNN-4, relevant), and in 0 trimmed as the archive (none)."
    )
    assert archive.own([], reread).empty
    assert archive.own(records, pd.DataFrame()).empty
    assert archive.off_sentence(archive.own([], reread)).startswith("Our own filters are not yet")


def test_in_vivo_beside_table_2():
    found = archive.in_vivo(pd.DataFrame([row("invivo")])).loc["CNN-4"]
    assert found["AUROC", "archive"] == "0.950 (0.060)"
    assert found["AUROC", "Table 2"] == "0.907\u00a0±\u00a00.002"
    assert found["relevant", "archive"] == "0.100"
    assert found["relevant", "Table 2"] == "0.507\u00a0±\u00a00.039"


def test_sentences_on_the_networks_in_vivo():
    names = {model: name for name, model in authors.NETWORKS.items()}
    auroc = dict.fromkeys(archive.SMALL, 0.91) | dict.fromkeys(archive.LARGE, 0.89)

    def told(**changes):
        values = auroc | {name.replace("_", "-"): value for name, value in changes.items()}
        rows = [row("invivo", names[m], archived_auroc=v) for m, v in values.items()]
        return archive.in_vivo_sentence(pd.DataFrame(rows))

    assert "The 3 networks with small pools have a mean AUROC of 0.910" in told()
    assert "the 6 with large ones of 0.890." in told()
    assert told().endswith("there the small pool is still ahead.")
    assert told(cnn_50=0.915).endswith(
        "The nearest pair is CNN-2 with 0.910 and CNN-50 with 0.915: there the small pool is not "
        "ahead."
    )
    table = pd.DataFrame([row("invivo"), row("invivo", archived_auroc_sd=0.05)])
    largest = claims.printed().query("dataset == 'in vivo' and quantity == 'auroc'")["error"].max()
    assert "deviations of 0.050 to 0.060" in archive.spread_sentence(table)
    assert f"at most {largest:.3f}" in archive.spread_sentence(table)


def test_whose_spread_the_text_gives():
    table = pd.DataFrame([row(), row(network="cnn9_4", archived_auroc_sd=0.039)])
    assert "spread over classes of CNN9-4" in archive.slip_sentence(table)
    assert "we do not know" in archive.slip_sentence(table[:1])


def test_without_a_record(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_ROOT", str(tmp_path))
    nothing = archive.networks(None)
    assert nothing.empty
    assert archive.reread(tmp_path).empty
    for tabled in (archive.chain, archive.scores, archive.readings, archive.in_vivo):
        assert tabled(nothing).empty
    assert "not on record" in archive.lead(nothing)
    assert "not on record" in archive.kernel_sentence(nothing)
    assert "not on record" in archive.in_vivo_sentence(nothing)
    assert repr(archive.made_from(nothing)) == "Not yet run: motifbook authors --record"
