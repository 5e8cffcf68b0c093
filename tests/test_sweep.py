"""A sweep loses only what is in flight: stopped at any moment, records are whole or absent."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from motifbook.records import experiment, sweep
from motifbook.records.runs import Run


def smoke(model, trial=1):
    return Run("synthetic", "as-run", "smoke", model, trial)


def command(results, *more):
    return [
        *(sys.executable, "-m", "motifbook.cli", "sweep", "--profile", "smoke"),
        *("--models", "cnn-50,cnn-100", "--trials", "2", "--results", str(results), *more),
    ]


def test_schedule_is_by_trial_and_then_longest_first():
    order = sweep.schedule(smoke(m, t) for t in (2, 1) for m in ("cnn-100", "cnn-1", "cnn-4"))
    assert [(r.trial, r.model) for r in order] == [
        *((1, "cnn-1"), (1, "cnn-4"), (1, "cnn-100")),
        *((2, "cnn-1"), (2, "cnn-4"), (2, "cnn-100")),
    ]


def test_cost_by_hand():
    # 200 positions x 4 channels x 19 x 30, then 8 pooled positions x 30 channels x 5 x 128.
    assert sweep.cost(smoke("cnn-25")) == 200 * 4 * 19 * 30 + 8 * 30 * 5 * 128


def test_a_group_is_a_run_and_on_jax_a_model(monkeypatch):
    queue = [smoke("cnn-1"), smoke("cnn-4"), smoke("cnn-1", 2), smoke("cnn-4", 3)]
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert sweep.groups(queue) == [[run] for run in queue]
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert sweep.groups(queue) == [[queue[0], queue[2]], [queue[1], queue[3]]]


def test_jobs_below_one_are_refused(tmp_path):
    with pytest.raises(ValueError, match="jobs must be at least 1, found 0"):
        sweep.sweep([smoke("cnn-50")], tmp_path, jobs=0)


def until(condition, process, seconds=120):
    """Wait for it, while the process runs."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        assert process.poll() is None, "the sweep ended by itself"
        time.sleep(0.02)


def group_is_gone(process) -> bool:
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
def test_killed_at_random_and_started_again(tmp_path):
    """Killed while runs are in flight, in four ways; then every record whole, none made twice."""
    results, cache = tmp_path / "results", tmp_path / "cache"
    environment = {**os.environ, "MOTIFBOOK_CACHE": str(cache)}
    ten = command(results, "--trials", "5", "--jobs", "2")
    dice = random.Random()

    def records():
        return sorted(results.rglob("trial-*.json"))

    made = {}
    # All processes at once, as a power cut would; the parent alone; as a cluster's scheduler does;
    # Ctrl-C in a terminal.
    for stop, everyone in (
        (signal.SIGKILL, True),
        (signal.SIGKILL, False),
        (signal.SIGTERM, False),
        (signal.SIGINT, True),
    ):
        process = subprocess.Popen(
            ten, start_new_session=True, stderr=subprocess.DEVNULL, env=environment
        )
        before = len(made)
        if everyone and stop == signal.SIGKILL:  # before there is any record
            until(lambda: list(cache.glob("locks/*.lock")), process)
        else:
            until(lambda before=before: len(records()) > before, process)
        time.sleep(dice.uniform(0, 0.3))
        (os.killpg if everyone else os.kill)(process.pid, stop)
        process.wait(30)
        end = time.monotonic() + 60
        while not group_is_gone(process):  # workers without a parent end by themselves
            assert time.monotonic() < end, "workers outlive the sweep"
            time.sleep(0.1)
        for path in records():
            json.loads(path.read_text())
            made.setdefault(path, path.stat().st_mtime_ns)
    assert 2 <= len(made) < 10, "nothing was left to do"
    done = subprocess.run(ten, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    assert f"{10 - len(made)} run" in done.stdout
    assert f" made, {len(made)} were on record, 0 failed" in done.stdout
    found = experiment.get(
        "cnn-50,cnn-100", 5, profile="smoke", missing="error", results_dir=results
    )
    assert len(found) == 10
    assert all(path.stat().st_mtime_ns == when for path, when in made.items())
    assert all(r.run.path(results).with_suffix(".meme").is_file() for r in found)


@pytest.mark.slow
def test_a_failed_run_does_not_stop_the_others(tmp_path):
    # A folder where the record's file should go: this run cannot be saved.
    blocked = smoke("cnn-50").path(tmp_path).parent
    blocked.parent.mkdir(parents=True)
    blocked.write_text("in the way")
    progress = sweep.sweep([smoke("cnn-50"), smoke("cnn-100")], tmp_path, jobs=1)
    assert progress.done == 1 and list(progress.failed) == [smoke("cnn-50")]
    assert progress.failed[smoke("cnn-50")].endswith("smoke/cnn-50: file exists")
    again = subprocess.run(
        [*command(tmp_path)[:-4], "--trials", "1", "--results", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert again.returncode == 1
    assert "failed: synthetic/as-run/smoke/cnn-50/trial-1" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_worker_that_dies_is_a_failed_run(tmp_path, monkeypatch):
    progress = sweep.Progress(1, 0, ahead=sweep.cost(smoke("cnn-50")))

    class Died:
        runs = (smoke("cnn-50"),)

        class pipe:
            @staticmethod
            def recv():
                raise EOFError

        class process:
            exitcode = -9

            @staticmethod
            def join():
                pass

    progress.running[Died.runs[0]] = (1, 0.5, 0.5)
    worker = Died()
    sweep._listen(worker, progress)
    assert progress.failed == {smoke("cnn-50"): "its process died (exit code -9)"}
    assert not progress.running and progress.ahead == 0


@pytest.mark.slow
def test_on_jax_the_trials_of_a_model_are_trained_at_once(tmp_path):
    pytest.importorskip("jax", reason="JAX is not installed: pip install 'motifbook[jax]'")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "MOTIFBOOK_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        command(tmp_path / "results"), env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = tmp_path / "results"
    records = experiment.get(
        "cnn-50,cnn-100", 2, profile="smoke", missing="error", results_dir=found
    )
    assert [record.trials_at_once for record in records] == [2, 2, 2, 2]
    assert {record.backend for record in records} == {"jax"}


@pytest.mark.slow
def test_sweeps_at_once_each_say_what_they_made(tmp_path):
    environment = {**os.environ, "MOTIFBOOK_CACHE": str(tmp_path / "cache")}
    both = [
        subprocess.Popen(
            command(tmp_path / "results", "--jobs", "1"),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in both]
    counts = [[int(word) for word in text.split() if word.isdigit()] for text in said]
    assert [sum(count) for count in counts] == [4, 4], said
    assert sum(made for made, *_ in counts) == 4, said
    assert sum(there for _, there, _ in counts) == 4, said


def test_what_is_on_record_is_skipped(tmp_path):
    experiment.ensure(smoke("cnn-50"), tmp_path)
    shown = []
    progress = sweep.sweep(
        [smoke("cnn-50")], tmp_path, show=lambda p: shown.append((p.total, p.skipped))
    )
    assert (progress.done, progress.skipped) == (0, 1) and shown == [(1, 1)]


@pytest.mark.slow
def test_a_damaged_record_is_a_failure_that_names_its_file_and_the_others_are_made(tmp_path):
    path = smoke("cnn-50").path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    progress = sweep.sweep([smoke("cnn-50"), smoke("cnn-100")], tmp_path, jobs=1)
    assert (progress.done, progress.skipped) == (1, 0)
    assert list(progress.failed) == [smoke("cnn-50")]
    assert progress.failed[smoke("cnn-50")].startswith(f"{path}: not readable as JSON")
    assert path.read_text() == "{"


def test_a_worker_says_nothing_of_the_data(monkeypatch):
    def obtain(run, results_dir, progress, source):
        warnings.warn("1 bad rows left out", stacklevel=2)
        return None, True

    groups, told = iter([[smoke("cnn-50")], None]), []
    pipe = SimpleNamespace(recv=lambda: next(groups), send=told.append)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sweep.backend, "start", lambda threads: None)
    monkeypatch.setattr(experiment, "obtain", obtain)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        sweep._work(pipe, None, 1, None)
    assert told == [("ended", smoke("cnn-50"), True, None)]
    assert heard == []


def test_real_data_are_opened_once_before_any_worker_starts(tmp_path, monkeypatch):
    peaks = tmp_path / "peaks"
    shutil.copytree(Path(__file__).parent / "data" / "peaks", peaks)
    first, *_ = sorted(peaks.glob("*.fasta"))
    with first.open("a") as file:
        file.write(">bad\nAC!T\n")
    monkeypatch.setattr(sweep, "_Worker", None)  # cannot be called: any start of one is an error
    three = [Run("peaks", "as-run", "smoke", model, 1) for model in ("cnn-1", "cnn-2", "cnn-4")]
    with (
        pytest.warns(UserWarning, match="1 bad rows left out") as heard,
        pytest.raises(TypeError, match="'NoneType' object is not callable"),
    ):
        sweep.sweep(three, tmp_path / "results", source=peaks)
    said = [str(one.message) for one in heard]
    assert len(said) == len(set(said))
    first.write_text("")
    with pytest.raises(ValueError, match=f"{first.name}: empty"):
        sweep.sweep(three, tmp_path / "results", source=peaks)
