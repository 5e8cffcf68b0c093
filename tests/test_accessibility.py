"""The built book in a browser: readable by everyone (WCAG 2.2 AA), and served by its site alone.

The rules are those of axe-core (MPL 2.0), which axe-playwright-python brings; none of it is in this
repository or in what it publishes. All pages take two to three minutes of one core.
"""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import sync_playwright
from test_book import listed_pages

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
PAGES = ["index", "404", "search", "genindex"]
PAGES += [f"book/{name}" for name in listed_pages() if name != "intro"]  # that is the index
MOST_BYTES = 1_500_000
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST = "color-contrast"
LOOKS = (
    (1280, "light", {"runOnly": LEVELS}),
    (1280, "dark", {"runOnly": [CONTRAST]}),
    (320, "dark", {"runOnly": LEVELS, "rules": {CONTRAST: {"enabled": False}}}),
)
"""Width, theme, and what is looked for: a theme changes colours alone, a width all but them."""

ALIKE = ["table.dataframe tbody tr:nth-child(n+6)"]
"""What is not looked at: the rows of a long table that follow five of their kind."""

LOADED = """() => [...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource")].map(e => [e.name, e.encodedBodySize])"""
# Style sheets are not fetched again, from where they are not; only violations return.
FOUND = """async ([rules, exclude]) => {
    const options = {...rules, resultTypes: ["violations"], preload: false};
    return (await axe.run({exclude}, options)).violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id} at ${node.target}: ${node.failureSummary}`));
}"""
SETTLED_MS = 400
"""The theme waits 300 ms after a change of width; then the keyboard reaches what scrolls."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH to open the pages with"),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    """Where a server of the built book answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """One browser, which keeps what pages share (style sheets, fonts) from page to page."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started.new_context(color_scheme="light")
        started.close()


@pytest.fixture
def page(browser):
    opened = browser.new_page()
    yield opened
    opened.close()


def note_error(found: list, message) -> None:
    if message.type == "error":
        found.append(message.text)


def note_failure(found: list, response) -> None:
    if response.status >= 400:
        found.append(f"{response.status} {response.url}")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_and_whole(name, address, page):
    wrong: list = []
    page.on("console", partial(note_error, wrong))
    page.on("pageerror", lambda error: wrong.append(error))
    page.on("response", partial(note_failure, wrong))
    page.set_viewport_size({"width": LOOKS[0][0], "height": 900})
    page.goto(f"{address}/{name}.html", wait_until="load")
    loaded = page.evaluate(LOADED)
    wrong += [url for url, _ in loaded if not url.startswith((address, "data:"))]
    if (size := sum(size for _, size in loaded)) > MOST_BYTES:
        wrong.append(f"{size} bytes are loaded")
    page.add_style_tag(content="* { transition: none !important }")
    page.evaluate(AXE_SCRIPT)
    for width, theme, rules in LOOKS:
        if page.viewport_size["width"] != width:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(SETTLED_MS)
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
            wrong.append(f"{needed} px are needed where there are {width}")
        wrong += [f"{theme}, {width} px: {line}" for line in page.evaluate(FOUND, [rules, ALIKE])]
    assert not wrong, "\n".join(map(str, wrong))


def test_what_cannot_be_read_is_found(page):
    page.set_content('<html lang="en"><title>t</title><p style="color:#bbb">Pale words</p>')
    page.evaluate(AXE_SCRIPT)
    for rules in ({"runOnly": LEVELS}, {"runOnly": [CONTRAST]}):
        (line,) = page.evaluate(FOUND, [rules, ALIKE])
        assert line.startswith("color-contrast at p:")
