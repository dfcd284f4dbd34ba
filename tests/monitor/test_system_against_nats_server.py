"""What our services of the system account answer is what the real nats-server's answer."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.pair import Pair, differences, words
from tests.monitor.system import CONFIG, Answer, Asker

pytestmark = pytest.mark.hub

# Where we differ and mean to: a pattern of the place, and why.
_OWN_SUBSCRIPTIONS = "the servers subscribe to other subjects themselves"
DIFFERENCES = (
    (r"\.server\.(seq|time)|\.timestamp", "of this one answer"),
    (r".*feature_flags\.js_raft_delete_range: ", "there is no Raft log here"),
    (r"\.error\.description: 'json: ", "another library reads the JSON"),
    (r".*\.(bytes|\w+_bytes): \d+ and \d+", "answers are not of the same size"),
    (r".*\.(msgs|\w+_msgs): \d+ and \d+", "theirs counts them later than it serves them"),
    (r".*\.(num_\w+|subscriptions|cache_hit_rate|\w+_fanout): ", _OWN_SUBSCRIPTIONS),
    (r"\.data\.(total|subscriptions_list)", _OWN_SUBSCRIPTIONS),
    (r"\.data\.(imports|exports|responses): only theirs", "system services are no imports here"),
    (r"\.data.*\.(imports|exports): only theirs", "system services are no imports here"),
    (r"\.data\.headwater: only ours", "our own version"),
    (r"\.data\.(go|git_commit): ", "a Go server's"),
    (r"\.data\.http_port: ", "theirs says what was configured, ours which port it is"),
    (r"\.data\.(cmdline|memstats)", "another program, and no Go runtime"),
    (r"\.data\.System recvQ: only theirs", "the queues inside the servers are not the same"),
)
KINDS = words("""
    IDZ STATSZ VARZ SUBSZ CONNZ ROUTEZ GATEWAYZ LEAFZ ACCOUNTZ JSZ HEALTHZ PROFILEZ EXPVARZ
    IPQUEUESZ RAFTZ
    """)
ACCOUNT_KINDS = words("SUBSZ CONNZ LEAFZ JSZ INFO STATZ CONNS")
FILTERS = (
    '{"server_name":"sam"}',
    '{"server_name":"same","exact_match":true}',
    '{"host":"127"}',
    '{"tags":["EDGE","region:EU"]}',
    "{}",
    "null",
)
NOT_FOR_US = (
    '{"server_name":"other"}',
    '{"server_name":"sam","exact_match":true}',
    '{"host":"128"}',
    '{"cluster":"x"}',
    '{"tags":["edge","x"]}',
    '{"tags":["ed"]}',
    '{"domain":"x"}',
)
Askers = dict[str, tuple[Asker, Asker]]


@pytest.fixture(scope="module")
def askers(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Askers]:
    """User to what asks in its name: our server, and theirs."""
    folder = tmp_path_factory.mktemp("system")
    with Pair(nats_server_path, folder, CONFIG, jetstream=False) as pair:
        users = ("sys", "alice", "limited", "bob")
        found = {user: pair.both(lambda port, user=user: Asker(port, user)) for user in users}
        for asker in (*found["sys"], *found["alice"]):
            asker.client.send(
                b"SUB a.b 1\r\nSUB a.* 2\r\nSUB a.> q 3\r\nSUB c q 4\r\nSUB c r 5\r\n"
            )
            asker.client.flush()
        yield found
        for pair_of_askers in found.values():
            for asker in pair_of_askers:
                asker.close()
                assert asker.late == []


def _ask(askers: tuple[Asker, Asker], subject: str, body: str = "", headers: str = "") -> Any:
    ours, theirs = (asker.ask(subject, body, headers) for asker in askers)
    return ours, theirs


def _agree(ours: Answer, theirs: Answer) -> None:
    assert _without_ids(ours.headers) == _without_ids(theirs.headers)
    if not theirs.body:
        assert not ours.body
        return
    found = differences(ours.json, theirs.json)
    patterns = [re.compile(pattern) for pattern, _ in DIFFERENCES]
    assert [text for text in found if not any(each.match(text) for each in patterns)] == []


def _without_ids(headers: bytes) -> bytes:
    return re.sub(rb"N[A-Z2-7]{55}", b"ID", headers)


@pytest.mark.parametrize("kind", [*KINDS, "ACCSTATZ", "NONE"])
def test_each_kind_of_request_to_servers(askers: Askers, kind: str) -> None:
    for whom in ("PING", "<id>"):
        _agree(*_ask(askers["sys"], f"$SYS.REQ.SERVER.{whom}.{kind}"))


def test_a_ping_asks_for_the_statistics(askers: Askers) -> None:
    ours, theirs = _ask(askers["sys"], "$SYS.REQ.SERVER.PING")
    _agree(ours, theirs)
    assert ours.json["statsz"]["connections"] == 4


def test_the_options_of_an_endpoint(askers: Askers) -> None:
    for kind, body in (
        ("VARZ", '{"unknown":1}'),
        ("CONNZ", '{"acc":"A","filter_subject":"a.b","sort":"subs","limit":1}'),
        ("CONNZ", '{"user":"limited","auth":true,"subscriptions":true}'),
        ("CONNZ", '{"sort":"none"}'),
        ("CONNZ", '{"acc":"none"}'),
        ("CONNZ", '{"filter_subject":"x"}'),
        ("SUBSZ", '{"account":"A","subscriptions":true,"test":"c"}'),
        ("SUBSZ", '{"account":"none"}'),
        ("SUBSZ", '{"test":"x.>","subscriptions":true}'),
        ("ACCOUNTZ", '{"account":"A"}'),
        ("ACCOUNTZ", '{"account":"none"}'),
        ("HEALTHZ", '{"account":"none"}'),
        ("HEALTHZ", '{"js-enabled-only":true}'),
        ("HEALTHZ", '{"stream":"none"}'),
        ("JSZ", '{"account":"none"}'),
        ("LEAFZ", '{"account":"A"}'),
        ("PROFILEZ", '{"name":"none"}'),
    ):
        _agree(*_ask(askers["sys"], f"$SYS.REQ.SERVER.PING.{kind}", body))


@pytest.mark.parametrize("body", ["{bad", '{"server_name":5}', "[]", "5", '""', " "])
def test_options_that_cannot_be_read(askers: Askers, body: str) -> None:
    subjects = [f"SERVER.{whom}.{kind}" for kind in KINDS for whom in ("PING", "<id>")]
    subjects += [f"ACCOUNT.A.{kind}" for kind in ACCOUNT_KINDS if kind != "CONNS"]
    subjects += ["SERVER.PING", "SERVER.<id>.RELOAD"]
    for subject in subjects:
        ours, theirs = _ask(askers["sys"], f"$SYS.REQ.{subject}", body)
        _agree(ours, theirs)
        assert "IDZ" in subject or ours.json["error"]["code"] == 400


@pytest.mark.parametrize("body", FILTERS)
def test_filters_that_let_us_answer(askers: Askers, body: str) -> None:
    for subject in ("SERVER.PING", "SERVER.PING.VARZ", "SERVER.<id>.HEALTHZ", "ACCOUNT.A.LEAFZ"):
        _agree(*_ask(askers["sys"], f"$SYS.REQ.{subject}", body))


@pytest.mark.parametrize("body", NOT_FOR_US)
def test_filters_that_make_us_silent(askers: Askers, body: str) -> None:
    for subject in ("SERVER.PING", "SERVER.PING.VARZ", "SERVER.<id>.HEALTHZ", "ACCOUNT.A.CONNZ"):
        assert [asker.is_silent(f"$SYS.REQ.{subject}", body) for asker in askers["sys"]] == [
            True,
            True,
        ]
    _agree(*_ask(askers["sys"], "$SYS.REQ.SERVER.PING.IDZ", body))
    for subject in ("SERVER.PING.CONNZ", "ACCOUNT.PING.STATZ"):
        for asker in askers["alice"]:
            assert asker.is_silent(f"$SYS.REQ.{subject}", body)


@pytest.mark.parametrize("account", ["A", "B", "$G", "$SYS", "none"])
@pytest.mark.parametrize("kind", ACCOUNT_KINDS)
def test_requests_about_an_account(askers: Askers, kind: str, account: str) -> None:
    subject = f"$SYS.REQ.ACCOUNT.{account}.{kind}"
    if kind in ("STATZ", "CONNS") and account in ("$G", "none"):
        for asker in askers["sys"]:
            assert asker.is_silent(subject)
    else:
        if kind != "CONNS":
            _agree(*_ask(askers["sys"], subject, '{"account":"B","acc":"B","accounts":["B"]}'))
        _agree(*_ask(askers["sys"], subject))


def test_statistics_of_several_accounts(askers: Askers) -> None:
    for body in ("", '{"accounts":["A","$G"]}', '{"include_unused":true}'):
        _agree(*_ask(askers["sys"], "$SYS.REQ.ACCOUNT.PING.STATZ", body))
    _agree(*_ask(askers["sys"], "$SYS.REQ.ACCOUNT.$G.STATZ", '{"include_unused":true}'))
    for asker in askers["sys"]:
        assert asker.is_silent("$SYS.REQ.ACCOUNT.PING.STATZ", '{"accounts":["none","$G"]}')


def test_what_is_about_no_account(askers: Askers) -> None:
    for subject in ("ACCOUNT.PING.CONNZ", "ACCOUNT.PING.JSZ", "ACCOUNT.A.NONE", "ACCOUNT.A.B.INFO"):
        _agree(*_ask(askers["sys"], f"$SYS.REQ.{subject}"))


def test_the_number_of_connections_is_told_for_the_account_of_the_subject(askers: Askers) -> None:
    subject = "$SYS.REQ.ACCOUNT.A.CONNS"
    for body in ('{"acc":"A","server":{"name":"x"}}', "{}", "null"):
        _agree(*_ask(askers["sys"], subject, body))
    for body in ("{bad", '{"acc":"B"}', '{"acc":"none"}', '{"server":5}'):
        for asker in askers["sys"]:
            assert asker.is_silent(subject, body)


@pytest.mark.parametrize("user", ["alice", "bob"])
@pytest.mark.parametrize(
    "subject", ["SERVER.PING.CONNZ", "ACCOUNT.PING.CONNZ", "ACCOUNT.PING.STATZ"]
)
def test_what_an_account_may_ask_about_itself(askers: Askers, user: str, subject: str) -> None:
    for body in (
        "",
        "{bad",
        '{"acc":"B","account":"B","accounts":["$SYS"]}',
        '{"subscriptions_detail":true}',
        '{"auth":true,"user":"limited"}',
        '{"filter_subject":"a.b"}',
        '{"sort":"none"}',
    ):
        _agree(*_ask(askers[user], f"$SYS.REQ.{subject}", body))


@pytest.mark.parametrize(
    "subject",
    words("""
    $SYS.REQ.SERVER.PING $SYS.REQ.SERVER.PING.VARZ $SYS.REQ.SERVER.<id>.CONNZ
    $SYS.REQ.SERVER.<id>.KICK $SYS.REQ.ACCOUNT.PING.JSZ $SYS.REQ.ACCOUNT.A.CONNZ
    $SYS.REQ.ACCOUNT.B.INFO $SYS.DEBUG.SUBSCRIBERS
    """),
)
def test_what_only_the_system_account_may_ask(askers: Askers, subject: str) -> None:
    ours, theirs = _ask(askers["alice"], subject, "{}")
    assert ours.headers.startswith(b"NATS/1.0 503\r\n")
    _agree(ours, theirs)


@pytest.mark.parametrize("user", ["sys", "alice", "limited", "bob"])
def test_who_am_i(askers: Askers, user: str) -> None:
    for body in ("", "{bad"):
        answers = _ask(askers[user], "$SYS.REQ.USER.INFO", body)
        ours, theirs = (_sorted_rules(answer) for answer in answers)
        assert list(ours["data"]) == list(theirs["data"])
        assert ours["data"] == theirs["data"]


def _sorted_rules(answer: Answer) -> Any:
    """Return an answer whose lists of subjects are in order: nats-server's are in none."""
    found = answer.json
    for side in found["data"].get("permissions", {}).values():
        for subjects in side.values():
            subjects.sort()
    return found


def test_how_many_listen(askers: Askers) -> None:
    for body in (
        *("a.b", "a.x", "a.b.c", "a.*", "a.>", "*.*", ">", "c", "c q", "c r", "c x", "a.> q"),
        *("* q", "", "a b c", " c ", "c  q", "nobody", "a..b", "$SYS.>", "a", "_INBOX.>"),
    ):
        ours, theirs = _ask(askers["sys"], "$SYS.DEBUG.SUBSCRIBERS", body)
        assert (body, ours.body) == (body, theirs.body)


@pytest.mark.parametrize(
    "wish", ["gzip", "GZIP", "snappy", "s2", "br", "", "gzip, snappy", "br,gzip;q=1"]
)
def test_compressed_answers(askers: Askers, wish: str) -> None:
    header = f"Accept-Encoding: {wish}"
    for kind in ("SERVER.PING.HEALTHZ", "SERVER.<id>.LEAFZ", "ACCOUNT.A.LEAFZ", "ACCOUNT.A.STATZ"):
        ours, theirs = _ask(askers["sys"], f"$SYS.REQ.{kind}", headers=header)
        assert ours.headers == theirs.headers
        if b"gzip" in ours.headers:
            assert json.loads(gzip.decompress(ours.body))["data"]
    # Some are short, or came before there was such a header.
    for kind in ("SERVER.PING", "SERVER.PING.IDZ", "ACCOUNT.A.CONNS", "USER.INFO"):
        ours, theirs = _ask(askers["sys"], f"$SYS.REQ.{kind}", headers=header)
        assert ours.headers == theirs.headers == b""


def test_a_header_by_another_name(askers: Askers) -> None:
    header = "accept-encoding: gzip"
    ours, theirs = _ask(askers["sys"], "$SYS.REQ.SERVER.PING.HEALTHZ", headers=header)
    assert ours.headers == theirs.headers == b""


@pytest.mark.parametrize("command", ["KICK", "LDM"])
def test_commands_about_a_client_that_is_not_there(askers: Askers, command: str) -> None:
    subject = f"$SYS.REQ.SERVER.<id>.{command}"
    for body in ("{}", '{"cid":999}', "null", '{"cid":999,"server_name":5}'):
        _agree(*_ask(askers["sys"], subject, body))
    _agree(*_ask(askers["sys"], f"$SYS.REQ.SERVER.PING.{command}", "{}"))
    for body in ("", '{"cid":"x"}', "{bad", "[]", '{"cid":999,"server_name":"other"}'):
        for asker in askers["sys"]:
            assert asker.is_silent(subject, body)
