"""The whole book as one page, and that page as a PDF by Chromium.

$ python -m motifbook.book.print
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from motifbook.book import citation
from motifbook.book.site import address
from motifbook.files import replacing, write_whole
from motifbook.records.store import project_root

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

BROWSERS = ("chromium", "google-chrome", "chromium-browser")
SECONDS = 300


def in_order(site: Path) -> list[Path]:
    """The pages of a built book in the order of its contents, as a page's side bar lists them.

    A page calls itself "#" there. So the side bar that is read is not that of index.html, which
    has no name of its own among the pages, but that of the page that comes next.
    """

    def listed(page: Path) -> list[str]:
        links = _parsed(page).select("nav.bd-links a.reference.internal")
        return [str(link["href"]).partition("#")[0] for link in links]

    start = site / next(filter(None, listed(site / "index.html")))
    return list(dict.fromkeys(start.parent / link if link else start for link in listed(start)))


def _parsed(page: Path) -> BeautifulSoup:
    from bs4 import BeautifulSoup

    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def whole(site: Path) -> str:
    """HTML of all pages, one after the other; links between pages lead within it.

    Links to other files of the site lead to it if $MOTIFBOOK_URL says where it stands; else they
    are left out, for a PDF is read anywhere.

    Parameters
    ----------
    site : path
        The folder of the built book.
    """
    parts = []
    pages = in_order(site)
    names = {page.name: page.stem for page in pages}
    for page in pages:
        (article,) = _parsed(page)("article")
        for tag in article.select("details:not(.hide, .provenance), details:has(img)"):
            tag["open"] = ""
        for tag in article.select(".headerlink, script, .prev-next-area"):
            tag.decompose()
        for tag in article.select("[id]"):
            tag["id"] = f"{page.stem}--{tag['id']}"
        for tag in article.select("img"):
            tag["src"] = str(tag["src"]).removeprefix("../")
            del tag["loading"]
        for tag in article.select("a[href]"):
            path, _, fragment = str(tag["href"]).partition("#")
            if not path or path in names:
                own = page.stem if not path else names[path]
                tag["href"] = f"#{own}--{fragment}" if fragment else f"#{own}"
            elif ":" not in path:  # a record, a picture: where the site stands, if that is known
                tag["href"] = address() + path.removeprefix("../")
                if not address():
                    tag.unwrap()
        parts.append(f'<section class="printed" id="{page.stem}">{article.decode()}</section>')
    front = _parsed(site / "index.html")
    sheets = "".join(str(link) for link in front.select('head link[rel="stylesheet"]'))
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>motifbook</title>{sheets}</head>'
        f'<body class="whole-book"><div class="bd-article">{"".join(parts)}</div></body></html>\n'
    )


def dated(pdf: bytes, day: str) -> bytes:
    """A PDF whose dates are a day's midnight, not when it was made; as long as before.

    Parameters
    ----------
    pdf : bytes
    day : str
        Such as "20260102".
    """
    return re.sub(rb"\(D:\d{14}", f"(D:{day}000000".encode(), pdf)


def write_pdf(site: Path) -> Path:
    """Print the whole book to motifbook.pdf in its folder.

    Raises
    ------
    FileNotFoundError
        If the book is not built, or there is no Chromium.
    RuntimeError
        If Chromium wrote nothing.
    """
    if not (site / "index.html").is_file():
        raise FileNotFoundError(f"{site}: no book is built there; build it with: make book")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise FileNotFoundError(f"none of {', '.join(BROWSERS)} is installed; one makes the PDF")
    page, written = site / "whole.html", site / "motifbook.pdf"
    write_whole(page, whole(site))
    with replacing(written) as temporary, tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        command += ["--disable-background-networking", f"--user-data-dir={profile}"]
        command += ["--no-pdf-header-footer", "--generate-pdf-document-outline"]
        command += [f"--print-to-pdf={temporary}", page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        page.unlink()
        if not temporary.is_file():
            raise RuntimeError(f"{browser} wrote no PDF: {done.stderr.strip()[-300:]}")
        day = citation.read()["date-released"].replace("-", "")
        temporary.write_bytes(dated(temporary.read_bytes(), day))
    return written


if __name__ == "__main__":
    try:
        print(write_pdf(project_root() / "_build" / "html"))
    except (FileNotFoundError, RuntimeError) as error:
        sys.exit(str(error))
