"""What the chapter on real sequences says and tabulates, on data and runs made by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import learned
from drawn import points_of, texts
from msgspec import convert

from motifbook.book import figures, in_vivo
from motifbook.book.chapter import Gathered
from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif
from motifbook.paper import claims
from motifbook.records import store
from motifbook.sequences import datasets, synthetic
from motifbook.yardsticks.baselines import Description

PPM = np.eye(4)[[0, 1, 2]].tolist()
ADDED = {"id": "my.meme:one", "name": "one", "source": "my.meme", "ppm": PPM, "nsites": 20.0}
CONFIGURATION = {
    "length": 200, "at_most": None, "one_site_shares": 64, "one_split_shares": 32,
    "sites": 1500, "sites_of_several": 30, "sites_kept": 1000, "sites_of_several_kept": 20,
    "sets": {"MAX": {"file": "MAX.fa", "format": "fasta", "bound": 9, "sites": 8, "sites_kept": 7},
             "MYTF": {"file": "m.tsv", "format": "table", "bound": 6, "sites": 5, "sites_kept": 4}},
}  # fmt: skip


def described(tfs=("MAX", "MYTF"), **changes) -> in_vivo.Data:
    areas = {"gc": ((0.5, 0.2), (0.7, 0.4)),
             "words": ((0.8, 0.5), (0.9, 0.6))}  # fmt: skip
    baselines = [
        {"baseline": name, "class": tf, "positives": 0.5, "auroc": auroc, "aupr": aupr}
        | {"average_precision": 0.5}
        for name, of_tf in areas.items()
        for tf, (auroc, aupr) in zip(tfs, of_tf[: len(tfs)], strict=True)
    ]
    sizes = {
        "sequences": {"train": 700, "valid": 100, "test": 200, "all": 1000},
        "MAX": {"train": 5, "valid": 1, "test": 2, "all": 8},
    }
    name = changes.pop("name", "mine")
    record = {
        **store.envelope({"dataset": CONFIGURATION | changes.pop("configuration", {})}),
        "dataset": name,
        "classes": tfs,
        "relevant": {"MAX": list(matrices.RELEVANT["MAX"]), "MYTF": []},
        "sizes": sizes,
        "overlap": [[8, 1], [1, 5]],
        "word": 6,
        "strength": 0.001,
        "baselines": baselines,
        "seconds": 1.0,
    }
    return in_vivo.Data(name, convert(record | changes, Description))


MINE, UNREAD = described(), in_vivo.Data("chipseq", None)
RECORDS = (
    learned("cnn-1", 1, "none none", "SP1 SP1", auroc=(0.9, 0.7), dataset="mine"),
    learned("cnn-25", 1, "MAX MAX", auroc=(0.9, 0.9), dataset="mine"),
    learned("cnn-25-60", 1, "MAX SP1 SP1 none", auroc=(0.9, 0.95), dataset="mine"),
)
EMPTY = Gathered((), ())
ONE = described(("MAX",), relevant={"MAX": ["MA0058.3"]}, overlap=[[8]])


@pytest.fixture
def page():
    return Gathered(tuple(record.run for record in RECORDS), RECORDS)


@pytest.fixture(autouse=True)
def styled():
    figures.style()
    yield
    plt.close("all")


class TestOpenData:
    @pytest.mark.parametrize(
        ("dataset", "said"),
        [("", "dataset is empty"), ("  ", "is empty"), ("synthetic", "'synthetic' is simulated"),
         ("no/such", "neither a folder nor one of")],
    )  # fmt: skip
    def test_what_is_no_real_dataset(self, dataset, said):
        with pytest.raises(ValueError, match=said):
            in_vivo.open_data(dataset)

    def test_a_folder_of_bed_files(self, tmp_path):
        for tf in ("MAX", "SP1"):
            (tmp_path / f"{tf}.bed").write_text("chr1\t100\t200\tpeak\t900\t.\n" * 3)
        with pytest.raises(ValueError, match=r"MAX\.bed: is .*BED"):
            in_vivo.open_data(str(tmp_path))

    def test_a_folder_without_a_record(self, tmp_path):
        (tmp_path / "peaks").mkdir()
        for tf in ("MAX", "SP1"):
            (tmp_path / "peaks" / f"{tf}.fa").write_text(">a\nACGT\n")
        found = in_vivo.open_data(str(tmp_path / "peaks"), results_dir=tmp_path)
        assert (found.name, found.record, found.classes) == ("peaks", None, ())
        (tmp_path / "my results").mkdir()
        found = in_vivo.open_data(f"{tmp_path}/peaks@80", results_dir=tmp_path / "my results")
        assert found.line.text.endswith(
            f"motifbook describe {tmp_path}/peaks --length 80 --results '{tmp_path}/my results'"
        )

    def test_a_simulated_file_without_a_record(self, tmp_path):
        path = datasets.save(synthetic.make(number=20, length=90), tmp_path / "mine.h5")
        found = in_vivo.open_data(str(path), results_dir=tmp_path)
        assert (found.name, found.record) == ("mine", None)
        assert in_vivo.origin(found) == "This page is made from **your own data**, mine."
        assert f"motifbook describe {path} --results {tmp_path}" in found.line.text


class TestTheData:
    def test_lead(self, page):
        assert in_vivo.lead(page, MINE) == (
            "The numbers of ours on this page are of the dataset *mine*: 1,000 sequences of 200 nt "
            "and 2 TFs; **your own data**. Runs on record: 3 of 3."
        )
        assert "*chipseq*: not on record yet; **not the paper's data**." in in_vivo.lead(
            EMPTY, UNREAD
        )

    def test_origin_claims_nothing_of_other_data(self):
        said = in_vivo.origin(MINE)
        assert "the folder mine. From these files we take the central 200 nt" in said
        assert "at most" not in said and "seven" not in said and "share 64 nt are one site" in said
        ours = described(name="chipseq", configuration={"at_most": 4000})
        assert "seven of the twelve TFs" in in_vivo.origin(ours)
        assert "at most 4,000 sites of a TF. Windows" in in_vivo.origin(ours)
        assert in_vivo.origin(in_vivo.Data("deepsea", None)).endswith("the paper's own sequences.")

    def test_sources(self):
        found = in_vivo.sources(MINE)
        assert found.to_dict("index")["MYTF"] == {"file": "m.tsv", "format": "table"}
        assert in_vivo.sources(UNREAD).loc["SRF", "repository"] == "MedChaabane/deepRAM"
        assert in_vivo.sources(in_vivo.Data("deepsea", None)).empty

    def test_sizes(self):
        assert in_vivo.sizes(MINE).loc["MAX"].tolist() == [9, 8, 7, 5, 1, 2]
        assert in_vivo.sizes(UNREAD).empty

    def test_in_common(self):
        said = in_vivo.in_common(MINE)
        assert said.endswith(
            "Of the 1,500 different sites 30 are in several sets, of the 1,000 kept 20."
        )
        assert in_vivo.in_common(UNREAD).endswith("own number).")

    def test_worth(self):
        assert "The dataset mine is your own." in in_vivo.worth(MINE)
        assert "labelled 0" in in_vivo.worth(described(configuration={"negatives": 5}))
        assert "no other TF's sites are there" in in_vivo.worth(ONE)
        assert "no number of ours can confirm or contradict" in in_vivo.worth(UNREAD)

    def test_simulated_data_of_one_s_own(self):
        made = synthetic.configuration(number=2_500, counts=(1, 1))
        data = in_vivo.Data("mine", described(configuration=made).record)
        assert in_vivo.origin(data) == (
            "This page is made from **simulated sequences**, the file mine: 2,500 of 200 nt, each "
            "with up to 2 of 12 embedded motifs. Where they are is known."
        )
        lead = in_vivo.lead(EMPTY, data)
        assert "Runs on record: 0 of 0. The page is written for real sequences. What it" in lead
        assert "not about these simulated ones" not in in_vivo.lead(EMPTY, MINE)
        said = in_vivo.worth(data)
        assert "was not given its motif" in said and "measured" not in said
        plain = described(configuration=synthetic.configuration())
        assert "up to 5 of 12 embedded" in in_vivo.origin(plain)
        added = described(configuration={"added_motifs": [{"id": "a.meme:X"}]})
        assert in_vivo.with_motifs(added).endswith("these were added: a.meme:X.")

    def test_one_tf(self):
        assert "of 200 nt and 1 TF; **your own data**" in in_vivo.lead(EMPTY, ONE)
        assert in_vivo.with_motifs(ONE) == "The one TF, MAX, has known motifs."

    def test_labels(self):
        found = in_vivo.labels()
        assert found.loc["MAX"].tolist()[:4] == ["K562", 636, "87,290", "3,748"]
        assert not any("_" in name for name in found.columns)


def test_floor():
    found = in_vivo.floor(MINE)
    assert found["words of six bases"].to_dict() == {"MAX": 0.8, "MYTF": 0.9}
    assert in_vivo.floor_means(MINE).loc["GC content alone"].tolist() == [0.6, 0.3]
    assert in_vivo.floor_sentence(MINE).endswith(
        "GC content alone, AUROC 0.600 and AUPR 0.300; words of six bases, AUROC 0.850 and "
        "AUPR 0.550."
    )
    assert in_vivo.reference_heights(MINE)["GC content alone"] == pytest.approx(0.6)
    assert in_vivo.floor(UNREAD).empty and not in_vivo.reference_heights(UNREAD)
    assert in_vivo.floor_sentence(UNREAD).endswith("not on record yet.")


def test_copied_cells():
    found = in_vivo.copied_cells()
    assert len(found) == 6
    assert found.loc[("CNN-25 (60)", "match any motif")].tolist() == ["0.973 ± 0.013"] * 2


class TestMotifs:
    def test_which_tfs_have_motifs(self):
        assert in_vivo.with_motifs(MINE) == "Of these 2 TFs, 1 have known motifs: MAX."
        none = described(relevant={"MAX": [], "MYTF": []})
        assert none.uncounted and "cannot be counted on these data" in in_vivo.with_motifs(none)
        assert not UNREAD.uncounted and "not on record yet" in in_vivo.with_motifs(UNREAD)

    def test_where_added_motifs_are_from(self):
        added = described(configuration={"added_motifs": [ADDED]})
        assert in_vivo.with_motifs(added).endswith("these were added: my.meme:one (my.meme).")

    def test_those_of_relevant_csv_are_shown(self):
        """MAX as made; MYTF's, one of JASPAR 2016 and one of a file; SRF's as named."""
        data = described(
            configuration={"added_motifs": [ADDED]},
            relevant={
                "max": list(matrices.RELEVANT["MAX"]),
                "MYTF": ["MA0139.1", "my.meme:one"],
                "SRF": ["MA0083.3"],
            },
        )
        found = in_vivo.known_motifs(data)
        assert [motif.name for motif in found] == [
            "MAX", "MYTF MA0139.1", "MYTF my.meme:one", "SRF MA0083.3",
        ]  # fmt: skip
        assert found[0].id == matrices.GROUND_TRUTH["MAX"]
        assert found[2].ppm.tolist() == PPM
        assert "MYTF MA0139.1 →" in texts(in_vivo.truth_grid(data))

    def test_no_motif(self):
        assert in_vivo.known_motifs(UNREAD) == []
        assert texts(in_vivo.truth_grid(UNREAD)) == ["no known motif to show"]


class TestNetworks:
    THEIRS = claims.printed().query("dataset == 'in vivo' and layer == 1")

    def test_scores_are_apart(self, page):
        above, below = in_vivo.scores(page, self.THEIRS, {"words": 0.85}).axes
        assert [y for line in points_of(above, "ours-auroc") for _, y in line] == [0.8, 0.9, 0.925]
        assert not points_of(above, "paper-auroc")
        printed = self.THEIRS.query("quantity == 'auroc'").set_index("model")["mean"]
        theirs = [y for line in points_of(below, "paper-auroc") for _, y in line]
        assert theirs == printed[["cnn-1", "cnn-25", "cnn-25-60"]].tolist()
        assert "words" in texts(above.figure)

    def test_pools(self, page):
        assert in_vivo.pools(page, MINE) == (
            "Of filters before a pool of 4 or less, at most 0.000 match a relevant motif; of those "
            "before a pool of 10 or more, at least 1.000 do. From the smallest pool to the largest "
            "the fraction rises."
        )
        assert in_vivo.pools(EMPTY, MINE).endswith("cannot be compared yet.")
        none = described(relevant={"MAX": [], "MYTF": []})
        assert in_vivo.pools(EMPTY, none).endswith("cannot be compared by relevant matches.")

    def test_both_layers(self, page):
        found = in_vivo.both_layers(page).set_index(["label", "quantity"])["ours"]
        assert found["CNN-1, layer 1", "match_relevant"] == 0
        assert found["CNN-1, layer 2", "match_relevant"] == 1

    def test_more_filters(self, page):
        numbers = in_vivo.more_filters(page, self.THEIRS, {}).axes[1]
        assert [y for line in points_of(numbers, "ours-relevant_filters") for _, y in line] == [
            2,
            3,
        ]
        (theirs,) = points_of(numbers, "paper-relevant_filters")
        cell = self.THEIRS.query("model == 'cnn-25' and quantity == 'match_relevant'")["mean"]
        assert theirs[0][1] == pytest.approx(30 * cell.item())  # the others were copied

    def test_per_tf(self, page):
        assert {"MAX", "SP1", "CNN-25, trial 1"} < set(texts(in_vivo.per_tf(page, MINE)))
        none = described(relevant={"MAX": [], "MYTF": []})
        assert texts(in_vivo.per_tf(page, none)) == [in_vivo.NOTHING]

    def test_hard(self, page):
        found = in_vivo.hard(page)
        assert found.to_dict() == {
            "SP1": {"CNN-25": 0.0, "CNN-25 (60)": 2.0, "CNN-1, layer 2": 2.0}
        }
        assert in_vivo.hard_sentence(page) == in_vivo.hard_sentence(EMPTY) == ""
        assert in_vivo.hard(EMPTY).empty

    def test_gains(self, page):
        data = described(tfs=("MAX", "SP1"))
        found = in_vivo.gains(page, data, ["cnn-1", "cnn-25"])
        assert found.loc["MAX"].tolist() == ["+0.100", "+0.100"]
        assert found.loc["SP1"].tolist() == ["−0.200", "+0.000"]
        assert in_vivo.gains(page, UNREAD, ["cnn-1"]).empty

    def test_other_motifs(self):
        records = [learned("cnn-1", 1, "other other none MAX"), learned("cnn-2", 1, "other none")]
        page = Gathered(tuple(record.run for record in records), tuple(records))
        assert in_vivo.other_motifs(page).to_dict("index") == {
            "other": {"filters": 3, "networks": 2}
        }


class TestBatch:
    AT_32 = tuple(
        learned(record.run.model, 1, text, auroc=auroc, dataset="mine", protocol=in_vivo.BATCH)
        for record, text, auroc in zip(
            RECORDS[:2], ("none MAX", "MAX MAX"), ((0.95, 0.75), (0.9, 0.9)), strict=True
        )
    )

    @pytest.fixture
    def other(self):
        return Gathered(tuple(record.run for record in self.AT_32), self.AT_32)

    def test_table(self, page, other):
        found = in_vivo.batch_table(page, other)
        assert found.loc["CNN-1"].tolist() == ["0.800", "0.850", "0.000", "0.500"]
        assert found.index.tolist() == ["CNN-1", "CNN-25"]
        assert "as-run+batch" in in_vivo.batch_line(page, other).text

    def test_sentence(self, page, other):
        assert in_vivo.batch_sentence(page, other) == (
            "In batches of 32 instead of 100 the mean AUROC of these 2 networks moves by +0.025 on "
            "average (+0.000 to +0.050; p = 0.5), the fraction of filters that match a relevant "
            "motif by +0.250 on average (+0.000 to +0.500; p = 0.5)."
        )
        assert "can be told once" in in_vivo.batch_sentence(page, EMPTY)

    def test_nothing_is_made(self, page, tmp_path):
        found = in_vivo.at_batch_32(page, "all", 1, dataset="chipseq", results_dir=tmp_path)
        assert found.records == () and {run.protocol for run in found.wanted} == {in_vivo.BATCH}


def test_other_data_than_the_paper_s_are_asked_comparisons_alone(page):
    found = in_vivo.asked(page, MINE)
    assert len(found) and set(found["kind"]) == {"comparison"}
    assert "table2-error" in set(found["id"])
    said = in_vivo.learned(page, MINE)
    assert said[0].endswith(", on mine.")
    assert in_vivo.learned(EMPTY, MINE)[0].endswith("not yet run, on mine.")


def test_a_motif_of_the_reader_s_is_a_motif():
    assert isinstance(in_vivo.known_motifs(MINE)[0], Motif)
