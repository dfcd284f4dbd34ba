"""The program that embeds a server and runs it as a child: what the two say over their pipes.

The child writes one line of JSON once it is ready, its URLs, and then one for each request: null,
or the text of an error.  The parent writes a word and a line end for each request; that its pipe
closes is how the child learns that the parent has gone, in whatever way.
"""

import asyncio
import json
import os

from headwater.server.service import Service

# Variables of the environment that name the child's ends.
READY_VARIABLE = "HEADWATER_READY_FD"
PARENT_VARIABLE = "HEADWATER_PARENT_FD"
RELOAD = b"reload\n"


class Parent:
    """The child's side; does nothing where no parent has left its pipes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, service: Service) -> None:
        self._loop = loop
        self._service = service
        self._out = _descriptor(READY_VARIABLE)
        self._in = _descriptor(PARENT_VARIABLE)

    def watch(self) -> None:
        """Do what the parent asks for from now on, and stop when it is gone."""
        if self._in >= 0:
            self._loop.add_reader(self._in, self._read)

    def tell_urls(self) -> None:
        """Say that the server is ready, and where it is."""
        self._tell(self._service.urls())

    def _read(self) -> None:
        words = os.read(self._in, 4096)
        if not words:
            self._gone()
        for _ in range(words.count(RELOAD)):
            self._tell(self._service.reload())

    def _tell(self, news: object) -> None:
        if self._out < 0:
            return
        try:
            os.write(self._out, json.dumps(news).encode() + b"\n")
        except OSError:
            self._out = -1  # nobody reads; what follows from that is told by the other pipe

    def _gone(self) -> None:
        self._loop.remove_reader(self._in)
        os.close(self._in)
        self._service.log.info("The program that started this server is gone")
        self._service.stop()


def _descriptor(variable: str) -> int:
    """Return the file descriptor that ``variable`` of the environment names, or -1."""
    text = os.environ.pop(variable, "")
    return int(text) if text.isdigit() else -1
