"""Fetch the public files that the experiments read, and check every one against its sha256.

Each collection is a table in the package: the files of seven ChIP-seq experiments, and the authors'
archived networks. They come from pinned commits of public repositories, or from a local copy.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from urllib.parse import quote

from motifbook.files import replacing
from motifbook.sequences.datasets import cache_folder, into_cache

RAW = "https://raw.githubusercontent.com"
"""Where the files of a commit of a public repository are served."""


@dataclass(frozen=True)
class Remote:
    """A public file: its name in the collection's folder, where it is served, its sha256."""

    name: str
    repository: str
    commit: str
    path: str
    sha256: str

    def address(self, base: str = RAW) -> str:
        """URL of the file; names are percent-encoded, for some hold brackets."""
        return f"{base}/{self.repository}/{self.commit}/{quote(self.path)}"


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table among the package's data, as text."""
    with (package_files("motifbook") / "data" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def collection(name: str) -> list[Remote]:
    """The files of the collection "chipseq" or "authors"."""
    return [
        Remote(row["file"], row["repository"], row["commit"], row["path"], row["sha256"])
        for row in table(name)
    ]


def fetch_chipseq(source: Path | str | None = None, base: str = RAW) -> Path:
    """The folder with the seven ChIP-seq files, downloaded, or copied from the folder `source`."""
    return _fetch("chipseq", source, base)


def fetch_authors(source: Path | str | None = None, base: str = RAW) -> Path:
    """The folder with the authors' archive, downloaded, or copied from the folder `source`."""
    return _fetch("authors", source, base)


def local(name: str) -> Path:
    """The folder of a collection that was fetched before, every file checked again.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the error says which command fetches it.
    ValueError
        If a file is not the published one.
    """
    folder = cache_folder() / name
    try:
        _check(folder, collection(name))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}\nFetch them with: motifbook data {name}") from error
    return folder


def _fetch(name: str, source: Path | str | None, base: str) -> Path:
    """Fetch a collection into the cache.

    Parameters
    ----------
    source : path, optional
        A folder that holds the files under their names; without it they are downloaded.
    base : str
        What serves the pinned commits.

    Raises
    ------
    FileNotFoundError
        If `source` lacks files; the error names them.
    ValueError
        If a file is not the published one (its sha256 differs).
    ConnectionError
        If a file cannot be downloaded.
    """
    remotes = collection(name)
    folder = into_cache(name)
    if source is None:
        _download(folder, remotes, base, hint=f"motifbook data {name} --from FOLDER")
        return folder
    source = Path(source)
    if not source.is_dir():
        raise FileNotFoundError(f"{source}: no such folder")
    _check(source, remotes)
    for remote in remotes:
        if not (folder / remote.name).is_file() or sha256(folder / remote.name) != remote.sha256:
            with replacing(folder / remote.name) as temporary:
                shutil.copyfile(source / remote.name, temporary)
    return folder


def _check(folder: Path, remotes: list[Remote]) -> None:
    missing = [remote.name for remote in remotes if not (folder / remote.name).is_file()]
    if missing:
        shown = "\n".join(f"  {name}" for name in missing[:10])
        more = f"\n  and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise FileNotFoundError(
            f"{folder}: {len(missing)} of {len(remotes)} files are missing:\n{shown}{more}"
        )
    for remote in remotes:
        if (found := sha256(folder / remote.name)) != remote.sha256:
            raise ValueError(
                f"{folder / remote.name}: not the published file: "
                f"its sha256 is {found}, expected {remote.sha256}"
            )


def _download(folder: Path, remotes: list[Remote], base: str, hint: str) -> None:
    import pooch
    import requests

    fetcher = pooch.create(
        path=folder,
        base_url="",
        registry={remote.name: f"sha256:{remote.sha256}" for remote in remotes},
        urls={remote.name: remote.address(base) for remote in remotes},
    )
    for remote in remotes:
        try:
            fetcher.fetch(remote.name)
        except requests.RequestException as error:
            raise ConnectionError(
                f"cannot download {remote.address(base)} ({error}); with a local copy: {hint}"
            ) from error
        except ValueError as error:
            raise ValueError(f"{remote.address(base)}: not the published file: {error}") from error


def download_archive(
    address: str, name: str, sha256: str | None = None, progress: bool = False
) -> Path:
    """Download one large file into the cache and return its path; one that is there is kept.

    Parameters
    ----------
    address : str
        URL of the file.
    name : str
        Its path in the cache folder.
    sha256 : str, optional
        Without it, nothing but the length that the server states can be checked here.
    progress : bool
        Show how far it is.

    Raises
    ------
    ConnectionError, ValueError
        If it cannot be downloaded, or is another file.
    """
    import pooch
    import requests

    path = into_cache(name)
    try:
        pooch.retrieve(
            address,
            known_hash=sha256 and f"sha256:{sha256}",
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(progressbar=progress, chunk_size=2**20),
        )
    except requests.RequestException as error:
        raise ConnectionError(f"cannot download {address} ({error})") from error
    except ValueError as error:
        raise ValueError(f"{address}: not the expected file: {error}") from error
    return path


def sha256(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
