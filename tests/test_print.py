"""The whole book as one page and as a PDF, and its site as an archive."""

import re
import shutil
import tarfile

import pytest
from bs4 import BeautifulSoup

import motifbook
from motifbook.book import archive_site
from motifbook.book import print as printing


def page(links: str, body: str) -> str:
    return (
        '<html><head><link rel="stylesheet" href="_static/a.css"></head><body>'
        f'<nav class="bd-links">{links}</nav><article class="bd-article">{body}</article></body>'
    )


def contents(*links: str) -> str:
    return "".join(f'<a class="reference internal" href="{link}">x</a>' for link in links)


@pytest.fixture
def small_site(tmp_path):
    """A first page and two that link to one another, with a picture each."""
    (tmp_path / "book").mkdir()
    for place, links in (("index.html", ("#", "book/two.html", "book/one.html")),
                         ("book/start.html", ("#", "two.html", "one.html"))):  # fmt: skip
        (tmp_path / place).write_text(page(contents(*links), "<h1>Start</h1>"))
    (tmp_path / "book/two.html").write_text(
        page(contents("start.html", "#", "one.html"),
                 '<h1 id="top">Two</h1><img src="../_images/b.png" loading="lazy" alt="b">'
                 '<a href="one.html#top">1</a>')
    )  # fmt: skip
    (tmp_path / "book/one.html").write_text(
        page("", '<h1 id="top">One</h1><img src="../_images/a.png" alt="a">'
                 '<a href="#top">here</a><a href="two.html">2</a>'
                 '<a href="../records/r.json">r</a><details><summary>s</summary>t</details>')
    )  # fmt: skip
    return tmp_path


def test_pages_follow_one_another_as_in_the_contents(small_site):
    whole = BeautifulSoup(printing.whole(small_site), "html.parser")
    assert [title.text for title in whole.select("h1")] == ["Start", "Two", "One"]
    assert [picture["src"] for picture in whole.select("img")] == ["_images/b.png", "_images/a.png"]
    assert not whole.select("[loading]")
    links = [link["href"] for link in whole.select("a")]
    assert links == ["#one--top", "#one--top", "#two"]
    for link in links:
        assert len(whole.select(f'[id="{link[1:]}"]')) == 1
    assert whole.details.has_attr("open")


def test_links_to_files_lead_to_the_site_where_it_is_known(small_site, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_URL", "https://example.org/book")
    whole = BeautifulSoup(printing.whole(small_site), "html.parser")
    assert whole.select("a")[-1]["href"] == "https://example.org/book/records/r.json"


def test_what_is_not_there_is_named(tmp_path, small_site, monkeypatch):
    with pytest.raises(FileNotFoundError, match="no book is built there"):
        printing.write_pdf(tmp_path / "other")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="none of chromium, google-chrome"):
        printing.write_pdf(small_site)


@pytest.mark.slow
@pytest.mark.skipif(
    not any(map(shutil.which, printing.BROWSERS)), reason="no chromium to print with"
)
def test_the_pdf_has_every_picture_of_the_book(site):
    pages = [BeautifulSoup(path.read_text(), "html.parser") for path in site.glob("book/*.html")]
    pictures = sum(len(page.select("article img")) for page in pages)
    written = printing.write_pdf(site).read_bytes()
    assert b"/URI (file:" not in written  # a PDF is read anywhere
    assert len(re.findall(rb"/Alt\b", written)) == pictures > 50  # a tagged PDF keeps alt texts


def test_a_pdf_is_dated_by_the_release_and_keeps_its_length():
    pdf = b"%PDF /CreationDate (D:20261126142030+00'00') /ModDate (D:20261126142031+00'00') %%EOF"
    again = printing.dated(pdf, "20260102")
    assert again == (
        b"%PDF /CreationDate (D:20260102000000+00'00') /ModDate (D:20260102000000+00'00') %%EOF"
    )
    assert len(again) == len(pdf)


def test_an_archive_is_the_same_for_the_same_files(small_site, tmp_path_factory):
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    one = archive_site.archive(small_site, first)
    (small_site / "index.html").touch()
    two = archive_site.archive(small_site, second)
    assert one.name == f"motifbook-site-{motifbook.__version__}.tar.gz"
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as tar:
        names = [name.partition("/")[2] for name in tar.getnames()]
    assert names == ["book/one.html", "book/start.html", "book/two.html", "index.html"]
