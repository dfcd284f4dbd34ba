"""The same configurations given to nats-server: the same accepted, with the same values."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headwater.base.errors import ConfigError
from headwater.config.load import load
from tests.config import corpus, corpus_blocks, keys
from tests.config.corpus import ENVIRONMENT, FILES

pytestmark = pytest.mark.hub

SAME = corpus.SAME + corpus_blocks.SAME + corpus_blocks.SAME_WITH_FILES
STRICTER = corpus.STRICTER | corpus_blocks.STRICTER
UNSUPPORTED = corpus.UNSUPPORTED + corpus_blocks.UNSUPPORTED + corpus_blocks.UNSUPPORTED_WITH_FILES
WARNINGS = corpus.WARNINGS + corpus_blocks.WARNINGS


class Comparison:
    """Asks nats-server and us about configurations that lie in one folder."""

    def __init__(self, program: Path, folder: Path, files: dict[str, str]) -> None:
        self.program = program
        self.folder = folder
        self.environment = ENVIRONMENT | files
        for name, text in FILES.items():
            (folder / name).write_text(text)

    def theirs(self, text: str) -> tuple[str, str]:
        """Return the digest, or nothing, and what nats-server said."""
        path = self.path(text)
        line = [str(self.program), "-t", "-c", str(path)]
        done = subprocess.run(
            line, env=self.environment, capture_output=True, text=True, timeout=60
        )
        said = done.stderr.strip()
        return (said.rpartition("(")[2].rstrip(")") if done.returncode == 0 else ""), said

    def ours(self, text: str) -> tuple[str, str]:
        """Return the digest, or nothing, and the error."""
        try:
            return load(str(self.path(text)), self.environment).config_digest, ""
        except ConfigError as error:
            return "", str(error)

    def both(self, texts: list[str]) -> list[tuple[str, tuple[str, str], tuple[str, str]]]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            theirs = list(pool.map(self.theirs, texts))
        return [(text, their, self.ours(text)) for text, their in zip(texts, theirs, strict=True)]

    def path(self, text: str) -> Path:
        path = self.folder / f"{hash(text) & (2**64 - 1):x}.conf"
        path.write_bytes(text.encode())
        return path


@pytest.fixture
def comparison(nats_server_path, tmp_path, certificates):
    files = {
        "CERT": str(certificates.cert_file),
        "KEY": str(certificates.key_file),
        "CA": str(certificates.ca_file),
        "DIR": str(tmp_path / "resolver"),
    }
    return Comparison(nats_server_path, tmp_path, files)


def test_same_verdict_and_same_values(comparison):
    assert len(SAME) >= 600
    different = [
        f"{text!r}\n  theirs: {their}\n  ours:   {our}"
        for text, their, our in comparison.both(SAME)
        if their[0] != our[0]
    ]
    assert not different, "\n".join(different)


def test_corpus_has_both_verdicts(comparison):
    accepted = [bool(comparison.ours(text)[0]) for text in SAME]
    assert accepted.count(True) > 250
    assert accepted.count(False) > 250


def test_stricter_only_where_we_say_so(comparison):
    for text, their, our in comparison.both(list(STRICTER)):
        assert their[0], f"{text!r} is refused there as well: {their[1]}"
        assert not our[0], text
        assert "not supported" not in our[1], text


def test_what_is_not_supported_is_said(comparison):
    for text, their, (digest, error) in comparison.both(UNSUPPORTED):
        assert their[0], f"{text!r} is refused there as well: {their[1]}"
        assert digest == "", text
        assert "not supported by this version" in error, text


def test_their_warnings_are_ours(comparison):
    for text, their, our in comparison.both(WARNINGS):
        assert not their[0], text
        assert our[0], our[1]
        assert load(str(comparison.path(text)), comparison.environment).warnings, text


def test_every_key_with_a_right_value(comparison):
    """What nats-server accepts is accepted here, or it is said to be missing here."""
    snippets = keys.snippets(right=True)
    assert len(snippets) >= 400
    wrong = []
    for text, their, (digest, error) in comparison.both([text for _, _, text in snippets]):
        if not their[0]:
            wrong.append(f"{text!r} is refused there: {their[1]}")
        elif digest != their[0] and "not supported by this version" not in error:
            wrong.append(f"{text!r} is refused here: {error or 'another digest'}")
    assert not wrong, "\n".join(wrong)


def test_every_key_with_a_wrong_value(comparison):
    """What is wrong is said to be wrong, even in a block that is not supported."""
    texts = [text for _, _, text in keys.snippets(right=False)]
    wrong = []
    for text, their, (_, error) in comparison.both(texts):
        if their[0]:
            wrong.append(f"{text!r} is accepted there")
        elif all(line.endswith("not supported by this version") for line in error.splitlines()):
            wrong.append(f"{text!r} is not said to be wrong here: {error}")
    assert not wrong, "\n".join(wrong)
