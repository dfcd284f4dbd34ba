"""From text to options, with defaults, and with errors that say where and what."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.base.clock import MINUTE, SECOND
from headwater.base.errors import ConfigError
from headwater.config.load import complete, from_text, load, load_fields
from headwater.config.options import LogOptions, Options
from tests.config import corpus, corpus_blocks, keys
from tests.config.corpus import ENVIRONMENT

SAME = corpus.SAME + corpus_blocks.SAME
STRICTER = [*corpus.STRICTER, *(text for text in corpus_blocks.STRICTER if "$C" not in text)]
UNSUPPORTED = corpus.UNSUPPORTED + corpus_blocks.UNSUPPORTED
WARNINGS = corpus.WARNINGS + corpus_blocks.WARNINGS

A_STRING = "expected a string (put numbers into quotes)"
A_DURATION = "a duration such as 2s, 1m30s or 500ms is expected"
IN_RANGE = "a duration of at least 0s and less than 292 years"


def options(text: str) -> Options:
    return from_text(text, {}, "f.conf")


def error_of(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        options(text)
    return str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        'mappings { a: { destination: b, weight: "\n2%" } }',
        '"a\nb": 5',
        'server_name: "a\\u2028\n"',
        '"' + "x" * 5000 + '": 5',
        'include "a\nb.conf"\n',
        "accounts { A: { users: [ {user: $" + "v" * 5000 + "} ] } }",
    ],
)
def test_each_error_is_one_line_that_is_not_too_long(text):
    (said,) = error_of(text).split("\n")
    assert said.startswith("f.conf:")
    assert said.isprintable()
    assert len(said) < 600


def test_an_empty_text_gives_the_defaults_and_a_warning():
    found = options("")
    assert found.warnings == ("f.conf: the configuration is empty",)
    assert (found.host, found.port, found.http_port) == ("0.0.0.0", 4222, 0)
    assert found.jetstream is None
    assert not found.authorization.required
    assert found.log == LogOptions()


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("port: 5222", "port", 5222),
        ("port: -1", "port", -1),
        ("port: 0", "port", 4222),
        ("PORT: 5222", "port", 5222),
        ("host: localhost", "host", "localhost"),
        ("net: localhost", "host", "localhost"),
        ('host: ""', "host", "0.0.0.0"),
        ("listen: 5222", "port", 5222),
        ("listen: 127.0.0.1:5222", "port", 5222),
        ("listen: 127.0.0.1:5222", "host", "127.0.0.1"),
        ('listen: ":5222"', "host", "0.0.0.0"),
        ("http: 8222", "http_port", 8222),
        ("http: localhost:8222", "http_host", "localhost"),
        ("http_port: 8222", "http_port", 8222),
        ("monitor_port: -1", "http_port", -1),
        ("http_base_path: /a/../b/", "http_base_path", "/b"),
        ("http_base_path: b", "http_base_path", "/b"),
        ("http_base_path: /", "http_base_path", ""),
        ("server_name: edge-1", "server_name", "edge-1"),
        ("client_advertise: 'h:1'", "client_advertise", "h:1"),
        ("pid_file: /tmp/p", "pid_file", "/tmp/p"),
        ("pidfile: /tmp/p", "pid_file", "/tmp/p"),
        ("ports_file_dir: /tmp", "ports_file_dir", "/tmp"),
        ("max_control_line: 8k", "control_line_bytes_max", 8000),
        ("max_control_line: 0", "control_line_bytes_max", 4096),
        ("max_payload: 8MB", "payload_bytes_max", 8 << 20),
        ("max_payload: 0", "payload_bytes_max", 1 << 20),
        ("max_pending: 2GB", "pending_bytes_max", 2 << 30),
        ("max_connections: 9", "connections_max", 9),
        ("max_conn: 0", "connections_max", -1),
        ("max_subscriptions: 9", "subscriptions_max", 9),
        ("max_subs: -1", "subscriptions_max", 0),
        ('ping_interval: "30s"', "ping_interval_ns", 30 * SECOND),
        ("ping_interval: 30", "ping_interval_ns", 30 * SECOND),
        ("ping_interval: 0s", "ping_interval_ns", 2 * MINUTE),
        ("ping_max: 5", "pings_out_max", 5),
        ("ping_max: 0", "pings_out_max", 2),
        ("write_deadline: 5s", "write_deadline_ns", 5 * SECOND),
        ("lame_duck_duration: 30s", "lame_duck_duration_ns", 30 * SECOND),
        ("lame_duck_grace_period: 5s", "lame_duck_grace_ns", 5 * SECOND),
        ("write_timeout: retry", "write_timeout", "retry"),
        ("no_header_support: true", "no_header_support", True),
        ("max_sub_tokens: 16", "subscription_tokens_max", 16),
        ("max_subscription_tokens: 255", "subscription_tokens_max", 255),
        ("disable_sublist_cache: true", "sublist_cache", False),
        ("no_sublist_cache: false", "sublist_cache", True),
        ("no_fast_producer_stall: true", "fast_producer_stall", False),
        ("max_closed_clients: 5", "closed_clients_max", 5),
        ("proxy_protocol: true", "proxy_protocol", True),
        ("https_port: 0", "https_port", 0),
        ('server_tags: "a"', "tags", ("a",)),
        ('server_tags: ["x y", " A", a, ""]', "tags", ("x y", "a")),
        ("server_metadata { b: c, a: d }", "metadata", (("a", "d"), ("b", "c"))),
        ("no_system_account: true", "no_system_account", True),
        ("connect_error_reports: 5", "connect_error_reports", 5),
        ("reconnect_error_reports: 6", "reconnect_error_reports", 6),
        ('system_account: ""', "system_account", "$SYS"),
    ],
)
def test_general_options(text, field, value):
    assert getattr(options(text), field) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("debug: true", LogOptions(debug=True)),
        ("trace: on", LogOptions(trace=True)),
        ("trace_verbose: true", LogOptions(trace=True, trace_verbose=True)),
        ("trace_headers: true", LogOptions(trace=True, trace_headers=True)),
        ("max_traced_msg_len: 5", LogOptions(traced_bytes_max=5)),
        ("max_traced_msg_len: -5", LogOptions()),
        ("syslog: true", LogOptions(syslog=True)),
        ("remote_syslog: 'udp://h:514'", LogOptions(remote_syslog="udp://h:514")),
        ("logtime: no", LogOptions(time=False)),
        ("logtime_utc: yes", LogOptions(utc=True)),
        ("logfile: /tmp/l", LogOptions(file="/tmp/l")),
        ("log_file: /tmp/l, log_size_limit: 1k", LogOptions(file="/tmp/l", size_limit=1000)),
        ("logfile_size_limit: 1kb, logfile_max_num: 3", LogOptions(size_limit=1024, files_max=3)),
    ],
)
def test_log_options(text, expected):
    assert options(text).log == expected


def test_monitoring_listens_where_clients_do():
    assert options("host: 127.0.0.1, http_port: 1").http_host == "127.0.0.1"
    assert options("host: 127.0.0.1, http: localhost:1").http_host == "localhost"
    assert options("http: 1").http_host == "0.0.0.0"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('port: "4222"', "port: expected an integer, got a string"),
        ("port: 4222.5", "port: expected an integer, got the number 4222.5"),
        ("port: true", "port: expected an integer, got the boolean true"),
        ("port: 65536", "port: 65536 is not between -1 and 65535"),
        ("port: [4222 ]", "port: expected an integer, got a list"),
        ("port { a: 1 }", "port: expected an integer, got a map"),
        ("host: 2006-01-02T15:04:05Z", f"host: {A_STRING}, got a date"),
        ("server_name: 12", f"server_name: {A_STRING}, got the integer 12"),
        ('server_name: "a b"', "server_name: server name cannot contain spaces"),
        ("listen: h:70000", "listen: 70000 is not between -1 and 65535"),
        ("listen: h", "listen: an address such as 127.0.0.1:4222 is expected, not 'h'"),
        ("debug: 1", "debug: expected true or false, got the integer 1"),
        ("max_payload: 2147483648", "max_payload: 2147483648 is not between 0 and 2147483647"),
        ('ping_interval: "x"', f"ping_interval: {A_DURATION}, not 'x'"),
        ('ping_interval: "-1s"', f"ping_interval: {IN_RANGE}"),
        ("ping_interval: 9999999999999", f"ping_interval: {IN_RANGE}"),
        ("write_deadline: []", "write_deadline: expected a duration such as 2s, got a list"),
        ("lame_duck_duration: 29s", "lame_duck_duration: the least is 30s"),
        ("write_timeout: never", "write_timeout: expected default, close or retry, not 'never'"),
        ("server_tags: [a, 5 ]", None),
        ("bogus: 1", 'unknown field "bogus"'),
    ],
)  # fmt: skip
def test_errors_say_where_and_what(text, error):
    if error is None:
        assert error_of(text) == "f.conf:1:18: server_tags: expected a string, got the integer 5"
    else:
        assert error_of(f"\n  {text}") == f"f.conf:2:3: {error}"


@pytest.mark.parametrize("text", ["server_metadata { a: 5 }", "feature_flags { a: x }"])
def test_maps_of_the_wrong_values(text):
    assert ": a: expected " in error_of(text)


def test_strings_are_unicode():
    assert error_of(r'server_name: "\xff"').endswith("server_name: the string is not valid UTF-8")
    assert error_of(r'server_tags: [a, "\xff"]').endswith("the string is not valid UTF-8")
    assert options(r'server_name: "\xc3\xa9"').server_name == "\u00e9"


def test_all_errors_are_told_at_once():
    lines = error_of("port: x\nbogus: 1\nauthorization { user: 5, bogus: 1 }").splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "f.conf:1:1", "f.conf:2:1", "f.conf:3:17", "f.conf:3:26",
    ]  # fmt: skip


def test_errors_are_bounded():
    lines = error_of("\n".join(f"bogus{n}: 1" for n in range(500))).splitlines()
    assert len(lines) == 51
    assert lines[-1] == "and 450 more errors"


def test_unknown_names_may_define_variables():
    assert options("size: 5, max_subs: $size").subscriptions_max == 5
    assert "unknown field" in error_of("size: 5, max_subs: 5")


def test_limits_that_contradict_each_other():
    assert error_of("max_payload: 2MB, max_pending: 1MB") == (
        "f.conf:1:1: max_payload (2097152) cannot be higher than max_pending (1048576)"
    )


def test_what_is_not_honoured_is_named_with_its_place():
    found = options("prof_port: 1\n\njetstream { extension_hint: a }")
    assert found.not_honoured == ("prof_port (f.conf:1)", "extension_hint (f.conf:3)")


@pytest.mark.parametrize(
    "text",
    [
        "feature_flags { a: true, b: no }",
        "prof_block_rate: 5",
        "jetstream { meta_compact: 5 }",
        "leafnodes { isolate: true }",
    ],
)
def test_what_is_accepted_without_effect(text):
    found = options(text)
    assert len(found.not_honoured) == 1
    assert found.port == Options.port


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_what_would_break_a_promise_is_refused(text):
    error = error_of(text)
    assert error.startswith("f.conf:1:")
    assert "not supported by this version" in error


@pytest.mark.parametrize(
    "text",
    [
        "ocsp: false",
        "ocsp_cache: false",
        "authorization { user: a, proxy_required: no }",
    ],
)
def test_unsupported_options_may_be_switched_off(text):
    options(text)


@pytest.mark.parametrize("text", STRICTER)
def test_what_only_we_refuse(text):
    assert error_of(text).startswith("f.conf:")


@pytest.mark.parametrize("text", WARNINGS)
def test_warnings(text):
    assert options(text).warnings


def test_no_secret_is_in_a_repr_or_an_error():
    text = "authorization { users: [ {user: a, password: geheim} ] }\n"
    text += 'leafnodes { remotes: [ { url: "nats://u:geheim@h" } ] }'
    assert "geheim" not in repr(options(text))
    assert "geheim" not in error_of('port: "geheim", leaf { remotes: [ {url: "x://u:geheim@h"} ] }')


def test_load_reads_a_file(tmp_path):
    path = tmp_path / "server.conf"
    path.write_text("port: $PORT\n")
    found = load(str(path), {"PORT": "5222"})
    assert (found.port, found.config_file) == (5222, str(path))
    assert found.config_digest == from_text("port: 5222", {}).config_digest
    assert found.config_digest.startswith("sha256:")


def test_load_fails_with_the_files_name(tmp_path):
    path = tmp_path / "server.conf"
    with pytest.raises(ConfigError, match=r"cannot read .*server\.conf: No such file"):
        load(str(path), {})
    path.write_text("port: x")
    with pytest.raises(ConfigError) as raised:
        load(str(path), {})
    assert str(raised.value).startswith(f"{path}:1:1: port: ")


def test_fields_can_be_set_over_those_of_the_file(tmp_path):
    path = tmp_path / "server.conf"
    path.write_text("port: 1, host: a, jetstream { domain: d }")
    fields = load_fields(str(path), {})
    fields |= {"host": "b", "jetstream.enabled": False}
    found = complete(fields)
    assert (found.port, found.host, found.http_host, found.jetstream) == (1, "b", "b", None)


@settings(max_examples=200)
@given(st.sampled_from([*SAME, *UNSUPPORTED, *WARNINGS]), st.data())
def test_broken_snippets_give_options_or_a_config_error(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    piece = data.draw(st.sampled_from(["", " ", "{", "}", "[", ": ", "5", "x", "true", '"', "\n"]))
    try:
        found = from_text(text[:start] + piece + text[end:], ENVIRONMENT)
    except ConfigError:
        return
    assert isinstance(found, Options)


_ANY_VALUE = st.sampled_from(
    ["5", "-5", "1.5", "true", "x", '""', "[]", "[ 5 ]", "{}", "{ a: 1 }", "[{}]", "[[x]]",
     "2006-01-02T15:04:05Z", '"\\xff"', "9223372036854775807", "[ {user: a} ]", '"1G"',
     "[ {url: x} ]"]
)  # fmt: skip


_SNIPPETS = [(template, name) for _, name, template in keys.templates()]


@settings(max_examples=300)
@given(st.sampled_from(_SNIPPETS), _ANY_VALUE)
def test_any_value_for_any_name_gives_options_or_a_config_error(snippet, value):
    template, name = snippet
    said = "<text>:"
    try:
        from_text(template.replace("%s", f"{name}: {value}\n"), ENVIRONMENT)
    except ConfigError as error:
        said = str(error)
    assert said.startswith("<text>:")
