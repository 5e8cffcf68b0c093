"""The built site as one archive, the same bytes for the same files.

$ python -m motifbook.book.archive_site FOLDER
"""

from __future__ import annotations

import gzip
import sys
import tarfile
from pathlib import Path

import motifbook
from motifbook.files import replacing
from motifbook.records.store import project_root


def archive(site: Path, folder: Path) -> Path:
    """Pack a site as motifbook-site-VERSION.tar.gz: names sorted, no dates, no owners.

    Raises
    ------
    FileNotFoundError
        If there is no built book.
    """
    if not (site / "index.html").is_file():
        raise FileNotFoundError(f"{site}: no book is built there; build it with: make book")
    name = f"motifbook-site-{motifbook.__version__}"
    target = folder / f"{name}.tar.gz"
    with (
        replacing(target) as temporary,
        temporary.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{name}/{path.relative_to(site).as_posix()}")
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as content:
                tar.addfile(entry, content)
    return target


if __name__ == "__main__":
    try:
        print(archive(project_root() / "_build" / "html", Path(sys.argv[1])))
    except FileNotFoundError as error:
        sys.exit(str(error))
