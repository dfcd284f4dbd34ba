"""Files that tell other programs about a running server: its process id and its ports."""

import json
import os
from pathlib import Path

from headwater.server.errors import StartError

# Programs that start a server look for the file of nats-server, whatever the command was.
_PORTS_FILE_STEM = "nats-server"


def write_pid_file(path: str) -> None:
    """Write the process id.

    Raises:
        StartError: the file cannot be written.
    """
    try:
        Path(path).write_text(str(os.getpid()), encoding="ascii")
    except OSError as error:
        raise StartError(f"Could not write pidfile: {path}: {error.strerror}") from error


def ports_file(folder: str) -> Path:
    """Return where this process writes its ports."""
    return Path(folder) / f"{_PORTS_FILE_STEM}_{os.getpid()}.ports"


def write_ports_file(folder: str, urls: dict[str, list[str]]) -> Path:
    """Write ``urls`` (kind of listener to its URLs) in one step; return the file's path.

    Raises:
        OSError: the file cannot be written.
    """
    path = ports_file(folder)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(urls, separators=(",", ":")), encoding="ascii")
    unfinished.replace(path)
    return path
