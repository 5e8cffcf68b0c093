"""What several test files share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from built import build
from filelock import FileLock
from msgspec import convert

from motifbook.networks.architectures import MODELS
from motifbook.records.runs import Record, Run, Scores
from motifbook.records.store import project_root
from motifbook.sequences.datasets import fingerprint


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The folder of the whole book's pages, built once, by whichever process asks first."""
    shared = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if shared else base) / f"site-{shared}"
    with FileLock(folder.with_suffix(".lock")):
        pages = folder / "_build" / "html"
        return pages if (pages / "index.html").is_file() else build(project_root(), folder)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Data sets and weights that tests make stay out of the user's cache folder."""
    before = os.environ.get("MOTIFBOOK_CACHE")
    os.environ["MOTIFBOOK_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["MOTIFBOOK_CACHE"]
    else:
        os.environ["MOTIFBOOK_CACHE"] = before


HIT = {"target": "MA0004.1", "name": "Arnt", "p_value": 1e-9, "e_value": 1e-6}
HIT |= {"offset": 0, "overlap": 8, "orientation": "+"}
FILTER = {"filter": 0, "state": "alive", "sites": 3, "matches_any": False, "tf": None}
FILTER |= {"relevant_target": None, "trim": [0, 2], "ppm": [[1, 0, 0, 0], [0, 1, 0, 0]], "hits": []}
LAYER = {"layer": 1, "match_any": 0.0, "match_relevant": 0.0, "dead": 0, "filters": [{}]}


def layer_data(layer: dict) -> dict:
    """The JSON of a layer with these parts; what is left out is small."""
    layer = LAYER | layer
    filters = [FILTER | one for one in layer["filters"]]
    filters = [one | {"hits": [HIT | hit for hit in one["hits"]]} for one in filters]
    return {"window": len(filters[0]["ppm"])} | layer | {"filters": filters}


def record_data(run: Run, auroc: float = 0.75, **changes) -> dict:
    """The JSON of a record with these parts; left out: two classes, a layer of one filter, ..."""
    configuration = {"model": run.model, "protocol": run.protocol, "profile": run.profile}
    configuration = changes.pop("configuration", configuration)
    classes, epochs = changes.get("classes", ["MAX", "SP1"]), changes.get("epochs", 2)
    scores: dict = {"loss": 0.5, "auroc": [auroc] * len(classes), "mean_auroc": auroc}
    for name in ("aupr", "average_precision"):
        scores |= {name: [0.5] * len(classes), f"mean_{name}": 0.5}
    return {
        "format": 1,
        "dataset": run.dataset,
        "protocol": run.protocol,
        "profile": run.profile,
        "model": run.model,
        "trial": run.trial,
        "configuration": configuration,
        "configuration_sha256": fingerprint(configuration),
        "seeds": {"weights": run.trial},
        "versions": {"python": "3.11.7", "keras": "3.15.1"},
        "backend": "tensorflow",
        "precision": "float32",
        "hardware": "two cores",
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 12.5,
        "parameters": 100,
        "epochs": 2,
        "best_epoch": 1,
        "classes": classes,
        **changes,
        "history": {
            "loss": [0.5, 0.25] * (epochs // 2),
            "valid_loss": [0.5, 0.75] * (epochs // 2),
            "gradient_norm": [2.0, 1.0] * (epochs // 2),
        }
        | changes.get("history", {}),
        "test": scores | changes.get("test", {}),
        "layers": [layer_data(layer) for layer in changes.get("layers", [{}])],
    }


def scores(auroc: list[float], mean: float, aupr: list[float] | None = None) -> Scores:
    """Scores of a classifier; only those that are given matter."""
    aupr = auroc if aupr is None else aupr
    means = {"mean_auroc": mean, "mean_aupr": sum(aupr) / len(aupr), "mean_average_precision": 0.5}
    each = {"auroc": tuple(auroc), "aupr": tuple(aupr), "average_precision": tuple(aupr)}
    return Scores(**each, **means)


def record_of(run: Run, **changes) -> Record:
    """The record of `record_data`."""
    return convert(record_data(run, **changes), Record)


TARGETS = {"MAX": "MA0058.2", "SP1": "MA0079.3"}


def learned(model: str, trial: int, *layers: str, auroc=(0.75, 0.75), **changes) -> Record:
    """A record of the classes MAX and SP1 whose filters have learned what a text per layer says.

    The text has a word for each filter: a class, "other" (matches another motif), "none" or
    "dead"; after a colon, the precision and recall of its sites for MAX and for SP1 can follow
    (`MAX:.9,.5,.1,.2`).
    """
    test = {"auroc": list(auroc), "mean_auroc": sum(auroc) / 2}
    described = []
    for number, text in enumerate(layers or ("none",), start=1):
        filters = []
        for index, (word, _, sites) in enumerate(w.partition(":") for w in text.split()):
            one: dict = {"filter": index, "state": "dead" if word == "dead" else "alive"}
            if word in ("other", *TARGETS):
                hit = {"target": TARGETS.get(word, "MA0002.1"), "name": word, "e_value": 0.01}
                one |= {"matches_any": True, "hits": [hit], "tf": word if word in TARGETS else None}
            if sites:
                values = [float(value) for value in sites.split(",")]
                one |= {"site_precision": values[::2], "site_recall": values[1::2]}
            filters.append(one)
        matched = [sum(bool(one.get(key)) for one in filters) / len(filters)
                   for key in ("matches_any", "tf")]  # fmt: skip
        described.append(
            {"layer": number, "dead": text.count("dead"), "filters": filters}
            | {"match_any": matched[0], "match_relevant": matched[1]}
        )
    run = Run("synthetic", "as-run", "paper", model, trial)
    return record_of(run, test=test, layers=described, **changes)


def put_record(results: Path, model: str = "cnn-2", trial: int = 1, **changes) -> Path:
    """Write the small record of a run into a results folder."""
    assert model in MODELS
    run = Run("synthetic", "as-run", "paper", model, trial)
    path = run.path(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record_data(run, **changes)))
    return path


@pytest.fixture
def write_record():
    """`put_record`."""
    return put_record


class Smoke(NamedTuple):
    """A smoke run that two processes asked for at once, and what each of them trained."""

    run: Run
    results: Path
    trained: list[int]


_ASK = """
import sys
from pathlib import Path
from motifbook.networks import training
from motifbook.records import experiment
from motifbook.records.runs import Record, Run, Scores

trained, fit = [], training.fit
training.fit = lambda *arguments: trained.append(1) or fit(*arguments)
run = Run("synthetic", "as-run", "smoke", "cnn-1", 1)
assert experiment.ensure(run, Path(sys.argv[1])).run == run
print(len(trained))
"""


@pytest.fixture(scope="session")
def smoke(own_cache, tmp_path_factory) -> Smoke:
    """Trial 1 of CNN-1, whose first two layers can be read, under the smoke profile."""
    results = tmp_path_factory.mktemp("results")
    command = [sys.executable, "-c", _ASK, str(results)]
    # A cache of their own: another test may have left this network in the one that all share.
    alone = tmp_path_factory.mktemp("alone")
    env = {**os.environ, "MOTIFBOOK_CACHE": str(alone)}
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in range(2)]
    trained = [int(process.communicate()[0]) for process in both]
    shared = Path(os.environ["MOTIFBOOK_CACHE"])
    shutil.copytree(alone / "networks", shared / "networks", dirs_exist_ok=True)
    return Smoke(Run("synthetic", "as-run", "smoke", "cnn-1", 1), results, trained)
