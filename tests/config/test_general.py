"""The names of all options: known, and in the manual."""

import re
from pathlib import Path

import pytest

from headwater.config import authorization, general, jetstream, leafnodes

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
BLOCKS = {
    "top level": general.HANDLERS,
    "authorization": authorization._AUTHORIZATION,
    "user": authorization._USER,
    "permissions": authorization._PERMISSIONS,
    "jetstream": jetstream._JETSTREAM,
    "leafnodes": leafnodes._LEAFNODES,
    "remote": leafnodes._REMOTE,
}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_name_is_in_the_manual(block):
    text = re.sub("```.*?```", "", MANUAL.read_text(), flags=re.DOTALL)
    words = set(re.findall(r"\w+", " ".join(re.findall("`[^`]+`", text))))
    assert sorted(set(BLOCKS[block]) - words) == []


def test_no_name_is_in_two_tables():
    tables = [general._HONOURED, general._IGNORED, general._REFUSED]
    assert sum(len(table) for table in tables) == len(general.HANDLERS)


@pytest.mark.parametrize("block", BLOCKS)
def test_names_are_in_lower_case(block):
    assert [name for name in BLOCKS[block] if name != name.lower()] == []
