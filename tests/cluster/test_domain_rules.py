"""What never crosses a leaf link."""

import pytest

from headwater.cluster.domain_rules import api_subject, denied_subjects

UNPREFIXED = [b"$JS.API.>", b"$KV.>", b"$OBJ.>"]


@pytest.mark.parametrize(
    ("own", "hub", "own_api_stays"),
    [
        ("edge", "hub", True),
        ("edge", "", True),
        ("", "hub", False),
        ("", "", False),
        ("x", "x", False),
    ],
)
def test_a_user_account(own, hub, own_api_stays):
    inward, outward = denied_subjects(own, hub, system=False)
    assert inward == UNPREFIXED
    assert outward == UNPREFIXED + ([b"$JS.%s.API.>" % own.encode()] if own_api_stays else [])


def test_the_system_account_keeps_raft_to_itself():
    inward, outward = denied_subjects("edge", "hub", system=True)
    assert {b"$JSC.>", b"$NRG.>"} <= set(inward)
    assert {b"$JSC.>", b"$NRG.>"} <= set(outward)


def test_the_lists_are_the_callers_own():
    first, _ = denied_subjects("", "", system=False)
    first.append(b"more")
    assert denied_subjects("", "", system=False)[0] == UNPREFIXED


def test_api_subject():
    assert api_subject("edge") == b"$JS.edge.API.>"
