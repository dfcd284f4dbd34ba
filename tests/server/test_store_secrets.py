"""Keys of the store from where the configuration says that they are."""

import sys
from pathlib import Path

import pytest

from headwater.config.options import JetStreamOptions, StoreKeySource
from headwater.server import store_secrets
from headwater.server.errors import StartError
from headwater.server.store_secrets import read_secrets
from headwater.store.secrets import NO_SECRETS, Secrets


def read(**fields: object) -> str:
    return read_secrets(JetStreamOptions(key=StoreKeySource(**fields))).current  # type: ignore[arg-type]


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def refused(text: str):
    return pytest.raises(StartError, match=text)


def test_none():
    assert read_secrets(JetStreamOptions()) == NO_SECRETS


def test_both():
    options = JetStreamOptions(key=StoreKeySource("a"), previous_key=StoreKeySource("b"))
    assert read_secrets(options) == Secrets("a", "b")


def test_a_file(tmp_path: Path):
    path = tmp_path / "key"
    path.write_bytes(b" key with blanks \r\n")
    assert read(file=str(path)) == " key with blanks "


def test_files_that_give_no_key(tmp_path: Path):
    path = tmp_path / "key"
    with refused(r"key_file: .*key: No such file"):
        read(file=str(path))
    path.write_bytes(b"\n")
    with refused("has given nothing"):
        read(file=str(path))
    path.write_bytes(bytes(5000))
    with refused("more than 4096 bytes"):
        read(file=str(path))
    options = JetStreamOptions(previous_key=StoreKeySource(file=str(tmp_path / "none")))
    with refused("prev_key_file: "):
        read_secrets(options)


def test_a_command():
    assert read(command=python("print('key')")) == "key"


def test_a_command_is_run_without_a_shell():
    assert read(command=(*python("import sys; print(sys.argv[1])"), "$HOME; x")) == "$HOME; x"


def test_commands_that_give_no_key():
    with refused("key_command: /no/such: No such file"):
        read(command=("/no/such",))
    with refused("ended with 3") as raised:
        read(command=python("print('hidden'); raise SystemExit(3)"))
    assert "hidden" not in str(raised.value)
    with refused("has given nothing"):
        read(command=python(""))
    with refused("more than 4096 bytes"):
        read(command=python("while True: print('x' * 1000)"))


def test_a_command_has_its_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_secrets, "_COMMAND_TIMEOUT_S", 0.2)
    # What it has started ends with it.
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=0)"
    with refused("took longer than 0.2 s"):
        read(command=python(f"import os; os.read(os.pipe()[0], 1); {code}"))
