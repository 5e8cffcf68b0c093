"""Words of the glossary are linked at their first use; pictures are told by their values."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from docutils import nodes

from motifbook.book import sphinx_words
from motifbook.records.store import project_root

TEXT = """# Words

:::{glossary}
PPM
  A matrix. Of shape (length, 4).

dead filter
  A filter that is `never`
  active. It has no PPM.
:::
"""


def test_definitions_are_first_sentences():
    assert sphinx_words.definitions(TEXT) == {
        "PPM": "A matrix.",
        "dead filter": "A filter that is never active.",
    }


WANTED = (
    "AUROC AUPR PWM PPM E-value Tomtom JASPAR ChIP-seq k-mer localist distributed trial protocol "
    "profile"
)


@pytest.mark.parametrize("term", [*WANTED.split(), "receptive field", "transcription factor"])
def test_the_glossary_has(term):
    page = project_root() / "book" / "glossary.md"
    assert len(sphinx_words.definitions(page.read_text())[term]) > 10


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("trial", "Trials, retrials and trials", ["Trials", "trials"]),
        ("PPM", "the PPMs, not ppm", ["PPMs"]),
        ("k-mer", "of K-mers", ["K-mers"]),
        ("E-value", "no E-value-like", []),
    ],
)
def test_words_and_plurals(term, text, found):
    assert re.findall(sphinx_words.plural(term), text) == found


def linked(*paragraphs: nodes.Element, page: str = "book/page") -> nodes.document:
    """A page after the transform, for a glossary of three words."""
    terms = {"PPM": "A matrix.", "dead filter": "Never active.", "site": "A place."}
    document = nodes.document(SimpleNamespace(), SimpleNamespace())
    document += list(paragraphs)
    transform = sphinx_words.LinkTerms.__new__(sphinx_words.LinkTerms)
    transform.document = document
    settings = SimpleNamespace(
        env=SimpleNamespace(docname=page, config=SimpleNamespace(glossary_terms=terms))
    )
    document.settings = settings
    transform.apply()
    return document


def targets(document: nodes.document) -> list[str]:
    return [link["reftarget"] for link in document.findall(sphinx_words.addnodes.pending_xref)]


def test_the_first_use_in_prose_is_linked_and_no_other():
    first = nodes.paragraph("", "", nodes.literal("", "PPM"), nodes.Text(" A site, a PPM, dead"))
    second = nodes.paragraph("", "Dead filters have no PPM.")
    document = linked(nodes.title("", "PPM"), first, second)
    assert targets(document) == ["PPM", "dead filter"]
    assert [p.astext() for p in document.findall(nodes.paragraph)] == [
        "PPM A site, a PPM, dead",
        "Dead filters have no PPM.",
    ]


def test_the_glossary_itself_is_left_alone():
    assert targets(linked(nodes.paragraph("", "A PPM."), page="book/glossary")) == []


def test_a_link_to_a_word_says_what_it_means():
    document = nodes.document(SimpleNamespace(), SimpleNamespace())
    link = nodes.reference("", "PPM", refuri="glossary.html#term-PPM")
    other = nodes.reference("", "runs", refuri="runs.html#PPM")
    document += nodes.paragraph("", "", link, other)
    app = SimpleNamespace(config=SimpleNamespace(glossary_terms={"PPM": "A matrix."}))
    sphinx_words.explain_links(app, document, "book/page")
    assert link["reftitle"] == "A matrix." and "reftitle" not in other


def test_values_follow_the_words_of_a_picture():
    def render(self, data):
        return [nodes.image(alt="A plot.")]

    metadata = {"image/png": {"alt": "AUROC 0.97.", "width": 700}}
    data = SimpleNamespace(mime_type="image/png", output_metadata=metadata)
    (image,) = sphinx_words.with_values(render)(None, data)
    assert image["alt"] == "A plot. AUROC 0.97." and image["classes"] == ["logos"]
    data.output_metadata = {}
    (image,) = sphinx_words.with_values(render)(None, data)
    assert image["alt"] == "A plot." and image["classes"] == []
