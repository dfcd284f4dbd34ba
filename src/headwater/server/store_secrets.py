"""The key of the store, from where the configuration says that it is."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import IO, cast

from headwater.config.options import JetStreamOptions, StoreKeySource
from headwater.server.errors import StartError
from headwater.store.secrets import Secrets

_BYTES_MAX = 4096
_COMMAND_TIMEOUT_S = 30.0


def read_secrets(options: JetStreamOptions) -> Secrets:
    """Return the keys that the configuration gives; blocks while a command runs.

    Raises:
        StartError: one cannot be had.
    """
    return Secrets(_read(options.key, "key"), _read(options.previous_key, "prev_key"))


def _read(source: StoreKeySource, name: str) -> str:
    if source.file:
        data = _of_file(source.file, f"{name}_file")
    elif source.command:
        data = _of_command(source.command, f"{name}_command")
    else:
        return source.text
    if len(data) > _BYTES_MAX:
        raise StartError(f"{name}: more than {_BYTES_MAX} bytes are no key")
    key = data.decode("utf-8", "surrogateescape").rstrip("\r\n")
    if not key:
        raise StartError(f"{name}: {source.file or source.command[0]} has given nothing")
    return key


def _of_file(path: str, name: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_BYTES_MAX + 1)
    except OSError as error:
        raise StartError(f"{name}: {path}: {error.strerror}") from error


def _of_command(command: tuple[str, ...], name: str) -> bytes:
    """Return what a command writes, which is run without a shell."""
    label = f"{name}: {command[0]}"
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise StartError(f"{label}: {error.strerror}") from error
    timed_out = threading.Event()

    def give_up() -> None:
        timed_out.set()
        _kill(process)

    timer = threading.Timer(_COMMAND_TIMEOUT_S, give_up)
    timer.start()
    try:
        with process:
            data = cast("IO[bytes]", process.stdout).read(_BYTES_MAX + 1)
            if len(data) > _BYTES_MAX:
                _kill(process)
                return data
    finally:
        timer.cancel()
    if timed_out.is_set():
        raise StartError(f"{label} took longer than {_COMMAND_TIMEOUT_S:g} s")
    if process.returncode:
        raise StartError(f"{label} ended with {process.returncode}")
    return data


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command with all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
