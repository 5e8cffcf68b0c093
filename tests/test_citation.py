"""How the book is cited: one source, CITATION.cff, and what must agree with it."""

import json
import re

import pytest

from motifbook.book import citation
from motifbook.records.store import project_root

ROOT = project_root()
CITED = {
    "title": "A book",
    "authors": [{"name": "The authors"}, {"family-names": "Doe", "given-names": "Jane"}],
    "version": "1.2",
    "date-released": "2026-01-02",
    "license": "MIT",
    "abstract": "What it\nis about.",
    "keywords": ["one"],
    "references": [{"type": "article", "title": "A paper", "doi": "10.1/x"}],
}


def test_zenodo_says_what_the_citation_says():
    found = json.loads((ROOT / ".zenodo.json").read_text())
    assert found == citation.zenodo(citation.read())


def test_the_box_on_the_first_page_is_the_citation():
    (box,) = re.findall(r"```bibtex\n(.*?)\n```", (ROOT / "book/intro.md").read_text(), re.S)
    assert box == citation.bibtex(citation.read())


def test_bibtex_keeps_a_group_whole():
    lines = citation.bibtex(CITED | {"url": "https://example.org/"}).splitlines()
    assert lines == [
        "@misc{motifbook,",
        "  author = {{The authors} and Doe, Jane},",
        "  title = {{A book}},",
        "  year = {2026},",
        "  version = {1.2},",
        "  note = {Re-derives doi:10.1/x},",
        "  url = {https://example.org/},",
        "}",
    ]


def test_highwire_tags_of_a_page():
    tags = citation.highwire(CITED | {"doi": "10.2/y"}, "A chapter", "https://example.org/a.html")
    assert tags == [
        ("citation_title", "A chapter"),
        ("citation_inbook_title", "A book"),
        ("citation_author", "The authors"),
        ("citation_author", "Doe, Jane"),
        ("citation_publication_date", "2026/01/02"),
        ("citation_language", "en"),
        ("citation_doi", "10.2/y"),
        ("citation_public_url", "https://example.org/a.html"),
    ]
    assert "citation_public_url" not in dict(citation.highwire(CITED, "A chapter", None))


def test_linked_data_is_a_chapter_of_a_book_about_the_paper():
    data = citation.linked_data(CITED, "A chapter", None)
    assert (data["@type"], data["name"]) == ("Chapter", "A chapter")
    assert data["isPartOf"]["description"] == "What it is about."
    assert data["isPartOf"]["isBasedOn"]["sameAs"] == "https://doi.org/10.1/x"
    assert "url" not in data


def test_a_citation_that_lacks_something_is_named(tmp_path):
    (tmp_path / "CITATION.cff").write_text("title: A book\nversion: 1.2\n")
    with pytest.raises(ValueError, match=r"CITATION.cff: lacks authors, date-released, license"):
        citation.read(tmp_path)
