"""Subjects with places for what a user is."""

import pytest

from headwater.accounts.claims import Permissions, Rule
from headwater.accounts.templates import Names, filled
from headwater.base.errors import FormatError

_TAGS = ["a:1", "a:2", "b:x", "wide:*", "bad:.."]
_NAMES = Names(("ann", "UKEY", _TAGS), ("acct", "AKEY", ["r:eu"]))


@pytest.mark.parametrize(
    ("entry", "subjects"),
    [
        ("a.>", ["a.>"]),
        ("{{name()}}.{{subject()}}", ["ann.UKEY"]),
        ("x.{{ Account-Name() }}.{{account-subject()}}.y", ["x.acct.AKEY.y"]),
        ("{{tag(a)}}.{{tag(b)}}", ["1.x", "2.x"]),
        ("{{tag(a)}}{{tag(a)}}", ["11", "12", "21", "22"]),
        ("{{account-tag(r)}}.>", ["eu.>"]),
        ("q.{{tag(b)}} workers.{{tag(b)}}", ["q.x workers.x"]),
    ],
)
def test_what_stands_in_the_places(entry: str, subjects: list[str]) -> None:
    rule = Rule([entry], [entry])
    assert filled(Permissions(rule, rule), _NAMES).pub == Rule(subjects, subjects)


def test_what_makes_no_subject() -> None:
    found = filled(Permissions(Rule(["a", "{{tag(none)}}"]), Rule(["x.{{tag(bad)}}"])), _NAMES)
    assert (found.pub, found.sub) == (Rule(["a"]), Rule([], [">"]))
    for entry in ("{{tag(none)}}", "{{tag(bad)}}", "{{unknown()}}"):
        with pytest.raises(FormatError):
            filled(Permissions(Rule([], [entry])), _NAMES)


def test_too_many() -> None:
    names = Names(("", "", [f"t:{number}" for number in range(100)]), ("", "", []))
    with pytest.raises(FormatError, match="more than 4096"):
        filled(Permissions(Rule(["{{tag(t)}}.{{tag(t)}}"])), names)
