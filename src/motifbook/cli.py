"""`motifbook …`: the package's verbs on a command line.

Bad input gets one line on standard error and exit code 2; a run that fails, exit code 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from motifbook import __version__, files
from motifbook.networks import backend
from motifbook.networks.architectures import MODELS, choose, parse_models
from motifbook.networks.protocols import KNOWN, PROFILES, with_jaspar
from motifbook.records import runs, store

if TYPE_CHECKING:
    from motifbook.sequences.catalogue import Source


class UsageError(ValueError):
    """What the user gave cannot be used; the message is the one line they get."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        with _notes():
            return options.command(options) or 0
    except KeyboardInterrupt:
        print("motifbook: stopped; what was finished is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        print(f"motifbook: error: {_line(error)}", file=sys.stderr)
        return 2
    except (RuntimeError, MemoryError) as error:
        print(f"motifbook: failed: {_line(error)}", file=sys.stderr)
        return 1


def _line(error: Exception | str) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror.lower()}"
    return " ".join(str(error).split()) or type(error).__name__


@contextlib.contextmanager
def _notes() -> Iterator[None]:
    """Our own warnings as one line each, once; those of libraries are not for the user."""

    said = set[str]()

    def show(message, category, *_, **__) -> None:
        if category is UserWarning and (line := _line(message)) not in said:
            said.add(line)
            print(f"motifbook: note: {line}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]
        yield


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names each default, where there is one to name."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False, []):
            return action.help
        return super()._get_help_string(action)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="motifbook",
        description="Re-derive Koo & Eddy (2019): simulate, train, read filters, match, record.",
        epilog="`motifbook COMMAND --help` says what each command takes.",
    )
    parser.add_argument("--version", action="version", version=f"motifbook {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, action, summary: str, text: str = "") -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=summary,
            description=summary + (f" {text}" if text else ""),
            formatter_class=_Help,
        )
        added.set_defaults(command=action)
        return added

    simulate = command(
        "simulate",
        _simulate,
        "Simulate sequences with embedded motifs, the paper's or others, and write them as HDF5.",
        "The file can stand where a dataset's name can. One that is there is never replaced.",
    )
    _add_output(simulate, "--out", "FILE.h5")
    simulate.add_argument("--protocol", default="as-run", help="as-run or as-written")
    simulate.add_argument("--seed", type=_whole, default=33, help="33 is the authors' own")
    simulate.add_argument("--number", type=_whole, default=25_000, help="sequences in all")
    simulate.add_argument(
        "--length", type=_whole, default=200, metavar="NT", help="of each sequence"
    )
    simulate.add_argument(
        "--motifs",
        type=_list,
        metavar="LIST",
        help="with commas: TFs of the paper (SP1), JASPAR identifiers of any release (MA0139.1), "
        "MEME files, all of whose motifs are taken (default: the paper's twelve)",
    )
    simulate.add_argument(
        "--counts",
        type=_list,
        metavar="LIST",
        help="weights of 1, 2, ... motifs in a sequence, with commas: 1,1 is one or two, as often "
        "(default: the protocol's)",
    )

    train = command(
        "train",
        _train,
        "Make one run: train, read filters, match them, and keep a record.",
        "A run that is on record is not made again.",
    )
    train.add_argument(
        "--model", required=True, help=f"{', '.join(MODELS)}; or a TOML file of a network of yours"
    )
    _add_trial(train)
    _add_run_options(train)

    sweep = command(
        "sweep",
        _sweep,
        "Make many runs at once; those on record are skipped.",
        "Trial 1 of every model comes first, then trial 2, and so on. Stop it at any time: only "
        "the runs in flight are lost.",
    )
    _add_many_runs(sweep, _OWN_MODELS)
    sweep.add_argument(
        "--jobs", type=_whole, help="runs at once (default: as many as there are cores)"
    )
    _add_run_options(sweep)

    listing = command("runs", _runs, "Show what is on record, what is missing, and times.")
    _add_many_runs(listing, _OWN_MODELS)
    listing.add_argument("--json", action="store_true", help="one JSON object per run")
    _add_run_options(listing)

    match = command(
        "match",
        _match,
        "Compare motifs with JASPAR as Tomtom does; they are taken as they are, never trimmed.",
        "Writes tab-separated columns: query, target, name, p_value, e_value, offset, overlap, "
        "orientation.",
    )
    match.add_argument("filters", type=_path, metavar="FILTERS.meme", help="motifs, MEME format")
    match.add_argument(
        "--jaspar", type=_named, default="2016", help="JASPAR release, CORE vertebrates"
    )
    match.add_argument("--evalue", type=_real, default=0.1, help="largest E-value of a match")
    match.add_argument("--all", action="store_true", help="write every pair")
    _add_output(match, "--output", "HITS.tsv")

    report = command(
        "report",
        _report,
        "Which first-layer filters of a network of yours are motifs? One HTML page says.",
        "Beside report.html lie filters.meme, hits.tsv and report.json; beside mine.html, "
        "mine.filters.meme, mine.hits.tsv and mine.json. What is there is replaced only "
        "if it is of an earlier report. Nothing in the network's file is executed.",
    )
    report.add_argument(
        "model", type=_path, metavar="MODEL", help=".keras, .h5, .onnx; or kernels: .npz, .npy"
    )
    report.add_argument(
        "sequences",
        type=_path,
        metavar="SEQUENCES",
        help="FASTA, a table (seq and Bound, or seq and a column of 0 and 1 for each output), or "
        "BED and narrowPeak with --genome; plain or gzipped",
    )
    # Files lie beside it, so it cannot be standard output.
    report.add_argument(
        "--output",
        type=_named,
        required=True,
        metavar="FILE.html",
        help="the page; that of an earlier report is replaced",
    )
    report.add_argument(
        "--layer", help="name of the convolution, or of the array in a .npz (default: the first)"
    )
    report.add_argument(
        "--axes",
        choices=("keras", "pytorch"),
        help="of kernels alone: keras is (size, 4, filters), pytorch (filters, 4, size)",
    )
    report.add_argument("--alphabet", default="ACGT", help="order of the network's channels")
    report.add_argument(
        "--length", type=_whole, metavar="NT", help="window, where the network takes any length"
    )
    report.add_argument("--genome", type=_path, metavar="FILE.fa", help="for BED and narrowPeak")
    report.add_argument(
        "--jaspar",
        type=_named,
        metavar="RELEASE",
        help="CORE vertebrates of a release (default: the newest)",
    )
    report.add_argument(
        "--targets", type=_path, metavar="FILE.meme", help="motifs of yours, instead of JASPAR"
    )
    report.add_argument(
        "--replicate",
        type=_path,
        action="append",
        default=[],
        metavar="MODEL",
        help="another training of the same network, with filters of the same size; may be given "
        "several times",
    )

    chapter = command(
        "chapter",
        _chapter,
        "Run a chapter of the book again, with other parameters, as a notebook of your own.",
        "The parameters are checked first. With `-p missing train`, what is not on record is "
        "trained.",
    )
    chapter.add_argument("name", metavar="NAME", help="such as max-pooling: a notebook's name")
    chapter.add_argument(
        *("-p", "--parameter"),
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="such as -p profile quick; may be given several times",
    )
    _add_output(chapter, "--output", "FILE.ipynb", default="out.ipynb")

    authors = command(
        "authors",
        _authors,
        "Check the authors' archive link by link: scores, filters, trimming and Tomtom's hits.",
        "First how much of each link is equal, then a row for each network and place.",
    )
    _add_from(authors, "the archive's folder, instead of the download")
    authors.add_argument(
        "--record", action="store_true", help="keep the table on record, for the book"
    )
    _add_results(authors)

    data = command("data", _data, "Fetch a dataset, checked by its hash, into the cache.")
    data.add_argument("name", choices=("authors", "chipseq", "deepsea"))
    _add_from(data, "a local copy (folder or archive), instead of the download")

    describe = command(
        "describe",
        _describe,
        "Put data on record: class sizes, overlaps, and what needs no network to tell.",
        "That is, AUROC of GC content alone and of counts of words of six bases.",
    )
    describe.add_argument(
        "dataset",
        help="chipseq, deepsea, a file that `motifbook simulate` wrote, or a folder of yours",
    )
    _add_window(describe)
    _add_results(describe)

    reference = command(
        "reference", _reference, "Put on record what could be learned at best of simulated data."
    )
    reference.add_argument("--protocol", default="as-run", help="as-run or as-written")
    _add_results(reference)

    null = command(
        "null",
        _null,
        "Put on record how many filters match that have learned nothing (synthetic data).",
        "Those of untrained networks, or those of the runs on record with their columns shuffled. "
        "They are added to what is on record.",
    )
    null.add_argument("kind", choices=("untrained", "shuffled"))
    _add_many_runs(null)
    _add_profile(null)
    _add_results(null)

    calibrate = command(
        "calibrate",
        _calibrate,
        "Fit the score that says whether a filter is a motif to the runs on record (synthetic).",
        "Untrained networks of the same architectures are part of the fit. Writes real_motif.json, "
        "the score, and real_motif.csv.gz, the filters it was fitted to. "
        "It is tried on runs of the dataset peaks-planted and on those of the design map, profile "
        "quick, where there are any. Untrained filters may differ a little on another machine.",
    )
    calibrate.add_argument(
        "folder", type=_path, metavar="FOLDER", help="where to (the package's: src/motifbook/data)"
    )
    _add_many_runs(calibrate)
    _add_profile(calibrate)
    _add_results(calibrate)

    databases = command(
        "databases",
        _databases,
        "Put on record what the filters on record match in other JASPAR releases, at other E.",
        "Nothing is trained; their columns in random order are matched beside them.",
    )
    _add_many_runs(databases)
    _add_profile(databases)
    _add_results(databases)

    attribution = command(
        "attribution",
        _attribution,
        "Put on record which bases networks' answers rest on, scored against the embedded sites.",
        "Trains only what the cache no longer has.",
    )
    attribution.add_argument("--models", default="cnn-2,cnn-25", help="a comma-separated list")
    _add_trial(attribution)
    _add_profile(attribution)
    _add_results(attribution)

    neighbours = command(
        "neighbours",
        _neighbours,
        "Put on record how well networks tell sites of the dataset richer, alone and in pairs.",
        "Of the networks on record; trains only what the cache no longer has.",
    )
    _add_many_runs(neighbours)
    _add_profile(neighbours)
    _add_results(neighbours)

    trace = command(
        "trace",
        _trace,
        "Put on record what a run's first layer was worth after each epoch (synthetic data).",
        "Trains only what the cache no longer has.",
    )
    trace.add_argument("--model", required=True, help=", ".join(MODELS))
    _add_trial(trace)
    _add_profile(trace)
    _add_results(trace)

    advise = command(
        "advise",
        _advise,
        "What to expect of a first layer with this pool and filter size.",
        "From the networks of the design map (--models design) that are on record; between them, "
        "interpolated.",
    )
    advise.add_argument("--pool", type=_whole, required=True, metavar="NT", help="first max-pool")
    advise.add_argument(
        "--size", type=_whole, required=True, metavar="NT", help="of the first layer's filters"
    )
    _add_trials(advise, "1")
    advise.add_argument("--profile", default="quick", help=", ".join(PROFILES))
    _add_results(advise)
    return parser


_OWN_MODELS = (
    "all of the paper's; design, those of the design map; or a list with commas: names, TOML files "
    "of networks of yours"
)


def _add_trial(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trial", type=_whole, default=1, help="from 1; decides the seeds")


def _add_many_runs(
    parser: argparse.ArgumentParser, models: str = "all of the paper's, or a list with commas"
) -> None:
    parser.add_argument("--models", default="all", help=models)
    _add_trials(parser, "5")


def _add_trials(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--trials", default=default, help="how many: 5 is trials 1 to 5")


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="paper", help=", ".join(PROFILES))


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    _add_profile(parser)
    parser.add_argument(
        "--dataset",
        default="synthetic",
        help="synthetic, peaks-planted, richer, chipseq, deepsea, a file that `motifbook simulate` "
        "wrote, or a folder of yours with one file of bound sequences (FASTA or a table; BED or "
        "narrowPeak with --genome) per TF",
    )
    _add_window(parser)
    parser.add_argument(
        "--protocol",
        default="as-run",
        help="as-run, as-written, or as-run+SWITCH with a switch of: " + ", ".join(KNOWN),
    )
    parser.add_argument(
        "--jaspar",
        metavar="YEAR",
        help="match filters with the CORE vertebrates of this release: the switch jaspar-YEAR "
        "(default: 2016, the paper's)",
    )
    _add_results(parser)


def _add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--length",
        type=_whole,
        metavar="NT",
        help="window cut from the middle of each sequence in a folder of yours; shorter ones are "
        "left out (default: 100)",
    )
    parser.add_argument(
        "--genome",
        type=_path,
        metavar="FILE.fa",
        help="FASTA file in which the places of BED and narrowPeak files are, in a folder of yours",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--results", type=_folder, metavar="DIR", help="where records lie (default: results/)"
    )


def _folder(text: str) -> Path | None:
    return Path(text) if text else None


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", text):  # int also takes 1_0
        raise argparse.ArgumentTypeError(f"must be a whole number, found {text!r}")
    return int(text)


def _real(text: str) -> float:
    try:
        return float(text.replace("_", "x"))  # float also takes 1_0
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, found {text!r}") from None


def _named(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("is empty, expected a name")
    if re.search(r"[\n\r\0]", text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a name of one line")
    return text


def _list(text: str) -> list[str]:
    names = [name.strip() for name in _named(text).split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} has an empty place, expected a list")
    return names


def _path(text: str) -> Path:
    return Path(_named(text))  # a path of no name would be the folder that one is in


def _add_output(
    parser: argparse.ArgumentParser, option: str, kind: str, default: str | None = None
) -> None:
    # As text: a path would take ./- for -.
    parser.add_argument(
        option,
        type=_named,
        required=default is None,
        default=default,
        metavar=kind,
        help="where to; - is standard output",
    )


def _add_from(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--from", dest="source", type=_path, metavar="PATH", help=text)


def _simulate(options) -> None:
    from motifbook.networks import training
    from motifbook.sequences import datasets, synthetic

    try:
        counts = options.counts and [_real(weight) for weight in options.counts]
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"--counts {error}") from None
    with files.output(options.out) as path:
        chosen = {
            "length": options.length,
            "motifs": options.motifs and synthetic.find_motifs(options.motifs),
            "counts": counts,
        }
        if path.exists():
            config = synthetic.configuration(
                options.protocol, options.seed, options.number, **chosen
            )
            try:
                dataset = datasets.load(path, config)
            except ValueError as error:
                raise UsageError(f"{error}; remove it, or name another file") from None
            _say(f"{options.out}: is there already, and is this dataset", options.out)
        else:
            dataset = synthetic.make(options.protocol, options.seed, options.number, **chosen)
            datasets.save(dataset, path)
    sizes = ", ".join(f"{len(split)} {part}" for part, split in dataset.splits.items())
    _say(
        f"{options.out}: {sizes} sequences of {dataset.length} nt, {len(dataset.classes)} motifs",
        options.out,
    )
    try:
        training.check(dataset)
    except ValueError as error:
        warnings.warn(
            f"{options.out}: too few sequences for anything to be trained on them ({error})",
            stacklevel=2,
        )


def _train(options) -> None:
    from motifbook.sequences import catalogue

    name, source = catalogue.parse_dataset(options.dataset, options.length, options.genome)
    protocol = with_jaspar(options.protocol, options.jaspar)
    rows = choose(options.model)
    if len(rows) > 1:
        raise UsageError(f"--model {options.model!r} is {len(rows)} networks; see: motifbook sweep")
    (row,) = rows
    own = row if row.own else None
    run = runs.Run(name, protocol, options.profile, row.name, options.trial, own)
    _can_keep(options.results, source)
    backend.check()
    from motifbook.records import experiment

    with experiment.shown(run, sys.stderr.isatty()) as progress:
        record = experiment.ensure(run, options.results, progress, source)
    _print_record(record)
    print(f"on record: {run.path(options.results)}")


def _print_record(record: runs.Record) -> None:
    print(f"{record.run}: mean AUROC {record.auroc:.3f}, {record.epochs} epochs")
    for layer in record.layers:
        share = layer.match_relevant
        relevant = "no TF has a known one" if share is None else f"{share:.3f} a relevant one"
        print(
            f"  layer {layer.layer}: {layer.match_any:.3f} of {len(layer.filters)} filters"
            f" match a motif, {relevant}, {layer.dead} dead"
        )


def _wanted(options) -> tuple[list[runs.Run], Source | None]:
    """The runs that the options name, and the source of a dataset of one's own."""
    from motifbook.sequences import catalogue

    name, source = catalogue.parse_dataset(options.dataset, options.length, options.genome)
    chosen = runs.wanted(
        options.models,
        options.trials,
        profile=options.profile,
        dataset=name,
        protocol=with_jaspar(options.protocol, options.jaspar),
    )
    return chosen, source


def _sweep(options) -> int:
    from motifbook.records.sweep import sweep

    chosen, source = _wanted(options)
    _can_keep(options.results, source)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # workers are stopped, as by Ctrl-C
    with _sweep_display() as show:
        progress = sweep(chosen, options.results, options.jobs, source, show)
    print(
        f"{progress.done} run{'' if progress.done == 1 else 's'} made, "
        f"{progress.skipped} {'was' if progress.skipped == 1 else 'were'} on record, "
        f"{len(progress.failed)} failed"
    )
    for run, reason in progress.failed.items():
        print(f"motifbook: failed: {run}: {_line(reason)}", file=sys.stderr)
    return 1 if progress.failed else 0


def _runs(options) -> int:
    chosen, source = _wanted(options)
    store.open_results(options.results)
    if source is not None:
        source.contents  # noqa: B018  (what holds no data has no runs to miss)
    sound, damaged = runs.survey(chosen, options.results, source)
    rows = [(run, sound.get(run)) for run in chosen]
    if options.json:
        for run, record in rows:
            row = {"run": str(run), "on_record": record is not None}
            if record:
                row |= {"auroc": record.auroc, "seconds": record.seconds}
            if run in damaged:
                row["damaged"] = _line(damaged[run])
            print(json.dumps(row))
    else:
        _print_runs(rows)
    for reason in damaged.values():
        print(f"motifbook: damaged: {_line(reason)}", file=sys.stderr)
    return 1 if damaged else 0


def _print_runs(rows: list[tuple[runs.Run, runs.Record | None]]) -> None:
    print(f"{'model':<13} on record  missing      mean AUROC  time per run")
    for model in dict.fromkeys(run.model for run, _ in rows):
        mine = [(run, record) for run, record in rows if run.model == model]
        made = [record for _, record in mine if record]
        missing = ",".join(str(run.trial) for run, record in mine if not record) or "-"
        line = f"{model:<13} {len(made):>2} of {len(mine):<4} {missing:<12}"
        if made:
            auroc = sum(record.auroc for record in made) / len(made)
            seconds = sum(record.seconds for record in made) / len(made)
            line += f" {auroc:>10.3f} {seconds:>11.0f} s"
        print(line.rstrip())
    print(f"{sum(record is not None for _, record in rows)} of {len(rows)} runs on record")


def _chapter(options) -> None:
    try:
        import nbformat
        import papermill  # noqa: F401
    except ImportError as error:
        raise UsageError(f"chapters need {error.name}: pip install 'motifbook[book]'") from None
    from motifbook.book import execution, notebooks

    given = dict(options.parameter)
    if len(given) < len(options.parameter):
        names = [name for name, _ in options.parameter]
        twice = next(name for name in given if names.count(name) > 1)
        raise UsageError(f"-p {twice} is given {names.count(twice)} times, expected once")
    if options.output != files.STDOUT and not options.output.endswith(".ipynb"):
        raise UsageError(f"--output is {options.output!r}, expected a name that ends in .ipynb")
    backend.check()
    with files.output(options.output, notebooks.path(options.name)) as path:
        folder = Path(options.output).absolute().parent
        notebook = execution.run(options.name, given, folder)
        files.write_whole(path, nbformat.writes(notebook) + "\n")
    _say(f"chapter {options.name} is in {options.output}", options.output)


def _report(options) -> None:
    from motifbook.report import network, page, sequences

    if options.jaspar and options.targets:
        raise UsageError("--jaspar and --targets exclude each other")
    if options.length is not None and options.length < 1:
        raise UsageError(f"--length must be at least 1, found {options.length}")
    read = [options.model, options.sequences, *options.replicate]
    read += [path for path in (options.genome, options.targets) if path]
    if options.output == files.STDOUT:
        raise UsageError("--output must name a file, for others lie beside it")
    with contextlib.ExitStack() as stack:
        for name in page.beside(options.output).values():
            stack.enter_context(files.output(str(name), *read))
        page.check_replaced(options.output)
        _write_report(options, read, network, page, sequences)


def _write_report(options, read, network, page, sequences) -> None:
    from motifbook.motifs import matrices

    for path in options.replicate:
        if path.exists() and options.model.exists() and path.samefile(options.model):
            raise UsageError(f"{path}: the network itself; expected a replicate of it")
    models = [
        network.read(path, options.layer, options.alphabet, options.axes)
        for path in (options.model, *options.replicate)
    ]
    found = models[0]
    if found.length and options.length not in (None, found.length):
        raise UsageError(
            f"{options.model}: takes sequences of {found.length} nt, found --length "
            f"{options.length}"
        )
    given = sequences.read(options.sequences, found.length or options.length, options.genome)
    if options.targets:
        targets, database = matrices.read_meme(options.targets), options.targets.name
    else:
        release = matrices.parse_release(options.jaspar or matrices.newest_jaspar())
        targets, database = matrices.jaspar(release), f"JASPAR {release}"
    from motifbook.report import measure

    report = measure.measure(
        found, given, targets, database, models[1:], progress=sys.stderr.isatty()
    )
    written = page.write(report, options.output, *read)
    table = report.table
    print(f"{found.layer}, {found.nonlinearity}: {len(table)} filters of {found.size} nt")
    print(f"{(table['probability'] >= page.MOTIF).sum()} are motifs by the score")
    rate = report.chance.rate
    shuffled = "" if math.isnan(rate) else f"; with their columns in random order, {rate:.1%} do"
    print(f"{table['matched'].sum()} match {database} at E <= {report.matches.evalue}{shuffled}")
    unlike = report.unlike and (
        f"outside of what the score was fitted on: {'; '.join(report.unlike)}; take its "
        "probabilities as an order of the filters, not as rates",
    )
    for note in (*report.notes, *unlike):
        print(f"motifbook: note: {_line(note)}", file=sys.stderr)
    print("written: " + ", ".join(map(str, written)))


def _match(options) -> None:
    from motifbook.motifs import matrices, tomtom

    if not (math.isfinite(options.evalue) and options.evalue > 0):
        raise UsageError(f"--evalue must be a number above 0, found {options.evalue}")
    with files.output(options.output, options.filters) as path:
        queries = matrices.read_meme(options.filters)
        targets = matrices.jaspar(options.jaspar)
        matches = tomtom.match(queries, targets, math.inf if options.all else options.evalue)
        table = matches.hits[list(tomtom.COLUMNS)]
        files.write_whole(path, table.to_csv(sep="\t", index=False))
    matched = table.loc[table["e_value"] <= options.evalue, "query"].nunique()
    compared = len(queries) - len(matches.refused)
    _say(
        f"{matched} of {compared} motifs match one of {len(targets)} at E <= {options.evalue}"
        + (f"; {len(matches.refused)} cannot be compared" if matches.refused else ""),
        options.output,
    )
    _say_chance(options, queries, targets, matches)
    for query, reason in matches.refused.items():
        _say(f"{query}: not compared ({reason})", options.output)


def _say_chance(options, queries, targets, matches) -> None:
    """How many motifs match with their columns shuffled, and which target takes too many."""
    from motifbook.motifs import tomtom

    found = tomtom.chance(queries, targets, options.evalue)
    if math.isnan(found.rate):
        return
    _say(f"with their columns in random order, {found.rate:.1%} match", options.output)
    if found.commonest:
        hits = matches.hits[matches.hits["e_value"] <= options.evalue]
        taken = hits.loc[hits["target"] == found.commonest, "query"].nunique()
        warnings.warn(
            f"{found.commonest} matches {taken} of the {len(queries)} motifs, and "
            f"{found.share:.0%} of those with their columns in random order: a match with it says "
            "nothing",
            stacklevel=2,
        )


def _authors(options) -> int:
    from motifbook.records import experiment
    from motifbook.sequences import downloads
    from motifbook.yardsticks import authors, motif_coverage

    table = authors.check(downloads.fetch_authors(options.source))
    print(authors.links(table).to_string())
    shown = table.drop(columns="auroc_by_class").round(3)
    print(shown.to_string(index=False, na_rep="–"))
    if options.record:
        records = experiment.get(results_dir=options.results)
        narrow = motif_coverage.narrowed(r for r in records if r.run.model in motif_coverage.NARROW)
        path = authors.write_check(table, authors.reread(records), narrow, options.results)
        print(f"on record: {path}")
    return 0


def _data(options) -> None:
    from motifbook.sequences import catalogue

    print(catalogue.fetch(options.name, options.source))


def _describe(options) -> None:
    from motifbook.sequences import catalogue

    name, source = catalogue.parse_dataset(options.dataset, options.length, options.genome)
    if name == "synthetic":
        raise UsageError("the synthetic data have no such record; see: motifbook reference")
    _can_keep(options.results, source)
    from motifbook.yardsticks import baselines

    dataset = catalogue.open_dataset(name, source)
    with runs.claimed(f"{name}/dataset.json", options.results):
        _can_keep(options.results, source)  # another process may have been here meanwhile
        path = baselines.write_record(dataset, options.results)
    record = baselines.load_record(name, options.results)
    scores = record.baseline_table.pivot_table(
        index="class", columns="baseline", values="auroc", sort=False
    )
    names = {"gc": "AUROC of GC content", "words": "AUROC of words"}
    table = record.size_table.join(scores.round(3).rename(columns=names))
    print(table.to_string(na_rep=""))
    print(f"on record: {path}")


def _reference(options) -> None:
    _can_keep(options.results)
    from motifbook.sequences import synthetic
    from motifbook.yardsticks import optimal

    path = optimal.write_reference(synthetic.get(options.protocol), options.results)
    print(f"on record: {path}")


def _null(options) -> None:
    # Before the imports, which take seconds.
    runs.wanted(parse_models(options.models), options.trials, profile=options.profile)
    _can_keep(options.results)
    if options.kind == "untrained":
        backend.check()
    from motifbook.yardsticks import null

    with contextlib.suppress(FileNotFoundError):
        null.load_null(options.kind, options.results)  # nothing can be added to a damaged one
    chosen = {"models": options.models, "trials": options.trials, "profile": options.profile}
    if options.kind == "untrained":
        table = null.untrained(**chosen)
    else:
        table = null.shuffled(_recorded(options))
    print(f"on record: {null.write_null(options.kind, table, options.results)}")


def _calibrate(options) -> None:
    runs.wanted(parse_models(options.models), options.trials, profile=options.profile)
    if not options.folder.is_dir():
        raise UsageError(f"{options.folder}: no such folder")
    from motifbook.records import experiment
    from motifbook.yardsticks import real_motif_fit

    for name in real_motif_fit.NAMES:
        files.destination(options.folder / name)
    records = _recorded(options)
    if len({record.run.model for record in records}) < 2:
        raise UsageError(
            f"only {records[0].run.model} is on record of these; the score is tried on an "
            "architecture by a fit to the others, so two at least are needed"
        )
    backend.check()
    between = experiment.get(
        options.models,
        options.trials,
        dataset="peaks-planted",
        profile="quick",
        results_dir=options.results,
    )
    grid = experiment.get("design", 1, profile="quick", results_dir=options.results)
    score, table = real_motif_fit.make(records, between, grid)
    for name, one in score.variants.items():
        (value, low, high), worst = one.auroc, one.lowest_auroc[0]
        every = [one for kinds in score.untrained[name].values() for one in kinds.values()]
        noise = f"{sum(one.called for one in every)} of {sum(one.filters for one in every)}"
        print(
            f"{name:<16} AUROC {value:.3f} ({low:.3f} to {high:.3f}), lowest {worst:.3f}; "
            f"{noise} untrained filters called real"
        )
    for path in real_motif_fit.write(score, table, options.folder):
        print(f"on record: {path}")


def _databases(options) -> None:
    runs.wanted(parse_models(options.models), options.trials, profile=options.profile)
    _can_keep(options.results)
    from motifbook.yardsticks import databases

    print(f"on record: {databases.write(_recorded(options), options.results)}")


def _recorded(options) -> list[runs.Record]:
    """The records of the runs on synthetic data that the options name; at least one."""
    from motifbook.records import experiment

    found = experiment.get(
        options.models, options.trials, profile=options.profile, results_dir=options.results
    )
    if not found:
        raise UsageError("none of these runs is on record; see: motifbook runs")
    return found


def _attribution(options) -> None:
    models = parse_models(options.models)
    runs.Run("synthetic", "as-run", options.profile, models[0], options.trial)  # checks them
    _can_keep(options.results)
    backend.check()
    from motifbook.yardsticks import attribution

    path = attribution.write(models, options.trial, options.profile, options.results)
    print(f"on record: {path}")


def _neighbours(options) -> None:
    models = parse_models(options.models)
    runs.wanted(models, options.trials, profile=options.profile)  # checks them
    _can_keep(options.results)
    backend.check()
    from motifbook.yardsticks import neighbours

    path = neighbours.write(models, options.trials, options.profile, options.results)
    print(f"on record: {path}")


def _trace(options) -> None:
    run = runs.Run("synthetic", "as-run", options.profile, options.model, options.trial)
    _can_keep(options.results)
    backend.check()
    from motifbook.records import dynamics, experiment

    with experiment.shown(run, sys.stderr.isatty()) as progress:
        experiment.ensure(run, options.results, progress)
        path = dynamics.write(run, options.results)
    print(f"on record: {path}")


def _advise(options) -> None:
    from motifbook.yardsticks import design

    design.check(options.pool, options.size)  # before what takes seconds
    runs.wanted("design", options.trials, profile=options.profile)
    from motifbook.records import experiment
    from motifbook.sequences import synthetic
    from motifbook.yardsticks import site_accuracy

    records = experiment.get(
        "design", options.trials, profile=options.profile, results_dir=options.results
    )
    table = design.measured(records, site_accuracy.own_precision(synthetic.get().test))
    print(design.advice(table, options.pool, options.size))


def _say(text: str, output: str) -> None:
    """Say something about an output: not on standard output where that is the output itself."""
    print(text, file=sys.stderr if output == files.STDOUT else sys.stdout)


def _can_keep(results: Path | None, source=None) -> None:
    """Refuse a place for records that could not be made or written, before any work is done.

    With `source`, data of one's own, also one that lies in it or holds those of other data.
    """
    store.keep_here(results)
    folder = Path(os.path.realpath(store.results_folder(results)))
    if link := files.loop(folder):
        raise UsageError(f"{link}: is a symbolic link that leads to itself")
    place = next(place for place in (folder, *folder.parents) if place.exists())
    if not place.is_dir():
        raise UsageError(f"{place}: is a file, expected a folder for records")
    if not os.access(place, os.W_OK):
        raise UsageError(f"{place}: no permission to write records there")
    if source is not None:
        runs.check_place(source, results)


@contextlib.contextmanager
def _sweep_display() -> Iterator:
    """One display of the whole sweep: live in a terminal, a line per finished run elsewhere."""
    if not sys.stderr.isatty():
        seen = [-1]

        def report(progress) -> None:
            finished = progress.done + progress.skipped + len(progress.failed)
            if finished != seen[0]:
                seen[0] = finished
                print(_headline(progress), file=sys.stderr, flush=True)

        yield report
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        yield lambda progress: live.update("\n".join(_lines(progress)), refresh=True)


def _headline(progress) -> str:
    finished = progress.done + progress.skipped
    line = f"{finished} of {progress.total} runs on record"
    if progress.failed:
        line += f", {len(progress.failed)} failed"
    left = progress.seconds_left
    if left and progress.running:
        line += f", about {left / 60:.0f} min left" if left > 90 else ", about a minute left"
    return line


def _lines(progress) -> list[str]:
    lines = [_headline(progress)]
    for run, (epoch, loss, valid_loss) in progress.running.items():
        state = f"epoch {epoch:>3}, loss {loss:.4f}, validation {valid_loss:.4f}"
        lines.append(f"  {run.model} trial {run.trial}: {state if epoch else 'starting'}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
