"""The command line of the server."""

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import ConfigError
from headwater.cli import server_flags
from headwater.cli.server_flags import FLAGS, FlagError, ServerArguments, parse, usage
from headwater.config.options import (
    CertificateFiles,
    JetStreamOptions,
    LogOptions,
    Options,
    TlsOptions,
    User,
)


def options(*argv: str) -> Options:
    return parse(argv, {}).options


def error_of(*argv: str) -> FlagError:
    with pytest.raises(FlagError) as raised:
        parse(argv, {})
    return raised.value


def test_nothing_said_gives_the_defaults():
    assert parse([], {}) == ServerArguments(Options())


@pytest.mark.parametrize(
    ("names", "value", "field", "expected"),
    [
        (["a", "addr", "net"], "localhost", "host", "localhost"),
        (["p", "port"], "5222", "port", 5222),
        (["p"], "-1", "port", -1),
        (["p"], "0", "port", 4222),
        (["p"], "0x10", "port", 16),
        (["p"], "0o17", "port", 15),
        (["p"], "017", "port", 15),
        (["p"], "0b11", "port", 3),
        (["p"], "4_222", "port", 4222),
        (["p"], "+7", "port", 7),
        (["n", "name", "server_name"], "edge", "server_name", "edge"),
        (["P", "pid"], "/tmp/p", "pid_file", "/tmp/p"),
        (["m", "http_port"], "8222", "http_port", 8222),
        (["client_advertise"], "h:1", "client_advertise", "h:1"),
        (["r", "remote_syslog"], "udp://h:1", "log", LogOptions(remote_syslog="udp://h:1")),
        (["max_traced_msg_len"], "5", "log", LogOptions(traced_bytes_max=5)),
        (["max_traced_msg_len"], "-5", "log", LogOptions()),
        (["ports_file_dir"], "/tmp", "ports_file_dir", "/tmp"),
        (["l", "log"], "/tmp/l", "log", LogOptions(file="/tmp/l")),
        (["log_size_limit"], "1000", "log", LogOptions(size_limit=1000)),
        (["max_payload"], "1000", "payload_bytes_max", 1000),
    ],
)
def test_flags_with_a_value(names, value, field, expected):
    for name in names:
        for argv in ([f"-{name}", value], [f"--{name}", value], [f"-{name}={value}"],
                     [f"--{name}={value}"]):  # fmt: skip
            assert getattr(options(*argv), field) == expected, argv


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["-D"], LogOptions(debug=True)),
        (["--debug"], LogOptions(debug=True)),
        (["-V"], LogOptions(trace=True)),
        (["-trace"], LogOptions(trace=True)),
        (["-VV"], LogOptions(trace=True, trace_verbose=True)),
        (["-DV"], LogOptions(debug=True, trace=True)),
        (["-DVV"], LogOptions(debug=True, trace=True, trace_verbose=True)),
        (["-D", "-V"], LogOptions(debug=True, trace=True)),
        (["-T=false"], LogOptions(time=False)),
        (["--logtime=f"], LogOptions(time=False)),
        (["-T"], LogOptions()),
        (["--logtime_utc"], LogOptions(utc=True)),
        (["-s"], LogOptions(syslog=True)),
        (["--syslog"], LogOptions(syslog=True)),
        (["-D", "-D=0"], LogOptions()),
        (["-DV", "-D=false"], LogOptions(debug=True, trace=True)),
    ],
)
def test_flags_of_the_log(argv, expected):
    assert options(*argv).log == expected


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["-js"], JetStreamOptions()),
        (["--jetstream=true"], JetStreamOptions()),
        (["-js", "-sd", "/tmp/js"], JetStreamOptions(store_dir="/tmp/js")),
        (["-js", "--store_dir=/tmp/js"], JetStreamOptions(store_dir="/tmp/js")),
        (["-sd", "/tmp/js"], None),
        (["-js=false"], None),
    ],
)
def test_flags_of_jetstream(argv, expected):
    assert options(*argv).jetstream == expected


def test_flags_of_the_authorization():
    assert options("--user", "a", "--pass", "b").authorization.users == (User("a", "b"),)
    assert options("--auth", "t").authorization.token == "t"
    assert "together with a token" in str(config_error("--auth", "t", "--user", "a"))
    assert "everybody" in str(config_error("--pass", "b"))


CERT = ("--tlscert", "c.pem", "--tlskey", "k.pem")
TLS = TlsOptions(certificates=(CertificateFiles("c.pem", "k.pem"),))


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ((), None),
        (("--tls=false",), None),
        (("--tls=false", *CERT), None),
        (CERT, TLS),
        (("--tls", *CERT), TLS),
        (("--tlsverify=false", *CERT), TLS),
        (("--tlsverify", *CERT), replace(TLS, verify=True)),
        (("--tlsverify", *CERT, "--tlscacert=a.pem"), replace(TLS, verify=True, ca_file="a.pem")),
    ],
)
def test_flags_of_tls(argv, expected):
    assert options(*argv).tls == expected


def test_monitoring_through_tls():
    assert options("-ms", "8443", *CERT).https_port == 8443
    assert options("--https_port=-1", "-a", "h", *CERT).https_host == "h"
    assert "needs the certificate of a tls block" in str(config_error("-ms", "1"))
    assert "cannot have both" in str(config_error("-ms", "1", "-m", "2", *CERT))


def config_error(*argv: str) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        parse(argv, {})
    return raised.value


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["-zz"], "flag provided but not defined: -zz"),
        (["--zz=1"], "flag provided but not defined: -zz"),
        (["-p"], "flag needs an argument: -p"),
        (["-js", "--port"], "flag needs an argument: -port"),
        (["-p", "abc"], 'invalid value "abc" for flag -p: parse error'),
        (["-p", "-t"], 'invalid value "-t" for flag -p: parse error'),
        (["-p="], 'invalid value "" for flag -p: parse error'),
        (["-p", "1__0"], 'invalid value "1__0" for flag -p: parse error'),
        (["-p", "08"], 'invalid value "08" for flag -p: parse error'),
        (
            ["-p", "99999999999999999999"],
            'invalid value "99999999999999999999" for flag -p: value out of range',
        ),
        (["-js=maybe"], 'invalid boolean value "maybe" for -js: parse error'),
        (["---p"], "bad flag syntax: ---p"),
        (["-=3"], "bad flag syntax: -=3"),
        (["--=3"], "bad flag syntax: --=3"),
    ],
)
def test_malformed_lines_are_told_as_go_does(argv, text):
    error = error_of(*argv)
    assert (str(error), error.shows_usage, error.exit_code) == (text, True, 2)


@pytest.mark.hub
@pytest.mark.parametrize(
    "argv",
    [["-zz"], ["-p"], ["-p", "abc"], ["-p", ""], ["-p", "1__0"], ["-p", "08"], ["-js=maybe"],
     ["---p"], ["-=3"], ["-p", "99999999999999999999"], ["foo"], ["-t"], ["-js", "false"]],
)  # fmt: skip
def test_nats_server_says_the_same(argv, nats_server_path):
    line = [str(nats_server_path), *argv]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    theirs = done.stderr.splitlines()[0].removeprefix("nats-server: ")
    assert str(error_of(*argv)) == theirs


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["-p", "70000"], "flag -p: 70000 is not between -1 and 65535"),
        (["foo"], 'unrecognized command: "foo"'),
        (["-js", "false"], 'unrecognized command: "false"'),
        (["-t"], "must specify [-c, --config] option to check configuration file syntax"),
        (["-sl", "bogus"], 'unknown signal "bogus"; one of ldm, quit, reload, reopen, stop, term'),
        (["-sl", "stop=1=2"], "invalid signal parameters: ['2']"),
        (["--tls"], "TLS Server certificate must be present and valid"),
        (["--tlsverify"], "TLS Server certificate must be present and valid"),
        (["--tlscacert", "x"], "TLS Server certificate must be present and valid"),
        (["--tls", "--tlscert", "x"], "TLS Server private key must be present and valid"),
        (["--routes", "nats://h"], "flag -routes: a cluster is not supported by this version"),
        (["--cluster", "nats://h"], "flag -cluster: a cluster is not supported by this version"),
        (["--cluster_name=x"], "flag -cluster_name: a cluster is not supported by this version"),
    ],
)
def test_what_is_refused(argv, text):
    error = error_of(*argv)
    assert (str(error), error.shows_usage, error.exit_code) == (text, False, 1)


def test_a_server_name_without_spaces():
    assert "spaces" in str(config_error("-n", "a b"))


def test_unsupported_flags_may_be_switched_off():
    assert options("--tls=false", "-ms", "0", "--routes", "", "--no_advertise=f") == Options()


def test_flags_that_change_nothing_are_noted():
    assert options("--profile=1").not_honoured == ("-profile (command line)",)


@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["help"], ["-p", "1", "HELP"]])
def test_help(argv):
    assert parse(argv, {}).show_help


@pytest.mark.parametrize("argv", [["-v"], ["--version"], ["version"], ["-h", "-v"]])
def test_version(argv):
    assert parse(argv, {}).show_version


def test_help_needs_no_readable_file():
    assert parse(["-c", "/nonexistent/x.conf", "-h"], {}).show_help
    assert parse(["--help_tls"], {}).show_tls_help


def test_words_behind_two_dashes_are_no_flags():
    assert str(error_of("--", "-p")) == 'unrecognized command: "-p"'
    assert options("-p", "1", "--").port == 1


@pytest.mark.parametrize(
    ("text", "signal", "target"),
    [("ldm", "ldm", ""), ("stop=12", "stop", "12"), ("reload=/tmp/p.pid", "reload", "/tmp/p.pid")],
)
def test_signals(text, signal, target):
    found = parse(["-sl", text], {})
    assert (found.signal, found.signal_target) == (signal, target)
    assert parse([f"--signal={text}"], {}) == found


# --- with a file -----------------------------------------------------------------------------

FILE = """
port: 1
host: a
debug: true
trace: true
http: 5
jetstream { domain: d, store_dir: /tmp/file }
authorization { user: u, password: p }
prof_port: 1
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "server.conf"
    path.write_text(FILE)
    return str(path)


def test_the_file_counts_where_no_flag_does(config):
    found = options("-c", config)
    assert (found.port, found.host, found.http_host, found.http_port) == (1, "a", "a", 5)
    assert found.config_file == config
    assert found.config_digest.startswith("sha256:")


def test_flags_win_over_the_file(config):
    found = options(
        "-p", "2", "-c", config, "-a", "b", "-D=false", "-sd", "/tmp/flag", "--pass", "q",
        "--profile", "5",
    )  # fmt: skip
    assert (found.port, found.host, found.http_host) == (2, "b", "b")
    assert found.log == LogOptions(trace=True)
    assert found.jetstream == JetStreamOptions(domain="d", store_dir="/tmp/flag")
    assert found.authorization.users == (User("u", "q"),)
    assert found.not_honoured == (f"prof_port ({config}:9)", "-profile (command line)")


def test_the_flags_of_tls_leave_nothing_of_the_files_block(tmp_path, certificates):
    path = tmp_path / "tls.conf"
    files = f'cert_file: "{certificates.cert_file}", key_file: "{certificates.key_file}"'
    path.write_text(f"tls {{ {files}, verify: true }}")
    assert options("-c", str(path), *CERT).tls == TLS
    assert options("-c", str(path), "--tls=false").tls is None
    assert options("-c", str(path)).tls.verify
    assert "private key" in str(config_error("-c", str(path), "--tlscert", "c.pem"))


def test_a_contradiction_of_file_and_flags(config, tmp_path):
    path = tmp_path / "https.conf"
    path.write_text("https_port: 8443\n")
    assert str(config_error("-c", str(path))).startswith(f"{path}:1:1: https needs")
    assert options("-c", str(path), *CERT).https_port == 8443


def test_jetstream_can_be_switched_off_and_on(config, tmp_path):
    assert options("-c", config, "-js=false").jetstream is None
    (tmp_path / "off.conf").write_text("jetstream { enabled: no, domain: d }")
    found = options("-c", str(tmp_path / "off.conf"), "-js").jetstream
    assert found == JetStreamOptions(domain="d")


def test_a_token_does_not_go_with_the_files_user(config):
    assert "together with a token" in str(config_error("-c", config, "--auth", "t"))


def test_check_config(config):
    found = parse(["-t", "-c", config], {})
    assert found.check_config
    assert found.options.config_file == config
    assert not parse(["-c", config], {}).check_config


def test_the_environment_serves_variables(tmp_path):
    path = tmp_path / "server.conf"
    path.write_text("port: $PORT")
    assert parse(["--config", str(path)], {"PORT": "77"}).options.port == 77


def test_errors_of_the_file(tmp_path):
    path = tmp_path / "server.conf"
    path.write_text("port: x")
    assert str(config_error("-c", str(path))).startswith(f"{path}:1:1: port: ")
    assert "cannot read" in str(config_error("-c", str(tmp_path / "nothing.conf")))


# --- all of it -------------------------------------------------------------------------------


def test_usage_shows_every_flag():
    text = usage()
    for flags in FLAGS.values():
        for flag in flags:
            for name in flag.names:
                assert f"-{name}" in text.replace(",", " ").split() or f"--{name}" in text
            assert flag.about.split("\n")[0] in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_every_flag_leads_somewhere():
    handled = set(server_flags._SETS) | {"h", "v", "help_tls", "t", "c", "sl"}
    handled |= {flag.names[0] for flag in FLAGS["TLS"]}
    assert {flag.names[0] for flags in FLAGS.values() for flag in flags} == handled


@pytest.mark.hub
def test_every_flag_of_nats_server_is_known(nats_server_path):
    said = subprocess.run([str(nats_server_path), "--help"], capture_output=True, text=True)
    words = said.stdout.replace(",", " ").split()
    names = {word.lstrip("-") for word in words if word.startswith("-")}
    assert len(names) > 50
    assert names <= set(server_flags._FLAGS_BY_NAME)


_WORDS = st.sampled_from(
    ["-p", "1", "-js", "-js=f", "-D", "--", "-", "-t", "x", "--tls", "=", "-a=", "-x", "-sl", "ldm",
     "-v=false", "-n", "-max_payload", "9" * 99, "-m=\u0663"]
)  # fmt: skip


@given(st.lists(_WORDS | st.text(max_size=5), max_size=6))
def test_any_words_give_arguments_or_a_config_error(words):
    if any(word.lstrip("-").partition("=")[0] in ("c", "config") for word in words):
        return
    try:
        assert isinstance(parse(words, {}), ServerArguments)
    except ConfigError:
        pass
