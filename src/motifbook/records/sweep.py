"""Many runs at once on this machine; what is on record is never made again.

Each worker is a process of its own with its share of the cores. A run is on record or not: stopping
the sweep, however roughly, loses only the runs in flight. On JAX a worker trains all trials of a
model at once (`experiment.prepare`), because one small network leaves a GPU unused.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from multiprocessing import connection
from pathlib import Path

from motifbook.networks import backend
from motifbook.networks.architectures import pooled_length
from motifbook.networks.protocols import parse_profile
from motifbook.records.runs import Run, survey
from motifbook.sequences.catalogue import Source


@dataclass
class Progress:
    """What a display needs to know, updated as the sweep goes on."""

    total: int
    skipped: int
    """Already on record, or made meanwhile by another process."""
    done: int = 0
    failed: dict[Run, str] = field(default_factory=dict)
    running: dict[Run, tuple[int, float, float]] = field(default_factory=dict)
    """Epoch, loss and validation loss of the runs in flight; epoch 0 before the first ends."""
    started: float = field(default_factory=time.monotonic)
    spent: float = 0.0
    """Cost of the runs finished, in multiply-adds per sequence."""
    ahead: float = 0.0
    """Cost of those still to finish."""
    epochs: int = 100

    @property
    def seconds_left(self) -> float | None:
        """By the cost finished so far, counting runs in flight by their epochs; None at first."""
        flying = sum(
            cost(run) * min(epoch / (0.55 * self.epochs), 0.95)
            for run, (epoch, _, _) in self.running.items()
        )
        if self.spent + flying <= 0:
            return None
        return (time.monotonic() - self.started) * (self.ahead - flying) / (self.spent + flying)


def cost(run: Run) -> float:
    """Multiply-adds of a 200-nt sequence through the convolutions: what a run's time follows."""
    length, channels, total = 200, 4, 0.0
    for conv in run.architecture.convs:
        total += length * channels * conv.size * conv.filters
        length, channels = pooled_length(length, conv), conv.filters
    return total


def schedule(runs: Iterable[Run]) -> list[Run]:
    """Trial 1 of every model, then trial 2, ...; the longest first within a trial.

    A sweep that is stopped early has then covered all models, and no long run is left to one
    worker at the end.
    """
    return sorted(runs, key=lambda run: (run.trial, -cost(run), run))


def groups(queue: Iterable[Run]) -> list[list[Run]]:
    """What workers are given in turn: a run; on JAX a model's trials, to train at once."""
    if backend.name() != "jax":
        return [[run] for run in queue]
    models: dict[Run, list[Run]] = {}
    for run in queue:
        models.setdefault(replace(run, trial=1), []).append(run)
    return list(models.values())


def sweep(
    runs: Iterable[Run],
    results_dir: Path | str | None = None,
    jobs: int | None = None,
    source: Source | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Make every run that is not on record.

    Parameters
    ----------
    runs : iterable of Run
    results_dir : path, optional
        Where records go.
    jobs : int, optional
        Worker processes; as many as there are cores unless given. Each gets an equal share of
        the cores.
    source : Folder or Simulation, optional
        That of a dataset that is one's own.
    show : callable
        Called with the `Progress` whenever something changes.

    Returns
    -------
    Progress
        With the reason for each run that failed, or whose record is damaged; one failure does not
        stop the others.

    Raises
    ------
    ValueError
        If jobs is below one, the backend or the data cannot be used, or a record is of other data
        than `source` holds now.
    FileNotFoundError
        If the data are not there.
    KeyboardInterrupt
        After the workers are stopped; finished runs are on record.
    """
    has = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has else os.cpu_count() or 1
    jobs = cores if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, found {jobs}")
    queue = schedule(runs)
    sound, damaged = survey(queue, results_dir, source)
    waiting = [run for run in queue if run not in sound and run not in damaged]
    if waiting:
        backend.check()
        _check_data(waiting, source)
    progress = Progress(len(queue), len(sound), failed=damaged)
    progress.ahead = sum(cost(run) for run in waiting)
    if waiting:
        progress.epochs = waiting[0].scale.epochs
    show(progress)
    work = groups(waiting)
    threads = max(1, cores // min(jobs, max(1, len(work))))
    workers: list[_Worker] = []
    try:
        while work or any(worker.runs for worker in workers):
            workers = [worker for worker in workers if worker.process.is_alive() or worker.runs]
            idle = [worker for worker in workers if not worker.runs]
            while work and (idle or len(workers) < jobs):
                if not idle:
                    idle.append(_Worker(results_dir, threads, source))
                    workers.append(idle[-1])
                worker = idle.pop()
                worker.give(work.pop(0))
                for run in worker.runs:
                    progress.running[run] = (0, float("nan"), float("nan"))
            show(progress)
            for ready in connection.wait([w.pipe for w in workers if w.runs], timeout=1.0):
                _listen(next(w for w in workers if w.pipe is ready), progress)
            show(progress)
    finally:
        for worker in workers:
            worker.stop()
    return progress


def _check_data(waiting: Iterable[Run], source) -> None:
    """Open real data once here, so that what is to be said of them is said once."""
    for dataset, profile in sorted({(run.dataset, run.profile) for run in waiting}):
        if dataset != "synthetic":
            from motifbook.networks import training
            from motifbook.sequences import catalogue

            opened = catalogue.open_dataset(dataset, source)
            training.check(training.subset(opened, parse_profile(profile)))


class _Worker:
    """A process that makes runs, a group at a time, and tells how they go."""

    def __init__(self, results_dir, threads, source) -> None:
        # A fresh interpreter: a forked one would inherit a started backend.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_work, args=(theirs, results_dir, threads, source), daemon=True
        )
        self.process.start()
        theirs.close()
        self.runs: list[Run] = []

    def give(self, group: list[Run]) -> None:
        self.runs = list(group)
        # If the worker has died meanwhile, listening finds out.
        with contextlib.suppress(OSError):
            self.pipe.send(group)

    def stop(self) -> None:
        if not self.runs:
            with contextlib.suppress(OSError):
                self.pipe.send(None)
            self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.pipe.close()


def _listen(worker: _Worker, progress: Progress) -> None:
    try:
        kind, run, *news = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join()
        for run in worker.runs:
            _ended(run, progress, False, f"its process died (exit code {worker.process.exitcode})")
        worker.runs = []
        return
    if kind == "epoch":
        progress.running[run] = tuple(news)
        return
    worker.runs.remove(run)
    _ended(run, progress, *news)


def _ended(run: Run, progress: Progress, made: bool, failure: str | None) -> None:
    progress.running.pop(run)
    progress.ahead -= cost(run)
    if failure:
        progress.failed[run] = failure
    elif made:
        progress.done += 1
        progress.spent += cost(run)
    else:
        progress.skipped += 1


def _work(pipe, results_dir, threads, source) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    from motifbook.records import experiment

    gone = contextlib.suppress(EOFError, BrokenPipeError, OSError)
    with gone, warnings.catch_warnings():
        # What there is to say of the data and the settings, the parent has said.
        warnings.simplefilter("ignore", UserWarning)
        backend.start(threads)
        while (group := pipe.recv()) is not None:
            if len(group) > 1:
                _train_at_once(group, pipe, results_dir, source)
            for run in group:
                made, failure = False, None
                try:
                    _, made = experiment.obtain(
                        run,
                        results_dir,
                        lambda *news, run=run: pipe.send(("epoch", run, *news)),
                        source=source,
                    )
                except Exception as error:  # a failed run must not stop the others
                    failure = f"{type(error).__name__}: {error}"
                    if isinstance(error, OSError) and error.filename and error.strerror:
                        failure = f"{error.filename}: {error.strerror.lower()}"
                pipe.send(("ended", run, made, failure))


def _train_at_once(group, pipe, results_dir, source) -> None:
    from motifbook.records import experiment

    of_trial = {run.trial: run for run in group}

    def tell(trial, *news) -> None:
        pipe.send(("epoch", of_trial[trial], *news))

    # What fails at once is tried again alone, and fails, if it does, as that one run.
    with contextlib.suppress(Exception):
        experiment.prepare(group, results_dir, tell, source)
