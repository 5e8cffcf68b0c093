"""Memory and time of the DeepSEA path on generated bundles, and what the real one would take.

    python benchmarks/deepsea_path.py                       # minutes, 5 GB
    python benchmarks/deepsea_path.py --rows 4400000 --unpacked    # the real size: 7 GB

Each bundle has the real one's formats, axes and share of sequences with a label; its bases are
random, which is the hardest to compress. Each is packed, and then unpacked, cut down and saved by
a process of its own whose memory is measured; with --unpacked the three files are taken as they
are. Everything lies in a temporary folder and is removed. test.mat is read at once, so it has its
real number of sequences.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

from motifbook.sequences import deepsea

KEPT = 270_382 / 4_400_000
"""Share of DeepSEA's training sequences that the paper keeps."""
CHUNKS = (8, 4, 8192)
AGCT = np.array([0, 2, 1, 3], np.uint8)[:, None]


def labels(rows: int, rng: np.random.Generator) -> np.ndarray:
    half = (rng.random((rows // 2, deepsea.LABELS), np.float32) < 0.02).astype(np.uint8)
    twelve = deepsea.table_s1()["index"].to_numpy()
    half[:, twelve] = rng.random((rows // 2, 12), np.float32) < 1 - (1 - KEPT) ** (1 / 12)
    half[:12, twelve] = np.eye(12, dtype=np.uint8)
    return np.concatenate([half, half])


def write_train(path: Path, rows: int) -> None:
    """train.mat, a few positions of both strands at a time."""
    rng, half = np.random.default_rng(rows), rows // 2
    with h5py.File(path, "w", userblock_size=512) as file:
        options = {"dtype": "u1", "compression": "gzip", "compression_opts": 1}
        chunks = (*CHUNKS[:2], min(CHUNKS[2], half))
        data = file.create_dataset("trainxdata", (1000, 4, rows), chunks=chunks, **options)
        for start in range(0, 1000, 8):
            bases = rng.integers(0, 4, (8, 1, half), dtype=np.uint8)
            data[start : start + 8, :, :half] = bases == AGCT
            data[992 - start : 1000 - start, :, half:] = (3 - bases[::-1]) == AGCT
        chunks = (deepsea.LABELS, min(1024, half))
        marks = file.create_dataset("traindata", (deepsea.LABELS, rows), chunks=chunks, **options)
        for start in range(0, half, 102_400):
            part = labels(2 * min(102_400, half - start), rng)
            part = part[: len(part) // 2].T
            marks[:, start : start + part.shape[1]] = part
            marks[:, half + start : half + start + part.shape[1]] = part


def write_small(path: Path, part: str, rows: int) -> None:
    rng, half = np.random.default_rng(rows + 1), rows // 2
    data = np.empty((rows, 4, 1000), np.uint8)
    for start in range(0, half, 10_000):
        stop = min(start + 10_000, half)
        bases = rng.integers(0, 4, (stop - start, 1, 1000), dtype=np.uint8)
        data[start:stop] = bases == AGCT
        data[half + start : half + stop] = (3 - bases[:, :, ::-1]) == AGCT
    savemat(path, {f"{part}xdata": data, f"{part}data": labels(rows, rng)})


def make(folder: Path, rows: int, test_rows: int, pack: bool) -> None:
    write_train(folder / "train.mat", rows)
    write_small(folder / "valid.mat", "valid", 8_000)
    write_small(folder / "test.mat", "test", test_rows)
    if not pack:
        return
    with tarfile.open(folder / "bundle.tar.gz", "w:gz", compresslevel=1) as tar:
        for part in deepsea.ROWS:
            tar.add(folder / f"{part}.mat", f"deepsea_train/{part}.mat")
            (folder / f"{part}.mat").unlink()


class Stage:
    """Notes the time of a step and the process's peak memory (bytes) at its end."""

    notes: dict[str, tuple[float, int]] = {}  # noqa: RUF012
    total = None

    def __init__(self, name: str) -> None:
        self.name, self.start = name, time.perf_counter()

    def update(self, size: int) -> None:
        pass

    def close(self) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak *= 1 if sys.platform == "darwin" else 1024
        self.notes[self.name] = (time.perf_counter() - self.start, peak)


def measure(source: Path) -> None:
    whole = Stage("whole")
    deepsea.fetch(source, progress=Stage)
    whole.close()
    print(json.dumps(Stage.notes | {"bytes": deepsea.path().stat().st_size}))


def run(command: str, *arguments: object) -> str:
    call = [sys.executable, "-W", "ignore", __file__, command, *map(str, arguments)]
    return subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    if sys.argv[1:2] == ["make"]:
        return make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "True")
    if sys.argv[1:2] == ["measure"]:
        return measure(Path(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 100_000, 200_000])
    parser.add_argument("--test-rows", type=int, default=deepsea.ROWS["test"])
    parser.add_argument("--unpacked", action="store_true")
    chosen = parser.parse_args()
    seconds = []
    for rows in chosen.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            os.environ["MOTIFBOOK_CACHE"] = name
            run("make", name, rows, chosen.test_rows, not chosen.unpacked)
            size = sum(file.stat().st_size for file in folder.iterdir())
            notes = json.loads(
                run("measure", folder if chosen.unpacked else folder / "bundle.tar.gz")
            )
        seconds.append(notes["train.mat"][0])
        print(f"{rows:,} training and {chosen.test_rows:,} test sequences, {size / 1e9:.2f} GB")
        for stage, note in notes.items():
            if stage != "bytes":
                print(f"  {stage:17} {note[0]:7.1f} s   peak so far {note[1] / 1e9:.2f} GB")
        print(f"  saved as {notes['bytes'] / 1e6:.0f} MB", flush=True)
    if len(seconds) > 1:
        slope, _ = np.polyfit(chosen.rows, seconds, 1)
        print(f"train.mat of 4,400,000 sequences at this slope: {slope * 4.4e6:.0f} s")


if __name__ == "__main__":
    main()
