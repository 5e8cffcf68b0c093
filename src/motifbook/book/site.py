"""The book as a site: pages that are found and cited, and that load no more than they use.

$MOTIFBOOK_URL says where the site will stand. What needs an address (canonical links, the sitemap,
pictures for previews) is there if it is set, and nowhere else.
"""

from __future__ import annotations

import html
import json
import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from motifbook.book import citation
from motifbook.files import write_whole

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

PREVIEW = "_static/overview.png"
PREVIEW_ALT = (
    "AUROC and match fractions of first-layer filters against the size of the first max-pool, "
    "ours beside the paper's."
)
UNUSED = ("_static/scripts/fontawesome.js", "_static/scripts/fontawesome.js.map")
"""Of the theme: 1.5 MB that each page would load for icons which its fonts have too."""


def address() -> str:
    """$MOTIFBOOK_URL with a slash at its end, or nothing.

    Raises
    ------
    sphinx.errors.ConfigError
        If it is no https address.
    """
    from sphinx.errors import ConfigError

    found = os.environ.get("MOTIFBOOK_URL", "")
    if found and not re.fullmatch(r"https://[\w.-]+(/[\w.~-]+)*/?", found):
        raise ConfigError(f"MOTIFBOOK_URL must be like https://HOST/FOLDER/, found {found!r}")
    return found and found.rstrip("/") + "/"


def name_site(app: Sphinx, config: Config) -> None:
    """Tell Sphinx, its extensions and its theme where the site stands and what it is called."""
    config.html_context.setdefault(
        "default_mode", "auto"
    )  # light or dark as the reader's system is
    config.ogp_site_name = config.html_title
    config.ogp_social_cards = {"enable": False}
    config.ogp_site_url = config.html_baseurl = address()
    # The page for what is not found is shown at any depth, so it links from the site's root.
    config.notfound_urls_prefix = "/" + "/".join(address().split("/")[3:])
    if address():
        config.ogp_image, config.ogp_image_alt = address() + PREVIEW, PREVIEW_ALT


def describe(app, pagename, templatename, context, doctree) -> None:
    """Add what reference managers and search engines read to a page's head."""
    if not app.env.get_domain("math").data["has_equations"].get(pagename):
        # Sphinx also counts the pages below one in the contents: for the first page, every page.
        files = context.get("script_files", [])
        files[:] = [file for file in files if "mathjax" not in str(file.filename or "").lower()]
    if doctree is None:
        return
    if not address():
        context["metatags"] = re.sub(r'<meta property="og:url"[^>]*>\n', "", context["metatags"])
    cited = citation.read(Path(app.srcdir))
    title = html.unescape(re.sub(r"<[^>]*>", "", context["title"]))
    page = app.builder.get_target_uri(pagename)
    own = address() + page if address() else None
    tags = [
        f'<meta name="{name}" content="{html.escape(content)}">'
        for name, content in citation.highwire(cited, title, own)
    ]
    data = json.dumps(citation.linked_data(cited, title, own)).replace("<", r"\u003c")
    tags.append(f'<script type="application/ld+json">{data}</script>')
    context["metatags"] += "\n".join(tags) + "\n"


def lean(page: str) -> str:
    """A page's HTML with one viewport tag, and without the scripts that `UNUSED` names."""
    page = re.sub(r'\s*<script[^>]*src="[^"]*fontawesome\.js[^"]*"></script>', "", page)
    for other in reversed(list(re.finditer(r"<meta [^>]*\bviewport\b[^>]*>\s*", page))[1:]):
        page = page[: other.start()] + page[other.end() :]
    return page


def at_root(page: str, folder: str) -> str:
    """The HTML of a page in a folder, as it must be one folder up: its relative links lead on.

    Examples
    --------
    >>> at_root('<a href="b.html#x"><img src="../c.png"><a href="#y">', "book")
    '<a href="book/b.html#x"><img src="c.png"><a href="#y">'
    """

    def moved(found: re.Match) -> str:
        path = posixpath.normpath(posixpath.join(folder, found[2]))
        return f'{found[1]}="{path}"'

    page = page.replace('data-content_root="../"', 'data-content_root="./"')
    return re.sub(r'\b(href|src|action)="(?!#|/|[a-z]+:)([^"]+)"', moved, page)


def sitemap(app: Sphinx) -> str:
    """XML that lists the pages in the order of their names (https://www.sitemaps.org)."""
    root = ElementTree.Element("urlset", xmlns="http://www.sitemaps.org/schemas/sitemap/0.9")
    for name in sorted(app.env.all_docs):
        entry = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(entry, "loc").text = address() + app.builder.get_target_uri(name)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """What is done once all pages are written."""
    if exception is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if (changed := lean(text)) != text:
            write_whole(path, changed)
    for name in UNUSED:
        (folder / name).unlink(missing_ok=True)
    root = app.config.root_doc
    front = (folder / app.builder.get_target_uri(root)).read_text(encoding="utf-8")
    if parent := posixpath.dirname(root):
        write_whole(folder / "index.html", at_root(front, parent))
    if address():
        write_whole(folder / "sitemap.xml", sitemap(app))


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.setup_extension("sphinxext.opengraph")
    app.setup_extension("notfound.extension")
    app.connect("config-inited", name_site)
    app.connect("html-page-context", describe, priority=900)  # after others added their tags
    app.connect("build-finished", finish, priority=900)  # after a page that leads to the first one
    return {"parallel_read_safe": True, "parallel_write_safe": True}
