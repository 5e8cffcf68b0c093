"""How long `motifbook report` takes on a wide network, and how much memory.

    python benchmarks/report_time.py [--filters 300] [--sequences 20000] [--length 200]

The network is like Basset's first layer and little more: filters of 19 nt, ReLU, a max-pool of 3,
and 12 outputs, as an ONNX file whose weights are partly motifs of JASPAR and otherwise random.
Times are of the clock, by part; JASPAR is in memory and Tomtom compiled, as on any second call.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from motifbook.motifs import matrices, tomtom
from motifbook.report import measure, network, page
from motifbook.report.sequences import Sequences

SIZE, POOL, OUTPUTS = 19, 3, 12


def write_network(path: Path, filters: int, length: int, stream: np.random.Generator) -> None:
    """A network of which every second filter is a motif."""
    kernels = stream.normal(size=(filters, 4, SIZE))
    motifs = matrices.jaspar("2016")
    for f in range(0, filters, 2):
        ppm = motifs[f % len(motifs)].ppm[:SIZE]
        kernels[f] = 0
        kernels[f, :, : len(ppm)] = np.log2(4 * ppm.T + 0.05)
    dense = stream.normal(size=(filters * (length // POOL), OUTPUTS)) / length
    pads = [SIZE // 2, SIZE // 2]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "first", pads=pads),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[POOL], strides=[POOL]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "d"], ["s"]),
        helper.make_node("Sigmoid", ["s"], ["y"]),
    ]
    weights = {"w": kernels, "d": dense}
    graph = helper.make_graph(
        nodes,
        "wide",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, length])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", OUTPUTS])],
        [numpy_helper.from_array(v.astype(np.float32), name) for name, v in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("filters", 300), ("sequences", 20_000), ("length", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    stream = np.random.default_rng(0)
    bases = stream.integers(0, 4, (options.sequences, options.length)).astype(np.uint8)
    labels = stream.integers(0, 2, (options.sequences, OUTPUTS)).astype(np.uint8)
    given = Sequences("random", bases, labels, tuple(f"class {i}" for i in range(OUTPUTS)))
    targets = matrices.jaspar("2016")
    tomtom.match(targets[:1], targets)  # compiles
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.onnx"
        write_network(path, options.filters, options.length, stream)
        parts, started = {}, time.monotonic()

        def lap(part: str) -> None:
            parts[part] = round(time.monotonic() - started - sum(parts.values()), 1)

        wide = network.read(path)
        lap("open")
        found = measure.scan(wide, bases)
        lap("scan")
        influence = measure.silence(wide, given, found.mean)
        lap("influence")
        report = measure.assemble(wide, given, targets, "JASPAR 2016", found, influence)
        lap("match and score")
        page.write(report, Path(folder) / "report.html")
        lap("write")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row = {
        **vars(options),
        "cores": len(os.sched_getaffinity(0)),
        "seconds": round(sum(parts.values()), 1),
        "by_part": parts,
        "peak_mb": peak // 1024,
        "before_mb": before // 1024,
    }
    print(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
