"""What a report measures: small networks whose filters are known, and the authors' own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from test_report_networks import onnx_model

from motifbook.motifs import matrices, tomtom
from motifbook.report import kernels_file, measure, network, sequences
from motifbook.report import page as pages
from motifbook.report.network import Network
from motifbook.sequences.datasets import encode, one_hot
from motifbook.yardsticks import real_motif

ARCHIVED = ["cnn_2", "cnn_4", "cnn_10", "cnn_25", "cnn_50", "cnn_100", "cnn_50_2"]
ARCHIVED += ["cnn9_4", "cnn9_25", "cnn3_2", "cnn3_50"]
"""Of the authors' twelve networks those whose archived filters are of the archived weights."""
ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "authors"


def words(*texts):
    return np.stack([encode(text) for text in texts])


def kernel(word):
    """(size, 4, 1): one point for each base of a word."""
    return one_hot(encode(word))[:, :, None]


# --- Sites ---------------------------------------------------------------------------------------


def test_sites_ppm_and_places():
    # ACG scores 3 where it stands; over half of that are windows with two of its bases or more.
    found = kernels_file.of(kernel("ACG") * 2)
    bases = words("ACGTTTTTTT", "TTTTTTTACT", "TTTTTTTTTT")
    scan = measure.scan(found, bases)
    assert (scan.maximum, scan.sites, scan.sequences) == (6, 2, 2)
    # Six for ACG, four for ACT.
    np.testing.assert_allclose(scan.ppms[0], [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0.6, 0.4]])
    # Middles at bases 1 and 8 of 10.
    assert np.flatnonzero(scan.places[0]).tolist() == [2, 16]
    assert scan.mean[0] == pytest.approx(np.mean([found.activations(one_hot(bases))]))


def test_windows_follow_left_and_stride():
    # Position p reads from 2 p - 1 on; the window that runs off the sequence has fewer bases.
    bases = words("CGTTACGT")
    active = np.zeros((1, 4, 1))
    active[0, 0], active[0, 2] = 1, 1  # from base -1, and from base 3: TAC
    scan = measure.scan(Network(lambda x: active[: len(x)], 3, left=1, stride=2), bases)
    np.testing.assert_allclose(scan.ppms[0], [[0, 0, 0, 1], [0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0]])


@pytest.mark.parametrize("held", [measure.HELD, 10])
def test_batches_change_nothing(monkeypatch, held):
    rng = np.random.default_rng(0)
    found = kernels_file.of(rng.normal(size=(5, 4, 3)).astype("f"))
    bases = rng.integers(0, 5, (23, 30)).astype(np.uint8)
    whole = measure.scan(found, bases)
    monkeypatch.setattr(measure, "ACTIVATIONS", 200)
    monkeypatch.setattr(measure, "HELD", held)  # with 10 activations are computed twice
    for one, other in zip(
        vars(whole).values(), vars(measure.scan(found, bases)).values(), strict=True
    ):
        np.testing.assert_allclose(one, other)


def test_a_filter_that_is_never_active():
    scan = measure.scan(kernels_file.of(-kernel("ACG")), words("TTTTT"))
    assert (scan.sites, scan.maximum, scan.ppms.any()) == (0, 0, False)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (Network(lambda x: x[:, :3], 3, length=9), "takes 9 nt, found 5 nt"),
        (kernels_file.of(np.ones((6, 4, 1), "f")), "filters of 6 nt are wider than sequences of 5"),
        (Network(lambda x: x[:, 0], 3), r"activations of one sequence are \(1, 4\)"),
        (Network(lambda x: x * np.nan, 3), "not all finite"),
    ],
)
def test_networks_that_cannot_be_scanned(found, message):
    with pytest.raises(ValueError, match=message):
        measure.scan(found, words("ACGTA"))


# --- Influence -----------------------------------------------------------------------------------


def test_influence_of_a_network_whose_answer_is_known():
    # Output 1 is the mean activation of filter 1; output 2 takes half of filter 2 away.
    def rest(_, active):
        one, two = active.mean(axis=1).T
        return np.stack([one, -two / 2], axis=1)

    stem = kernels_file.of(np.concatenate([kernel("A"), kernel("C")], axis=2))
    whole = Network(stem.activations, 1, predict=lambda x: rest(x, stem.activations(x)), rest=rest)
    bases = words("AAAA", "AAAC", "CCCC", "TTTT")
    labels = np.array([[1, 0], [1, 0], [0, 0], [0, 1]], np.uint8)
    given = sequences.Sequences("s", bases, labels, ("one", "two"))
    found = measure.silence(whole, given, np.array([0.25, 0.0]))
    assert found.sequences == 4
    # Of 1, 3/4, 0 and 0, a quarter is left each time: (3/4 + 1/2 + 1/4 + 1/4) / 4.
    np.testing.assert_allclose(found.change, [[0.4375, 0], [0, 0.15625]])
    np.testing.assert_allclose(found.cost, [[0.1875, 0], [0, -0.15625]])
    np.testing.assert_allclose(found.auroc, [1, 2.5 / 3])
    np.testing.assert_allclose(found.auroc_loss, [[0.5, 0], [0, 1 / 3]], atol=1e-12)
    assert measure.silence(stem, given, np.zeros(2)) is None


def test_answers_that_are_no_numbers_are_refused():
    def rest(x, active):
        return np.where(x[:, :1, 1] > 0, np.nan, active[:, :1, 0])  # NaN after a C

    stem = kernels_file.of(kernel("A"))
    whole = Network(stem.activations, 1, predict=lambda x: rest(x, stem.activations(x)), rest=rest)
    given = sequences.Sequences("s", words("AAAA", "CAAC", "GCCC", "CTTT"))
    with pytest.raises(ValueError, match="network: answers NaN or infinity on 2 of 4 sequences"):
        measure.silence(whole, given, np.zeros(1))


# --- All together --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted():
    """FOSL1 and GABPA planted in random sequences, and a filter of each; one of noise, one dead."""
    rng = np.random.default_rng(3)
    truth = {motif.id: motif for motif in matrices.ground_truth()}
    own = [truth[matrices.GROUND_TRUTH[tf]] for tf in ("FOSL1", "Gabpa")]
    bases = rng.integers(0, 4, (400, 60)).astype(np.uint8)
    labels = np.zeros((400, 2), np.uint8)
    for tf, motif in enumerate(own):
        rows = np.arange(150) + 150 * tf
        for row in rows:
            for column, ppm in enumerate(motif.ppm):
                bases[row, 20 + column] = rng.choice(4, p=ppm)
        labels[rows, tf] = 1
    kernels = np.zeros((11, 4, 4), "f")
    for f, ppm in enumerate((own[0].ppm, own[1].reverse_complement().ppm[:11])):
        kernels[: len(ppm), :, f] = np.log2(ppm[:11] + 0.01) + 2
    kernels[:, :, 2] = rng.normal(size=(11, 4))
    kernels[:, :, 3] = -1
    return kernels_file.of(kernels), sequences.Sequences("planted", bases, labels, ("a", "b"))


def test_a_report(planted):
    found, given = planted
    targets = matrices.jaspar("2016")
    report = measure.measure(found, given, targets, "JASPAR 2016")
    table = report.table
    assert (
        table.loc["filter0", "target"] in matrices.RELEVANT["FOSL1"]
        or table.loc["filter0", "e_value"] < 1e-3
    )
    assert table["matched"].tolist()[:2] == [True, True] and not table["matched"].iloc[3]
    assert table["sites"].iloc[3] == 0 and np.isnan(table["probability"].iloc[3])
    assert "filter3" not in report.trimmed
    assert table["probability"].iloc[0] > 0.9 > 0.1 > table["probability"].iloc[2]
    # It reads the strand that nothing was planted on.
    assert table["sites"].iloc[1] < real_motif.FEWEST and np.isnan(table["probability"].iloc[1])
    assert "filters with fewer than 30 sites, not judged: 1" in report.notes
    assert pd.isna(table["nearest"].iloc[3])
    # What was matched is what is kept, and what Tomtom is asked again gives the same.
    again = tomtom.match(list(report.trimmed.values()), targets)
    np.testing.assert_array_equal(again.hits["e_value"], report.matches.hits["e_value"])
    mixed = tomtom.chance(list(report.trimmed.values()), targets)
    assert report.chance.rates == mixed.rates
    assert np.mean(list(mixed.rates.values())) == pytest.approx(mixed.rate)
    assert report.variant == "with a database" and report.influence is None
    # Three filters are compared and two match; by chance, one in three or less is no warning.
    said = pages.html(replace(report, chance=replace(report.chance, rate=0.3, commonest=None)))
    assert "says little" not in said
    assert "It goes by its PPM, its number of sites and its best E-value" in " ".join(said.split())
    often = replace(report.chance, rate=0.956, commonest="MA0477.1", share=0.9215)
    said = BeautifulSoup(pages.html(replace(report, chance=often)), "html.parser").select(".warn")
    assert said[0].text == (
        "A match says little here: with their columns in random order, 95.6% of the filters match "
        "as well. A match with FOSL1 (MA0477.1) says nothing: 92.2% of the filters match it with "
        "their columns in random order."
    )
    assert any("PPMs have 11 columns" in part for part in report.unlike)


def test_filters_that_cannot_be_compared_are_said():
    # Each sequence has one site, whose first base is the padding's.
    first = Network(lambda x: np.eye(len(x[0]), 1)[None].repeat(len(x), axis=0), 3, left=1)
    given = sequences.Sequences("s", words(*["ACGTT"] * 40))
    report = measure.measure(first, given, matrices.ground_truth(), "mine")
    np.testing.assert_array_equal(report.scan.ppms[0], np.eye(5)[[4, 0, 1], :4])
    assert np.isnan(report.table["probability"]["filter0"])
    assert report.notes[-1] == (
        "filters that cannot be compared, and are not judged: 1 (such as filter0: at every site, "
        "a column lies outside of the sequence)"
    )


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_dir(), reason="the authors' archive is not in ../shared/data")
@pytest.mark.parametrize("name", ARCHIVED)
def test_the_authors_networks(tmp_path, name):
    """Their files' filters and hits, through a file of Keras."""
    from motifbook.sequences import synthetic
    from motifbook.yardsticks import authors

    folder = ARCHIVE / ("older/synthetic" if name == "cnn_2" else "synthetic")
    authors.network(folder, name).save(tmp_path / "net.keras")
    found = network.read(tmp_path / "net.keras")
    assert (found.layer, found.nonlinearity) == ("conv_1", "relu after batch norm")
    window = 9 if name.startswith("cnn9") else 19
    scan = measure.scan(found, synthetic.get().test.bases, window)
    archived = matrices.read_meme(ARCHIVE / "synthetic" / "conv_filters" / f"{name}.meme")
    assert authors.equal(scan.ppms, [motif.ppm for motif in archived]) == len(archived)
    trimmed = authors._trimmed(scan.ppms, as_archived=not name.startswith("cnn9"))
    if name.startswith("cnn9"):
        trimmed = list(scan.ppms)  # Tomtom was given the whole PPMs
    queries = {("x",): [matrices.Motif(f"filter{f}", "", ppm.round(4), len(ppm))
                        for f, ppm in enumerate(trimmed)]}  # fmt: skip
    theirs = authors.archived_hits(ARCHIVE / "synthetic", name)
    assert authors.match(queries)["x",] == theirs


def test_onnx_end_to_end(tmp_path):
    import onnx

    onnx.save(onnx_model(), tmp_path / "net.onnx")
    found = network.read(tmp_path / "net.onnx")
    rng = np.random.default_rng(0)
    bases = rng.integers(0, 4, (50, 20)).astype(np.uint8)
    influence = measure.silence(found, sequences.Sequences("s", bases), np.zeros(3))
    active = found.activations(one_hot(bases))
    silent = active.copy()
    silent[:, :, 2] = 0
    expected = found.rest(one_hot(bases), active) - found.rest(one_hot(bases), silent)
    np.testing.assert_allclose(influence.cost[2], expected.mean(axis=0), atol=1e-5)


# --- A classifier of one TF ----------------------------------------------------------------------


def save_part_of_a(path, answer, rows="n"):
    """A network that answers how much of a sequence is A: as (n, 1), (n,), or squeezed."""
    if path.suffix == ".keras":
        from motifbook.networks import backend

        backend.start()
        import keras
        from keras import layers

        inputs = keras.Input((5, 4))
        h = layers.Conv1D(1, 1, activation="relu", use_bias=False, name="first")(inputs)
        h = layers.GlobalAveragePooling1D()(h)
        h = h if answer == "(n, 1)" else layers.Reshape(())(h)
        model = keras.Model(inputs, layers.Activation("sigmoid")(h))
        model.get_layer("first").set_weights([kernel("A")])
        model.save(path)
        return
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = [numpy_helper.from_array(np.moveaxis(kernel("A"), 2, 0).swapaxes(1, 2), "w")]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "first"),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Sigmoid", ["f"], ["y"]),
    ]
    if answer == "(n,)":
        weights.append(numpy_helper.from_array(np.array([1]), "axes"))
        nodes.append(helper.make_node("Squeeze", ["y", "axes"], ["z"]))
    elif answer == "squeezed":  # so that one sequence's answer has no axis at all
        nodes.append(helper.make_node("Squeeze", ["y"], ["z"]))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, 4, 5])],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)],
        weights,
    )
    opset = [helper.make_opsetid("", 17)]
    graph.output[0].type.tensor_type.shape.SetInParent()  # of no stated shape
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def read_labelled(folder, *marked):
    (folder / "tf.fa").write_text("".join(f">{mark}\n{word}\n" for word, mark in marked))
    return sequences.read(folder / "tf.fa")


@pytest.mark.parametrize(
    ("name", "answer", "rows"),
    [
        ("net.keras", "(n, 1)", "n"),
        ("net.keras", "(n,)", "n"),
        ("net.onnx", "(n, 1)", "n"),
        ("net.onnx", "(n,)", "n"),
        ("net.onnx", "squeezed", "n"),
        ("net.onnx", "squeezed", 1),
        ("net.onnx", "(n, 1)", 3),
    ],
)
def test_a_classifier_of_one_tf(tmp_path, name, answer, rows):
    save_part_of_a(tmp_path / name, answer, rows)
    found = network.read(tmp_path / name)
    given = read_labelled(tmp_path, ("AAAAA", 1), ("AAACC", 0), ("AACCC", 1), ("CCCCC", 0))
    report = measure.measure(found, given, matrices.ground_truth(), "mine")
    # Of the four pairs of a bound sequence and another, AACCC and AAACC are in the wrong order.
    assert (report.outputs, report.influence.auroc.tolist()) == (("tf",), [0.75])
    # Without its filter, the network answers the same to all.
    assert report.table["auroc_loss"].tolist() == [0.25]
    card = BeautifulSoup(pages.html(report), "html.parser").select(".cards li")[-1]
    assert card.text == "0.750 AUROC of the network on these sequences"
    assert "absolute change of the output. AUROC lost is measured" in pages.html(report)
    one = replace(given, bases=given.bases[:1], labels=None, classes=())
    assert measure.silence(found, one, np.array([0.0])).change.shape == (1, 1)


def test_labels_that_are_all_alike_give_no_auroc(tmp_path):
    save_part_of_a(tmp_path / "net.onnx", "(n, 1)")
    (tmp_path / "tf.tsv").write_text("seq\ttf\nAAAAA\t1\nAACCC\t1\n")
    given = sequences.read(tmp_path / "tf.tsv")
    found = network.read(tmp_path / "net.onnx")
    report = measure.measure(found, given, matrices.ground_truth(), "mine")
    assert "tf.tsv: labels of tf are all 0 or all 1, so there is no AUROC" in report.notes
    assert "AUROC of the network" not in pages.html(report)
    assert "nan" not in BeautifulSoup(pages.html(report), "html.parser").main.text


def test_a_network_that_does_not_answer_each_sequence(tmp_path):
    with pytest.raises(ValueError, match=r"^net: makes \(3, 2\) of 5 sequences, expected \(5, out"):
        network.as_outputs(np.zeros((3, 2)), 5, "net")


def test_the_command(tmp_path, planted, capsys):
    from motifbook import cli

    found, given = planted
    np.save(tmp_path / "k.npy", found.kernels)
    rows = ["".join("ACGT"[base] for base in row) for row in given.bases]
    marks = ["\t".join(map(str, row)) for row in given.labels]
    lines = [f"{row}\t{mark}" for row, mark in zip(rows, marks, strict=True)]
    (tmp_path / "s.tsv").write_text("\n".join(["seq\ta\tb", *lines]))
    arguments = [str(tmp_path / name) for name in ("k.npy", "s.tsv")]
    page = tmp_path / "report.html"
    arguments += ["--axes", "keras"]
    assert cli.main(["report", *arguments, "--output", str(page), "--jaspar", "2016"]) == 0
    soup = BeautifulSoup(page.read_text(), "html.parser")
    names = [head.text for head in soup.select("tbody th[scope=row]")]
    assert sorted(names) == ["filter0", "filter1", "filter2", "filter3"]
    assert soup.html["lang"] == "en" and soup.caption and soup.select("th[aria-sort] button")
    assert not soup.select("[src], link[href]")  # nothing is fetched
    numbers = json.loads((tmp_path / "report.json").read_text())
    assert [row["sites"] > 0 for row in numbers["filters"]] == [True, True, True, False]
    assert len(matrices.read_meme(tmp_path / "filters.meme")) == 3
    hits = pd.read_csv(tmp_path / "hits.tsv", sep="\t")
    assert list(hits.columns) == [*tomtom.COLUMNS, "q_value"]
    capsys.readouterr()
    for more in (["--output", "-"], ["--output", arguments[1]], ["--output", str(page), "--length",
                 "90"]):  # fmt: skip
        assert cli.main(["report", *arguments, *more]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_the_command_with_places_in_a_genome_a_replicate_and_targets(tmp_path, planted, capsys):
    from motifbook import cli

    found, given = planted
    np.save(tmp_path / "k.npy", found.kernels)
    np.save(tmp_path / "again.npy", found.kernels[:, :, ::-1])
    length = given.bases.shape[1]
    genome = "".join("ACGT"[base] for base in given.bases.ravel())
    (tmp_path / "g.fa").write_text(f">chr1\n{genome}\n")
    starts = range(0, len(genome), length)
    places = "".join(f"chr1\t{start}\t{start + length}\n" for start in starts)
    (tmp_path / "peaks.bed").write_text(places)
    truth = {motif.id: motif for motif in matrices.ground_truth()}
    matrices.write_meme(tmp_path / "mine.meme", [truth[matrices.GROUND_TRUTH["FOSL1"]]])
    path = {name: str(tmp_path / name) for name in
            ("k.npy", "again.npy", "g.fa", "peaks.bed", "mine.meme", "report.html")}  # fmt: skip
    command = ["report", path["k.npy"], path["peaks.bed"], "--output", path["report.html"]]
    command[1:1] = ["--axes", "keras"]
    more = ["--targets", path["mine.meme"], "--genome", path["g.fa"], "--length", str(length)]
    assert cli.main([*command, *more, "--replicate", path["again.npy"]]) == 0
    numbers = json.loads((tmp_path / "report.json").read_text())
    assert numbers["sequences"]["number"] == len(given.bases)
    assert numbers["database"] == {"name": "mine.meme", "targets": 1}
    assert numbers["score"]["replicates"] == ["again.npy"]
    assert numbers["score"]["variant"] == "everything"
    # The sequences are those that lie in the genome, so the filters are too.
    np.testing.assert_allclose(
        numbers["filters"][0]["ppm"], measure.scan(found, given.bases).ppms[0], atol=1e-5
    )
    capsys.readouterr()
    assert cli.main([*command, *more, "--replicate", path["k.npy"]]) == 2
    assert "k.npy: the network itself" in capsys.readouterr().err
    few = "E-values against 1 target hang on which these are (fewer than 25)"
    assert sum(few in note for note in numbers["notes"]) == 1
    assert cli.main([*command[:-1], str(tmp_path / "new.json"), *more]) == 2
    assert "a name that ends in .html is expected" in capsys.readouterr().err
    assert not list(tmp_path.glob("new*"))
    assert cli.main([*command, "--genome", path["g.fa"], "--jaspar", "2016"]) == 2
    assert "give --length" in capsys.readouterr().err
    assert cli.main([*command, *more, "--jaspar", "2016"]) == 2
    assert "--jaspar and --targets exclude each other" in capsys.readouterr().err


def test_a_replicate_is_another_training_of_the_same_network(planted):
    found, given = planted
    few = sequences.Sequences("few", given.bases[:20])
    targets = matrices.ground_truth()

    def measured(*replicates):
        return measure.measure(found, few, targets, "mine", replicates)

    kernels = found.kernels
    for other, message in (
        (kernels_file.of(kernels[:5], "short.npy"), "short.npy: has filters of 5 nt, kernels has"),
        (replace(found, stride=2), "has a stride of 2, kernels has a stride of 1"),
        (replace(found, nonlinearity="relu"), "has nonlinearity relu, kernels has"),
        (replace(found, name="copy"), "copy: its filters are those of kernels, expected another"),
    ):
        with pytest.raises(ValueError, match=message):
            measured(other)
    # More or fewer filters are no hindrance, and said.
    assert measured(kernels_file.of(kernels[:, :, :2], "two")).replicates == ("two (2 filters)",)


def test_targets_of_no_use_are_named_before_any_work(planted):
    found, given = planted
    nothing = [matrices.Motif("none", "", np.zeros((5, 4)), 5)]
    with pytest.raises(ValueError, match=r"^mine: none of its 1 motifs can be compared \(such as "
                       "none: all-zero\\); expected columns of probabilities"):  # fmt: skip
        measure.measure(found, given, nothing, "mine")


@pytest.mark.parametrize("other", ["report.html", "report.json", "hits.tsv", "filters.meme"])
def test_files_of_others_are_not_replaced(tmp_path, other):
    (tmp_path / other).write_text('{"mine": 1}')
    with pytest.raises(ValueError, match=f"{other}: is there and of no report of ours"):
        pages.check_replaced(tmp_path / "report.html")
    pages.check_replaced(tmp_path / "new.html")
    # What a report wrote is replaced by the next.
    (tmp_path / "report.json").write_text('{"motifbook": "1", "network": {}, "filters": []}')
    pages.check_replaced(tmp_path / "report.html")


def test_a_page_of_ours_alone_is_replaced(tmp_path, planted):
    found, given = planted
    report = measure.measure(found, given, matrices.ground_truth(), "twelve")
    (tmp_path / "mine.html").write_text(pages.html(report))
    pages.check_replaced(tmp_path / "mine.html")
    (tmp_path / "mine.hits.tsv").write_text("query\n")
    with pytest.raises(ValueError, match=r"mine\.hits\.tsv: is there"):
        pages.check_replaced(tmp_path / "mine.html")


def test_a_link_onto_another_reports_page_is_not_written_through(tmp_path, planted):
    found, given = planted
    report = measure.measure(found, given, matrices.ground_truth(), "twelve")
    page = pages.write(report, tmp_path / "mine.html")[0]
    before, link = sorted(tmp_path.iterdir()), tmp_path / "link.html"
    link.symlink_to(page)
    with pytest.raises(ValueError, match=r"link\.html: is a symbolic link"):
        pages.write(report, link)
    assert sorted(tmp_path.iterdir()) == sorted([*before, link])


def test_a_genome_is_of_no_use_to_sequences(tmp_path):
    (tmp_path / "s.fa").write_text(">a\nACGT\n")
    with pytest.raises(ValueError, match=r"s\.fa: holds sequences, not places in a genome"):
        sequences.read(tmp_path / "s.fa", genome=tmp_path / "s.fa")


def test_a_target_lies_under_the_filter_as_tomtom_turned_it():
    query = matrices.Motif("filter0", "", np.eye(4)[[0, 1, 2]], 3)
    target = matrices.Motif("T", "", np.eye(4)[[1, 2, 3, 3]], 20)  # CGTT: on the other strand AACG
    drawn = pages.aligned(query, target, 1, "-")
    labels = [svg["aria-label"] for svg in BeautifulSoup(drawn, "html.parser").select("svg")]
    assert labels == [
        "Logo of filter0, consensus ACG",
        "Logo of T, reverse complement, consensus AACG",
    ]
    own, theirs = BeautifulSoup(drawn, "html.parser").select("svg")
    assert own["width"] == theirs["width"] == "44"
    xs = [use["transform"].split("(")[1].split()[0] for use in own.select("use")]
    assert xs == ["11.5", "22.5", "33.5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seq\tA\tB\nACGT\t1\t0\nACGT\t\t1\nACGT\t0\t1\n", ":3: label '' is neither 0 nor 1"),
        ("seq\tA\tA\nACGT\t1\t0\n", "its header has the column 'A' twice"),
        ("seq\tA\t\nACGT\t1\t0\n", "its header has a column without a name"),
    ],
)
def test_tables_whose_labels_cannot_be_told(tmp_path, text, message):
    path = tmp_path / "t.tsv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        sequences.read(path)


def test_a_row_without_usable_sequence_takes_its_labels_along(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("seq\tBound\tB\nACGT\t1\t0\nAC?T\t1\t1\nTTTT\t0\t1\n")
    found = sequences.read(path)
    assert found.classes == ("Bound", "B")
    assert found.labels.tolist() == [[1, 0], [0, 1]]
    assert found.notes == ("1 rows without usable sequence are left out",)
