"""Every verb of `motifbook`: what it does, and one line on standard error for what it refuses."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import record_data
from deepsea_bundle import write_bundle

from motifbook import cli
from motifbook.motifs import matrices, tomtom
from motifbook.networks import architectures
from motifbook.records import dynamics as traces
from motifbook.records import experiment, runs, store, sweep
from motifbook.records.runs import Run
from motifbook.sequences import datasets, downloads, synthetic
from motifbook.yardsticks import authors, baselines, null, optimal

DATA = Path(__file__).parent / "data"
FILTERS = DATA / "tomtom" / "cnn_4_clip.meme"
SMOKE = ("--profile", "smoke")
VERBS = (
    *("simulate", "train", "sweep", "runs", "match", "report", "chapter"),
    *("authors", "data", "describe", "reference", "null", "calibrate", "databases"),
    *("attribution", "neighbours", "trace", "advise"),
)


@pytest.fixture
def run(capsys):
    """Run a command that succeeds; returns what it printed."""

    def command(*arguments) -> str:
        code = cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    return command


@pytest.fixture
def refused(capsys):
    """Run a command that is refused; returns its one line."""

    def command(*arguments) -> str:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        assert (code, out) == (2, ""), err
        assert err.startswith("motifbook") and err.endswith("\n") and err.count("\n") == 1, err
        assert "Traceback" not in err
        return err

    return command


@pytest.fixture
def peaks(tmp_path):
    """A folder of two small files in different formats; of one TF no motif is known."""
    folder = tmp_path / "my peaks"
    folder.mkdir()
    shutil.copy(DATA / "peaks" / "MAFK.fasta", folder / "mafk.fa")
    shutil.copy(DATA / "peaks" / "SRF.seq", folder / "TF-17.txt")
    return folder


def on_record(run: Run, results: Path, **changes) -> Path:
    path = run.path(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record_data(run, **changes)))
    return path


# --- Help --------------------------------------------------------------------------------------


def test_help_names_every_verb(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if re.match(r" {4}\w", line)] == [*VERBS]


@pytest.mark.parametrize(
    ("verb", "fragments"),
    [
        ("simulate", ("as-run)", "default: 33", "default: 25000", "--out FILE.h5")),
        ("train", ("cnn-25-120", "default: 1)", "default: paper", "default: synthetic")),
        ("train", ("default: as-run", "default: results/", "initialisation", "smoke, quick")),
        ("sweep", ("default: all", "default: 5", "as many as there are cores", "deepsea")),
        ("runs", ("default: all", "default: 5", "--json", "default: paper")),
        ("match", ("default: 2016", "default: 0.1", "never trimmed", "orientation")),
        ("authors", ("--from PATH", "--record", "default: results/")),
        ("data", ("authors,chipseq,deepsea", "--from PATH")),
        ("describe", ("folder of yours", "overlaps", "default: results/")),
        ("reference", ("default: as-run", "default: results/")),
        ("null", ("untrained,shuffled", "default: all", "default: 5", "default: paper")),
        ("databases", ("default: all", "default: 5", "default: paper", "in random order")),
        ("neighbours", ("default: all", "default: 5", "default: paper", "in pairs")),
        ("attribution", ("default: cnn-2,cnn-25", "default: 1)", "default: paper")),
        ("trace", ("default: 1)", "default: paper")),
    ],
)
def test_help_of_a_verb_names_choices_and_defaults(capsys, verb, fragments):
    with pytest.raises(SystemExit) as stop:
        cli.main([verb, "--help"])
    assert stop.value.code == 0
    out = " ".join(capsys.readouterr().out.replace("-\n", "-").split())
    assert all(fragment in out for fragment in fragments), out
    assert "None" not in out and "default: False" not in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "the following arguments are required: COMMAND (see motifbook --help)"),
        (("tarin",), "invalid choice: 'tarin'"),
        (("train",), "required: --model (see motifbook train --help)"),
        (("train", "--model", "cnn-2", "--trial", "1_0"), "--trial: must be a whole number, found"),
        (("match", "a.meme", "--output", "b", "--evalue", "1_0"), "--evalue: must be a number"),
        (("simulate", "--out", "a\nb.h5"), "'a\\nb.h5': expected a name of one line"),
        (
            ("chapter", "runs", "-p", "a", "1", "-p", "a", "2"),
            "-p a is given 2 times, expected once",
        ),
        (
            ("train", "--model", "cnn-2", "--trial", "one"),
            "--trial: must be a whole number, found 'one'",
        ),
        (("data", "encode"), "argument name: invalid choice: 'encode'"),
        (
            ("simulate", "--out", "a.h5", "--number", "1e3"),
            "--number: must be a whole number, found '1e3'",
        ),
        (
            ("match", "a.meme", "--output", "b", "--evalue", "low"),
            "--evalue: must be a number, found 'low'",
        ),
    ],
)
def test_arguments_that_cannot_be_parsed(refused, arguments, line):
    assert line in refused(*arguments)


def test_as_a_program():
    command = [sys.executable, "-m", "motifbook.cli"]
    done = subprocess.run(
        [*command, "train", "--model", "cnn-3"], capture_output=True, text=True, cwd="/"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("motifbook: error: unknown model 'cnn-3'; there are: all,")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough(tmp_path):
    # The pipe's reading end is closed before anything is written.
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "motifbook.cli", "runs", "--results", str(tmp_path)]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert "Traceback" not in done.stderr


def test_interrupted(monkeypatch, capsys):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_runs", stop)
    assert cli.main(["runs"]) == 130
    assert capsys.readouterr().err == "motifbook: stopped; what was finished is kept\n"


# --- simulate ----------------------------------------------------------------------------------


def test_simulate(run, tmp_path):
    out = tmp_path / "made.h5"
    assert "14 train, 2 valid, 4 test sequences of 200 nt" in run(
        *("simulate", "--out", out, "--number", 20, "--seed", 7, "--protocol", "as-written")
    )
    dataset, expected = datasets.load(out), synthetic.make("as-written", 7, 20)
    assert dataset.config == expected.config
    assert np.array_equal(dataset.test.bases, expected.test.bases)
    assert np.array_equal(dataset.test.sites, expected.test.sites)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--seed", -1), "seed must lie in 0..4294967295, found -1"),
        (("--seed", 2**32), "found 4294967296"),
        (("--number", 9), "number of sequences must lie in 10..10,000,000, found 9"),
        (("--number", 10**12), "found 1000000000000"),
        (("--protocol", "as-is"), "dataset protocol 'as-is' is unknown; there are: as-run"),
        (("--length", 60), "sequences of 60 nt cannot hold 5 motifs of up to 16 nt (SRF)"),
        (("--motifs", "SP1"), "expected 2 to 1,000 motifs, found 1"),
        (("--motifs", "SP1,MA0079.2"), "MA0079.3 and MA0079.2 are both named SP1"),
        (("--motifs", "SP1,,YY1"), "'SP1,,YY1' has an empty place, expected a list"),
        (("--motifs", "SP1,CTCF"), "'CTCF' is no identifier in JASPAR2014, "),
        (("--motifs", f"SP1,{DATA / 'peaks' / 'MAFK.fasta'}"), "MAFK.fasta:1: is FASTA"),
        (("--counts", "1,x"), "--counts must be a number, found 'x'"),
        (("--counts", "0,0"), "counts must be weights of 1, 2, ... motifs in a sequence"),
    ],
)
def test_simulate_what_cannot_be(refused, tmp_path, options, line):
    assert line in refused("simulate", "--out", tmp_path / "made.h5", *options)
    assert not any(tmp_path.iterdir())


EIGHT = "MA0139.1,SP1,YY1,MEF2A,SRF,STAT1,CEBPB,motifs.meme"


@pytest.fixture
def motifs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = np.eye(4)[[0, 1, 2, 3, 0, 1, 2, 3]] * 0.9 + 0.025
    matrices.write_meme("motifs.meme", [matrices.Motif("M1", "mine", one, 20.0)])


def test_simulate_other_lengths_motifs_and_numbers(run, refused, motifs, tmp_path):
    simulate = ("simulate", "--out", "eight.h5", "--motifs", EIGHT, "--length", 90)
    out = run(*simulate, "--counts", "1,2,1", "--number", 300)
    assert out == "eight.h5: 210 train, 30 valid, 60 test sequences of 90 nt, 8 motifs\n"
    made = datasets.load(tmp_path / "eight.h5")
    assert made.classes == ("CTCF", "SP1", "YY1", "MEF2A", "SRF", "STAT1", "CEBPB", "mine")
    assert made.config["counts"] == [0.25, 0.5, 0.25]
    # What is there is kept: it is this dataset, or another file.
    before = (tmp_path / "eight.h5").stat().st_mtime_ns
    assert "is there already, and is this" in run(*simulate, "--counts", "1,2,1", "--number", 300)
    line = refused(*simulate, "--counts", "1,2", "--number", 300)
    assert "eight.h5: was made by another configuration; remove it, or name another file" in line
    line = refused("simulate", "--out", "motifs.meme", "--motifs", EIGHT)
    assert "motifs.meme: not a readable motifbook dataset" in line and "remove it, or" in line
    assert (tmp_path / "eight.h5").stat().st_mtime_ns == before
    assert len(matrices.read_meme(tmp_path / "motifs.meme")) == 1


def test_simulate_too_few_to_train_on(capsys, tmp_path):
    assert cli.main(["simulate", "--out", str(tmp_path / "few.h5"), "--number", "10"]) == 0
    out, err = capsys.readouterr()
    assert "few.h5: 7 train" in out
    assert re.search(r"note: .*few\.h5: too few sequences .* has no (posi|nega)tives in t", err)


@pytest.mark.slow
def test_simulated_data_through_the_same_commands(run, refused, motifs, tmp_path):
    simulate = ("simulate", "--motifs", EIGHT, "--length", 90, "--counts", "1,1,1")
    run(*simulate, "--number", 2500, "--out", "eight.h5")
    out = run("describe", "eight.h5", "--results", "res")
    assert re.search(r"^sequences +1750 +250 +500 +2500 *$", out, re.M)
    assert out.endswith("on record: res/eight/dataset.json\n")
    options = ("--dataset", "eight.h5", *SMOKE, "--results", "res")
    assert "on record: res/eight/as-run/smoke/cnn-100/trial-1.json" in run(
        "train", "--model", "cnn-100", *options
    )
    both = ("--models", "cnn-50,cnn-100", "--trials", 1)
    assert run("sweep", *both, "--jobs", 1, *options) == ("1 run made, 1 was on record, 0 failed\n")
    assert "2 of 2 runs on record" in run("runs", *both, *options)
    # The truth at the sites is on record, of the sequences that the profile uses.
    record = runs.load(Run("eight", "as-run", "smoke", "cnn-100", 1), tmp_path / "res", "eight.h5")
    assert record.configuration["dataset"]["first"] == 2_000
    assert record.configuration["targets"]["number"] == 520
    assert record.relevant["mine"] == ["motifs.meme:M1"]
    alive = [one for one in record.layer(1).filters if one.sites]
    assert alive and all(len(one.site_precision) == 8 for one in alive)
    # Another file of the name is other data.
    (tmp_path / "sub").mkdir()
    run(*simulate, "--number", 2600, "--out", "sub/eight.h5")
    for verb in (("train", "--model", "cnn-2"), ("sweep", *both), ("runs", *both)):
        line = refused(*verb, "--dataset", "sub/eight.h5", *SMOKE, "--results", "res")
        assert "was made from other data than sub/eight.h5 holds now (other: number)" in line
    assert "(other: number)" in refused("describe", "sub/eight.h5", "--results", "res")


@pytest.mark.parametrize(
    "verb", [("describe",), ("train", "--model", "cnn-2", "--dataset"), ("sweep", "--dataset")]
)
def test_files_that_simulate_did_not_write(refused, tmp_path, verb):
    made = tmp_path / "made.h5"
    made.write_bytes(b">a\nACGT\n")
    line = refused(*verb, made, "--results", tmp_path / "res")
    assert "made.h5: not a readable motifbook dataset" in line
    assert "expected a file that `motifbook simulate` wrote, or a folder" in line
    made.unlink()
    os.mkfifo(made)
    assert "made.h5' is neither a folder nor" in refused(*verb, made, "--results", tmp_path / "res")
    assert not (tmp_path / "res").exists()


def test_outputs_that_cannot_be_written(refused, tmp_path, monkeypatch):
    # Both verbs that write a file refuse it before they do, or read, anything.
    verbs = (("simulate", "--out"), ("match", tmp_path / "none.meme", "--output"))
    for verb in verbs:
        assert f"{tmp_path / 'no' / 'a'}: its folder does not exist" in refused(
            *verb, tmp_path / "no" / "a"
        )
        assert f"{tmp_path}: is a folder, expected a file's name" in refused(*verb, tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for verb in verbs:
        assert "a: no permission to write in its folder" in refused(*verb, tmp_path / "a")


@pytest.mark.parametrize("verb", [("simulate", "--out"), ("match", FILTERS, "--output")])
def test_outputs_go_to_regular_files_only(refused, tmp_path, verb):
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    assert f"{pipe}: is a pipe, expected the name of a regular file" in refused(*verb, pipe)
    assert f"{loop}: is a symbolic link that leads to itself" in refused(*verb, loop)
    assert pipe.is_fifo() and loop.is_symlink()


@pytest.mark.parametrize(
    "arguments",
    [
        *(("simulate", "--out", ""), ("match", FILTERS, "--output", "")),
        *(("match", "", "--output", "x"), ("data", "chipseq", "--from", ""), ("calibrate", "")),
        ("match", FILTERS, "--output", "x", "--jaspar", ""),
        *(("chapter", "runs", "--output", ""), ("report", "m.onnx", "s.fa", "--output", "")),
    ],
)
def test_a_name_that_is_empty_is_no_folder(refused, arguments):
    assert "is empty, expected a name" in refused(*arguments)


def test_match_does_not_write_over_the_motifs_that_it_reads(refused, tmp_path):
    path, link = tmp_path / "filters.meme", tmp_path / "link.meme"
    shutil.copy(FILTERS, path)
    link.symlink_to(path)
    for output in (path, link):
        assert "is the file that is read" in refused("match", path, "--output", output)
    assert path.read_bytes() == FILTERS.read_bytes()


def test_outputs_on_standard_output(capfdbinary, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["match", str(FILTERS), "--output", "-", "--evalue", "1e-30"]) == 0
    out, err = capfdbinary.readouterr()
    assert out.decode() == "\t".join(COLUMNS) + "\n"  # and nothing else
    assert b"0 of 4 motifs match one of 519" in err
    assert cli.main(["simulate", "--out", "-", "--number", "10"]) == 0
    out, err = capfdbinary.readouterr()
    (tmp_path / "made.h5").write_bytes(out)
    assert len(datasets.load(tmp_path / "made.h5").train) == 7
    assert b"-: 7 train, 1 valid, 2 test sequences" in err
    assert [path.name for path in tmp_path.iterdir()] == ["made.h5"]


# --- train, runs, trace -------------------------------------------------------------------------


@pytest.mark.slow
def test_train_runs_trace_and_null(run, tmp_path, monkeypatch):
    train = ("train", "--model", "cnn-100", *SMOKE, "--results", tmp_path)
    smoke = Run("synthetic", "as-run", "smoke", "cnn-100", 1)
    out = run(*train)
    record = runs.load(smoke, tmp_path)
    assert f"{smoke}: mean AUROC {record.auroc:.3f}, 3 epochs\n" in out
    assert f"layer 1: {record.layer(1).match_any:.3f} of 30 filters match a motif" in out
    assert out.endswith(f"on record: {smoke.path(tmp_path)}\n")

    # What is on record is shown, not made again.
    when = smoke.path(tmp_path).stat().st_mtime_ns
    assert run(*train) == out
    assert smoke.path(tmp_path).stat().st_mtime_ns == when

    listing = ("runs", *SMOKE, "--models", "cnn-50,cnn-100", "--trials", 2, "--results", tmp_path)
    lines = run(*listing).splitlines()
    assert lines[1].split() == ["cnn-50", "0", "of", "2", "1,2"]
    seconds = record.seconds
    assert lines[2].split() == [
        *("cnn-100", "1", "of", "2", "2"),
        *(f"{record.auroc:.3f}", f"{seconds:.0f}", "s"),
    ]
    assert lines[3] == "1 of 4 runs on record"
    rows = [json.loads(line) for line in run(*listing, "--json").splitlines()]
    assert [row["on_record"] for row in rows] == [False, False, True, False]
    assert rows[2] == {
        "run": str(smoke),
        "on_record": True,
        "auroc": record.auroc,
        "seconds": seconds,
    }

    trace = ("trace", "--model", "cnn-100", *SMOKE, "--results", tmp_path)
    path = traces.path(smoke, tmp_path)
    assert run(*trace) == f"on record: {path}\n"
    assert traces.load(smoke, tmp_path)["epoch"].tolist() == [0, 1, 2, 3]

    for kind in null.KINDS:
        out = run("null", kind, *SMOKE, "--models", "cnn-100", "--trials", 1, "--results", tmp_path)
        assert out == f"on record: {tmp_path / 'null' / kind}.json\n"
        (row,) = null.load_null(kind, tmp_path).to_dict("records")
        assert (row["model"], row["trial"], row["profile"]) == ("cnn-100", 1, "smoke")


RUN_OPTIONS = [
    (("--profile", "papre"), "unknown profile 'papre'; there are: smoke, quick, paper"),
    (("--protocol", "as-is"), "unknown protocol 'as-is'; there are: as-run, as-written"),
    (("--protocol", "as-run+luck"), "unknown switch 'luck' in protocol 'as-run+luck'"),
    (("--jaspar", 2017), "JASPAR release 'JASPAR2017' is not available; there are: JASPAR2014"),
    (("--dataset", "chipsec"), "dataset 'chipsec' is neither a folder nor one of synthetic, "),
    (("--dataset", "../no"), "dataset '../no' is neither a folder nor one of"),
]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        *RUN_OPTIONS,
        (("--model", "CNN-2"), "unknown model 'CNN-2'; there are: all, design, cnn-1, cnn-2"),
        (("--trial", 0), "trial must be a whole number from 1 to 1000, found 0"),
        (("--trial", -3), "trial must be a whole number from 1 to 1000, found -3"),
    ],
)
def test_train_what_cannot_be(refused, tmp_path, options, line):
    results = tmp_path / "results"
    assert line in refused("train", "--model", "cnn-2", "--results", results, *options)
    assert not results.exists()


MINE = """
[small]
hidden = 8
convs = [{ filters = 4, size = 7, pool = 10 }, { filters = 4, size = 3, pool = 10 }]
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


@pytest.mark.slow
def test_a_network_of_one_s_own(run, refused, mine, tmp_path):
    out = run("train", "--model", mine, *SMOKE, "--results", tmp_path)
    one = Run("synthetic", "as-run", "smoke", "small", 1, architectures.read(mine)[0])
    assert f"on record: {one.path(tmp_path)}" in out and "of 4 filters" in out
    record = runs.load(one, tmp_path)
    assert record.configuration["architecture"] == {
        "name": "small",
        "label": "small",
        "convs": [
            {"filters": 4, "size": 7, "pool": 10, "stride": None},
            {"filters": 4, "size": 3, "pool": 10, "stride": None},
        ],
        "hidden": 8,
    }
    assert record.configuration["targets"]["release"] == "JASPAR 2016"
    # Another release is another record of the same network.
    out = run("train", "--model", mine, *SMOKE, "--results", tmp_path, "--jaspar", 2024)
    assert "synthetic/as-run+jaspar-2024/smoke/small/trial-1.json" in out
    newer = runs.load(replace(one, protocol="as-run+jaspar-2024"), tmp_path)
    targets = newer.configuration["targets"]
    assert (targets["release"], newer.started) == ("JASPAR 2024", record.started)
    assert targets["number"] == len(matrices.jaspar("2024"))
    assert newer.relevant["MAX"] == ["MA0058.4"] and record.relevant["MAX"][-1] == "MA0058.3"
    command = ("--models", f"{mine},cnn-2", *SMOKE, "--trials", 1, "--results", tmp_path)
    assert "1 of 2 runs on record" in run("runs", *command, "--jaspar", "JASPAR2024")
    listed = run("runs", *command)
    assert re.search(r"small +1 of 1 ", listed) and "1 of 2 runs on record" in listed
    # The name alone is no network, and another network under the name is not this one.
    line = refused("train", "--model", "small", *SMOKE, "--results", tmp_path)
    assert "unknown model 'small'" in line and "a file of networks of yours (.toml)" in line
    mine.write_text(MINE.replace("hidden = 8", "hidden = 9"))
    line = refused("train", "--model", mine, *SMOKE, "--results", tmp_path)
    assert "trial-1.json: was made with another network of this name" in line


def test_networks_of_one_s_own_that_cannot_be(refused, mine, tmp_path, monkeypatch):
    train = ("train", *SMOKE, "--results", tmp_path, "--model")
    assert f"{tmp_path}/no.toml: no such file; expected networks, as TOML" in refused(
        *train, tmp_path / "no.toml"
    )
    mine.write_text(MINE + "[other]\nconvs = [{ filters = 1, size = 1, pool = 1 }]")
    assert "is 2 networks; see: motifbook sweep" in refused(*train, mine)
    mine.write_text(MINE.replace("size = 7", "size = 201"))
    line = refused(*train, mine)
    assert "network small: convs[0].size is 201, expected at most 200" in line
    mine.write_text(MINE.replace("filters = 4, size = 7", "filters = 0, size = 7"))
    assert f"{mine}: small.convs[0].filters: found 0, expected" in refused(*train, mine)
    # What the book keeps on record is of its own networks.
    mine.write_text(MINE)
    for verb in ("null untrained", "null shuffled", "databases", "neighbours"):
        line = refused(*verb.split(), "--models", mine, "--results", tmp_path)
        assert "network small is one of yours; only the book's can be taken here" in line
    assert "is one of yours" in refused("calibrate", tmp_path, "--models", mine)
    assert "is one of yours" in refused("attribution", "--models", mine)
    assert "unknown model" in refused("trace", "--model", mine)
    assert not (tmp_path / "synthetic").exists()


@pytest.mark.parametrize("verb", ["sweep", "runs"])
@pytest.mark.parametrize(
    ("options", "line"),
    [
        *RUN_OPTIONS,
        (("--models", "cnn-2,cnn-3"), "unknown model 'cnn-3'"),
        (("--trials", 0), "trials must be a whole number from 1 to 1000, found '0'"),
        (("--trials", "few"), "found 'few'"),
    ],
)
def test_runs_that_cannot_be(refused, tmp_path, verb, options, line):
    results = tmp_path / "results"
    assert line in refused(verb, "--results", results, *options)
    assert not results.exists()


def test_sweep_with_no_job(refused, tmp_path):
    assert "jobs must be at least 1, found 0" in refused(
        "sweep", "--results", tmp_path, "--jobs", 0
    )


@pytest.mark.parametrize(
    "command",
    [
        ("train", "--model", "cnn-2", "--results"),
        ("sweep", "--results"),
        ("trace", "--model", "cnn-2", "--results"),
        ("describe", DATA / "peaks", "--results"),
        ("reference", "--results"),
        ("null", "untrained", "--results"),
        ("databases", "--results"),
        ("attribution", "--results"),
        ("neighbours", "--results"),
    ],
)
def test_results_that_cannot_be_kept_are_refused_before_any_work(
    refused, tmp_path, monkeypatch, command
):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert f"{tmp_path / 'file'}: is a file, expected a folder for records" in refused(
            *command, place
        )
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert f"{tmp_path}: no permission to write records there" in refused(
        *command, tmp_path / "new"
    )


def test_data_that_were_not_fetched(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    for name in ("chipseq", "deepsea"):
        line = refused("train", "--model", "cnn-2", "--dataset", name, "--results", tmp_path)
        assert f"motifbook data {name}" in line


def test_a_damaged_record_is_named(refused, tmp_path):
    path = on_record(Run("synthetic", "as-run", "smoke", "cnn-2", 1), tmp_path, format=2)
    line = refused("train", "--model", "cnn-2", *SMOKE, "--results", tmp_path)
    assert f"{path}: is in format 2, expected 1" in line


def test_a_damaged_record_hides_no_other(tmp_path, capsys):
    damaged, whole = (Run("synthetic", "as-run", "paper", "cnn-2", trial) for trial in (1, 2))
    path = on_record(damaged, tmp_path, format=2)
    on_record(whole, tmp_path)
    reason = f"{path}: is in format 2, expected 1"
    listing = ["runs", "--models", "cnn-2", "--trials", "3", "--results", str(tmp_path)]
    assert cli.main(listing) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[1].split()[:5] == ["cnn-2", "1", "of", "3", "1,3"]
    assert out.endswith("1 of 3 runs on record\n")
    assert err == f"motifbook: damaged: {reason}\n"
    assert cli.main([*listing, "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["on_record"] for row in rows] == [False, True, False]
    assert [row.get("damaged") for row in rows] == [reason, None, None]

    # A sweep of the same has nothing to make, and does not take the damaged one for made.
    assert cli.main(["sweep", *listing[1:4], "2", *listing[5:]]) == 1
    out, err = capsys.readouterr()
    assert out == "0 runs made, 1 was on record, 1 failed\n"
    assert f"motifbook: failed: {damaged}: {reason}\n" in err


def test_records_are_looked_for_in_folders_only(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "no' does not exist" in refused("runs", "--results", tmp_path / "no")
    assert "file' is a file, expected a folder of records" in refused(
        "runs", "--results", tmp_path / "file"
    )


def test_a_protocol_s_switches_come_in_any_order(tmp_path, capsys):
    run = Run("synthetic", "as-run+sites+window", "smoke", "cnn-2", 1)
    path = on_record(run, tmp_path)
    train = ["train", "--model", "cnn-2", *SMOKE, "--protocol", "as-run+window+sites"]
    assert cli.main([*train, "--results", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith(f"on record: {path}\n")


@pytest.mark.parametrize(
    "command",
    ["train --model cnn-2", "trace --model cnn-2", "null untrained", "sweep --models cnn-2"],
)
def test_a_backend_that_cannot_be_used(refused, tmp_path, monkeypatch, command):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    line = refused(*command.split(), "--results", tmp_path / "results")
    assert "KERAS_BACKEND is 'torch', expected one of tensorflow, jax" in line
    assert not (tmp_path / "results").exists()


def test_databases_what_cannot_be(refused, tmp_path):
    assert "unknown model 'cnn-3'" in refused("databases", "--models", "cnn-3")
    assert "none of these runs is on record" in refused("databases", "--results", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_null_what_cannot_be(refused, tmp_path, monkeypatch):
    assert "invalid choice: 'random'" in refused("null", "random")
    assert "unknown model 'cnn-3'" in refused("null", "untrained", "--models", "cnn-3")
    assert "none of these runs is on record" in refused("null", "shuffled", "--results", tmp_path)
    path = tmp_path / "null" / "untrained.json"
    path.parent.mkdir()
    path.write_text("{")
    monkeypatch.setattr(null, "untrained", None)  # found before any work
    line = refused("null", "untrained", "--results", tmp_path)
    assert f"{path}: not readable as JSON" in line


def test_trace_what_cannot_be(refused, tmp_path):
    assert "unknown model 'cnn-3'" in refused("trace", "--model", "cnn-3")
    assert "from 1 to 1000, found 0" in refused("trace", "--model", "cnn-2", "--trial", 0)
    assert "unknown profile 'x'" in refused("trace", "--model", "cnn-2", "--profile", "x")


# --- One's own data ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_folder_of_two_files_is_trained_on_and_swept(run, refused, peaks, tmp_path):
    results = tmp_path / "results"
    options = ("--dataset", peaks, *SMOKE, "--results", results)
    out = run("train", "--model", "cnn-100", *options)
    one = Run("my-peaks", "as-run", "smoke", "cnn-100", 1)
    record = runs.load(one, results, peaks)
    assert record.classes == ("mafk", "TF-17")
    assert record.configuration["protocol"]["batch_size"] == 100
    assert record.configuration["targets"]["relevant"] == {
        "mafk": ["MA0496.1", "MA0496.2"],  # found by the file's name, in either case
        "TF-17": [],
    }
    assert f"on record: {one.path(results)}" in out and "a relevant one" in out

    sweep = ("sweep", "--models", "cnn-50,cnn-100", "--trials", 1, "--jobs", 1, *options)
    assert run(*sweep) == "1 run made, 1 was on record, 0 failed\n"
    assert "2 of 2 runs on record" in run(
        *("runs", "--models", "cnn-50,cnn-100", "--trials", 1), *options
    )

    # A record of other data must not pass for one of these.
    (peaks / "relevant.csv").write_text("tf,ids\nTF-17,MA0083.1\n")
    for again in (("train", "--model", "cnn-100"), sweep[:7], ("runs", "--trials", 1)):
        line = refused(*again, *options)
        assert f"was made from other data than {peaks} holds now (other: TF-17)" in line
    (peaks / "relevant.csv").unlink()
    with (peaks / "mafk.fa").open("a") as file:
        file.write(">new\n" + "ACGT" * 30 + "\n")
    assert "holds now (other: mafk)" in refused("train", "--model", "cnn-100", *options)


@pytest.mark.slow
def test_without_any_known_motif_there_is_no_relevant_fraction(run, peaks, tmp_path):
    (peaks / "mafk.fa").rename(peaks / "TF-16.fa")
    options = ("--dataset", peaks, *SMOKE, "--results", tmp_path / "results")
    assert "no TF has a known one" in run("train", "--model", "cnn-100", *options)
    (record,) = experiment.get(
        "cnn-100", 1, profile="smoke", dataset=str(peaks), results_dir=tmp_path / "results"
    )
    assert record.layer(1).match_relevant is None
    assert record.layer(1).match_any >= 0
    assert pd.isna(runs.table([record])["match_relevant"]).all()


def test_folders_that_are_no_data(refused, tmp_path):
    train = ("train", "--model", "cnn-2", "--results", tmp_path / "results", "--dataset")
    (tmp_path / "empty").mkdir()
    assert "holds no set of sequences; at least two are needed" in refused(
        *train, tmp_path / "empty"
    )
    (tmp_path / "chipseq").mkdir()
    assert "cannot be called 'chipseq'; rename it" in refused(*train, tmp_path / "chipseq")
    bad = tmp_path / "bad"
    bad.mkdir()
    shutil.copy(DATA / "peaks" / "SRF.seq", bad)
    (bad / "MAX.fa").write_text(">a\nACGT!\n>b\nACGU?\n")
    line = refused(*train, bad)
    assert "MAX.fa: no usable bound sequence" in line and "MAX.fa:1: '!'" in line


@pytest.mark.parametrize("verb", ["sweep", "runs"])
def test_folders_that_are_no_data_are_refused_once(refused, tmp_path, verb):
    (tmp_path / "empty").mkdir()
    (tmp_path / "results").mkdir()
    line = refused(verb, "--dataset", tmp_path / "empty", "--results", tmp_path / "results")
    assert "holds no set of sequences; at least two are needed" in line


def test_data_that_cannot_be_swept_are_refused_before_any_run(
    refused, peaks, tmp_path, monkeypatch
):
    monkeypatch.setattr(sweep, "_Worker", None)
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "cache"))
    for name in ("chipseq", "deepsea"):
        assert f"motifbook data {name}" in refused(
            "sweep", "--dataset", name, "--results", tmp_path / "results"
        )
    (peaks / "mafk.fa").write_text(">a\nACGT\n")
    line = refused("sweep", "--dataset", peaks, "--results", tmp_path / "results")
    assert "mafk.fa: no sequence has the window's 100 nt" in line


def test_rows_left_out_are_noted(peaks, tmp_path, capsys):
    with (peaks / "TF-17.txt").open("a") as file:
        file.write("A\tlast\tACGT!\t1\n")
    assert cli.main(["describe", str(peaks), "--results", str(tmp_path)]) == 0
    bad, few = capsys.readouterr().err.splitlines()
    assert bad == (
        "motifbook: note: TF-17.txt: 1 bad rows left out: TF-17.txt:82: '!' at position 5 is no "
        "nucleotide (A, C, G, T, N)"
    )
    assert re.fullmatch(
        rf"motifbook: note: {peaks}: \d+ training sequences, and few of mafk \d+, TF-17 \d+: fewer "
        "than 100 sites of a TF are too few to learn its motif from",
        few,
    )


def test_the_window_can_be_chosen(run, refused, peaks, tmp_path):
    results = ("--results", tmp_path / "results")
    out = run("describe", peaks, "--length", 80, *results)
    assert out.endswith(f"on record: {tmp_path / 'results' / 'my-peaks-80nt' / 'dataset.json'}\n")
    assert run("describe", f"{peaks}@80", *results) == out
    record = baselines.load_record("my-peaks-80nt", tmp_path / "results")
    assert record.configuration["dataset"]["length"] == 80
    options = ("--models", "cnn-2", "--trials", 1, *results, "--dataset", peaks, "--length", 80)
    assert "0 of 1 runs on record" in run("runs", *options)
    for verb in (("describe",), ("train", "--model", "cnn-2", "--dataset")):
        line = refused(*verb, peaks, "--length", 63)
        assert "length must be from 64 to 1000000 nt, found 63" in line
        assert "dataset chipseq has its own length" in refused(*verb, "chipseq", "--length", 80)


def test_other_data_of_the_same_name_are_not_mixed_up(run, refused, peaks, tmp_path):
    results, other = ("--results", tmp_path / "results"), tmp_path / "other" / "my peaks"
    shutil.copytree(peaks, other)
    run("describe", peaks, *results)
    kept = (tmp_path / "results" / "my-peaks" / "dataset.json").read_bytes()
    run("describe", other, *results)  # a copy is the same data
    (other / "mafk.fa").write_text((peaks / "mafk.fa").read_text() + ">p\n" + "ACGT" * 30 + "\n")
    train = ("train", "--model", "cnn-2", "--profile", "smoke", "--dataset")
    sweep_ = ("sweep", "--models", "cnn-2", "--trials", 1, "--profile", "smoke", "--dataset")
    for verb in (("describe",), train, sweep_):
        line = refused(*verb, other, *results)
        assert f"was made from other data than {other} holds now (other: mafk)" in line
    found = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert [path.name for path in found] == ["dataset.json"]
    assert json.loads(kept)["sizes"] == json.loads(found[0].read_bytes())["sizes"]


def test_records_are_not_written_among_the_data(refused, peaks, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "project_root", lambda: tmp_path / "project")
    data = peaks.rename(tmp_path / "peaks")
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    train = ("train", "--model", "cnn-2", "--dataset")
    sweep_ = ("sweep", "--models", "cnn-2", "--trials", 1, "--dataset")
    for verb in (("describe",), train, sweep_):
        for results in (".", tmp_path, "link", data, data / "results"):
            line = refused(*verb, "peaks", "--results", results)
            assert "lies among the data; name another folder for the records" in line
    assert sorted(path.name for path in data.iterdir()) == ["TF-17.txt", "mafk.fa"]
    assert cli.main(["describe", "peaks", "--results", ""]) == 0  # as without it
    assert (tmp_path / "project" / "results" / "peaks" / "dataset.json").is_file()


def test_links_that_lead_to_themselves(refused, tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for arguments in (
        ("describe", loop),
        ("describe", DATA / "peaks", "--results", loop),
        ("train", "--model", "cnn-2", "--results", loop),
        ("describe", DATA / "peaks", "--results", loop / "in it"),
        ("null", "shuffled", "--results", loop / "in it"),
        ("match", FILTERS, "--output", loop / "hits.tsv"),
        ("simulate", "--out", loop / "made.h5"),
        ("train", "--model", "cnn-2", "--dataset", loop),
        ("sweep", "--models", "cnn-2", "--results", loop),
        ("runs", "--results", loop),
        ("runs", "--results", loop / "in it"),
        ("chapter", "runs", "-p", "results_dir", loop),
        ("match", loop, "--output", tmp_path / "hits.tsv"),
        ("data", "chipseq", "--from", loop),
        ("authors", "--from", loop),
        ("reference", "--results", loop),
    ):
        said = refused(*arguments)
        assert str(loop) in said and "Errno" not in said
        assert "symbolic link" in said or not {"--results", "-p"} & {*arguments}
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[" * 200_000, "Expected `object`, got `array`"),
        ('{"configuration": ' + '{"a":' * 200_000, "not readable as JSON (nested too deeply)"),
        ('{"seconds": 1e999}', "$.seconds: Number out of range, found inf"),
        ("{", "not readable as JSON ("),
        (None, "is no file, or a link to none, expected a record"),
    ],
)
def test_a_record_that_cannot_be_read_costs_no_other_its_place(tmp_path, capsys, content, reason):
    good, bad = (Run("synthetic", "as-run", "paper", "cnn-2", trial) for trial in (1, 2))
    on_record(good, tmp_path)
    path = bad.path(tmp_path)
    path.symlink_to(path) if content is None else path.write_text(content)
    listing = ["runs", "--models", "cnn-2", "--trials", "3", "--results", str(tmp_path)]
    assert cli.main(listing) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[1].split()[:5] == ["cnn-2", "1", "of", "3", "2,3"]
    assert err.startswith(f"motifbook: damaged: {path}: {reason}")
    assert err.count("\n") == 1 and len(err) < 400
    assert [*runs.on_record(tmp_path)] == [good, bad]


def test_calibrate_needs_two_architectures(refused, tmp_path):
    chosen = ("--models", "cnn-2,cnn-4", "--trials", 1, "--results", tmp_path)
    assert "none of these runs is on record" in refused("calibrate", tmp_path, *chosen)
    on_record(Run("synthetic", "as-run", "paper", "cnn-2", 1), tmp_path)
    assert "only cnn-2 is on record of these; " in refused("calibrate", tmp_path, *chosen)


# --- match -------------------------------------------------------------------------------------

COLUMNS = ["query", "target", "name", "p_value", "e_value", "offset", "overlap", "orientation"]


def test_match(run, tmp_path):
    path, output = tmp_path / "filters.meme", tmp_path / "hits.tsv"
    dead = matrices.Motif("dead", "", np.zeros((5, 4)), 5)
    queries = matrices.read_meme(FILTERS)
    matrices.write_meme(path, [*queries, dead])
    out = run("match", path, "--output", output)
    hits = pd.read_csv(output, sep="\t")
    assert list(hits.columns) == COLUMNS
    assert (hits["e_value"] <= 0.1).all()
    chance = tomtom.chance(queries, matrices.jaspar())
    matched = hits["query"].nunique()
    assert out.splitlines() == [
        f"{matched} of {len(queries)} motifs match one of 519 at E <= 0.1; 1 cannot be compared",
        f"with their columns in random order, {chance.rate:.1%} match",
        "dead: not compared (all-zero)",
    ]
    # The archived hits of the authors' own filters, and no other.
    archived = pd.read_csv(DATA / "tomtom" / "cnn_4_tomtom.txt", sep="\t")
    theirs = set(zip(archived.iloc[:, 0], archived.iloc[:, 1], strict=True))
    assert set(zip(hits["query"], hits["target"], strict=True)) == theirs

    out = run("match", path, "--all", "--output", output)
    pairs = pd.read_csv(output, sep="\t")
    assert len(pairs) == 519 * len(queries)
    assert out.startswith(f"{matched} of ")


def test_match_takes_another_release_and_threshold(run, tmp_path):
    output = tmp_path / "hits.tsv"
    out = run(
        *("match", FILTERS, "--jaspar", "2014", "--evalue", "1e-30", "--output", output),
    )
    number = len(matrices.jaspar("2014"))
    assert number != 519
    assert out == (
        f"0 of 4 motifs match one of {number} at E <= 1e-30\n"
        "with their columns in random order, 0.0% match\n"
    )
    assert output.read_text() == "\t".join(COLUMNS) + "\n"


def test_match_notes_a_target_that_takes_whatever_it_is_given(tmp_path, capsys):
    weak = np.random.default_rng(0).dirichlet(np.ones(4), (10, 19))
    path, output = tmp_path / "weak.meme", tmp_path / "hits.tsv"
    matrices.write_meme(path, [matrices.Motif(f"w{i}", "", one, 19) for i, one in enumerate(weak)])
    command = ["match", str(path), "--output", str(output), "--jaspar"]
    assert cli.main([*command, "2024"]) == 0
    out, err = capsys.readouterr()
    rate = float(re.search(r"with their columns in random order, ([\d.]+)% match", out)[1])
    assert rate > 90
    assert re.fullmatch(
        r"motifbook: note: MA19(29|30)\.2 matches \d+ of the 10 motifs, and \d\d% of those with "
        r"their columns in random order: a match with it says nothing\n",
        err,
    )
    assert cli.main(["match", str(FILTERS), "--output", str(output)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("value", ["nan", "-1", "0", "inf", "1e999"])
def test_match_with_a_threshold_that_is_none(refused, tmp_path, value):
    output = tmp_path / "hits.tsv"
    line = refused("match", FILTERS, f"--evalue={value}", "--output", output)
    assert "--evalue must be a number above 0, found " in line
    assert not output.exists()


def test_match_with_an_unknown_release(refused, tmp_path):
    line = refused("match", FILTERS, "--jaspar", "1066", "--output", tmp_path / "hits.tsv")
    assert "JASPAR release 'JASPAR1066' is not available; there are: JASPAR2014," in line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "bad.meme: no such file"),
        (b"", "bad.meme:1: no motif found"),
        (b"MEME version 4\n\nMOTIF a\n", "bad.meme:3: "),
        (b"MOTIF a\nletter-probability matrix: w= 2\n1 0 0 0\n1 0 x 0\n", "bad.meme:4: "),
        (b"MOTIF a\nletter-probability matrix: w= 3\n1 0 0 0\n", "bad.meme:"),
        (b"\xff\xfe\x00", "bad.meme:1: not a text file"),
    ],
)
def test_match_damaged_motifs(refused, tmp_path, content, line):
    path = tmp_path / "bad.meme"
    if content is not None:
        path.write_bytes(content)
    found = refused("match", path, "--output", tmp_path / "hits.tsv")
    assert line in found and str(path) in found
    assert not (tmp_path / "hits.tsv").exists()


# --- authors, data, describe, reference ---------------------------------------------------------


@pytest.mark.slow
def test_chapter(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"profile": "smoke", "models": "cnn-100", "trials": "1", "missing": "train"}
    given["results_dir"] = "mine"
    parameters = [word for item in given.items() for word in ("-p", *item)]
    assert cli.main(["chapter", "max-pooling", *parameters]) == 0
    out, err = capsys.readouterr()
    assert out == "chapter max-pooling is in out.ipynb\n"
    assert "cnn-100 trial 1:" in err
    assert Run("synthetic", "as-run", "smoke", "cnn-100", 1).is_there(tmp_path / "mine")
    notebook = nbformat.read("out.ipynb", as_version=4)
    nbformat.validate(notebook)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "**Figure 1.**" in text and "{cite}" not in text
    assert "runs.html" not in Path("out.ipynb").read_text()


def test_a_chapter_that_fails_says_why_in_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    given = ("-p", "missing", "error", "-p", "results_dir", "mine", "-p", "models", "cnn-2")
    assert cli.main(["chapter", "max-pooling", *given]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("motifbook: failed: chapter max-pooling: MissingRunError: 5 of 5 runs")
    assert not Path("out.ipynb").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["-p", "trails", "1"], "chapter max-pooling has no parameter 'trails'; it has: profile,"),
        (["--output", "no/out.ipynb"], "no/out.ipynb: its folder does not exist"),
        (["--output", "mine.toml"], "--output is 'mine.toml', expected a name that ends in .ipynb"),
        (
            ["--output", str(store.project_root() / "notebooks" / "max-pooling.ipynb")],
            "max-pooling.ipynb",
        ),
    ],
)
def test_a_chapter_that_cannot_be_run(refused, tmp_path, monkeypatch, arguments, line):
    monkeypatch.chdir(tmp_path)
    assert line in refused("chapter", "max-pooling", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_authors(run, tmp_path, monkeypatch):
    table = pd.DataFrame(
        {
            "folder": ["synthetic", "invivo"],
            "network": ["cnn_4", "cnn_25"],
            "auroc": [0.95249, np.nan],
            "auroc_by_class": [[0.9, 1.0], None],  # kept, but too long to print
        }
    )
    monkeypatch.setattr(downloads, "fetch_authors", lambda source: source)
    monkeypatch.setattr(authors, "check", lambda folder: table.assign(folder=folder.name))
    monkeypatch.setattr(authors, "links", lambda table: table[["network"]])
    archive, results = tmp_path / "archive", tmp_path / "results"
    results.mkdir()
    lines = run("authors", "--from", archive).splitlines()
    assert lines[3].split() == ["folder", "network", "auroc"]
    assert lines[4].split() == ["archive", "cnn_4", "0.952"]
    assert lines[5].split() == ["archive", "cnn_25", "–"]
    assert not any(results.iterdir())
    out = run("authors", "--from", archive, "--record", "--results", results)
    assert out.endswith(f"on record: {results / 'authors' / 'networks.json'}\n")
    assert authors.load_check(results, "archive")["network"].tolist() == ["cnn_4", "cnn_25"]
    assert authors.load_reread(results).empty


@pytest.mark.parametrize("verb", ["authors", "data authors", "data chipseq", "data deepsea"])
def test_local_copies_that_are_none(refused, tmp_path, verb):
    assert f"{tmp_path / 'no'}: no such folder" in refused(*verb.split(), "--from", tmp_path / "no")
    assert "missing" in refused(*verb.split(), "--from", tmp_path)


def test_data(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "cache"))
    write_bundle(tmp_path / "bundle")
    assert cli.main(["data", "deepsea", "--from", str(tmp_path / "bundle")]) == 0
    out, err = capsys.readouterr()
    assert datasets.load(out.strip()).name == "deepsea"
    assert err.startswith("motifbook: note: ") and err.endswith("this is not the paper's data\n")
    assert err.count("\n") == 1


def test_describe(run, refused, tmp_path):
    out = run("describe", DATA / "peaks", "--results", tmp_path)
    record = baselines.load_record("peaks", tmp_path)
    lines = [line.split() for line in out.splitlines()]
    assert " ".join(lines[0]) == "train valid test all AUROC of GC content AUROC of words"
    assert lines[1] == ["sequences", "182", "26", "52", "260"]
    row = record.baseline_table.set_index(["class", "baseline"])["auroc"]
    assert lines[2][0] == "FOSL1" and lines[2][4] == "80"
    assert float(lines[2][5]) == pytest.approx(row["FOSL1", "gc"], abs=6e-4)
    assert out.endswith(f"on record: {tmp_path / 'peaks' / 'dataset.json'}\n")
    assert "see: motifbook reference" in refused("describe", "synthetic")
    assert "dataset 'no' is neither a folder nor" in refused("describe", "no")


def test_reference(run, refused, tmp_path, monkeypatch):
    small = synthetic.make("as-written", 33, 1_000)
    monkeypatch.setattr(synthetic, "get", lambda protocol: small)
    path = tmp_path / "synthetic" / "as-written" / "optimal.json"
    out = run("reference", "--protocol", "as-written", "--results", tmp_path)
    assert out == f"on record: {path}\n"
    assert optimal.load_reference(tmp_path, protocol="as-written").sequences == 200
    monkeypatch.undo()
    assert "dataset protocol 'as-is' is unknown" in refused("reference", "--protocol", "as-is")


@pytest.mark.slow
def test_two_folders_of_one_name_described_at_once(tmp_path):
    """One is on record, the other is refused, whichever comes first."""
    for number, place in enumerate(("a", "b")):
        folder = tmp_path / place / "pos"
        folder.mkdir(parents=True)
        rng = np.random.default_rng(number)
        for tf in ("MAX", "SP1"):
            rows = ["".join(rng.choice([*"ACGT"], 100)) for _ in range(200)]
            text = "".join(f">{i}\n{row}\n" for i, row in enumerate(rows))
            (folder / f"{tf}.fa").write_text(text)
    environment = {**os.environ, "MOTIFBOOK_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", "import sys; from motifbook.cli import main; sys.exit(main())"]
    both = [
        subprocess.Popen(
            [*command, "describe", str(tmp_path / place / "pos"), "--results", str(tmp_path / "r")],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        for place in ("a", "b")
    ]
    ends = {process.wait(120): process.stderr.read() for process in both}
    assert set(ends) == {0, 2}, ends
    assert "r/pos/dataset.json" in ends[2]
