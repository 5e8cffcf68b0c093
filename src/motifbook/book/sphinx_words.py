"""Words of the book, for Sphinx: terms linked at their first use, pictures told by their values.

A chapter is plain text. The first time that it uses a word of the glossary, the word leads there,
and says what it means where a mouse rests on it. A figure's alt text is what the chapter says of
it, and then the values that were drawn (`motifbook.book.alt`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
COMMON = {"match", "model", "record", "run", "site"}
"""Words of the glossary that prose uses in their everyday sense as well."""
LOGOS = 700
"""Pixels; a picture as wide holds logos, which a phone shows in their own size."""


def definitions(text: str) -> dict[str, str]:
    """The glossary's terms, each with the first sentence of what it means, from its MyST."""
    found = re.findall(r"^(\S.*)\n((?:  .*\n)+)", text, re.MULTILINE)
    return {term: _sentence(" ".join(meaning.split())) for term, meaning in found}


def _sentence(text: str) -> str:
    first = re.match(r".*?[.](?=\s|$)", text)
    return re.sub(r"[`*]", "", first[0] if first else text)


def plural(term: str) -> str:
    """A pattern of the term and its plural, as whole words; first letter in either case."""
    first, rest = re.escape(term[0]), re.escape(term[1:])
    either = f"[{term[0].upper()}{term[0].lower()}]" if term[0].islower() else first
    return rf"(?<![\w-]){either}{rest}s?(?![\w-])"


class LinkTerms(SphinxTransform):
    """Make the first use of each word of the glossary in a page lead to it."""

    default_priority = 400

    def apply(self, **kwargs) -> None:
        """Called by Sphinx for each page that is read."""
        if self.env.docname == GLOSSARY or not hasattr(self.config, "glossary_terms"):
            return
        waiting = {t: re.compile(plural(t)) for t in self.config.glossary_terms if t not in COMMON}
        for text in list(_prose(self.document)):
            found = [(m.start(), m, term) for term, p in waiting.items() if (m := p.search(text))]
            parts, end = [], 0
            for start, match, term in sorted(found, key=lambda item: (item[0], -len(item[2]))):
                if start < end:
                    continue  # within a longer term
                parts += [nodes.Text(text[end:start]), self._link(match[0], term)]
                end = match.end()
                del waiting[term]
            if parts:
                text.parent.replace(text, [*parts, nodes.Text(text[end:])])

    def _link(self, words: str, term: str) -> addnodes.pending_xref:
        inner = nodes.inline(words, words, classes=["xref", "std", "std-term"])
        options = {"refdomain": "std", "reftype": "term", "reftarget": term, "refexplicit": True}
        return addnodes.pending_xref("", inner, refdoc=self.env.docname, refwarn=True, **options)


def _prose(document: nodes.document) -> Iterator[nodes.Text]:
    """The texts of paragraphs, but for what is a link, code or a formula already."""
    inside = (nodes.reference, addnodes.pending_xref, nodes.literal, nodes.math, nodes.raw)
    for paragraph in document.findall(nodes.paragraph):
        for text in paragraph.findall(nodes.Text):
            above = text.parent
            while above is not paragraph and not isinstance(above, inside):
                above = above.parent
            if above is paragraph:
                yield text


def explain_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give links to the glossary what the word means as their title."""
    meanings = {f"term-{nodes.make_id(t)}": m for t, m in app.config.glossary_terms.items()}
    for link in doctree.findall(nodes.reference):
        _, _, target = link.get("refuri", "").partition("#")
        known = {key.lower(): meaning for key, meaning in meanings.items()}
        if meaning := known.get(target.lower()):
            link["reftitle"] = meaning


def read_glossary(app: Sphinx, config) -> None:
    """Read the glossary's terms; a book without the page has none."""
    page = Path(app.srcdir, f"{GLOSSARY}.md")
    config.glossary_terms = definitions(page.read_text(encoding="utf-8")) if page.is_file() else {}


def with_values(render: Callable) -> Callable:
    """myst-nb's rendering of a picture, its alt text completed by the values that were drawn."""

    @wraps(render)
    def rendered(self, data) -> list[nodes.Element]:
        found = render(self, data)
        about = data.output_metadata.get(data.mime_type, {})
        for image in found:
            if words := about.get("alt"):
                image["alt"] = f"{image.get('alt', '')} {words}".strip()
            if int(about.get("width", 0)) >= LOGOS:
                image["classes"] = [*image.get("classes", []), "logos"]
        return found

    return rendered


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    from myst_nb.core.render import NbElementRenderer

    if not hasattr(NbElementRenderer.render_image, "__wrapped__"):
        NbElementRenderer.render_image = with_values(NbElementRenderer.render_image)
    app.connect("config-inited", read_glossary)
    app.connect("doctree-resolved", explain_links)
    app.add_transform(LinkTerms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
