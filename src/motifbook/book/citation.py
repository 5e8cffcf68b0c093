"""How the book is cited: CITATION.cff as BibTeX, as tags for reference managers, and for Zenodo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from motifbook.records.store import project_root

KEY = "motifbook"


def read(root: Path | None = None) -> dict[str, Any]:
    """What CITATION.cff says, by its own names (https://citation-file-format.github.io).

    Parameters
    ----------
    root : path, optional
        The folder it lies in; the project's by default.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If it lacks what a citation needs.
    """
    path = (root or project_root()) / "CITATION.cff"
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    needed = ("title", "authors", "version", "date-released", "license", "abstract", "keywords")
    if missing := [name for name in needed if name not in found]:
        raise ValueError(f"{path}: lacks {', '.join(missing)}")
    return found | {"date-released": str(found["date-released"])}


def authors(cited: dict[str, Any]) -> list[str]:
    """Names of authors, of people as `Family, Given`."""
    return [
        one.get("name") or f"{one['family-names']}, {one['given-names']}"
        for one in cited["authors"]
    ]


def paper(cited: dict[str, Any]) -> dict[str, Any]:
    """The paper that the book re-derives: the article among its references."""
    (article,) = [one for one in cited["references"] if one["type"] == "article"]
    return article


def bibtex(cited: dict[str, Any]) -> str:
    """The book as a BibTeX entry.

    An author that is no person is set in braces, so that BibTeX takes the name whole.
    """
    names = [name if "," in name else f"{{{name}}}" for name in authors(cited)]
    fields = {
        "author": " and ".join(names),
        "title": f"{{{cited['title']}}}",
        "year": cited["date-released"][:4],
        "version": cited["version"],
        "note": f"Re-derives doi:{paper(cited)['doi']}",
        "doi": cited.get("doi"),
        "url": cited.get("url"),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{KEY},", *lines, "}"])


def highwire(cited: dict[str, Any], title: str, address: str | None) -> list[tuple[str, str]]:
    """Highwire's citation_* tags of a page, as pairs of name and content.

    Parameters
    ----------
    cited : dict
        As `read` returns.
    title : str
        The page's.
    address : str or None
        The page's, where it is known.
    """
    tags = [("citation_title", title), ("citation_inbook_title", cited["title"])]
    tags += [("citation_author", name) for name in authors(cited)]
    tags += [
        ("citation_publication_date", cited["date-released"].replace("-", "/")),
        ("citation_language", "en"),
    ]
    if "doi" in cited:
        tags.append(("citation_doi", cited["doi"]))
    if address:
        tags.append(("citation_public_url", address))
    return tags


def linked_data(cited: dict[str, Any], title: str, address: str | None) -> dict[str, Any]:
    """A page as JSON-LD (https://schema.org/Chapter): a part of the book, based on the paper."""
    article = paper(cited)
    book = {
        "@type": "Book",
        "name": cited["title"],
        "description": " ".join(cited["abstract"].split()),
        "author": [{"@type": "Organization", "name": name} for name in authors(cited)],
        "datePublished": cited["date-released"],
        "version": cited["version"],
        "keywords": cited["keywords"],
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isBasedOn": {
            "@type": "ScholarlyArticle",
            "name": article["title"],
            "sameAs": f"https://doi.org/{article['doi']}",
        },
    }
    page = {"@context": "https://schema.org", "@type": "Chapter", "name": title, "isPartOf": book}
    return page | ({"url": address} if address else {})


def zenodo(cited: dict[str, Any]) -> dict[str, Any]:
    """What .zenodo.json must say (https://developers.zenodo.org/#representation)."""
    return {
        "title": cited["title"],
        "description": " ".join(cited["abstract"].split()),
        "upload_type": "software",
        "version": cited["version"],
        "publication_date": cited["date-released"],
        "license": cited["license"],
        "creators": [{"name": name} for name in authors(cited)],
        "keywords": cited["keywords"],
        "related_identifiers": [
            {
                "identifier": paper(cited)["doi"],
                "relation": "isDerivedFrom",
                "resource_type": "publication-article",
                "scheme": "doi",
            }
        ],
    }
