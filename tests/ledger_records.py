"""Small records with what the ledger reads."""

from __future__ import annotations

from conftest import layer_data, record_of
from msgspec import convert

from motifbook.motifs import matrices
from motifbook.networks.architectures import MODELS
from motifbook.records.runs import Layer, Run


def filters(any_=0, relevant=0, of=30, tf="MAX"):
    """`of` filters: `any_` match a motif of JASPAR, `relevant` of these a relevant one."""
    rows = []
    for number in range(of):
        hits = []
        if number < relevant:
            hits = [{"target": matrices.GROUND_TRUTH[tf], "name": tf, "e_value": 1e-3}]
        elif number < any_:
            hits = [{"target": "MA0004.1", "name": "Arnt", "e_value": 1e-2}]
        rows.append(
            {
                "filter": number,
                "state": "alive",
                "hits": hits,
                "tf": tf if number < relevant else None,
                "ppm": [[0.25] * 4] * 19,
                "trim": [0, 19],
            }
        )
    return rows


def record(
    model="cnn-25",
    trial=1,
    auroc=0.97,
    any_=30,
    relevant=29,
    dataset="synthetic",
    protocol="as-run",
    **other,
):
    """A record with what the ledger reads; `layers` gives (any, relevant, of) beyond the first."""
    auroc = float(auroc)
    of = MODELS[model].convs[0].filters
    layers = [(any_, relevant, of), *other.pop("layers", [])]
    test = {"mean_auroc": auroc, "mean_aupr": 0.8, "auroc": [auroc] * 11 + [auroc - 0.1]}
    found = [
        {
            "layer": n,
            "match_any": float(a / f),
            "match_relevant": float(r / f),
            "filters": filters(a, r, f),
        }
        for n, (a, r, f) in enumerate(layers, start=1)
    ]
    run = Run(dataset, protocol, other.pop("profile", "paper"), model, trial)
    whole = {"parameters": 160_048, "classes": list(matrices.TFS), "test": test, "layers": found}
    return record_of(run, **whole | other)


def layer(*rows):
    """A layer of these filters."""
    return convert(layer_data({"filters": rows}), Layer)
