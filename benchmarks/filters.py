"""How long it takes to read the filters of Table 1's runs and to match them with JASPAR.

    python benchmarks/filters.py [--results DIR]

Matching is timed on the PPMs on record, and its targets and TFs are compared with those on record.
Weights are not on record: reading is timed on one network of random weights of each
architecture, whose batch norm has seen the training data, and multiplied by its runs. Times are of
the processor, over all threads, so that they mean something on a machine that does other work.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from motifbook.filters import readout
from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.networks import training
from motifbook.networks.architectures import MODELS, PAPER
from motifbook.networks.protocols import AS_RUN, PROFILES
from motifbook.records import experiment
from motifbook.records.runs import Record
from motifbook.sequences import synthetic
from motifbook.yardsticks import null


def queries(record: Record) -> list[Motif]:
    """The first layer's filters as they were compared."""
    return [
        Motif(str(f.filter), "", np.array(f.ppm)[slice(*f.trim)], float(f.trim[1] - f.trim[0]))
        for f in record.layer(1).filters
    ]


def match(record: Record, targets: list[Motif]) -> tuple[float, bool]:
    """Seconds of matching one run's first layer, and whether targets and TFs are the record's."""
    asked, started = queries(record), time.process_time()
    matches = tomtom.match(asked, targets)
    verdicts = tomtom.verdicts(matches)
    hits = [tomtom.best_hits(matches, query.id) for query in asked]
    seconds = time.process_time() - started
    recorded = [[hit.target for hit in f.hits] for f in record.layer(1).filters]
    same = [[hit["target"] for hit in found] for found in hits] == recorded
    return seconds, same and list(verdicts["tf"]) == [f.tf for f in record.layer(1).filters]


def read(name: str) -> float:
    """Seconds of reading the first layer of a network off the test set."""
    data = synthetic.get()
    setup = training.Setup(data, MODELS[name], AS_RUN, PROFILES["smoke"])
    model = training.new_model(setup)
    null.calibrate(model, MODELS[name], data.train)
    started = time.process_time()
    readout.read(model, MODELS[name], AS_RUN, data.test)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, help="where records lie")
    options = parser.parse_args()
    targets = matrices.jaspar()
    records = experiment.get(PAPER, 5, results_dir=options.results)
    match(records[0], targets)  # compiles
    matched = [match(record, targets) for record in records]
    reading = {name: read(name) for name in PAPER}
    runs = {name: sum(record.run.model == name for record in records) for name in PAPER}
    print(
        json.dumps(
            {
                "runs": len(records),
                "matching_s": round(sum(seconds for seconds, _ in matched), 1),
                "runs_as_recorded": sum(same for _, same in matched),
                "reading_s": round(sum(reading[name] * runs[name] for name in PAPER), 1),
                "reading_of_one_s": {name: round(value, 2) for name, value in reading.items()},
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
