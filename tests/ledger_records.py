"""Small records with what the ledger reads."""

from __future__ import annotations

from motifbook.motifs import matrices
from motifbook.networks.architectures import MODELS
from motifbook.records.runs import Record


def filters(any_=0, relevant=0, of=30, tf="MAX"):
    """`of` filters: `any_` match a motif of JASPAR, `relevant` of these a relevant one."""
    hit = {"p_value": 1e-6, "offset": 0, "overlap": 8, "orientation": "+"}
    rows = []
    for number in range(of):
        hits = []
        if number < relevant:
            hits = [hit | {"target": matrices.GROUND_TRUTH[tf], "name": tf, "e_value": 1e-3}]
        elif number < any_:
            hits = [hit | {"target": "MA0004.1", "name": "Arnt", "e_value": 1e-2}]
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
    of = MODELS[model].convs[0].filters
    layers = [(any_, relevant, of), *other.pop("layers", [])]
    data = {
        "dataset": dataset,
        "protocol": protocol,
        "profile": "paper",
        "model": model,
        "trial": trial,
        "parameters": 160_048,
        "best_epoch": 2,
        "history": {"gradient_norm": [4.0, 1.0]},
        "classes": list(matrices.TFS),
        "test": {"mean_auroc": auroc, "mean_aupr": 0.8, "auroc": [auroc] * 11 + [auroc - 0.1]},
        "layers": [
            {"layer": n, "match_any": a / f, "match_relevant": r / f, "filters": filters(a, r, f)}
            for n, (a, r, f) in enumerate(layers, start=1)
        ],
    }
    return Record(data | other)
