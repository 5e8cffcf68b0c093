"""The page of functions: its examples run, and show what they say."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from motifbook.records.store import project_root

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@pytest.mark.slow
def test_the_examples_run_one_after_the_other(tmp_path, monkeypatch):
    text = (project_root() / "book" / "api.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    known: dict = {}
    for block in BLOCK.findall(text):
        exec(block, known)
    classes = len(known["setup"].dataset.classes)
    assert known["predictions"].shape == (len(known["setup"].dataset.test), classes)
    assert ElementTree.parse(tmp_path / "filter-0.svg").getroot().tag.endswith("}svg")
    assert list(known["means"].index) == ["CNN-2", "CNN-25"]
    assert np.isfinite(known["means"]).all(axis=None)
    assert known["data"].classes == ("SP1", "YY1", "CTCF")
    assert known["data"].test.bases.shape == (100, 120)
    assert sorted(set(known["embedded"])) == [1, 2] and 0.65 < known["alone"] < 0.85
    filters = known["kernels"].shape[2]
    assert 0 < len(known["queries"]) == len(known["verdicts"]) <= filters
