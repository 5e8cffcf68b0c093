"""Records of every kind but runs (`test_runs`): each field that another belies is refused."""

import json
from pathlib import Path

import pytest

from motifbook.records import dynamics, store
from motifbook.yardsticks import attribution, authors, baselines, databases, null, optimal

RESULTS = Path(__file__).parents[1] / "results"
OPTIMAL = "synthetic/as-run/optimal.json", optimal.Reference
SHUFFLED = "null/shuffled.json", null.Null
DATABASES = "synthetic/as-run/paper/databases.json", databases.Databases
MAPS = "synthetic/as-run/paper/attribution.json", attribution.Attribution
DATA = "chipseq/dataset.json", baselines.Description
TRACE = "synthetic/as-run/paper/cnn-2/trace-1.json", dynamics.Trace
AUTHORS = "authors/networks.json", authors.Check


def first(field, **values):
    """Change an entry of a list of objects."""
    return lambda record: record[field][0].update(values)


def again(field):
    """Put the first entry of a list there once more."""
    return lambda record: record[field].append(record[field][0])


def turned(field):
    return lambda record: record[field].reverse()


def set_(value, *keys):
    def change(record):
        for key in keys[:-1]:
            record = record[key]
        record[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (OPTIMAL, turned("classes"), r"classes is \['YY1', .*expected \['Arid3a'"),
        (OPTIMAL, set_(0.5, "references", "pwm", "mean_auroc"), r"pwm.mean_auroc is 0.5, expected"),
        (SHUFFLED, again("rows"), r"'synthetic/as-run/paper/cnn-1/1/1' in rows is 2, expected 1"),
        (SHUFFLED, first("rows", dead=31), r"rows\[0\].dead is 31, expected at most 30"),
        (SHUFFLED, first("rows", layer=9), r"rows\[0\].layer is 9, expected at most 2"),
        (SHUFFLED, first("rows", match_relevant=0.9), r"rows\[0\].match_relevant is 0.9, expected"),
        (SHUFFLED, first("rows", match_commonest=0.9), r"rows\[0\].match_commonest is 0.9, expe"),
        (SHUFFLED, first("rows", commonest=None), r"rows\[0\].match_commonest is .*at most 0"),
        (DATABASES, again("releases"), "the number of 2016 in releases is 2"),
        (DATABASES, again("rows"), r"\('cnn-1', 1, 2016\) in rows is 2"),
        (DATABASES, turned("thresholds"), "thresholds is .*each once, least first"),
        (DATABASES, first("rows", release=1999), r"rows\[0\].release is 1999, expected one of"),
        (
            DATABASES,
            lambda record: record["rows"][0]["match_any"].reverse(),
            r"rows\[0\].match_(any|relevant.*) is .*expected",
        ),
        (
            DATABASES,
            set_(1.0, "rows", 0, "shuffled_relevant", 0),
            r"rows\[0\].shuffled_relevant\[0\] is 1.0, expected at most",
        ),
        (MAPS, again("maps"), r"\('cnn-2', 'saliency'\) in maps is 2"),
        (MAPS, lambda record: record["pairs"].__setitem__(1, record["pairs"][0]), "in pairs is 2"),
        (MAPS, first("pairs", tf="CTCF"), r"pairs\[0\].tf is 'CTCF', expected one of Arid3a"),
        (MAPS, first("pairs", positions=200), r"pairs\[0\].positions is 200, expected fewer than"),
        (MAPS, first("networks", best_epoch=1000), r"networks\[0\].best_epoch is 1000"),
        (MAPS, first("networks", run="x"), r"maps\[0\].reader is 'cnn-2', expected one of the"),
        (MAPS, first("maps", reader="cnn-4"), r"maps\[0\].reader is 'cnn-4', expected one of the"),
        (MAPS, first("maps", method="posterior"), r"maps\[0\].method is 'posterior', expected"),
        (DATA, set_(9, "sizes", "SP1", "all"), r"sizes\['SP1'\]\['all'\] is 9, expected 4000"),
        (DATA, lambda record: record["sizes"].pop("SP1"), "the rows of sizes is"),
        (DATA, set_([], "relevant", "CTCF"), "a class of relevant is 'CTCF', expected one of"),
        (DATA, set_(7, "overlap", 0, 0), r"overlap\[0\]\[0\] is 7, expected the size of Arid3a"),
        (DATA, set_(7, "overlap", 1, 0), r"overlap\[1\]\[0\] is 7, expected .* the other way"),
        (TRACE, set_(1.0, "match_relevant", 3), r"match_relevant\[3\] is 1.0, expected at most"),
        (TRACE, set_("MAX", "classes", 0), "the number of 'MAX' in classes is 2"),
        (MAPS, again("networks"), "cnn-2/trial-1' in networks is 2"),
        (AUTHORS, again("networks"), "in networks is 2, expected 1"),
        (AUTHORS, first("networks", match_any=0.1, match_relevant=0.9), "match_relevant is 0.9"),
        (AUTHORS, first("networks", filters=30, trimmed_equal=31), "trimmed_equal is 31, expected"),
    ],
)
def test_a_field_that_another_belies(kind, change, message, tmp_path):
    place, of = kind
    record = json.loads((RESULTS / place).read_text())
    store.load(RESULTS / place, of)  # as it is on record, it is read
    change(record)
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record))
    with pytest.raises(store.RecordError, match=f"record.json: contradicts itself: .*{message}"):
        store.load(file, of)
