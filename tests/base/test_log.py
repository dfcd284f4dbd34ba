"""The log: levels, what is kept, and no sink at all."""

import pytest

from headwater.base.log import LEVELS, Log


def collect(**options):
    lines = []
    return Log(lambda level, text: lines.append((level, text)), **options), lines


@pytest.mark.parametrize(
    ("method", "level"), [("fatal", "FTL"), ("error", "ERR"), ("warn", "WRN"), ("info", "INF")]
)
def test_these_are_always_kept(method, level):
    log, lines = collect()
    getattr(log, method)("something happened")
    assert lines == [(level, "something happened")]
    assert level in LEVELS


@pytest.mark.parametrize(
    ("method", "option", "asked"), [("debug", "debug", "debugging"), ("trace", "trace", "tracing")]
)
def test_these_are_kept_when_asked_for(method, option, asked):
    log, lines = collect()
    assert getattr(log, asked) is False
    getattr(log, method)("detail")
    assert lines == []
    log, lines = collect(**{option: True})
    assert getattr(log, asked) is True
    getattr(log, method)("detail")
    assert [text for _, text in lines] == ["detail"]


def test_without_a_sink_nothing_happens():
    Log().error("nobody hears")
