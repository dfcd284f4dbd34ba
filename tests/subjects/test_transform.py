"""Transforms against what nats-server answered, against nats-server itself, and a plain oracle."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headwater.subjects.transform import (
    Transform,
    TransformError,
    compile_import,
    compile_transform,
)
from headwater.subjects.validate import covers, is_literal
from tests.subjects import reference

# What nats-server 2.15.1 answers; the comparison with it proves that this is so.
ANSWERS = json.loads(Path(__file__).with_name("transforms.json").read_text())


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def refusal(source: str, destination: str) -> str | None:
    try:
        compile_transform(encoded(source), encoded(destination))
    except TransformError as error:
        return str(error)
    return None


def mapped(transform: Transform, subject: bytes) -> bytes:
    """Return where a message on ``subject`` goes; random numbers are as low as they can be."""
    return transform.apply(subject, lambda _: 0) if covers(transform.source, subject) else subject


def applied(source: str, destination: str, subject: str) -> str:
    transform = compile_transform(encoded(source), encoded(destination))
    return mapped(transform, encoded(subject)).decode("utf-8", "surrogateescape")


# --- known answers ---------------------------------------------------------------------------


def test_there_are_many_answers():
    assert sum(len(entry["errors"]) for entry in ANSWERS["refused"]) > 500
    assert sum(len(e["subjects"]) * len(e["results"]) for e in ANSWERS["mapped"]) > 1500


@pytest.mark.parametrize("entry", ANSWERS["refused"], ids=lambda entry: entry["source"])
def test_refused(entry):
    errors = {text: refusal(entry["source"], text) for text in entry["errors"]}
    assert errors == entry["errors"]


@pytest.mark.parametrize("source", ANSWERS["accepted"])
def test_accepted(source):
    assert {text: refusal(source, text) for text in ANSWERS["accepted"][source]} == dict.fromkeys(
        ANSWERS["accepted"][source]
    )


@pytest.mark.parametrize("entry", ANSWERS["mapped"], ids=lambda entry: entry["source"])
def test_mapped(entry):
    source, subjects = entry["source"], entry["subjects"]
    results = {
        destination: [applied(source, destination, subject) for subject in subjects]
        for destination in entry["results"]
    }
    assert results == entry["results"]


@pytest.mark.hub
def test_nats_server_gives_these_answers(nats_server_path, nats_server, tmp_path):
    expected = {
        (entry["source"], destination): error
        for entry in ANSWERS["refused"]
        for destination, error in entry["errors"].items()
    } | {
        (source, destination): None
        for source, destinations in ANSWERS["accepted"].items()
        for destination in destinations
    }
    said = reference.verdicts(nats_server_path, tmp_path, list(expected))
    assert dict(zip(expected, said, strict=True)) == expected
    cases = [
        (entry["source"], destination, entry["subjects"], results)
        for entry in ANSWERS["mapped"]
        for destination, results in entry["results"].items()
    ]
    server = nats_server(config=reference.configuration([case[:2] for case in cases]))
    asked = [[encoded(subject) for subject in case[2]] for case in cases]
    wanted = [tuple(encoded(result) for result in case[3]) for case in cases]
    assert reference.outcomes(server, asked) == wanted


# --- generated -------------------------------------------------------------------------------

words = st.text("ab-1é", min_size=1, max_size=6)
numbers = st.sampled_from([-1, 0, 1, 1, 1, 2, 2, 3, 4]).map(str)
names = st.one_of(
    st.sampled_from(["wildcard", "Wildcard", "WILDCARD", "partition", "Partition", "split", "bad"]),
    st.sampled_from(["splitFromLeft", "splitfromright", "SliceFromLeft", "sliceFromRight", "Left"]),
    st.sampled_from(["right", "random"]),
)
arguments = st.one_of(
    numbers, numbers, st.sampled_from(["-", "", "a", " 2 ", "- ", "é", "2147483648"])
)
blanks = st.sampled_from(["", "", "", " ", "\t"])
calls = st.builds(
    lambda name, given, one, two, three: f"{{{{{one}{name}{two}({','.join(given)}){three}}}}}",
    names,
    st.lists(arguments, max_size=3),
    blanks,
    blanks,
    blanks,
)
sized = st.sampled_from(
    ["splitFromLeft", "splitFromRight", "sliceFromLeft", "sliceFromRight", "left", "right"]
)
good_calls = st.one_of(
    st.builds("{{{{{}({},{})}}}}".format, sized, numbers, numbers),
    st.builds("{{{{split({},{})}}}}".format, numbers, st.sampled_from(["-", "1", "é", ""])),
    st.builds(
        "{{{{partition({})}}}}".format,
        st.lists(numbers, min_size=1, max_size=3).map(",".join),
    ),
)
references = numbers.map(lambda number: f"${number}")
garbage = st.text("{}(),$ *>1a\t", min_size=1, max_size=9)
destinations = st.lists(
    st.one_of(words, references, good_calls, good_calls, good_calls, calls, garbage),
    min_size=1,
    max_size=4,
).map(".".join)
sources = st.builds(
    lambda tokens, rest: ".".join([*tokens, ">"] if rest or not tokens else tokens),
    st.lists(st.sampled_from(["a", "*", "*", "*"]), max_size=4),
    st.booleans(),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, str, list[bytes]]:
    """Return a source, a destination that often fits it, and subjects that often match it."""
    source = draw(sources)
    destination = draw(destinations)
    if source.endswith(">") and draw(st.integers(0, 4)):
        destination += ".>"
    subjects = []
    for _ in range(draw(st.integers(1, 4))):
        tokens = [draw(words) if token in ("*", ">") else token for token in source.split(".")]
        if draw(st.integers(0, 5)) == 0:
            tokens.append(draw(st.sampled_from(["x", "*", ">", ""])))
        subjects.append(encoded(".".join(tokens)))
    return source, destination, subjects


def is_certain(source: str, destination: str) -> bool:
    """Tell whether nats-server maps a subject always in the same way.

    For a source without wildcards the number of a partition is that of the subject or that of
    nothing at all, depending on which other mappings it has looked at before.
    """
    drawn = "andom" in destination
    return not drawn and ("artition" not in destination or not is_literal(encoded(source)))


@pytest.mark.hub
@given(st.lists(cases(), min_size=30, max_size=60))
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],  # an example is a server: made smaller it would take minutes
    suppress_health_check=list(HealthCheck),
)
def test_same_as_nats_server(nats_server_path, tmp_path_factory, batch):
    folder = tmp_path_factory.mktemp("transforms")
    said = reference.verdicts(nats_server_path, folder, [case[:2] for case in batch])
    for (source, destination, _), error in zip(batch, said, strict=True):
        assert refusal(source, destination) == error, (source, destination)
    good = [case for case, error in zip(batch, said, strict=True) if error is None]
    server = reference.NatsServer(
        nats_server_path, folder, config=reference.configuration([case[:2] for case in good])
    ).start()
    try:
        theirs = reference.outcomes(server, [subjects for _, _, subjects in good])
    finally:
        server.stop()
    for (source, destination, subjects), their in zip(good, theirs, strict=True):
        transform = compile_transform(encoded(source), encoded(destination))
        if is_certain(source, destination):
            assert tuple(mapped(transform, subject) for subject in subjects) == their, (
                source,
                destination,
            )


@given(st.lists(words, min_size=1, max_size=4), st.data())
def test_partition_is_fnv_1a(tokens, data):
    buckets = data.draw(st.integers(1, 2**31 - 1))
    chosen = data.draw(st.lists(st.integers(1, len(tokens)), min_size=1, max_size=5))
    state = 0x811C9DC5
    for byte in encoded("".join(tokens[number - 1] for number in chosen)):
        state = (state ^ byte) * 0x01000193 % 2**32
    source = ".".join("*" for _ in tokens)
    destination = f"p.{{{{partition({buckets},{','.join(map(str, chosen))})}}}}"
    assert applied(source, destination, ".".join(tokens)) == f"p.{state % buckets}"


def test_partition_of_a_source_without_wildcards():
    # What a stream's transform makes of it on nats-server; a mapping there may do otherwise.
    for destination in ("p.{{partition(1000)}}", "p.{{partition(1000,1)}}"):
        assert applied("foo.a", destination, "foo.a") == "p.782"
    assert applied("foo.*", "p.{{partition(1000)}}", "foo.a") == "p.782"


@given(st.text("{}(),$ *>.1wildcarpton\t\n\x00é", max_size=60), sources)
def test_any_text_is_compiled_or_refused(destination, source):
    error = refusal(source, destination)
    assert error is None or error.startswith("invalid ")


def test_long_nonsense_takes_no_long_time():
    # Each of these is searched for every function; a search that went back would take minutes.
    for text in (
        b"{{left(" * 40_000 + b"}}",
        b"{{)}}" + b"{{left(" * 40_000 + b"}}",
        b"{{" * 100_000,
    ):
        with pytest.raises(TransformError):
            compile_transform(b"a.*", text + b"}}")


def test_numbers_of_any_length():
    assert refusal("a.*", "{{wildcard(" + "0" * 10_000 + "1)}}") is None
    assert refusal("a.*", "$" + "9" * 10_000) is None  # no number, hence a word
    assert "wrong format" in (refusal("a.*", "{{wildcard(" + "9" * 10_000 + ")}}") or "")


def test_what_is_not_utf_8():
    transform = compile_transform(b"a.\xff.*", b"\xfe.$1")
    assert transform.apply(b"a.\xff.\xfd", lambda _: 0) == b"\xfe.\xfd"
    assert refusal("a", "\udcff..b") == "invalid mapping destination: invalid transform"
    with pytest.raises(TransformError, match=r"in \\xff"):
        compile_transform(b"a", b">.\xff")


# --- imports ---------------------------------------------------------------------------------

_MAPPING = "invalid mapping destination: "
_RANGE = "wildcard index out of range in "
_ONLY = "the only mapping function allowed for import transforms is {{Wildcard()}} in "
_UNUSED = "not using all of the token wildcard(s) in "
# As nats-server takes or refuses them for "to" of a stream import.
IMPORTS = {
    "foo.*": {
        "bar.*": "bar.x",
        "*": "x",
        "bar.$1": "bar.x",
        "bar.{{wildcard(1)}}": "bar.x",
        "bar.$1.*": "bar.x.x",
        "bar.*.bar": "bar.x.bar",
        "bar.$-1": "bar.foo",
    },
    "foo.*.*": {
        "bar.*.*": "bar.x.y",
        "$2.$1": "y.x",
        "*.*.bar": "x.y.bar",
        "bar.$1.*": "bar.x.x",
        "bar.$1.$1.$2": "bar.x.x.y",
        "bar.$0.$0": "bar.foo.foo",
        "*.{{Wildcard(2)}}": "x.y",
    },
    "foo.*.>": {"bar.*.>": "bar.x.y.z", "$1.>": "x.y.z"},
    "foo.>": {"bar.>": "bar.x.y", ">": "x.y"},
}
NO_IMPORTS = {
    "foo.*": {
        "bar": _MAPPING + _UNUSED + "bar",
        "bar.>": "invalid subject",
        "bar.$2": _MAPPING + _RANGE + "$2: [2]",
        "bar.*.*": _MAPPING + _RANGE + "$2: [2]",
        "a..b": "invalid subject",
        "a.>.$1": "invalid subject",
        "{{bad(1)}}": _MAPPING + "unknown function in {{bad(1)}}",
        "{{wildcard()}}": _MAPPING
        + "not enough arguments passed to the function in {{wildcard()}}",
        "{{partition(3,1)}}": _MAPPING + _ONLY + "{{partition(3,1)}}",
        "{{left(9,1)}}": _MAPPING + _ONLY + "{{left(9,1)}}",
        "{{left(1,a)}}": _MAPPING
        + "function argument is invalid or in the wrong format in {{left(1,a)}}",
        "bar.$1.{{random(3)}}": _MAPPING + _ONLY + "{{random(3)}}",
    },
    "foo.*.*": {
        "bar.*": _MAPPING + _UNUSED + "bar.$1",
        "bar.$2": _MAPPING + _UNUSED + "bar.$2",
        "bar.*.bar": _MAPPING + _UNUSED + "bar.$1.bar",
    },
    "foo.>": {
        "bar": "invalid subject",
        "{{bad(1)}}": "invalid subject",
        "bar.*.>": _MAPPING + _RANGE + "$1: [1]",
        "{{partition(3)}}.>": _MAPPING + _ONLY + "{{partition(3)}}",
    },
    "foo.*.>": {"bar.>": _MAPPING + _UNUSED + "bar.>", ">": _MAPPING + _UNUSED + ">"},
    "foo..*": {"bar.*": "invalid subject"},
}  # fmt: skip


@pytest.mark.parametrize("source", IMPORTS)
def test_imports(source):
    for destination, expected in IMPORTS[source].items():
        subject = source.replace("*", "x", 1).replace("*", "y").replace(">", "x.y")
        if source == "foo.*.>":
            subject = "foo.x.y.z"
        transform = compile_import(source.encode(), destination.encode())
        assert transform.apply(subject.encode(), lambda _: 0) == expected.encode()


@pytest.mark.parametrize("source", NO_IMPORTS)
def test_refused_imports(source):
    for destination, error in NO_IMPORTS[source].items():
        with pytest.raises(TransformError) as raised:
            compile_import(source.encode(), destination.encode())
        assert str(raised.value) == error


@pytest.mark.hub
def test_nats_server_judges_imports_the_same(nats_server_path, tmp_path):
    def said(source: str, destination: str) -> str:
        path = tmp_path / "import.conf"
        source, destination = reference.quoted(source), reference.quoted(destination)
        path.write_text(
            f"accounts {{ A {{ exports: [{{stream: {source}}}] }}, B {{ imports: [ "
            f"{{stream: {{account: A, subject: {source}}}, to: {destination}}} ] }} }}"
        )
        return reference.judge(nats_server_path, path)

    for source, destinations in IMPORTS.items():
        for destination in destinations:
            assert "is valid" in said(source, destination), destination
    for source in list(NO_IMPORTS)[:-1]:
        for destination, error in NO_IMPORTS[source].items():
            assert said(source, destination).rstrip().endswith(f'": {error}'), destination
