"""What an application refuses before it starts."""

import pytest

from headwater.edge import EdgeApp, EdgeError


@pytest.fixture
def app(tmp_path):
    return EdgeApp("n1", tmp_path)


def test_names_are_checked(tmp_path):
    with pytest.raises(EdgeError, match=r"node 'a\.b'"):
        EdgeApp("a.b", tmp_path)


def test_nothing_is_declared_twice(app):
    app.add_source("s", lambda: iter(()))
    app.add_model("m", lambda frames: frames)
    app.add_event("e", lambda _frame, _answer: None, model="m")
    with pytest.raises(EdgeError, match="source 's' is declared twice"):
        app.add_source("s", lambda: iter(()))
    with pytest.raises(EdgeError, match="model 'm' is declared twice"):
        app.add_model("m", lambda frames: frames)
    with pytest.raises(EdgeError, match="event 'e' is declared twice"):
        app.add_event("e", lambda _frame, _answer: None, model="m")


def test_events_need_their_model(app):
    with pytest.raises(EdgeError, match="no model is called 'm'"):
        app.add_event("e", lambda _frame, _answer: None, model="m")


def test_models_need_their_source(app):
    app.add_source("s", lambda: iter(()))
    app.add_model("m", lambda frames: frames, source="other")
    with pytest.raises(EdgeError, match="no source is called 'other'"):
        app.start()


def test_an_application_without_parts_is_none(app):
    with pytest.raises(EdgeError, match="at least one source and one model"):
        app.start()
