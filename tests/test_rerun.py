"""What the chapter on running it again tabulates, on runs made by hand."""

from __future__ import annotations

import pandas as pd
from conftest import learned

from motifbook import cli
from motifbook.book import rerun
from motifbook.book.chapter import Gathered
from motifbook.networks import protocols


def test_profiles():
    found = rerun.profiles()
    assert found.index.tolist() == list(protocols.PROFILES)
    assert found.loc["smoke"].tolist()[:3] == ["2,000", 3, "the protocol's"]
    assert found.loc["quick"].tolist() == ["all", 15, 5, "a first look"]


def test_machines_are_named_once():
    records = tuple(
        learned("cnn-2", n, hardware=name) for n, name in ((1, "b"), (2, "a"), (3, "b"))
    )
    wanted = tuple(record.run for record in records)
    assert rerun.machines(Gathered(wanted, records)) == (
        "Means over trials; 3 of 3 runs are on record, made on: a; b."
    )
    assert rerun.machines(Gathered(wanted, ())) == "None of these runs is on record yet."


def test_times_are_means():
    table = pd.DataFrame({"label": ["CNN-2"] * 2, "epochs": [10, 20], "seconds": [100.0, 200.9]})
    assert rerun.times(table).to_dict("index") == {"CNN-2": {"epochs": 15, "seconds": 150}}
    assert rerun.times(table[:0]).empty


def test_program_unfolds_every_command(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    shown = rerun.program(cli.main)
    assert shown.text.startswith("usage: motifbook")
    assert (
        "<summary><code>motifbook sweep</code></summary><pre>usage: motifbook sweep" in shown.html
    )
    assert shown.html.count("<details>") == shown.html.count("</details>") > 5
    assert "COLUMNS" not in rerun.os.environ


def test_program_is_escaped():
    shown = rerun.program(lambda options: print("    train  <name>"))
    assert "&lt;name&gt;" in shown.html and "<name>" not in shown.html
