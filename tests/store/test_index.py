"""The index against a dictionary, over random changes."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from headwater.base.buffer import Buffer
from headwater.store.block import Block
from headwater.store.index import Index
from headwater.store.record import HEAD_BYTES, Record, put_message
from headwater.wire.message import Message

SUBJECTS = [b"a", b"a.b", b"a.c", b"x.y.z"]


@dataclass
class Model:
    """Index and dictionary side by side."""

    index: Index = field(default_factory=lambda: Index(30, 4))
    messages: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    last: int = 0
    number: int = 0

    def add(self, subject: bytes, size: int) -> None:
        if not self.index.blocks:
            self.new_block()
        self.last += 1
        message = Message()
        message.compose(subject, b"", b"h" * (size % 3), bytes(size))
        out = Buffer(16)
        put_message(out, self.last, self.last * 7, message)
        view = memoryview(out.contents())
        record = Record()
        assert record.read(view, 0, len(view))
        counted = self.index.message_bytes(len(subject), size % 3, size)
        assert counted == 30 + len(view) - HEAD_BYTES
        assert self.index.add(self.index.blocks[-1], record, view) == subject
        self.messages[self.last] = (subject, counted)

    def new_block(self) -> None:
        self.number += 1
        block = Block(b"identity", self.number)
        block.last_sequence = self.index.last_sequence
        self.index.blocks.append(block)

    def remove(self, sequence: int) -> None:
        subject, size = self.messages.pop(sequence, (b"a", 0))
        assert self.index.remove(sequence, subject, size) == (size > 0)

    def skip(self, count: int) -> None:
        self.last += count
        self.index.skip_to(self.last)

    def clear(self) -> None:
        self.messages.clear()
        self.index.clear()

    def take_empty(self) -> None:
        live = {block.number for block in self.index.blocks if block.live}
        taken = [block.number for block in self.index.take_empty(self.number)]
        assert live.isdisjoint(taken)
        assert self.number not in taken

    def check(self) -> None:
        index = self.index
        assert index.messages == len(self.messages)
        assert index.bytes == sum(size for _, size in self.messages.values())
        assert index.first_sequence == min(self.messages, default=self.last + 1)
        assert index.last_sequence == self.last
        for sequence in range(self.last + 2):
            after = [other for other in self.messages if other >= sequence]
            assert index.next_from(sequence) == min(after, default=0)
            assert index.count_from(sequence) == len(after)
        found = {subject: state.count for subject, state in index.subjects.matching(b">")}
        wanted: dict[bytes, int] = {}
        for subject, _ in self.messages.values():
            wanted[subject] = wanted.get(subject, 0) + 1
        assert found == wanted
        for subject, state in index.subjects.matching(b">"):
            theirs = [s for s, (other, _) in sorted(self.messages.items()) if other == subject]
            assert state.first <= theirs[0]
            assert state.last in (0, theirs[-1])
            if index.keep_places:
                assert list(index.places[index.subjects.find(subject)][::2]) == theirs
                assert state.last == theirs[-1]


scripts = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(SUBJECTS), st.integers(0, 9)),
        st.tuples(st.just("add"), st.sampled_from(SUBJECTS), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.integers(0, 30)),
        st.tuples(st.just("skip"), st.integers(0, 5)),
        st.tuples(st.just("new_block")),
        st.tuples(st.just("take_empty")),
        st.tuples(st.just("clear")),
    ),
    max_size=50,
)


@given(scripts, st.booleans())
def test_the_index_is_what_a_dictionary_is(script, keep_places):
    model = Model()
    model.index.keep_places = keep_places
    for name, *arguments in script:
        getattr(model, name)(*arguments)
        model.check()


def filled() -> Model:
    model = Model()
    for subject in SUBJECTS:
        model.add(subject, 1)
    return model


def test_patterns():
    index = filled().index

    def found(pattern):
        return {subject for subject, _ in index.subjects.matching(pattern)}

    assert found(b"a") == {b"a"}
    assert found(b"b") == set()
    assert found(b"a.*") == {b"a.b", b"a.c"}
    assert found(b">") == set(SUBJECTS)
    assert index.subjects.last_matching(b"a.c") == 3
    assert index.subjects.last_matching(b"none") == 0


def test_messages_that_are_lost_leave_nothing_behind_in_an_empty_stream():
    model = filled()
    for sequence in (2, 2, 1, 4, 3, 99):
        model.index.lose(sequence)
    index = model.index
    assert (index.messages, index.bytes, len(index.subjects)) == (0, 0, 0)
    assert index.first_sequence == 5


def test_the_first_message_moves_on_when_it_is_lost():
    index = filled().index
    index.lose(1)
    assert (index.messages, index.first_sequence) == (3, 2)
    index.settle_first()
    assert index.first_sequence == 2
