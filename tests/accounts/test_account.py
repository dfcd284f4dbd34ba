"""Accounts keep their subjects apart, and tell listeners what changes."""

from headwater.accounts.account import GLOBAL, SYSTEM, Account, Accounts, InterestListener, Traffic
from headwater.subjects.match import Interest


class Recorder(InterestListener):
    def __init__(self):
        self.heard = []

    def interest_added(self, interest):
        self.heard.append(("added", interest.subject))

    def interest_removed(self, interest):
        self.heard.append(("removed", interest.subject))


def test_listeners_hear_of_every_change():
    account = Account(b"A")
    recorders = [Recorder(), Recorder()]
    account.listeners.extend(recorders)
    interest = Interest(b"a.*")
    account.subscribe(interest)
    assert account.interest.has_interest(b"a.b")
    account.unsubscribe(interest)
    assert not account.interest.has_interest(b"a.b")
    for recorder in recorders:
        assert recorder.heard == [("added", b"a.*"), ("removed", b"a.*")]


def test_listeners_do_not_hear_of_what_was_not_there():
    account = Account(b"A")
    recorder = Recorder()
    account.listeners.append(recorder)
    account.unsubscribe(Interest(b"a"))
    assert recorder.heard == []


def test_a_listener_finds_the_change_made():
    account = Account(b"A")
    seen = []

    class Looker(InterestListener):
        def interest_added(self, interest):
            seen.append(account.interest.has_interest(interest.subject))

        def interest_removed(self, interest):
            seen.append(account.interest.has_interest(interest.subject))

    account.listeners.append(Looker())
    interest = Interest(b"a")
    account.subscribe(interest)
    account.unsubscribe(interest)
    assert seen == [True, False]


def test_accounts_are_made_once():
    accounts = Accounts()
    assert accounts.get(b"A") is accounts.get(b"A")
    assert accounts.get(b"A").name == b"A"
    assert accounts.globals is accounts.get(GLOBAL)
    assert accounts.system is accounts.get(SYSTEM)
    assert {account.name for account in accounts} == {b"A", GLOBAL, SYSTEM}


def test_accounts_may_be_added_while_they_are_walked():
    accounts = Accounts()
    for account in accounts:
        accounts.get(account.name + b"2")
    assert len(list(accounts)) == 4


def test_subjects_of_accounts_never_meet():
    accounts = Accounts()
    accounts.get(b"A").subscribe(Interest(b">"))
    assert accounts.get(b"A").interest.has_interest(b"a")
    assert not accounts.get(b"B").interest.has_interest(b"a")


def test_accounts_are_found_without_being_made():
    accounts = Accounts()
    assert accounts.find(GLOBAL) is accounts.globals
    assert accounts.find(b"A") is None
    account = accounts.get(b"A")
    assert accounts.find(b"A") is account
    assert list(accounts) == [accounts.globals, accounts.system, account]


def test_traffic_adds_up():
    total, part = Traffic(), Traffic()
    part.in_msgs, part.in_bytes, part.out_msgs, part.out_bytes = 1, 2, 3, 4
    total.add(part)
    total.add(part)
    assert (total.in_msgs, total.in_bytes, total.out_msgs, total.out_bytes) == (2, 4, 6, 8)
