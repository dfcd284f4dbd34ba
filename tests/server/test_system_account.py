"""What the server keeps of the accounts that it listens in."""

import gc
import random

from headwater.accounts.account import Account
from headwater.base.clock import ManualClock
from headwater.base.log import Log
from headwater.broker.node import Node
from headwater.server.system_account import SystemAccount


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
