"""The workflow as its users start it: a dry run, on this machine, and through SLURM's commands.

SLURM itself is not there: small scripts in its commands' names take a job, run it, and say how it
ended.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from motifbook.records import experiment, runs

pytest.importorskip("snakemake", reason="Snakemake is not installed: pip install '.[cluster]'")

WORKFLOW = Path(__file__).parents[1] / "workflow"
TWO = ("--config", "models=cnn-50,cnn-100", "trials=1", "profile=smoke")

STUBS = {
    # Run the job in the background, as a cluster would; its state is in a file beside its log.
    "sbatch": r"""
        while [ $# -gt 0 ]; do
            case "$1" in
                --output) log=$2; shift ;;
                --wrap=*) job=${1#--wrap=} ;;
            esac
            shift
        done
        id=$(( $(ls "$STUB_JOBS" | wc -l) + 1 ))
        until mkdir "$STUB_JOBS/$id" 2>/dev/null; do id=$((id + 1)); done
        echo RUNNING > "$STUB_JOBS/$id/state"
        printf '%s\n' "$job" > "$STUB_JOBS/$id/script"
        export SLURM_JOB_ID=$id
        (
            sh "$STUB_JOBS/$id/script" > "$STUB_JOBS/$id/log" 2>&1 \
                && echo COMPLETED > "$STUB_JOBS/$id/state" || echo FAILED > "$STUB_JOBS/$id/state"
        ) > /dev/null 2>&1 &
        echo $id
    """,
    "sacct": r"""
        case "$*" in *JobIdRaw*) ;; *) exit 0 ;; esac
        for job in "$STUB_JOBS"/*; do echo "${job##*/}|$(cat "$job/state")"; done
    """,
    "squeue": r"""
        for job in "$STUB_JOBS"/*; do echo "${job##*/}|$(cat "$job/state")"; done
    """,
    "scancel": "exit 0",
    # What the four above would not be without: options end at the command.
    "srun": r"""
        while [ "${1#-}" != "$1" ]; do shift; done
        exec "$@"
    """,
    "sinfo": "echo PARTITION; echo 'normal*'",
    "scontrol": "exit 0",
    "sacctmgr": "exit 0",
    "sshare": "exit 0",
}


def snakemake(folder: Path, profile: str, *arguments: str, **environment: str) -> str:
    """What Snakemake says; its working folder is `folder`."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", WORKFLOW / "Snakefile"]
    command += ["--profile", WORKFLOW / "profiles" / profile, "--directory", folder, *arguments]
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_dry_run_lists_every_job_of_table_1_and_makes_none(tmp_path):
    said = snakemake(tmp_path, "local", "--dry-run", "--quiet", "rules")
    counts = dict(line.split() for line in said.splitlines() if len(line.split()) == 2)
    assert counts["train"] == "85"
    chapters = list((WORKFLOW.parent / "notebooks").glob("*.ipynb"))
    assert chapters and counts["chapter"] == str(len(chapters))
    assert counts["book"] == "1"
    assert not list(tmp_path.rglob("trial-*.json"))


def test_chapters_read_the_dataset_that_was_asked_for(tmp_path):
    peaks = Path(__file__).parent / "data" / "peaks"
    config = ("--config", f"dataset={peaks}", "models=cnn-50", "trials=1", "profile=smoke")
    said = snakemake(
        tmp_path, "local", "--dry-run", "--printshellcmds", "_build/chapters/in-vivo.ipynb",
        "_build/chapters/ledger.ipynb", "_build/chapters/stride.ipynb", *config,
    )  # fmt: skip
    assert f"-r dataset {peaks}" in said and f"-r in_vivo {peaks}" in said
    (stride,) = [line for line in said.splitlines() if "chapters/stride.ipynb --kernel" in line]
    assert str(peaks) not in stride


@pytest.mark.slow
def test_chapters_are_not_made_from_another_protocol(tmp_path):
    config = ("--config", "models=cnn-50", "trials=1", "protocol=as-written")
    with pytest.raises(AssertionError, match="protocol as-run, found 'as-written'"):
        snakemake(tmp_path, "local", "--dry-run", "chapters", *config)
    snakemake(tmp_path, "local", "--dry-run", "records", *config)


def test_what_is_asked_for_is_checked(tmp_path):
    with pytest.raises(AssertionError, match="unknown model 'cnn-3'"):
        snakemake(tmp_path, "local", "--dry-run", "--config", "models=cnn-3")


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    snakemake(folder, "local", "records", "_build/chapters/stride.ipynb", *TWO)
    return folder


def records(folder: Path) -> list[runs.Record]:
    return experiment.get("cnn-50,cnn-100", 1, profile="smoke", results_dir=folder / "results")


@pytest.mark.slow
def test_two_runs_and_a_chapter_on_this_machine(local):
    assert [record.run.model for record in records(local)] == ["cnn-50", "cnn-100"]
    chapter = (local / "_build/chapters/stride.ipynb").read_text()
    assert "Made from 1 run (synthetic, as-run, smoke: CNN-50" in chapter


@pytest.mark.slow
def test_nothing_is_made_twice(local):
    assert "Nothing to be done" in snakemake(local, "local", "records", *TWO)


@pytest.mark.slow
def test_two_runs_through_slurm(local, tmp_path):
    pytest.importorskip(
        "snakemake_executor_plugin_slurm", reason="the SLURM plugin is not installed"
    )
    jobs, commands = tmp_path / "jobs", tmp_path / "bin"
    jobs.mkdir()
    commands.mkdir()
    for name, script in STUBS.items():
        (commands / name).write_text(f"#!/bin/sh\n{script}")
        (commands / name).chmod(0o755)
    snakemake(
        tmp_path,
        "slurm",
        "records",
        "--slurm-init-seconds-before-status-checks=1",
        *TWO,
        PATH=f"{commands}{os.pathsep}{os.environ['PATH']}",
        STUB_JOBS=str(jobs),
    )
    assert [job.read_text().strip() for job in jobs.glob("*/state")] == ["COMPLETED"] * 2
    for ours, theirs in zip(records(tmp_path), records(local), strict=True):
        # Trained once: the second reads the first's network in the cache.
        assert ours.started == theirs.started
        assert ours.auroc == theirs.auroc
