"""The front page's sentences and tables follow from the ledger, the records and the text."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from ledger_records import record

from motifbook.book import front, notebooks
from motifbook.paper import claims

VERDICTS = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "section": ["Table 1", "Table 1", "Data", "Table 2"],
        "verdict": ["equivalent", "inconclusive", "does not hold, provisional", "holds"],
        "stand_in": [False, False, False, True],
    }
)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([0, 1, 2], "Ours: partly.** Of 3 claims"),  # one holds, one does not
        ([0, 0, 2], "Ours: mostly.** Of 3 claims"),
        ([0], "Ours: yes.** Of 1 claim about"),
        ([2, 3], "Ours: no.** Of 1 claim about"),  # other data do not count
        ([1, 3], "Ours: not yet run.**"),
    ],
)
def test_the_answer_counts_verdicts(rows, said):
    assert said in front.answer(VERDICTS.iloc[rows])


def test_the_answer_leaves_no_claim_uncounted():
    table = pd.concat([VERDICTS, VERDICTS[:1].assign(id="e", verdict="cannot be tested")])
    assert front.answer(table).endswith(
        "Of 4 claims about simulated data and the design, 1 holds or has an equivalent number, "
        "1 does not hold, 1 is not settled by the trials on record, and 1 cannot be tested."
    )


def test_pools_side_by_side():
    rows = [
        (model, quantity, value)
        for model, values in {"cnn-2": (0.95, 0.1), "cnn-25": (0.97, 0.9)}.items()
        for quantity, value in zip(("auroc", "match_relevant"), values, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["model", "quantity", "ours"])
    said = front.pools(table)
    assert "(CNN-2) 10% of" in said and "(CNN-25) 90%; the mean AUROC is 0.950 and 0.970." in said
    assert front.pools(table[:2]) == front.pools(table[:0]) == ""


def test_the_learning_rate_without_runs():
    said = front.learning_rate([])
    assert said.startswith("The Methods give 0.0003") and "its own 0.001. Its effect is not" in said


def test_the_learning_rate_says_whether_its_effect_is_sure():
    def made(*shares):
        return [
            record("cnn-25", trial, relevant=relevant, protocol=protocol)
            for protocol, each in (("as-run", (30, 29, 30)), ("as-run+optimiser", shares))
            for trial, relevant in enumerate(each, start=1)
        ]

    assert front.learning_rate(made(30, 24, 30)).endswith("anything: every interval holds zero.")
    assert front.learning_rate(made(15, 14, 14)).endswith("leaves out zero in CNN-25.")


def test_six_cells_are_copied():
    assert front.copied().startswith("6 printed fractions of matching filters of CNN-25 (60), CNN")


def test_few_filters_that_match_find_a_motif():
    judged = pd.DataFrame(
        {
            "label": ["CNN-2", "CNN-25", "CNN-25", "CNN-25"],
            "any": [True, True, True, False],
            "precise": [False, True, False, True],
        }
    )
    said = front.finding(judged)
    assert "1 of 3 (33%) also find" in said
    assert said.endswith("In CNN-2 not one does, though 1 filter matches.")
    assert front.finding(judged[:0]) == "Not yet run."


def test_every_place_is_in_the_book_and_names_claims_of_the_ledger():
    places, known = claims.places(), claims.claims()
    assert len(places) == places["paper"].nunique()
    for row in places.itertuples():
        text = "\n".join(str(cell) for cell in notebooks.read(row.here).cells)
        assert not row.figure or f"'name': '{row.figure}'" in text, row.paper
        kind, _, section = row.claims.partition("section:")
        assert set(kind.split()) <= set(known["id"]), row.paper
        assert not section or section in set(known["section"]), row.paper


def test_places_count_their_verdicts(monkeypatch):
    table = pd.DataFrame(
        {"paper": ["Table 1", "Fig 1"], "shows": "x", "here": "max-pooling", "figure": ["f", ""]}
    ).assign(claims=["section:Table 1", "c d"])
    monkeypatch.setattr(claims, "places", lambda: table)
    assert front.places(VERDICTS)["verdict"].tolist() == [
        "equivalent 1, inconclusive 1",
        "holds 1, does not hold 1 (on other data)",
    ]
    page = BeautifulSoup(front.places_table(VERDICTS).data, "html.parser")
    links = {link["href"]: link.text for link in page.find_all("a")}
    assert links == {"max-pooling.html#f": "Max-pooling", "max-pooling.html": "Max-pooling"}


def test_routes_fit_their_time():
    read = front.minutes()["read"]
    for limit, route in front.ROUTES.items():
        assert 0.75 * limit <= sum(read[name] for name in route) <= limit, limit
    shown = BeautifulSoup(front.routes().data, "html.parser")
    for row in shown.tbody.find_all("tr"):
        chapters, total = (cell.text for cell in row.find_all("td"))
        assert sum(map(int, re.findall(r"\((\d+)\)", chapters))) == int(total)
    assert [row.th.text for row in shown.tbody.find_all("tr")] == [
        "45 minutes",
        "90 minutes",
        "180 minutes",
    ]
    assert "200 words a minute" in front.pace()
