"""The commands that README and book show: they run as they stand, and leave the book alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from motifbook.book.sphinx_extension import digest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md"))]


def commands(page: Path) -> list[str]:
    """The lines of a page's shell blocks, each with those that continue it."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line]


def test_no_example_of_a_chapter_trains_into_the_book_s_records():
    chapters = [
        command
        for page in PAGES
        for command in commands(page)
        if command.startswith(("papermill", "motifbook chapter"))
    ]
    assert len(chapters) > 4
    assert [c for c in chapters if "missing train" in c and "results_dir my-results" not in c] == []


@pytest.mark.slow
def test_the_readme_s_commands_leave_the_book_alone(tmp_path):
    book = [ROOT / "results", ROOT / "book", ROOT / "notebooks"]
    before = digest(book)
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = [c for c in commands(PAGES[0]) if c.startswith(("motifbook", "papermill"))]
    tried = [c for c in ours if not c.startswith("motifbook report")]  # of a network of one's own
    assert (len(ours), len(tried)) == (6, 5)
    for command in tried:
        (tmp_path / "out.ipynb").unlink(missing_ok=True)
        done = subprocess.run(
            ["bash", "-c", command.replace("quick", "smoke")],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert (tmp_path / "out.ipynb").exists() == ("out.ipynb" in command)
    assert "4 of 4 runs on record" in done.stdout
    assert len(list((tmp_path / "my-results").rglob("trial-*.json"))) == 4
    assert digest(book) == before
