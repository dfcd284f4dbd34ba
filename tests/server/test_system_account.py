"""Who listens to the subjects below ``$SYS``, and in which accounts."""

import gc
import random

from headwater.accounts.account import Account
from headwater.base.clock import ManualClock
from headwater.base.log import Log
from headwater.broker.node import Node
from headwater.server.system_account import SystemAccount
from tests.monitor.system_node import SystemNode, asked


def _unused() -> None:
    raise AssertionError("no request has come")


def test_an_account_that_is_gone_is_forgotten() -> None:
    node = Node(ManualClock(), random.Random(1), Log(lambda level, text: None))
    listening = SystemAccount(node, _unused, _unused)
    listening.start()
    node.accounts.get(b"PASSING")
    listening.follow_accounts()
    assert node.accounts.get(b"PASSING").interest.has_interest(b"$SYS.REQ.USER.INFO")
    node.accounts.remove(node.accounts.get(b"PASSING"))
    listening.follow_accounts()
    gc.collect()
    left = [thing for thing in gc.get_objects() if isinstance(thing, Account)]
    assert [account for account in left if account.name == b"PASSING"] == []
    # Who stays is listened to once.
    count = node.accounts.globals.interest.count
    listening.follow_accounts()
    assert node.accounts.globals.interest.count == count


def test_an_account_that_is_back_is_listened_to_again() -> None:
    system = SystemNode()
    accounts = system.node.accounts
    for _ in range(2):
        account = accounts.get(b"A")
        system.system_account.follow_accounts()
        assert account.interest.count == 4
        accounts.remove(account)
        system.system_account.follow_accounts()


def test_what_serves_it_is_loaded_when_it_is_asked_for() -> None:
    system = SystemNode()
    client = system.client("A")
    assert system.system_account._parts is None
    (answer,) = asked(client, "$SYS.REQ.USER.INFO")
    assert answer["data"]["account"] == "A"
    assert system.system_account._parts is not None


def test_an_account_is_told_of_itself_only() -> None:
    system = SystemNode()
    own, other = system.client("A"), system.client("B")
    for subject in ("$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.PING.CONNZ"):
        (answer,) = asked(own, subject, '{"acc":"B"}')
        assert [each["cid"] for each in answer["data"]["connections"]] == [own.session.id]
    (answer,) = asked(other, "$SYS.REQ.ACCOUNT.PING.STATZ", '{"accounts":["A"]}')
    assert [each["acc"] for each in answer["data"]["account_statz"]] == ["B"]
