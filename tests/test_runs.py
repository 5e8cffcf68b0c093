"""Records: named, found, checked, and made once."""

import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import asdict
from dataclasses import replace as changed
from pathlib import Path

import numpy as np
import pytest
from conftest import record_data, record_of
from hypothesis import given
from hypothesis import strategies as st
from IPython.display import Image
from msgspec import to_builtins
from msgspec.structs import replace

from motifbook import files
from motifbook.book import chapter
from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif
from motifbook.networks.architectures import MODELS, Architecture, Conv
from motifbook.records import experiment, runs, store
from motifbook.records.runs import Run
from motifbook.records.store import MissingRunError, RecordError
from motifbook.sequences import catalogue, downloads
from motifbook.sequences.chipseq import Folder

ROOT = Path(__file__).resolve().parents[1]
RUN = Run("synthetic", "as-run", "paper", "cnn-2", 1)
COMMITTED = ("cnn-2", "cnn-4", "cnn-25")  # trial 1 of each has been there from the start


# --- Names -------------------------------------------------------------------------------------


def test_a_run_s_path_and_text(tmp_path):
    path = RUN.path(tmp_path)
    assert path == tmp_path / "synthetic" / "as-run" / "paper" / "cnn-2" / "trial-1.json"
    assert str(RUN) == "synthetic/as-run/paper/cnn-2/trial-1"
    assert RUN.path() == ROOT / "results" / path.relative_to(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "../etc"}, "dataset name '../etc' must be letters"),
        ({"dataset": ""}, "dataset name ''"),
        ({"protocol": "as-wrote"}, "unknown protocol 'as-wrote'"),
        ({"protocol": "as-run+trim+window"}, r"'as-run\+trim\+window' must be written"),
        ({"protocol": " as-run"}, "' as-run' must be written 'as-run'"),
        ({"profile": "full"}, "unknown profile 'full'"),
        ({"profile": "paper "}, "'paper ' must be written 'paper'"),
        ({"model": "cnn-3"}, "unknown model 'cnn-3'; there are: cnn-1, "),
        ({"trial": 0}, "trial must be a whole number from 1 to 1000, found 0"),
        ({"trial": True}, "found True"),
        ({"trial": 1.0}, r"found 1\.0"),
        ({"trial": "1"}, "found '1'"),
    ],
)
def test_what_names_no_run(change, message):
    values = {"dataset": "d", "protocol": "as-run", "profile": "paper", "model": "cnn-2"}
    with pytest.raises(ValueError, match=message):
        Run(**{**values, "trial": 1, **change})


@pytest.mark.parametrize(("value", "trials"), [("3", (1, 2, 3)), (" 1 ", (1,)), (2, (1, 2))])
def test_trials(value, trials):
    assert runs.parse_trials(value) == trials


@pytest.mark.parametrize("value", ["0", "-1", "1001", "two", "", "1,2", 1.5, None])
def test_trials_that_are_none(value):
    with pytest.raises(ValueError, match=f"from 1 to 1000, found {re.escape(repr(value))}"):
        runs.parse_trials(value)


@given(st.integers(1, 1000))
def test_trials_count_from_one(number):
    assert (
        runs.parse_trials(str(number)) == runs.parse_trials(number) == tuple(range(1, number + 1))
    )


def test_a_dataset_is_a_name_or_a_folder(tmp_path):
    assert catalogue.parse_dataset("chipseq") == ("chipseq", None)
    folder = tmp_path / "my peaks (v2)"
    folder.mkdir()
    assert catalogue.parse_dataset(str(folder)) == ("my-peaks-v2", Folder(folder))
    for window in ((f"{folder}@200",), (str(folder), 200), (f"{folder}@200", 200)):
        assert catalogue.parse_dataset(*window) == ("my-peaks-v2-200nt", Folder(folder, 200))
    assert catalogue.parse_dataset(f"{folder}@100") == ("my-peaks-v2", Folder(folder))
    (tmp_path / "peaks@70").mkdir()
    assert catalogue.parse_dataset(f"{tmp_path / 'peaks@70'}")[1].length == 100
    for text, length, message in (
        ("chipseq", 200, "dataset chipseq has its own length"),
        (f"{folder}@64", 200, "has windows of 64 nt, found length 200"),
        (f"{folder}@63", None, "length must be from 64 to 1000000 nt, found 63"),
        (str(folder), 10**30, "length must be from 64 to 1000000 nt, found 1000"),
        (str(folder), -1, "length must be from 64 to 1000000 nt, found -1"),
        (f"{folder}@", None, "is neither a folder nor one of"),
        ("", None, "dataset '' is neither a folder"),
        (7, None, "dataset 7 is neither a folder"),
    ):
        with pytest.raises(ValueError, match=message):
            catalogue.parse_dataset(text, length)
    with pytest.raises(ValueError, match="'chipsec' is neither a folder nor one of synthetic, "):
        catalogue.parse_dataset("chipsec")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("данные", "данные"),
        ("数据", "数据"),
        ("u\u0308n\u0131", "üni".replace("i", "\u0131")),  # one name, however it is encoded
        ("डेटा", "डेटा"),
        ("-n-", "n"),
        (".peaks", "peaks"),
        ("peaks_", "peaks_"),
        ("a b/../c  d", "c-d"),
    ],
)
def test_folders_are_named_in_any_script_and_make_runs(tmp_path, folder, name):
    (tmp_path / "a b").mkdir()
    path = tmp_path / folder
    path.mkdir()
    assert catalogue.parse_dataset(str(path))[0] == name
    assert (
        Run(name, "as-run", "smoke", "cnn-2", 1)
        .path(tmp_path)
        .parent.is_relative_to(tmp_path / name)
    )


@pytest.mark.parametrize("folder", ["🧬", "...", "ChipSeq", "synthetic", "null", "authors"])
def test_folders_that_cannot_name_a_dataset(tmp_path, folder):
    (tmp_path / folder).mkdir()
    with pytest.raises(ValueError, match=f"cannot be called '{folder}'; rename it"):
        catalogue.parse_dataset(str(tmp_path / folder))


def test_wanted_is_by_model_then_trial():
    found = runs.wanted("cnn-4,cnn-2", "2", profile="quick", protocol="as-run+window+sites")
    assert [(run.model, run.trial) for run in found] == [
        ("cnn-4", 1),
        ("cnn-4", 2),
        ("cnn-2", 1),
        ("cnn-2", 2),
    ]
    assert {run.protocol for run in found} == {"as-run+sites+window"}
    assert runs.wanted(["cnn-4", "cnn-2"], 2, profile="quick")[0].model == "cnn-4"
    assert len(runs.wanted()) == 17 * 5


# --- Saving and loading ------------------------------------------------------------------------


def one_filter():
    return [Motif("layer1_filter0", "", np.array([[1, 0, 0, 0], [0, 1, 0, 0]]), 2)]


def test_a_record_comes_back(tmp_path):
    record = record_of(RUN)
    path = runs.save(record, one_filter(), tmp_path)
    assert path == RUN.path(tmp_path)
    loaded = runs.load(RUN, tmp_path)
    assert to_builtins(loaded) == to_builtins(record)
    assert loaded.run == RUN
    assert (loaded.label, loaded.auroc, loaded.aupr) == ("CNN-2", 0.75, 0.5)
    assert loaded.classes == ("MAX", "SP1")
    assert [motif.id for motif in matrices.read_meme(path.with_suffix(".meme"))] == [
        "layer1_filter0"
    ]
    assert sorted(file.name for file in path.parent.iterdir()) == ["trial-1.json", "trial-1.meme"]


def test_a_layer_by_number(tmp_path):
    record = record_of(RUN)
    assert record.layer(1).window == 2
    with pytest.raises(ValueError, match=f"{RUN}: layer 2 is not on record; there are: 1"):
        record.layer(2)


def test_the_json_has_a_line_for_each_filter_and_says_the_same():
    data = record_data(RUN)
    text = store.to_json(data)
    assert json.loads(text) == data
    assert text.endswith("}\n")
    assert '"trim": [ 0, 2 ]' in text
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.to_json({"loss": float("nan")})


def test_a_failed_save_leaves_nothing_behind(tmp_path):
    path = RUN.path(tmp_path)
    runs.save(record_of(RUN), one_filter(), tmp_path)
    before = path.read_bytes()
    bad = replace(record_of(RUN), seconds=float("nan"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        runs.save(bad, one_filter(), tmp_path)
    assert path.read_bytes() == before
    with pytest.raises(UnicodeEncodeError):
        files.write_whole(path, "half\ud800")
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["trial-1.json", "trial-1.meme"]


def test_a_record_is_there_only_after_its_filters(tmp_path):
    path = RUN.path(tmp_path)
    path.with_suffix(".meme").mkdir(parents=True)  # so that they cannot be written
    with pytest.raises(ValueError, match=r"trial-1\.meme: is a folder"):
        runs.save(record_of(RUN), one_filter(), tmp_path)
    assert not path.exists()


def test_a_written_file_can_be_read_by_others(tmp_path):
    path = tmp_path / "new" / "folder" / "file.txt"
    files.write_whole(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def change(data, *path, to):
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = to


FILTER = ("layers", 0, "filters", 0)
AT = r"\$\.layers\[0\]\.filters\[0\]"
HALF = [0.5, 0, 0, 0]


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        (("kind",), "null", r"\$\.kind: Expected `str` matching regex '\^run\$', found 'null'"),
        (("format",), 2, "is in format 2, expected 1"),
        (("seconds",), "12", r"\$\.seconds: Expected `float`, got `str`"),
        (("seconds",), -1, r"\$\.seconds: Expected `float` >= 0\.0, found -1"),
        (("trial",), "1", r"\$\.trial: Expected `int`, got `str`"),
        (("trial",), 0, "trial must be a whole number from 1 to 1000, found 0"),
        (("trial",), 2, f"says it is synthetic/as-run/paper/cnn-2/trial-2, expected {RUN}"),
        (("model",), "cnn-4", f"says it is synthetic/as-run/paper/cnn-4/trial-1, expected {RUN}"),
        (("model",), "cnn-3", "unknown model 'cnn-3'"),
        (("protocol",), "as-written", f"says it is synthetic/as-written.*, expected {RUN}"),
        (("configuration", "model"), "cnn-4", "its configuration has sha256 .*, it states '"),
        (("configuration_sha256",), "0", "it states '0'"),
        (("versions", "keras"), 3, r"\$\.versions\[\.\.\.\]: Expected `str`, got `int`"),
        (("test", "auroc"), [0.5], "test.auroc has 1 numbers, expected 2, one a class"),
        (("test", "auroc", 1), 7.5, r"\$\.test\.auroc\[1\]: Expected `float` <= 1.*, found 7\.5"),
        (("test", "aupr"), ["a", 0.5], r"\$\.test\.aupr\[0\]: Expected `float`, got `str`"),
        (("test", "mean_auroc"), None, r"\$\.test\.mean_auroc: Expected `float`, got `null`"),
        (("test",), {}, r"\$\.test: Object missing required field `auroc`"),
        (("history", "loss"), [0.5], "history.loss has 1 numbers, expected 2, one an epoch"),
        (("epochs",), 3, "history.loss has 2 numbers, expected 3"),
        (("classes",), [], r"\$\.classes: Expected `array` of length >= 1, found \[\]"),
        (("layers",), {}, r"\$\.layers: Expected `array`, got `object`"),
        (("layers",), [], r"\$\.layers: Expected `array` of length >= 1, found \[\]"),
        (("layers", 0), [], r"\$\.layers\[0\]: Expected `object`, got `array`"),
        (("layers", 0, "filters"), [], r"\.filters: Expected `array` of length >= 1, found \[\]"),
        (("layers", 0, "match_any"), 1.5, r"match_any: Expected `float` <= 1\.0, found 1\.5"),
        (("layers", 0, "window"), 3, r"the PPM of filter 0 has 2 columns, expected 3"),
        ((*FILTER, "tf"), 3, rf"{AT}\.tf: Expected `str \| null`, got `int`"),
        ((*FILTER, "sites"), -1, rf"{AT}\.sites: Expected `int` >= 0, found -1"),
        (
            (*FILTER, "trim"),
            [0, 1, 2],
            rf"{AT}\.trim: Expected `array` of length 2, found \[0, 1",
        ),
        ((*FILTER, "trim"), [1, 3], rf"{AT}: trim is 1 to 3, expected columns of a PPM that has 2"),
        ((*FILTER, "trim"), [1, 1], rf"{AT}: trim is 1 to 1"),
        ((*FILTER, "ppm", 1), [1, 0, 0], rf"{AT}\.ppm\[1\]: Expected `array` of length 4, found"),
        (
            (*FILTER, "ppm", 1, 2),
            -0.1,
            rf"{AT}\.ppm\[1\]\[2\]: Expected `float` >= 0\.0, found -0\.1",
        ),
        ((*FILTER, "ppm", 1), HALF, rf"{AT}: column 1 of ppm sums to 0\.5, expected 1"),
        ((*FILTER, "ppm", 0), [0.9996, 0, 0, 0], rf"{AT}: column 0 of ppm sums to 0\.9996"),
        (
            (*FILTER, "hits"),
            [{"target": "MA0058.1"}],
            r"hits\[0\]: .*missing required field `name`",
        ),
        ((*FILTER, "site_recall"), [1.0], "site_recall of filter 0 in layer 1 has 1 numbers"),
    ],
)
def test_a_record_that_cannot_be_trusted(tmp_path, write_record, path, to, message):
    file = write_record(tmp_path)
    data = json.loads(file.read_text())
    change(data, *path, to=to)
    file.write_text(json.dumps(data))
    with pytest.raises(RecordError, match=f"^{re.escape(str(file))}: .*{message}"):
        runs.load(RUN, tmp_path)


MATCH = {"matches_any": True, "tf": "SP1", "relevant_target": "MA0004.1"}
"""What makes one of the filter's hit, as `conftest.HIT` has it."""


@pytest.mark.parametrize(
    ("filters", "layer", "changes", "message"),
    [
        ([{}], {"match_any": 1.0}, {}, "match_any of layer 1 is 1.0, expected 0 of 1 filters"),
        ([{}], {"match_relevant": 1.0}, {}, "match_relevant of layer 1 is 1.0, expected 0 of 1"),
        ([{}], {"dead": 1}, {}, "dead of layer 1 is 1, expected 0, the filters whose state is"),
        ([{"filter": 1}], {}, {}, "number 0 of the filters in layer 1 is 1, expected 0"),
        ([{"hits": [{}]}], {}, {}, "matches_any of filter 0 in layer 1 is False, expected true: "),
        ([MATCH], {}, {}, "matches_any of filter 0 in layer 1 is True, expected false: .* inf"),
        ([MATCH | {"hits": [{}], "tf": "YY1"}], {}, {}, "tf of .* is 'YY1', expected one of MAX, "),
        (
            [MATCH | {"hits": [{"target": "MA0058.2"}]}],
            *({}, {}, "relevant_target of .* is 'MA0004.1', expected one of its hits"),
        ),
        (
            [MATCH | {"hits": [{"target": "MA0058.3"}], "relevant_target": "MA0058.3"}],
            *({}, {}, "tf of .* is 'SP1', expected 'MAX', whose motif MA0058.3 is"),
        ),
        ([{"relevant_target": "MA0004.1"}], {}, {}, "relevant_target .* expected null without a"),
        (
            [MATCH | {"hits": [{}, {"p_value": 1e-10}]}],
            *({}, {}, "the order of hits of filter 0 in layer 1 is another, expected by p_value"),
        ),
        ([{}], {}, {"test": {"mean_auroc": 0.9}}, "mean_auroc is 0.9, expected 0.75, the mean of"),
        ([{}], {}, {"best_epoch": 2}, "best_epoch is 2, expected 1, of the lowest history.valid_"),
        ([{}], {}, {"classes": ["SP1", "SP1"]}, r"classes is \['SP1', 'SP1'\], expected each"),
        ([{}], {}, {"configuration": {"architecture": {"name": "cnn-4"}}},
         "architecture.name is 'cnn-4', expected 'cnn-2'"),
    ],
)  # fmt: skip
def test_a_record_whose_parts_contradict_each_other_is_refused(
    tmp_path, filters, layer, changes, message
):
    # Matches are counted from the filters, unless the case is about that.
    found = [one.get("matches_any", False) for one in filters]
    layer = {"match_any": sum(found) / len(found), "match_relevant": float(any(found))} | layer
    changes = {"configuration": {"targets": {"evalue": 0.1}}} | changes
    record = record_data(RUN, layers=[layer | {"filters": filters}], **changes)
    file = RUN.path(tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(record))
    with pytest.raises(
        RecordError, match=f"{re.escape(str(file))}: contradicts itself: .*{message}"
    ):
        runs.load(RUN, tmp_path)


@pytest.mark.parametrize("column", [[0, 0, 0, 0], [0.9998, 0, 0, 0], [0.3334, 0.3334, 0.3333, 0]])
def test_a_column_of_nothing_or_one_within_its_rounding_is_sound(tmp_path, write_record, column):
    file = write_record(tmp_path)
    data = json.loads(file.read_text())
    change(data, *FILTER, "ppm", 1, to=column)
    file.write_text(json.dumps(data))
    assert runs.load(RUN, tmp_path).layer(1).filters[0].ppm[1] == tuple(column)


@pytest.mark.parametrize("key", record_data(RUN))
def test_a_record_with_a_missing_key(tmp_path, write_record, key):
    file = write_record(tmp_path)
    data = json.loads(file.read_text())
    del data[key]
    file.write_text(json.dumps(data))
    with pytest.raises(RecordError, match=rf"^{re.escape(str(file))}: .* required field `{key}`"):
        runs.load(RUN, tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 1, "data', "not readable as JSON"),
        ("", "not readable as JSON"),
        ("[]", "Expected `object`, got `array`"),
        ('{"seconds": NaN}', "not readable as JSON"),
        ('{"seconds": -Infinity}', "not readable as JSON"),
        ('{"seconds": 1e999}', r"\$\.seconds: Number out of range, found inf"),
        (
            f'{{"epochs": 1{"0" * 400}}}',
            r"\$\.epochs: Expected `int` <= 9007199254740992",
        ),
        ('{"test": {"other":' + "[" * 200_000, r"not readable as JSON \(nested too deeply\)"),
        ('{"configuration": ' + '{"a":' * 200_000, r"not readable as JSON \(nested too deeply\)"),
        ("\xff", "not readable as JSON"),
    ],
)
def test_a_file_that_is_no_record(tmp_path, write_record, text, message):
    file = write_record(tmp_path)
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(RecordError, match=f"^{re.escape(str(file))}: {message}"):
        runs.load(RUN, tmp_path)


def test_what_lies_there_but_is_no_file(tmp_path, write_record):
    file = write_record(tmp_path)
    file.unlink()
    with pytest.raises(FileNotFoundError, match="no such record"):
        runs.load(RUN, tmp_path)
    file.symlink_to(tmp_path / "nowhere")
    with pytest.raises(RecordError, match="is no file, or a link to none"):
        runs.load(RUN, tmp_path)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(RecordError, match="is no file"):
        runs.load(RUN, tmp_path)


def test_what_could_not_be_read_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="Expected `float` >= 0"):
        runs.save(replace(record_of(RUN), seconds=-1.0), one_filter(), tmp_path)
    assert not RUN.path(tmp_path).exists()


def test_what_a_run_s_names_mean():
    run = Run("synthetic", "as-run+trim", "smoke", "cnn-2", 1)
    assert (run.rules.trim, run.rules.window) == (False, 19)
    assert (run.scale.epochs, run.architecture.label) == (3, "CNN-2")


@pytest.mark.parametrize("length", [0.1, 0.5, 0.99])
def test_a_truncated_record(tmp_path, write_record, length):
    file = write_record(tmp_path)
    text = file.read_text()
    file.write_text(text[: int(length * len(text))])
    with pytest.raises(RecordError, match=r"trial-1\.json: not readable as JSON"):
        experiment.get("cnn-2", 1, results_dir=tmp_path)


# --- Many records ------------------------------------------------------------------------------


def test_get_skips_what_is_missing(tmp_path, write_record):
    write_record(tmp_path, "cnn-4", 2)
    write_record(tmp_path, "cnn-2", 1)
    found = experiment.get("cnn-2,cnn-4", 2, results_dir=tmp_path)
    assert [(record.run.model, record.run.trial) for record in found] == [
        ("cnn-2", 1),
        ("cnn-4", 2),
    ]
    assert experiment.get("cnn-10", 2, results_dir=tmp_path) == []


def test_a_folder_of_records_that_is_named_exists(tmp_path, monkeypatch):
    nowhere, file = tmp_path / "no" / "where", tmp_path / "file"
    file.write_text("")
    for read in (store.open_results, experiment.get, runs.on_record):
        for place, message in (
            (nowhere, f"results_dir {str(nowhere)!r} does not exist"),
            (file, f"results_dir {str(file)!r} is a file, expected a folder"),
            (5, "results_dir must be a folder's name as text, found 5"),
        ):
            with pytest.raises(ValueError, match=re.escape(message)):
                list(read(results_dir=place))
    with pytest.raises(ValueError, match="is a file, expected a folder"):
        store.open_results(file, missing="train")
    assert store.open_results(nowhere, missing="train") == nowhere
    assert nowhere.is_dir()
    # The project's own need not be there yet.
    monkeypatch.setenv("MOTIFBOOK_ROOT", str(tmp_path))
    assert experiment.get("cnn-2", 1) == list(runs.on_record()) == []


def test_get_names_what_is_missing(tmp_path, write_record):
    write_record(tmp_path, "cnn-2", 1)
    with pytest.raises(MissingRunError) as error:
        experiment.get("cnn-2", 3, missing="error", results_dir=tmp_path)
    message = str(error.value)
    assert message.startswith(f"2 of 3 runs are not in {tmp_path}: ")
    assert "cnn-2/trial-2, synthetic/as-run/paper/cnn-2/trial-3" in message
    assert "trial-1" not in message
    assert len(experiment.get("cnn-2", 1, missing="error", results_dir=tmp_path)) == 1


def test_get_makes_what_is_missing(tmp_path, write_record, monkeypatch):
    made = []

    def ensure(run, results_dir, progress, source):
        made.append(run)
        write_record(results_dir, run.model, run.trial)

    monkeypatch.setattr(experiment, "ensure", ensure)
    write_record(tmp_path, "cnn-2", 1)
    found = experiment.get("cnn-2", 2, missing="train", results_dir=tmp_path)
    assert [run.trial for run in made] == [2]
    assert [record.run.trial for record in found] == [1, 2]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"missing": "ignore"}, "missing must be one of skip, train, error, found 'ignore'"),
        ({"models": "cnn-3"}, "unknown model 'cnn-3'"),
        ({"trials": "many"}, "trials must be a whole number"),
        ({"trials": "1_0"}, "trials must be a whole number"),
        ({"profile": "large"}, "unknown profile 'large'"),
        ({"protocol": "as-is"}, "unknown protocol 'as-is'"),
        ({"dataset": "no-such"}, "dataset 'no-such' is neither a folder"),
        # papermill makes numbers of digits
        ({"models": 25}, "unknown model '25'; there are: all, design, cnn-1, "),
        ({"models": [25]}, "unknown model '25'"),
        ({"profile": 5}, "unknown profile 5"),
        ({"protocol": 5}, "unknown protocol '5'"),
        ({"dataset": 3}, "dataset 3 is neither a folder"),
        ({"missing": 1}, "missing must be one of skip, train, error, found 1"),
    ],
)
def test_get_checks_its_parameters(tmp_path, parameters, message):
    with pytest.raises(ValueError, match=message):
        experiment.get(**parameters, results_dir=tmp_path)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"missing": "foo"}, "missing must be one of skip, train, error, found 'foo'"),
        ({"results_dir": "/no/such/place"}, "results_dir '/no/such/place' does not exist"),
    ],
)
def test_a_chapter_checks_them_even_if_no_model_is_its_own(tmp_path, parameters, message):
    with pytest.raises(ValueError, match=message):
        chapter.gather(("cnn-2",), "cnn-4", 1, **{"results_dir": tmp_path, **parameters})


def test_on_record_is_sorted_and_takes_runs_only(tmp_path, write_record):
    for trial in (10, 2, 1):
        path = write_record(tmp_path, "cnn-4", trial)
    write_record(tmp_path, "cnn-2", 3)
    for name in ("trial-01.json", "trial-x.json", "trial-.json", "trace-1.json", "trial-4.meme"):
        (path.parent / name).write_text("")
    (tmp_path / "synthetic" / "as-run" / "full" / "cnn-2").mkdir(parents=True)
    (tmp_path / "synthetic" / "as-run" / "full" / "cnn-2" / "trial-1.json").write_text("")
    found = [(run.model, run.trial) for run in runs.on_record(tmp_path)]
    assert found == [("cnn-2", 3), ("cnn-4", 1), ("cnn-4", 2), ("cnn-4", 10)]


# --- Networks of one's own ---------------------------------------------------------------------

MINE = Architecture("mine", "mine", (Conv(8, 11, 4), Conv(16, 5, 25, 5)), 32)


def put_own(results, trial=1, row=MINE):
    """A record of a network of one's own, as `experiment.make` writes its row."""
    run = Run("synthetic", "as-run", "paper", row.name, trial, row)
    configuration = {"architecture": asdict(row)}
    del configuration["architecture"]["as_written"]
    path = run.path(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record_data(run, configuration=configuration)))
    return run


def test_a_record_carries_a_network_of_one_s_own(tmp_path, write_record):
    run = put_own(tmp_path)
    write_record(tmp_path, "cnn-4")
    found = runs.load(run, tmp_path)
    assert (found.run, found.run.own, found.label) == (run, MINE, "mine")
    assert [r.run.model for r in experiment.get(["cnn-4", MINE], 1, results_dir=tmp_path)] == [
        "cnn-4",
        "mine",
    ]
    assert runs.table([found])[["model", "label"]].values.tolist() == [["mine", "mine"]]
    # What the book reads does not see it.
    assert [run.model for run in runs.on_record(tmp_path)] == ["cnn-4"]
    other = changed(MINE, hidden=64)
    with pytest.raises(store.RecordError, match="made with another network of this name"):
        runs.load(changed(run, own=other), tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"architecture": {"convs": []}},
            r"mine.convs: found \[\], expected a list of length >= 1",
        ),
        ({"architecture": 3}, "unknown model 'mine'"),
        ({}, "unknown model 'mine'"),
    ],
)
def test_a_record_of_no_network(tmp_path, change, message):
    run = put_own(tmp_path)
    run.path(tmp_path).write_text(json.dumps(record_data(run, configuration=change)))
    with pytest.raises(store.RecordError, match=message):
        runs.load(run, tmp_path)


def test_a_run_s_network_has_its_name():
    for own in (changed(MINE, name="other"), MODELS["cnn-2"]):
        with pytest.raises(ValueError, match="is no network of one's own"):
            Run("synthetic", "as-run", "paper", "mine", 1, own)
    run = Run("synthetic", "as-run", "paper", "mine", 1, MINE)
    assert pickle.loads(pickle.dumps(run)).own == MINE and run.architecture is MINE


def test_chapters_take_networks_of_one_s_own_or_say_no(tmp_path, monkeypatch, write_record):
    put_own(tmp_path)
    write_record(tmp_path, "cnn-4")
    text = "[mine]\nhidden = 32\nconvs = [{ filters = 8, size = 11, pool = 4 }, "
    (tmp_path / "mine.toml").write_text(text + "{ filters = 16, size = 5, pool = 25, stride = 5 }]")
    given = ("cnn-2", "cnn-4"), f"cnn-4,{tmp_path / 'mine.toml'}", 1
    page = chapter.gather(*given, yours=True, results_dir=tmp_path)
    assert (page.models, page.own) == (("cnn-4", "mine"), (MINE,))
    assert [record.label for record in page.records] == ["CNN-4", "mine"]
    assert "Made from 2 runs (synthetic, as-run, paper: CNN-4 × 1, mine × 1)" in str(
        page.made_from()
    )
    # Its filters' logos are shown, and those of no other network.
    shown = []
    monkeypatch.setattr(chapter, "display", shown.append)
    page.show_own()
    said, logos, line = shown
    assert "first-layer filters of **mine**" in said.data and isinstance(logos, Image)
    assert "mine × 1" in repr(line)
    # It stands beside the paper's numbers, and decides no verdict.
    assert set(page.comparison["label"]) == {"CNN-4", "mine"}
    without = chapter.gather(given[0], "cnn-4", 1, results_dir=tmp_path)
    assert page.ledger.equals(without.ledger)
    line = "network mine is one of yours, and this page is about the book's"
    with pytest.raises(ValueError, match=line):
        chapter.gather(*given, results_dir=tmp_path)


# --- Tables ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def committed():
    return experiment.get(COMMITTED, 1, missing="error", results_dir=ROOT / "results")


def test_table_of_the_committed_records(committed):
    table = runs.table(committed)
    assert table["model"].tolist() == list(COMMITTED)
    assert table["label"].tolist() == ["CNN-2", "CNN-4", "CNN-25"]
    for row, record in zip(table.itertuples(), committed, strict=True):
        data = json.loads(record.run.path(ROOT / "results").read_text())
        assert row.auroc == pytest.approx(np.mean(data["test"]["auroc"]), abs=2e-6)
        assert row.aupr == pytest.approx(np.mean(data["test"]["aupr"]), abs=2e-6)
        (layer,) = data["layers"]
        matched = [one["matches_any"] for one in layer["filters"]]
        assert row.match_any == pytest.approx(np.mean(matched), abs=1e-6)
        relevant = [one["tf"] is not None for one in layer["filters"]]
        assert row.match_relevant == pytest.approx(np.mean(relevant), abs=1e-6)
        assert (row.filters, row.trial, row.profile) == (30, 1, "paper")
        assert row.epochs == len(data["history"]["loss"])


def test_per_class_of_the_committed_records(committed):
    table = runs.per_class(committed)
    assert len(table) == 3 * 12
    assert table["tf"].tolist() == list(matrices.TFS) * 3
    means = table.groupby("model")["auroc"].mean()
    for record in committed:
        assert means[record.run.model] == pytest.approx(record.auroc, abs=2e-6)


def test_history_of_the_committed_records(committed):
    table = runs.history(committed)
    assert len(table) == sum(record.epochs for record in committed)
    for record in committed:
        mine = table[table["model"] == record.run.model]
        assert mine["epoch"].tolist() == list(range(1, len(mine) + 1))
        assert mine["epoch"].iloc[mine["valid_loss"].argmin()] == record.best_epoch
        assert (mine["gradient_norm"] > 0).all()


def test_filters_of_the_committed_records(committed):
    table = runs.filters(committed)
    assert len(table) == 90
    summary = runs.table(committed).set_index("model")
    for model, mine in table.groupby("model"):
        row = summary.loc[model]
        assert mine["any"].mean() == pytest.approx(row.match_any, abs=1e-6)
        assert mine["relevant"].mean() == pytest.approx(row.match_relevant, abs=1e-6)
        assert (mine["any"] == (mine["e_value"] <= 0.1)).all()
        assert mine["tf"].notna().equals(mine["relevant"])
        assert mine.loc[mine["relevant"], "tf"].isin(matrices.TFS).all()
        assert mine["site_precision"].between(0, 1).all()
        assert mine["site_recall"].between(0, 1).all()


def test_filters_without_hits_or_sites_have_no_best(tmp_path, write_record):
    write_record(tmp_path)
    row = runs.filters(experiment.get("cnn-2", 1, results_dir=tmp_path)).iloc[0]
    assert row[["tf", "target", "e_value", "site_tf", "site_precision"]].isna().all()
    assert row["sites"] == 3


@pytest.mark.parametrize("tabulate", [runs.table, runs.per_class, runs.filters, runs.history])
def test_a_table_of_nothing_has_its_columns(tabulate, tmp_path, write_record):
    write_record(tmp_path)
    full = tabulate(experiment.get("cnn-2", 1, results_dir=tmp_path))
    assert len(tabulate([])) == 0
    assert list(tabulate([]).columns) == list(full.columns)


# --- Processes ---------------------------------------------------------------------------------


def in_another_process(code, folder, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment}
    command = [sys.executable, "-c", code]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_reading_records_needs_no_framework(tmp_path):
    code = (
        "import sys\n"
        "from motifbook.records import experiment, runs\n"
        "records = experiment.get('cnn-2,cnn-25', 1)\n"
        "for table in (runs.table, runs.per_class, runs.filters, runs.history): table(records)\n"
        "heavy = ('tensorflow', 'keras', 'jax', 'numba', 'memelite', 'sklearn', 'pyjaspar')\n"
        "print(len(records), *[name for name in heavy if name in sys.modules])\n"
    )
    assert in_another_process(code, tmp_path) == ["2"]


def test_the_project_is_found_from_anywhere(tmp_path):
    code = (
        "from motifbook.records import store; print(store.project_root(), store.results_folder())"
    )
    assert in_another_process(code, tmp_path) == [str(ROOT), str(ROOT / "results")]
    assert in_another_process(code, "/", MOTIFBOOK_ROOT=str(tmp_path)) == [
        str(tmp_path),
        str(tmp_path / "results"),
    ]


def test_an_installed_copy_reads_its_own_records_and_writes_here(tmp_path, monkeypatch):
    monkeypatch.delenv("MOTIFBOOK_ROOT", raising=False)
    monkeypatch.setattr(
        store, "__file__", str(tmp_path / "lib" / "motifbook" / "records" / "store.py")
    )
    monkeypatch.chdir(tmp_path)
    assert store.project_root() == store.PACKAGED
    assert store.results_folder() == store.PACKAGED / "results"
    store.keep_here("elsewhere")
    assert not any(tmp_path.iterdir())
    store.keep_here(None)
    assert store.results_folder() == tmp_path / "results"


def test_an_empty_results_folder_is_the_project_s():
    assert store.results_folder("") == store.results_folder(None) == ROOT / "results"
    assert store.results_folder("elsewhere") == Path("elsewhere")


@pytest.mark.slow
def test_two_processes_that_ask_for_one_run_train_it_once(smoke):
    assert sorted(smoke.trained) == [0, 1]
    record = runs.load(smoke.run, smoke.results)
    assert record.run == smoke.run
    folder = smoke.run.path(smoke.results).parent
    assert sorted(file.name for file in folder.iterdir()) == ["trial-1.json", "trial-1.meme"]
    assert len(matrices.read_meme(folder / "trial-1.meme")) == 30 + 128


def test_a_folder_of_one_s_own_is_hashed_once_for_all_records(tmp_path, monkeypatch):
    folder = tmp_path / "peaks"
    folder.mkdir()
    for tf in ("MAX", "SP1"):
        (folder / f"{tf}.fa").write_text(f">one\n{'ACGT' * 50}\n")
    held = Folder(folder).contents
    sets = {tf: {"sha256": sha256} for tf, (sha256, _) in held.items()}
    relevant = {tf: ids for tf, (_, ids) in held.items()}
    configuration = {"dataset": {"sets": sets}, "targets": {"relevant": relevant}}
    for trial in (1, 2, 3):
        run = Run("peaks", "as-run", "paper", "cnn-2", trial)
        record = record_of(run, configuration=configuration)
        runs.save(record, one_filter(), tmp_path / "results")
    hashed, sha256 = [], downloads.sha256
    monkeypatch.setattr(downloads, "sha256", lambda file: hashed.append(file.name) or sha256(file))
    assert len(experiment.get("cnn-2", 3, dataset=folder, results_dir=tmp_path / "results")) == 3
    assert hashed == ["MAX.fa", "SP1.fa"]
    (folder / "MAX.fa").write_text(f">other\n{'ACGT' * 50}\n")
    with pytest.raises(store.OtherDataError, match=r"holds now \(other: MAX\)"):
        experiment.get("cnn-2", 3, dataset=folder, results_dir=tmp_path / "results")
