"""Options that have to go together."""

import pytest

from headwater.base.errors import ConfigError
from headwater.config.load import complete, from_text, load_fields


def error_of(text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as raised:
        from_text(text, environment or {}, "f.conf")
    return str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "lame_duck_grace_period: '2m'",
        "lame_duck_grace_period: '30s', lame_duck_duration: '30s'",
        "lame_duck_duration: '40s', lame_duck_grace_period: '1h'",
    ],
)
def test_grace_is_a_part_of_the_duration(text):
    text = error_of(text)
    assert text.endswith(": lame_duck_grace_period must be less than lame_duck_duration")


def test_monitoring_is_in_the_clear_or_not(certificates):
    environment = {"CERT": str(certificates.cert_file), "KEY": str(certificates.key_file)}
    tls = "tls { cert_file: $CERT, key_file: $KEY }\n"
    found = from_text(tls + "host: 127.0.0.1\nhttps_port: 8443", environment)
    assert (found.https_host, found.https_port, found.http_port) == ("127.0.0.1", 8443, 0)
    assert from_text(tls + "https: 'h:1'", environment).https_host == "h"
    assert error_of("\nhttps: 8443") == ("f.conf:2:1: https needs the certificate of a tls block")
    text = error_of(tls + "http_port: 1\nhttps_port: 2", environment)
    assert text == "f.conf:3:1: cannot have both http and https for monitoring"


def test_places_are_those_of_the_file_and_flags_have_none(tmp_path):
    path = tmp_path / "server.conf"
    path.write_text("\nno_auth_user: x\n")
    fields = load_fields(str(path), {})
    with pytest.raises(ConfigError) as raised:
        complete({**fields, "https_port": 8443})
    assert str(raised.value).splitlines() == [
        "https needs the certificate of a tls block",
        f"{path}:2:1: no_auth_user: 'x' needs a list of users",
    ]


@pytest.mark.parametrize("option", ["system_account", "no_auth_user"])
def test_long_names_are_cut_in_errors(option):
    text = error_of(f"{option}: {'a' * 7000}")
    assert text.startswith(f"f.conf:1:1: {option}: ")
    assert len(text) < 3000
