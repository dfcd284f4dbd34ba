"""Tests of headwater.jetstream.api_errors."""

import json
from pathlib import Path

import pytest

from headwater.base import gojson
from headwater.base.errors import HeadwaterError
from headwater.jetstream import api_errors
from headwater.jetstream.api_error import ApiError, JetStreamError
from tests.jetstream import error_plays, error_table


def test_an_error_prints_as_the_api_does():
    assert gojson.encode(api_errors.STREAM_NOT_FOUND) == (
        b'{"code":404,"err_code":10059,"description":"stream not found"}'
    )


def test_placeholders_are_filled_in():
    error = JetStreamError(api_errors.STREAM_WRONG_LAST_SEQUENCE, seq=7)
    assert error.error == ApiError(400, 10071, "wrong last sequence: 7")
    assert str(error) == "wrong last sequence: 7"


def test_a_value_may_look_like_a_placeholder():
    error = JetStreamError(api_errors.INVALID_JSON, err="{err} {name}")
    assert error.error.description == "invalid JSON: {err} {name}"


def test_filling_in_leaves_the_catalogue_alone():
    JetStreamError(api_errors.STREAM_INVALID_CONFIG, err="x")
    assert api_errors.STREAM_INVALID_CONFIG.description == "{err}"


def test_errors_of_jetstream_are_errors_of_headwater():
    with pytest.raises(HeadwaterError):
        raise JetStreamError(api_errors.BAD_REQUEST)


def test_the_table_is_nats_servers():
    ours = {
        name: (value.code, value.err_code, value.description)
        for name, value in vars(api_errors).items()
        if isinstance(value, ApiError)
    }
    assert ours == {
        error_table.name_of(entry["constant"]): (
            entry["code"],
            entry["error_code"],
            entry["description"],
        )
        for entry in error_table.entries()
    }
    assert list(api_errors.BY_CODE) == sorted(value[1] for value in ours.values())


def test_every_error_is_shown_beside_nats_server_or_is_out_of_reach():
    shown = error_plays.shown()
    unreachable = [code for codes in error_plays.out_of_reach().values() for code in codes]
    assert sorted([*shown, *unreachable]) == sorted(api_errors.BY_CODE)


@pytest.mark.parametrize("play", sorted({*error_plays.shown().values()}))
def test_what_shows_errors_is_a_play(play):
    file, _, name = play.partition("::")
    text = Path(__file__).with_name(file).read_text()
    assert f"@on_both\ndef {name}(play: Play)" in text


@pytest.mark.parametrize("error", api_errors.BY_CODE.values(), ids=lambda e: e.err_code)
def test_every_entry_makes_sense(error):
    assert 400 <= error.code < 600
    assert 10000 < error.err_code < 11000
    assert error.description
    assert json.loads(gojson.encode(error))["err_code"] == error.err_code
