"""The book as a site: pages that are found and cited, and that load no more than they use.

$MOTIFBOOK_URL says where the site will stand. What needs an address (canonical links, the sitemap,
pictures for previews) is there if it is set, and nowhere else. The page for what is not found is
shown at any depth, so its links begin at the root of the host; without the address they are right
only for a site that has a host to itself, such as that of `make serve`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from motifbook.book import citation
from motifbook.files import replacing, write_whole

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
    config.html_math_renderer = "mathml"
    config.html_context.setdefault(
        "default_mode", "auto"
    )  # light or dark as the reader's system is
    config.ogp_site_name = config.html_title
    config.ogp_social_cards = {"enable": False}
    config.ogp_site_url = config.html_baseurl = address()
    config.notfound_urls_prefix = "/" + "/".join(address().split("/")[3:])
    if address():
        config.ogp_image, config.ogp_image_alt = address() + PREVIEW, PREVIEW_ALT


def describe(app, pagename, templatename, context, doctree) -> None:
    """Add what reference managers and search engines read to a page's head."""
    for kind in ("script_files", "css_files"):
        files = context.get(kind, [])
        files[:] = [file for file in files if not _is_unused(file)]
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


def _is_unused(file) -> bool:
    """Whether a script or style sheet is of what the book does not offer.

    Thebe runs cells in the page by a server elsewhere; formulas are MathML, without MathJax.
    """
    text = f"{file.filename} {file.attributes.get('body')}".lower()
    return "thebe" in text or "mathjax" in text


def formula(translator, node) -> None:
    """Write a formula as MathML, which browsers show, and screen readers read, without a script.

    Raises
    ------
    docutils.nodes.SkipNode
        Always: the node's text is not written once more.
    """
    from docutils.nodes import SkipNode, math_block
    from latex2mathml.converter import convert

    display = "block" if isinstance(node, math_block) else "inline"
    translator.body.append(convert(node.astext(), display=display))
    raise SkipNode


def lean(page: str) -> str:
    """A page's HTML with one viewport tag, and without the scripts that `UNUSED` names.

    Pictures are loaded when they come near to what is seen. A deprecated role of ARIA that
    docutils sets becomes the one that its list expects.
    """
    page = page.replace(' role="doc-biblioentry"', ' role="listitem"')
    page = re.sub(r"<img (?!loading)", '<img loading="lazy" ', page)
    page = re.sub(r'\s*<script[^>]*src="[^"]*fontawesome\.js[^"]*"></script>', "", page)
    for other in reversed(list(re.finditer(r"<meta [^>]*\bviewport\b[^>]*>\s*", page))[1:]):
        page = page[: other.start()] + page[other.end() :]
    return page


def unpacked(page: str, folder: Path, to_folder: str) -> str:
    """A page's HTML whose pictures within it are files, which load when they are looked at.

    Parameters
    ----------
    page : str
    folder : path
        Where the pictures are written, named after their bytes.
    to_folder : str
        The way from the page to that folder, such as "../_images".
    """

    def filed(found: re.Match) -> str:
        content = base64.b64decode(found[1])
        name = f"{hashlib.sha256(content).hexdigest()[:40]}.png"
        with replacing(folder / name) as temporary:
            temporary.write_bytes(content)
        return f'src="{to_folder}/{name}"'

    return re.sub(r'\bsrc="data:image/png;base64,([^"]+)"', filed, page)


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
        images = os.path.relpath(folder / "_images", path.parent).replace(os.sep, "/")
        if (changed := unpacked(lean(text), folder / "_images", images)) != text:
            write_whole(path, changed)
    # Chapters as executed, whose cells get new ids each time; `notebooks/` has them to download.
    executed = (folder / "_sources").rglob("*.ipynb")
    for path in (*executed, *(folder / name for name in UNUSED)):
        path.unlink(missing_ok=True)
    root = app.config.root_doc
    front = (folder / app.builder.get_target_uri(root)).read_text(encoding="utf-8")
    if parent := posixpath.dirname(root):
        write_whole(folder / "index.html", at_root(front, parent))
    if address():
        write_whole(folder / "sitemap.xml", sitemap(app))


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    app.setup_extension("sphinxext.opengraph")
    app.setup_extension("notfound.extension")
    app.connect("config-inited", name_site)
    app.connect("html-page-context", describe, priority=900)  # after others added their tags
    app.connect("build-finished", finish, priority=900)  # after a page that leads to the first one
    return {"parallel_read_safe": True, "parallel_write_safe": True}
