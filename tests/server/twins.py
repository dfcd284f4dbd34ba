"""Our command and the real nats-server, both as processes, with the same configuration."""

import json
import re
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server.processes import OURS, ServerProcess
from tests.support.wait import wait_until

_LISTEN = 'host: "127.0.0.1"\nport: -1\n'


class Twin:
    """One of the two; its configuration lies in its own folder."""

    def __init__(self, folder: Path, command: tuple[str, ...], config: str, flags: tuple[str, ...]):
        folder.mkdir()
        self._config = folder / "server.conf"
        self.write(config)
        self.process = ServerProcess(folder, "-c", str(self._config), *flags, command=command)
        try:
            self.port = self.process.wait_ready()
        except AssertionError:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, more than once is fine."""
        self.process.__exit__()

    def write(self, config: str) -> None:
        """Change the configuration file; what stands there twice counts the second time."""
        self._config.write_text(_LISTEN + config)

    def reload(self, config: str) -> None:
        """Have the server live by another configuration."""
        count = self.process.log().count("Reloaded server configuration")
        self.write(config)
        self.process.signal(signal.SIGHUP)
        self.process.wait_log("Reloaded server configuration", count + 1)

    def ask(self, target: str) -> Any:
        """Return what the monitoring answers; the configuration has it listen."""
        found = re.search(r"http monitor on 127\.0\.0\.1:(\d+)", self.process.log())
        assert found is not None, self.process.log()
        url = f"http://127.0.0.1:{found[1]}/{target}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def closed(self, cid: int) -> str:
        """Return the reason for which a connection was closed, once it is."""
        target = f"connz?state=closed&cid={cid}"
        found = wait_until(lambda: self.ask(target)["connections"], what=f"the end of {cid}")
        return found[0]["reason"]


class Twins:
    """Both; a context manager that ends them."""

    def __init__(self, program: Path, folder: Path, config: str = "", *flags: str) -> None:
        self._start = (program, folder, config, flags)
        self.both: list[Twin] = []

    def __enter__(self) -> "Twins":
        program, folder, config, flags = self._start
        try:
            for name, command in (("ours", OURS), ("theirs", (str(program),))):
                self.both.append(Twin(folder / name, command, config, flags))
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for twin in self.both:
            twin.stop()

    def each(self, action: Callable[[Twin], Any]) -> tuple[Any, Any]:
        """Return what ``action`` returns for ours, and for theirs."""
        ours, theirs = self.both
        return action(ours), action(theirs)
