"""docs/compatibility.md: complete, in legal states, and nothing claimed without a test."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "compatibility.md"
# Letter of an area -> number of its last row; the first is 1.
LAST_ROWS = {"P": 70, "A": 92, "J": 211, "K": 28, "T": 68, "W": 36, "O": 58}
STATES = ("works", "partly", "not yet", "will not")
_TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


class Row(NamedTuple):
    number: str
    title: str
    state: str
    note: str


def parse(text: str) -> list[Row]:
    """Return the rows of all tables whose first cell looks like a row's number."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[A-Z]\d+", cells[0]):
            assert len(cells) == 4, f"not four cells: {line}"
            rows.append(Row(cells[0], cells[1], cells[2].strip("`"), cells[3]))
    return rows


def problems_of(row: Row, *, exists) -> list[str]:
    """Return what is wrong with one row; ``exists(file, name)`` tells whether there is a test."""
    found = []
    if not row.title:
        found.append("no title")
    if row.state not in STATES:
        found.append(f"no such state: {row.state!r}")
    tests = _TEST_NAME.findall(row.note)
    if row.state in ("works", "partly"):
        if not tests:
            found.append("no test is named")
        found += [f"no such test: {file}::{name}" for file, name in tests if not exists(file, name)]
    elif row.state == "not yet" and row.note:
        found.append("says more than 'not yet'")
    elif row.state == "will not" and not row.note:
        found.append("no reason is given")
    return [f"{row.number}: {text}" for text in found]


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the names of the tests in a file, as pytest writes them; empty without the file."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            names |= {f"{node.name}::{name}" for name in _functions(node.body)}
    return frozenset(names | _functions(ast.parse(path.read_text()).body))


def _functions(body: list[ast.stmt]) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {n.name for n in body if isinstance(n, kinds) and n.name.startswith("test_")}


def exists(file: str, name: str) -> bool:
    return name in names_in(file)


def test_every_row_is_there_once():
    expected = [f"{letter}{n:03}" for letter, last in LAST_ROWS.items() for n in range(1, last + 1)]
    assert len(expected) == 563
    assert sorted(row.number for row in parse(PAGE.read_text())) == sorted(expected)


def test_states_are_legal_and_shown():
    wrong = [text for row in parse(PAGE.read_text()) for text in problems_of(row, exists=exists)]
    assert wrong == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (Row("P001", "", "not yet", ""), "no title"),
        (Row("P001", "x", "done", ""), "no such state"),
        (Row("P001", "x", "works", ""), "no test is named"),
        (Row("P001", "x", "partly", "`tests/test_nothing.py::test_x`"), "no such test"),
        (Row("P001", "x", "works", "`tests/test_compatibility.py::parse`"), "no such test"),
        (Row("P001", "x", "not yet", "soon"), "says more"),
        (Row("P001", "x", "will not", ""), "no reason"),
    ],
)
def test_a_wrong_row_is_found(row, problem):
    assert any(problem in text for text in problems_of(row, exists=exists))


def test_a_row_may_name_a_test():
    note = "`tests/test_compatibility.py::test_a_row_may_name_a_test`, the rest is missing"
    assert problems_of(Row("P001", "x", "partly", note), exists=exists) == []
