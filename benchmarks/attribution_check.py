"""Our attributions beside captum's, on the same weights rebuilt in PyTorch.

    pip install torch captum        # of no other use here, so no dependency
    python benchmarks/attribution_check.py --profile paper

The networks are those of `motifbook attribution`, from the cache. The comparison is put on record
beside it, `attribution-check.json`.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version

import captum.attr
import numpy as np
import torch
from msgspec import convert

from motifbook.networks import training
from motifbook.records import experiment, store
from motifbook.records.runs import Run
from motifbook.sequences.datasets import one_hot
from motifbook.yardsticks import attribution

SEQUENCES = 20


class Network(torch.nn.Module):
    """Up to the logits, with a Keras model's weights; for pools that divide the length."""

    def __init__(self, model):
        super().__init__()
        self.steps = []
        for layer in model.layers:
            kind, values = type(layer).__name__, [torch.tensor(w) for w in layer.get_weights()]
            if kind == "Conv1D":
                kernel = values[0].permute(2, 1, 0)
                self.steps.append((kind, kernel, kernel.shape[2] // 2))
            elif kind == "BatchNormalization":
                self.steps.append((kind, values, layer.epsilon))
            elif kind == "MaxPooling1D":
                self.steps.append((kind, layer.pool_size[0], layer.strides[0]))
            elif kind in ("Activation", "ReLU", "Flatten"):
                self.steps.append((kind, None, None))
            elif kind == "Dense":
                bias = values[1] if len(values) > 1 else None
                self.steps.append((kind, values[0].T, bias))
            elif kind not in ("Dropout", "InputLayer"):
                raise ValueError(f"layer {layer.name}: no idea what to make of {kind}")

    def forward(self, x):
        x = x.permute(0, 2, 1)
        for kind, what, more in self.steps:
            if kind == "Conv1D":
                x = torch.nn.functional.conv1d(x, what, padding=more)
            elif kind == "BatchNormalization":
                gamma, beta, mean, variance = (v[:, None] if x.ndim == 3 else v for v in what)
                x = (x - mean) / torch.sqrt(variance + more) * gamma + beta
            elif kind == "MaxPooling1D":
                x = torch.nn.functional.max_pool1d(x, what, more)
            elif kind == "Flatten":
                x = x.permute(0, 2, 1).flatten(1)
            elif kind == "Dense":
                x = torch.nn.functional.linear(x, what, more)
            else:
                x = torch.relu(x)
        return x


def check(run: Run) -> list[dict]:
    """One row for each method."""
    setup = experiment.setup(run)
    if (trained := training.cached(setup)) is None:
        raise SystemExit(f"{run} is not in the cache; first: motifbook attribution")
    model = training.new_model(setup)
    model.set_weights(trained.weights)
    test = setup.dataset.test
    pairs = attribution.pairs(test)
    pairs = pairs[pairs["row"] < SEQUENCES]
    rows, classes = pairs["row"].to_numpy(), pairs["tf"].to_numpy()
    bases = test.bases[rows]
    x = torch.tensor(one_hot(bases))
    quarter, asked = torch.full_like(x, 0.25), torch.tensor(classes)
    network = Network(model)

    saliency = captum.attr.Saliency(network).attribute(x.clone(), asked, abs=False)
    integrated = captum.attr.IntegratedGradients(network).attribute(
        x, quarter, asked, n_steps=attribution.STEPS, method="riemann_middle"
    )
    with torch.no_grad():
        mutated = []
        for one, tf in zip(bases, classes, strict=True):
            every = np.repeat(one[None], 4 * len(one), axis=0)
            place = np.arange(len(every))
            every[place, place // 4] = place % 4
            answers = network(torch.tensor(one_hot(every)))[:, tf].reshape(-1, 4)
            here = answers[torch.arange(len(one)), torch.tensor(one, dtype=torch.long)]
            mutated.append(here - answers.mean(dim=1))
    theirs = {
        "saliency": ("captum", "Saliency", ((x - quarter) * saliency).sum(2)),
        "integrated gradients": ("captum", "IntegratedGradients", integrated.sum(2)),
        "mutagenesis": ("torch", "a forward pass of every mutant", torch.stack(mutated)),
    }
    ours = {
        "saliency": attribution.saliency(model, bases, classes),
        "integrated gradients": attribution.integrated_gradients(model, bases, classes),
        "mutagenesis": attribution.mutagenesis(model, test.bases[:SEQUENCES])[rows, :, classes],
    }
    found = []
    for method, (library, called, maps) in theirs.items():
        apart = np.abs(ours[method] - maps.detach().numpy())
        found.append(
            {"run": str(run), "method": method, "called": called, "maps": len(rows)}
            | {"library": f"{library} {version(library)}", "largest": float(f"{apart.max():.3g}")}
            | {"scale": float(f"{np.abs(ours[method]).max():.3g}")}
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="paper")
    profile = parser.parse_args().profile
    runs = [Run("synthetic", "as-run", profile, model, 1) for model in attribution.MODELS]
    rows = [row for run in runs for row in check(run)]
    made = store.envelope(
        {"runs": [str(run) for run in runs], "sequences": SEQUENCES, "steps": attribution.STEPS},
        *("captum", "keras", "numpy", "torch"),
    )
    path = attribution.check_path(profile)
    store.save(path, convert({**made, "rows": rows}, attribution.Check))
    for row in rows:
        print(row)
    print(f"on record: {path}")


if __name__ == "__main__":
    main()
