"""The book as a site: its head, its first page, and where it says that it stands."""

import json
import shutil
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from built import build
from sphinx.errors import ConfigError

from motifbook.book import site
from motifbook.records.store import project_root

ROOT = project_root()

URL = "https://example.org/motifbook"


def test_an_address_ends_with_a_slash_or_is_none(monkeypatch):
    for given, found in [("", ""), (URL, URL + "/"), (URL + "/", URL + "/")]:
        monkeypatch.setenv("MOTIFBOOK_URL", given)
        assert site.address() == found


@pytest.mark.parametrize("wrong", ["example.org", "http://example.org", "https://x.org/?a=1"])
def test_a_wrong_address_is_named(wrong, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_URL", wrong)
    with pytest.raises(ConfigError, match="MOTIFBOOK_URL must be like https://HOST/FOLDER/, found"):
        site.address()


def test_a_page_keeps_one_viewport_and_no_script_of_icons():
    page = (
        '<meta charset="utf-8"><meta name="viewport" content="a">\n<meta content="b" '
        'name="viewport" />\n<script defer src="../_static/scripts/fontawesome.js?digest=1">'
        '</script><script src="a.js"></script><meta name="viewport" content="a">\n'
    )
    assert site.lean(page) == (
        '<meta charset="utf-8"><meta name="viewport" content="a">\n<script src="a.js"></script>'
    )
    assert site.lean("<p>No head</p>") == "<p>No head</p>"


def test_a_picture_in_a_page_becomes_a_file(tmp_path):
    page = '<img src="data:image/png;base64,cGljdHVyZQ==" alt="a"><img src="data:,">'
    again = site.unpacked(page, tmp_path, "../_images")
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == b"picture"
    assert again == f'<img src="../_images/{file.name}" alt="a"><img src="data:,">'


def test_links_lead_on_from_one_folder_up():
    page = (
        '<html data-content_root="../"><a href="other.html?q#x"></a><a href="#y"></a>'
        '<a href="https://example.org/z"></a><img src="../_images/a.png"><img src="data:,">'
        '<form action="../search.html">'
    )
    assert site.at_root(page, "book") == (
        '<html data-content_root="./"><a href="book/other.html?q#x"></a><a href="#y"></a>'
        '<a href="https://example.org/z"></a><img src="_images/a.png"><img src="data:,">'
        '<form action="search.html">'
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A project of two pages, of which one has a formula."""
    root = tmp_path_factory.mktemp("small")
    (root / "book").mkdir()
    for name in ("_config.yml", "CITATION.cff", "requirements.lock", "book/references.bib"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/first\nchapters:\n  - file: book/second\n"
    )
    (root / "book/first.md").write_text(
        "# Which & *what*?\n\nIt says what & why.\n\n## Part\n\nEnd.\n"
    )
    (root / "book/second.md").write_text("# Second\n\n[Back](first.md), $x^2$.\n")
    return root


def parsed(path):
    return BeautifulSoup(path.read_text(), "html.parser")


def meta(page, key="name"):
    return {tag[key]: tag["content"] for tag in page.select(f"meta[{key}]")}


@pytest.mark.slow
def test_head_and_files_of_a_site_that_has_an_address(small, tmp_path):
    html = build(small, tmp_path, MOTIFBOOK_URL=URL, MOTIFBOOK_ROOT=str(small))
    for page, name in [
        (parsed(html / "index.html"), "first"),
        (parsed(html / "book/second.html"), "second"),
    ]:
        own = f"{URL}/book/{name}.html"
        assert [tag["href"] for tag in page.select("link[rel=canonical]")] == [own]
        assert meta(page)["citation_public_url"] == own
        assert meta(page, "property")["og:url"] == own
        assert meta(page, "property")["og:image"] == f"{URL}/_static/overview.png"
        assert len(page.select('meta[name="viewport"]')) == 1
        assert page.select("link[rel=icon]")
        (data,) = page.select('script[type="application/ld+json"]')
        assert json.loads(data.string)["url"] == own
        for tag in [*page.select("[href]"), *page.select("[src]")]:
            link = (tag.get("href") or tag["src"]).partition("#")[0].partition("?")[0]
            if link and ":" not in link:
                assert ((html if name == "first" else html / "book") / link).is_file(), link
    first = parsed(html / "index.html")
    assert first.h1.text.startswith("Which & what?")
    assert meta(first)["citation_title"] == "Which & what?"
    assert meta(first)["description"].startswith("It says what & why.")
    tree = ElementTree.parse(html / "sitemap.xml")
    assert [loc.text for loc in tree.findall(".//{*}loc")] == [
        f"{URL}/book/first.html",
        f"{URL}/book/second.html",
    ]
    assert 'href="/motifbook/_static/motifbook.css' in (html / "404.html").read_text()


@pytest.mark.slow
def test_without_an_address_none_is_made_up(small, tmp_path):
    html = build(small, tmp_path, MOTIFBOOK_URL="", MOTIFBOOK_ROOT=str(small))
    page = parsed(html / "book/second.html")
    assert not page.select("link[rel=canonical]")
    assert not {"og:url", "og:image"} & set(meta(page, "property"))
    assert "citation_public_url" not in meta(page)
    assert not (html / "sitemap.xml").exists()
    # No page loads MathJax or the script of icons, and a formula is there without them.
    assert "".join(page.math.stripped_strings) == "x2"
    scripts = " ".join(tag.get("src", "") for tag in page.find_all("script"))
    assert "mathjax" not in scripts.lower() and "fontawesome" not in scripts
    assert not list(html.rglob("fontawesome.js"))
