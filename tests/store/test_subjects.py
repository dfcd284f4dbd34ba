"""The table of subjects against a dictionary."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.store import subjects
from headwater.store.subjects import SubjectTable
from headwater.subjects.validate import matches


def check(table: SubjectTable, model: dict[bytes, tuple[int, int, int, int]]) -> None:
    assert len(table) == len(model)
    found = {}
    number = table.next_number(0)
    while number >= 0:
        state = table.state(number)
        found[table.name(number)] = (state.count, state.first, state.last, state.last_bytes)
        number = table.next_number(number + 1)
    assert found == model
    for subject in model:
        assert table.name(table.find(subject)) == subject


def put(table: SubjectTable, subject: bytes, values: tuple[int, int, int, int]) -> None:
    number = table.find(subject)
    if number < 0:
        number = table.add(subject)
    table.set_count(number, values[0])
    table.set_first(number, values[1])
    table.set_last(number, values[2], values[3])


SUBJECTS = st.binary(min_size=1, max_size=3)
VALUES = st.tuples(
    st.integers(1, 2**40), st.integers(0, 2**60), st.integers(0, 2**60), st.integers(0, 2**32 - 1)
)


@given(st.lists(st.one_of(st.tuples(SUBJECTS, VALUES), SUBJECTS), max_size=200))
def test_like_a_dictionary(steps: list) -> None:
    table = SubjectTable()
    model: dict[bytes, tuple[int, int, int, int]] = {}
    for step in steps:
        if isinstance(step, tuple):
            put(table, *step)
            model[step[0]] = step[1]
        else:
            assert (table.find(step) >= 0) == (step in model)
            if model.pop(step, None) is not None:
                table.drop(table.find(step))
    check(table, model)
    other = SubjectTable()
    frozen = table.frozen()
    packed = table.pack()
    assert frozen.pack() == packed
    other.unpack(packed)
    check(other, model)
    table.clear()
    check(table, {})


@pytest.mark.parametrize("seed", range(3))
def test_many_that_come_and_go(seed: int) -> None:
    """Enough of them for several pages and tables."""
    rng = random.Random(seed)
    table = SubjectTable()
    model: dict[bytes, tuple[int, int, int, int]] = {}
    for round_ in range(4):
        for _ in range(9_000):
            subject = b"sensors.%d.%s" % (rng.randrange(30_000), b"x" * rng.randrange(40))
            model[subject] = (rng.randrange(1, 9), round_, rng.randrange(9), 5)
            put(table, subject, model[subject])
        for subject in rng.sample(sorted(model), len(model) * 3 // 4 if round_ % 2 else 500):
            del model[subject]
            table.drop(table.find(subject))
    check(table, model)
    assert table.find(b"never") == -1


def test_the_longest_subjects() -> None:
    table = SubjectTable()
    for size in range(65_535, 65_515, -1):
        put(table, b"s" * size, (1, 2, 3, 4))
    assert table.state_of(b"s" * 65_520).last == 3
    assert table.state_of(b"s" * 65_510) is None
    for size in range(65_535, 65_515, -1):
        table.drop(table.find(b"s" * size))
    check(table, {})


def test_memory_beyond_the_subjects_themselves() -> None:
    for count in (20_000, 35_000, 60_000):
        table = SubjectTable()
        subject_bytes = 0
        for number in range(count):
            subject = b"site.%06d.temperature" % number
            subject_bytes += len(subject)
            put(table, subject, (1, number, number, 100))
        assert (table.memory_bytes() - subject_bytes) / count < 70


def test_memory_is_given_back() -> None:
    table = SubjectTable()
    for generation in range(20):
        for number in range(3_000):
            put(table, b"generation.%d.%d" % (generation, number), (1, 1, 1, 1))
        if generation == 1:
            most = table.memory_bytes()
        for number in range(3_000):
            if generation:
                table.drop(table.find(b"generation.%d.%d" % (generation - 1, number)))
    assert table.memory_bytes() < most * 2
    assert len(table) == 3_000


@settings(max_examples=30)
@given(
    st.dictionaries(st.sampled_from([b"a", b"a.b", b"a.c", b"b.c.d", b"x.y"]), st.integers(1, 99)),
    st.sampled_from([b">", b"a.*", b"a.b", b"*.c", b"*.*", b"none", b"b.>"]),
)
def test_patterns(lasts: dict[bytes, int], pattern: bytes) -> None:
    table = SubjectTable()
    for subject, last in lasts.items():
        put(table, subject, (1, last, last, 7))
    wanted = {subject: last for subject, last in lasts.items() if matches(pattern, subject)}
    assert {subject: state.last for subject, state in table.matching(pattern)} == wanted
    assert table.last_matching(pattern) == max(wanted.values(), default=0)


@settings(max_examples=30)
@given(
    st.dictionaries(st.sampled_from([b"a", b"a.b", b"a.c", b"b.c.d", b"x.y"]), st.integers(0, 99)),
    st.lists(st.sampled_from([b">", b"a.*", b"a.b", b"*.c", b"*.*", b"none", b"x.y"])),
)
def test_several_patterns(lasts: dict[bytes, int], patterns: list[bytes]) -> None:
    table = SubjectTable()
    for subject, last in lasts.items():
        put(table, subject, (last + 1, last + 1, last, 7))
    wanted = [subject for subject in lasts if any(matches(p, subject) for p in patterns)]
    numbers = table.numbers(patterns)
    assert sorted(map(table.name, numbers)) == sorted(wanted)
    assert table.messages(numbers) == sum(lasts[subject] + 1 for subject in wanted)
    assert table.lowest_first(numbers) == min((lasts[s] + 1 for s in wanted), default=0)
    known = sorted(lasts[subject] for subject in wanted if lasts[subject])
    assert sorted(table.lasts(numbers)) == known


def test_subjects_with_the_same_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where nothing is compiled: there the hash can be replaced."""
    if not subjects.__file__.endswith(".py"):
        pytest.skip("compiled")
    monkeypatch.setattr(subjects, "hash", lambda subject: len(subject), raising=False)
    table = SubjectTable()
    model = {b"%d" % number: (1, number, number, 1) for number in range(300)}
    for subject, values in model.items():
        put(table, subject, values)
    for number in range(0, 300, 3):
        del model[b"%d" % number]
        table.drop(table.find(b"%d" % number))
    check(table, model)


def test_a_frozen_table_stays_as_it_is() -> None:
    table = SubjectTable()
    model: dict[bytes, tuple[int, int, int, int]] = {}
    for number in range(20_000):
        model[b"subject.%d" % number] = (1, number, number, 9)
        put(table, b"subject.%d" % number, (1, number, number, 9))
    frozen = table.frozen()
    for number in range(0, 20_000, 2):
        table.drop(table.find(b"subject.%d" % number))
        put(table, b"another.%d" % number, (2, 2, 2, 2))
    other = SubjectTable()
    other.unpack(frozen.pack())
    check(other, model)


def test_packed_data_that_is_cut_off() -> None:
    table = SubjectTable()
    put(table, b"subject", (1, 1, 1, 1))
    with pytest.raises(IndexError):
        SubjectTable().unpack(table.pack()[:-1])
