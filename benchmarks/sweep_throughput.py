"""How fast the sweep trains, beside what a user would write; and where the limit lies.

    python benchmarks/sweep_throughput.py                    # all models: an hour
    python benchmarks/sweep_throughput.py --models cnn-25 --batches 20     # a check, a minute

Per model and round, in sequences trained per second:

* `fit`: one process, Keras `model.fit` on one-hot NumPy arrays, default threads;
* `sweep`: our trainer as `motifbook sweep --jobs 2` runs it: two processes of a thread each, at the
  same time, until both are through;
* `single`: our trainer in one process with default threads.

An epoch is what the paper's is: training, then validation on a seventh as many sequences. Each
process builds, compiles and trains a first epoch that is not counted, and then waits; rounds go
through the three by turns, one at a time. Ratios are of the same round; a model's is the median of
its rounds. Beside it stands the ratio of each kind's best rounds, which another tenant of the same
hardware disturbs less. The machine must have two cores and nothing else to do: the load found is in
the output.

For the limit, a product of large matrices and a copy of a large array run as `sweep` does. Each
model's floating-point operations, and the bytes that its maps before pooling must move at least,
are counted from its table row (`operations`, `map_bytes`); in proportion to the rates measured
they say what share of the time spent either would need on its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from motifbook import files
from motifbook.networks.architectures import MODELS, Architecture, parse_models, pooled_length
from motifbook.networks.protocols import AS_RUN

LENGTH, CLASSES = 200, 12
PAIRS = 3
JOBS = 2  # of the sweep


def operations(architecture: Architecture, length: int = LENGTH, classes: int = CLASSES) -> int:
    """Floating-point operations of a training step, per sequence, in products alone.

    A product forward costs two operations a weight and position. Backward costs as much again for
    the kernel and for the input; but the first layer's input is data, and needs no gradient.
    """
    channels, total = 4, 0
    for number, conv in enumerate(architecture.convs):
        forward = 2 * length * channels * conv.size * conv.filters
        total += forward * (3 if number else 2)
        length, channels = pooled_length(length, conv), conv.filters
    return total + 3 * 2 * architecture.hidden * (length * channels + classes)


def map_bytes(architecture: Architecture, length: int = LENGTH) -> int:
    """Bytes of float32 maps before pooling that a training step must at least move, per sequence.

    Forward a map is written and read (statistics, pooling); backward it is read again (batch norm),
    and its gradient written and read. The smaller maps after pooling are left out.
    """
    total = 0
    for conv in architecture.convs:
        total += 5 * 4 * length * conv.filters
        length = pooled_length(length, conv)
    return total


# One process at work: builds something, then does it once per line that it is sent.


def work(kind: str, model: str, batches: int, rounds: int) -> None:
    """Say "ready", then for each line read, do the work once and print its seconds."""
    from motifbook.networks import backend

    backend.start(1 if kind in ("sweep", "product", "copy") else None)
    if kind == "fit":
        _fit(MODELS[model], batches, rounds)
        return
    once = {"product": _product, "copy": _copy}.get(kind) or _epochs(MODELS[model], batches)
    once()
    for _ in range(rounds):
        _wait()
        started = time.perf_counter()
        once()
        print(time.perf_counter() - started, flush=True)


def _wait() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def _data(batches: int):
    from motifbook.sequences import synthetic
    from motifbook.sequences.datasets import Split

    train, number = synthetic.get().train, batches * AS_RUN.batch_size
    bases, labels = train.bases, train.labels
    repeat = np.arange(number + number // 7) % len(bases)
    learn, check = repeat[:number], repeat[number:]
    return Split(bases[learn], labels[learn]), Split(bases[check], labels[check])


def _epochs(architecture: Architecture, batches: int):
    from motifbook.networks.epochs_tensorflow import Epochs
    from motifbook.networks.keras_model import build

    train, valid = _data(batches)
    epochs = Epochs([build(architecture, AS_RUN)], architecture, AS_RUN, train, valid)
    shuffle = np.random.default_rng(0)

    def epoch() -> None:
        epochs.epoch(shuffle.permutation(len(train))[None])
        epochs.validate()

    return epoch


def _fit(architecture: Architecture, batches: int, rounds: int) -> None:
    import keras

    from motifbook.networks.keras_model import build
    from motifbook.sequences.datasets import one_hot

    class Rounds(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch:
                _wait()
                self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):  # after validation
            if epoch:
                print(time.perf_counter() - self.started, flush=True)

    train, valid = _data(batches)
    model = build(architecture, AS_RUN)
    model.compile(keras.optimizers.Adam(AS_RUN.learning_rate, AS_RUN.beta1), "binary_crossentropy")
    model.fit(
        one_hot(train.bases),
        train.labels,
        batch_size=AS_RUN.batch_size,
        epochs=1 + rounds,
        validation_data=(one_hot(valid.bases), valid.labels),
        callbacks=[Rounds()],
        verbose=0,
    )


SIZE, TIMES = 2048, 10  # of the matrices; how often
COPIED, COPIES = 2**28, 8  # bytes; how often


def _product() -> None:
    import tensorflow as tf

    a = tf.ones((SIZE, SIZE))
    for _ in range(TIMES):
        last = a @ a
    last.numpy()


def _copy() -> None:
    global _arrays
    if "_arrays" not in globals():
        _arrays = np.ones((2, COPIED), np.uint8)
    for _ in range(COPIES):
        np.copyto(_arrays[0], _arrays[1])


# The process that starts the others and sends them the lines.


class Worker:
    """A process of this script that is ready to do its work."""

    def __init__(self, kind: str, model: str, batches: int) -> None:
        self.name = f"{kind} {model}"
        command = [sys.executable, __file__, "--worker", kind, "--models", model]
        command += ["--batches", str(batches)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def hear(self) -> str:
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{self.name}: its process ended (exit {self.process.wait()})")
        return line

    def go(self) -> None:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


def measure(kinds: dict[str, int], model: str, batches: int) -> dict[str, list[float]]:
    """Seconds per round of each kind of worker, so many of it at once, by turns."""
    workers: dict[str, list[Worker]] = {}
    try:
        for kind, number in kinds.items():  # started one kind after the other, not all at once
            workers[kind] = [Worker(kind, model, batches) for _ in range(number)]
            for worker in workers[kind]:
                worker.hear()
        seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
        for turn in range(PAIRS):
            for kind in list(kinds) if turn % 2 == 0 else list(kinds)[::-1]:
                for worker in workers[kind]:
                    worker.go()
                seconds[kind].append(max(float(worker.hear()) for worker in workers[kind]))
                if turn < PAIRS - 1:
                    for worker in workers[kind]:
                        worker.hear()  # ready for the next
        return seconds
    finally:
        for group in workers.values():
            for worker in group:
                worker.stop()


def row_of(model: str, batches: int, limits: dict[str, float]) -> dict:
    """One row of the table."""
    seconds = measure({"fit": 1, "sweep": JOBS, "single": 1}, model, batches)
    number = batches * AS_RUN.batch_size
    rates = {
        kind: [number * (JOBS if kind == "sweep" else 1) / each for each in seconds[kind]]
        for kind in seconds
    }
    ratios = {
        kind: [ours / theirs for ours, theirs in zip(rates[kind], rates["fit"], strict=True)]
        for kind in ("sweep", "single")
    }
    median = {kind: statistics.median(values) for kind, values in rates.items()}
    row = MODELS[model].under(AS_RUN)
    flops, moved = operations(row) * median["sweep"], map_bytes(row) * median["sweep"]
    return {
        "model": model,
        "seconds": {kind: [round(s, 3) for s in values] for kind, values in seconds.items()},
        "sequences_per_second": {kind: round(value, 1) for kind, value in median.items()},
        "ratios": {kind: [round(r, 3) for r in values] for kind, values in ratios.items()},
        "ratio": round(statistics.median(ratios["sweep"]), 3),
        "single_ratio": round(statistics.median(ratios["single"]), 3),
        "best_ratio": round(max(rates["sweep"]) / max(rates["fit"]), 3),
        "gflops": round(flops / 1e9, 1),
        "share_of_product": round(flops / 1e9 / limits["product_gflops"], 3),
        "share_of_copy": round(moved / 1e9 / limits["copy_gb_per_s"], 3),
    }


def table(result: dict) -> str:
    """The result for people."""
    lines = [
        f"{'':<12} {'sequences/s':^24} {'of fit':^14} {'sweep: time needed by':^31}",
        f"{'model':<12} {'fit':>7} {'sweep':>8} {'single':>7} {'sweep':>7} {'single':>6} "
        f"{'GFLOP/s':>9} {'products':>9} {'maps':>9}",
    ]
    for row in result["models"]:
        rates = row["sequences_per_second"]
        lines.append(
            f"{row['model']:<12} {rates['fit']:>7.0f} {rates['sweep']:>8.0f} "
            f"{rates['single']:>7.0f} {row['ratio']:>6.2f}x {row['single_ratio']:>5.2f}x "
            f"{row['gflops']:>9.1f} {row['share_of_product']:>9.0%} {row['share_of_copy']:>9.0%}"
        )
    low = min(result["models"], key=lambda row: row["ratio"])
    worst = min(result["models"], key=lambda row: row["best_ratio"])
    limits = result["limits"]
    lines += [
        f"geometric mean {result['geometric_mean']:.2f}x (single run "
        f"{result['single_geometric_mean']:.2f}x); lowest {low['ratio']:.2f}x, {low['model']}",
        f"of the best rounds: geometric mean {result['best_geometric_mean']:.2f}x; "
        f"lowest {worst['best_ratio']:.2f}x, {worst['model']}",
        f"limits of {JOBS} threads: product {limits['product_gflops']:.0f} GFLOP/s, "
        f"copy {limits['copy_gb_per_s']:.1f} GB/s (read and written)",
    ]
    if result["load_before"] > 0.5:
        lines.append(
            f"NOT A MEASUREMENT: the load was {result['load_before']:.1f} before, expected none"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", default="all", help="all, or a comma-separated list")
    parser.add_argument(
        "--batches", type=int, default=175, help="of 100 sequences per epoch; the paper's are 175"
    )
    parser.add_argument(
        "--output",
        default=str(Path(__file__).with_suffix(".json")),
        metavar="FILE.json",
        help="where to; - is standard output",
    )
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batches < 1:
        parser.error(f"--batches must be at least 1, found {options.batches}")
    if options.worker:
        work(options.worker, options.models, options.batches, PAIRS)
        return
    try:
        models = parse_models(options.models)
        with files.output(options.output) as path:
            result = benchmark(models, options.batches)
            files.write_whole(path, json.dumps(result, indent=1) + "\n")
    except (ValueError, OSError) as error:
        parser.error(str(error))
    print(table(result), file=sys.stderr if options.output == files.STDOUT else sys.stdout)


def benchmark(models: tuple[str, ...], batches: int) -> dict:
    """Time the models' training steps, alone and two at once, and this machine's limits."""
    from motifbook.networks import backend

    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"warning: something else is running (load {load:.1f})", file=sys.stderr)
    found = measure({"product": JOBS}, "-", 1) | measure({"copy": JOBS}, "-", 1)
    best = {kind: min(seconds) for kind, seconds in found.items()}
    limits = {
        "product_gflops": round(JOBS * TIMES * 2 * SIZE**3 / best["product"] / 1e9, 1),
        "copy_gb_per_s": round(JOBS * COPIES * 2 * COPIED / best["copy"] / 1e9, 2),
    }
    rows = []
    for model in models:
        rows.append(row_of(model, batches, limits))
        print(f"{model}: {rows[-1]['ratio']:.2f}x", file=sys.stderr, flush=True)
    backend.start()
    return {
        "started": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": {**backend.description(), "cores": os.cpu_count()},
        "load_before": round(load, 2),
        "pairs": PAIRS,
        "batches": batches,
        "limits": limits,
        "geometric_mean": round(statistics.geometric_mean(row["ratio"] for row in rows), 3),
        "single_geometric_mean": round(
            statistics.geometric_mean(row["single_ratio"] for row in rows), 3
        ),
        "best_geometric_mean": round(
            statistics.geometric_mean(row["best_ratio"] for row in rows), 3
        ),
        "models": rows,
    }


if __name__ == "__main__":
    main()
