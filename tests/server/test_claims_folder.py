"""Tokens in files."""

from pathlib import Path

import pytest

from headwater.base.errors import ConfigError
from headwater.server.claims_folder import ClaimsFolder
from tests.support.operators import ACCOUNT, SYSTEM

_NAME, _OTHER = ACCOUNT.public, SYSTEM.public


def test_a_token_comes_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    folder = ClaimsFolder(str(path))
    assert folder.tokens() == {}
    for token in ("one", "two"):
        folder.write(_NAME, token)
        assert folder.tokens() == {_NAME: token}
    assert folder.delete(_NAME, hard=False)
    assert not folder.delete(_NAME, hard=False)
    assert [file.name for file in path.iterdir()] == [f"{_NAME}.jwt.deleted"]
    folder.write(_OTHER, "three")
    assert folder.delete(_OTHER, hard=True)
    assert folder.tokens() == {}


def test_names_that_are_no_keys_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "x.jwt").write_text("x")
    folder = ClaimsFolder(str(tmp_path / "below"))
    assert not folder.delete("../x", hard=True)
    with pytest.raises(ConfigError, match="not the public key"):
        folder.write("../y", "y")
    assert (tmp_path / "x.jwt").exists()
    assert ClaimsFolder(str(tmp_path)).tokens() == {}


def test_no_more_than_so_many(tmp_path: Path) -> None:
    folder = ClaimsFolder(str(tmp_path), 1)
    folder.write(_NAME, "one")
    folder.write(_NAME, "two")
    with pytest.raises(ConfigError, match="jwt store is full"):
        folder.write(_OTHER, "three")


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write"):
        ClaimsFolder(str(tmp_path / "file")).write(_NAME, "x")
