"""The files around the package agree with one another, and name no machine and no address."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import motifbook

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKED = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if not line.startswith("#")
]
PYTHONS = ("3.11", "3.12", "3.13")
"""Of the lock, which holds TensorFlow."""


def wanted() -> list[Requirement]:
    """What the lock must hold: all dependencies and extras, but gpu."""
    extras = [text for name, texts in EXTRAS.items() if name != "gpu" for text in texts]
    return [Requirement(text) for text in PROJECT["dependencies"] + extras]


def holds(requirement: Requirement, python: str, platform: dict) -> bool:
    """Whether a requirement's marker (or the want of one) holds on a machine."""
    machine = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.9",
        **platform,
    }
    return requirement.marker is None or requirement.marker.evaluate(machine)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    "platform",
    [
        {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"},
        {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin"},
    ],
    ids=["linux", "mac"],
)
def test_lock_holds_one_fitting_version_of_everything_asked_for(python, platform):
    pins: dict[str, list[str]] = {}
    for requirement in LOCKED:
        if holds(requirement, python, platform):
            version = str(requirement.specifier).removeprefix("==")
            pins.setdefault(requirement.name.replace("_", "-").lower(), []).append(version)
    assert {name for name, versions in pins.items() if len(versions) > 1} == set()
    for requirement in wanted():
        if holds(requirement, python, platform):
            versions = pins.get(requirement.name, [])
            assert len(versions) == 1, f"{requirement.name} is not locked"
            assert requirement.specifier.contains(versions[0]), f"{requirement}: {versions[0]}"


def test_lock_is_exact_and_without_the_gpu_wheels():
    for requirement in LOCKED:
        assert re.fullmatch(r"==[\w.+!-]+", str(requirement.specifier)), str(requirement)
        assert requirement.url is None
        assert not requirement.name.startswith("nvidia")


def test_lock_is_made_from_every_extra_but_gpu():
    recipe = re.search(r"^lock:\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)[1]
    assert sorted(re.findall(r"--extra (\S+)", recipe)) == sorted(set(EXTRAS) - {"gpu"})


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock", "environment.yml"])
def test_no_addresses(name):
    assert "://" not in (ROOT / name).read_text()


def test_environment_has_the_locks_pythons():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (python,) = [entry for entry in environment["dependencies"] if str(entry).startswith("python>")]
    able = SpecifierSet(python.removeprefix("python"))
    assert [minor for minor in range(8, 20) if f"3.{minor}" in able] == [11, 12, 13]
    assert all(version in SpecifierSet(PROJECT["requires-python"]) for version in PYTHONS)


def test_the_package_alone_needs_no_framework():
    names = {Requirement(text).name for text in PROJECT["dependencies"]}
    assert not names & {"keras", "tensorflow", "tensorflow-cpu", "jax", "onnx"}
    assert {"keras", "tensorflow"} < {Requirement(text).name for text in EXTRAS["train"]}


def test_environment_has_the_lock_and_the_package():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["--requirement requirements.lock", "--editable ."]


def test_one_version_number():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert PROJECT["version"] == citation["version"] == motifbook.__version__


def test_readme_names_only_verbs_that_exist():
    verbs = set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / "README.md").read_text()))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert {"book", "test"} <= verbs <= targets


def test_history_holds_small_files_only():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    large = [file.name for file in files if file.is_file() and file.stat().st_size > 2_000_000]
    assert large == []


@pytest.mark.slow
def test_a_wheel_brings_records_and_chapters(tmp_path):
    """An installed copy reads its own; it writes to ./results, and reads that from then on."""
    source = tmp_path / "source"
    source.mkdir()
    names = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "_toc.yml", "CITATION.cff")
    for name in names:
        shutil.copy(ROOT / name, source)
    for name in ("src", "book"):
        shutil.copytree(ROOT / name, source / name)
    run = "synthetic/as-run/paper/cnn-2/trial-1.json"
    (source / "results" / run).parent.mkdir(parents=True)
    shutil.copy(ROOT / "results" / run, source / "results" / run)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    work = tmp_path / "work"
    work.mkdir()
    code = (
        "from motifbook.book import notebooks; from motifbook.records import runs, store;"
        "print(len(notebooks.chapters()), len(list(runs.on_record())));"
        "store.open_results(missing='train'); print(len(list(runs.on_record())))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    environment.pop("MOTIFBOOK_ROOT", None)
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=work, env=environment, text=True, stdout=subprocess.PIPE
    )
    chapters = sum("\nkernelspec:\n" in page.read_text() for page in (ROOT / "book").glob("*.md"))
    assert said.stdout.split() == [str(chapters), "1", "0"]
    assert (work / "results").is_dir()
