"""Two protocols that differ by named switches, each of which can be set alone."""

from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifbook.networks.protocols import (
    ALONE,
    AS_RUN,
    AS_WRITTEN,
    PROFILES,
    READING,
    SWITCHES,
    Protocol,
    parse_profile,
    parse_protocol,
    with_jaspar,
)


def test_the_protocols_are_what_the_code_and_the_methods_say():
    run, written = asdict(AS_RUN), asdict(AS_WRITTEN)
    known = {  # field: as run, as written
        "name": ("as-run", "as-written"),
        "dataset": ("as-run", "as-written"),
        "learning_rate": (1e-3, 3e-4),
        "beta1": (0.95, 0.9),
        "initialisation": ("glorot", "he"),
        "norm_hidden": (True, False),
        "norm_epsilon": (1e-8, 1e-3),
        "patience": (20, None),
        "widths": ("as-run", "as-written"),
        "threshold": (0.5, 0.7),
        "maximum": ("observed", "possible"),
        "sites": ("all", "best"),
        "weighting": ("activation", "equal"),
        "ends": ("kept", "dropped"),
        "window": (19, None),
        "trim": (True, False),
        "l1": (0.0, 0.0),
        "l2": (1e-6, 1e-6),
        "batch_size": (100, 100),
        "activation": ("relu", "relu"),
        "data": (1, 1),
        "noise": (0, 0),
        "jaspar": ("2016", "2016"),
    }
    assert {name: (run[name], written[name]) for name in run} == known


def test_the_switches_are_all_the_differences():
    switched = [name for names in SWITCHES.values() for name in names]
    assert len(switched) == len(set(switched))
    differing = {
        f.name for f in fields(Protocol) if getattr(AS_RUN, f.name) != getattr(AS_WRITTEN, f.name)
    }
    assert set(switched) == differing - {"name"}
    assert set(READING) < set(SWITCHES)


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize(("base", "other"), [(AS_RUN, AS_WRITTEN), (AS_WRITTEN, AS_RUN)])
def test_a_switch_alone_sets_its_fields_as_in_the_other_and_no_more(base, other, switch):
    protocol = parse_protocol(f"{base.name}+{switch}")
    for name, value in asdict(protocol).items():
        if name == "name":
            assert value == f"{base.name}+{switch}"
        else:
            source = other if name in SWITCHES[switch] else base
            assert value == getattr(source, name)


def test_all_switches_give_the_other_protocol():
    turned = asdict(parse_protocol("as-run+" + "+".join(SWITCHES)))
    assert {**turned, "name": "as-written"} == asdict(AS_WRITTEN)


@given(st.sampled_from(["as-run", "as-written"]), st.lists(st.sampled_from(list(SWITCHES))))
def test_names_come_back(base, switches):
    protocol = parse_protocol("+".join([base, *switches]))
    assert parse_protocol(protocol.name) == protocol
    # Order and repetition do not matter.
    assert parse_protocol("+".join([base, *reversed(switches), *switches])) == protocol


@pytest.mark.parametrize(
    ("switch", "field", "value"),
    [("batch", "batch_size", 32), ("l1", "l1", 1e-6), ("exponential", "activation", "exponential")],
)
def test_a_switch_of_neither_protocol_sets_its_value_and_no_more(switch, field, value):
    before, after = asdict(AS_RUN), asdict(parse_protocol(f"as-run+{switch}"))
    assert after == {**before, "name": f"as-run+{switch}", field: value}
    assert parse_protocol(f"as-run+{switch}").training() != AS_RUN.training()
    assert set(ALONE) == {"batch", "l1", "exponential"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("as-wrote", "unknown protocol 'as-wrote'; there are: as-run, as-written"),
        ("", "unknown protocol ''"),
        ("as-run+windows", "unknown switch 'windows' in protocol 'as-run\\+windows'; .*window"),
        ("as-run+", "unknown switch ''"),
        ("as-run+norm_hidden", "unknown switch 'norm_hidden'"),
    ],
)
def test_unknown_protocols(text, message):
    with pytest.raises(ValueError, match=message):
        parse_protocol(text)


@pytest.mark.parametrize("release", ["2024", "JASPAR2024", "jaspar2024 "])
def test_a_jaspar_release_is_a_switch_of_reading(release):
    name = "as-run+window+jaspar-2024"
    assert with_jaspar("as-run+window", release) == name
    protocol = parse_protocol(f"as-run+jaspar-{release.strip()}+window")
    assert (protocol.name, protocol.jaspar) == (name, "2024")
    assert protocol.training() == AS_RUN.training()  # the network is not trained again
    assert with_jaspar("as-run", "2016") == with_jaspar("as-run", None) == "as-run"
    assert with_jaspar(name, "2024") == name


@pytest.mark.parametrize(
    ("protocol", "release", "message"),
    [
        (
            "as-run",
            "1999",
            "JASPAR release 'JASPAR1999' is not available; there are: JASPAR2014, JASPAR",
        ),
        ("as-run", "../2024", "JASPAR release 'JASPAR../2024' is not available"),
        ("as-run", "", "JASPAR release 'JASPAR' is not available"),
        ("as-run+jaspar-2022", "2024", "has jaspar 2022 and 2024, expected one of them"),
        ("as-run+jaspar", "2024", "unknown switch 'jaspar' .* exponential, .* jaspar-YEAR"),
    ],
)
def test_releases_that_are_none(protocol, release, message):
    with pytest.raises(ValueError, match=message):
        with_jaspar(protocol, release)


@pytest.mark.parametrize(
    ("switch", "field", "value"), [("data-16", "data", 16), ("noise-5", "noise", 5)]
)
def test_a_switch_of_the_data_sets_its_value_and_no_more(switch, field, value):
    before, protocol = asdict(AS_RUN), parse_protocol(f"as-run+{switch}")
    assert asdict(protocol) == {**before, "name": f"as-run+{switch}", field: value}
    # It is in the dataset's fingerprint, and so in a network's key already.
    assert protocol.training() == AS_RUN.training()
    written = parse_protocol(f"as-run+jaspar-2024+{switch}+exponential")
    assert written.name == f"as-run+exponential+{switch}+jaspar-2024"


def test_a_value_that_is_plain_is_not_in_the_name():
    assert parse_protocol("as-run+noise-0+data-1+jaspar-2016") == AS_RUN
    assert parse_protocol("as-run+noise-05+noise-5+data-016").name == "as-run+data-16+noise-5"


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ("data-0", "data-0: expected a whole number from 1 to 1000"),
        ("data-1/16", "data-1/16: expected a whole number"),
        ("data-", "data-: expected a whole number"),
        ("noise-51", "noise-51: expected a whole number from 0 to 50"),
        ("noise--5", "noise--5: expected"),
        ("noise-5+noise-10", "'as-run\\+noise-5\\+noise-10' has noise 5 and 10, expected one"),
        ("noise", "unknown switch 'noise' .* data-N, noise-PERCENT, jaspar-YEAR"),
    ],
)
def test_values_that_are_none(switches, message):
    with pytest.raises(ValueError, match=message):
        parse_protocol(f"as-run+{switches}")


@pytest.mark.parametrize("found", [5, 1.5, None, True])
def test_names_that_are_no_text(found):
    # papermill makes numbers of digits
    with pytest.raises(ValueError, match=f"unknown protocol '{found}'; there are: as-run"):
        parse_protocol(found)
    with pytest.raises(ValueError, match=f"unknown profile {found}; there are: smoke"):
        parse_profile(found)


def test_what_decides_the_weights():
    decides = set(AS_RUN.training())
    assert decides == {
        "learning_rate",
        "beta1",
        "initialisation",
        "norm_hidden",
        "norm_epsilon",
        "patience",
        "l2",
        "batch_size",
    }
    for switch in SWITCHES:
        same = parse_protocol(f"as-run+{switch}").training() == AS_RUN.training()
        # The dataset and the widths are in a network's identity on their own account.
        assert same == (switch in (*READING, "dataset", "widths"))


def test_profiles():
    assert [(p.sequences, p.epochs, p.patience) for p in PROFILES.values()] == [
        (2_000, 3, None),
        (None, 15, 5),
        (None, 100, None),
        (None, 400, None),
    ]
    assert parse_profile(" quick ").name == "quick"
    with pytest.raises(
        ValueError, match="unknown profile 'full'; there are: smoke, quick, paper, long"
    ):
        parse_profile("full")
