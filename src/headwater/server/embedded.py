"""A server inside a program or a test: ``with headwater.Server() as server: …``."""

import asyncio
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from headwater.base.errors import ConfigError
from headwater.config.load import from_text, load
from headwater.config.options import JetStreamOptions, Options, User
from headwater.server.child import ChildServer
from headwater.server.errors import ReloadError, StartError
from headwater.server.in_process import ThreadServer

_HOST = "127.0.0.1"


class Server:
    """A server that lives as long as this object, or at most as long as this process.

    By default it is a child process, so that neither a crash nor the interpreter lock of this
    program touches it; with ``in_process=True`` it is a thread, which is slower as soon as the
    program is busy.  ``start`` and ``stop`` may be used in place of ``with``; ``async with`` does
    the same without holding up the event loop meanwhile.
    """

    def __init__(
        self,
        config: str | Path | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        name: str = "",
        user: str = "",
        password: str = "",
        token: str = "",
        jetstream: bool = False,
        store_dir: str | Path | None = None,
        monitor: bool = False,
        debug: bool = False,
        in_process: bool = False,
        timeout_s: float = 30.0,
    ) -> None:
        """Describe a server; what is given here wins over the configuration.

        Args:
            config: a configuration file's path, or the text of one.
            host: address to listen on; that of the configuration, else 127.0.0.1.
            port: 0 for a free one; that of the configuration, else a free one.
            name: server name.
            user: user that clients must give, with ``password``.
            password: password of ``user``.
            token: token that clients must give; like ``user`` it cannot be joined with ``config``,
                which has a place for them.
            jetstream: switch JetStream on; ``store_dir`` does as well.
            store_dir: directory of the store; without one it lies in a temporary one, which is
                removed afterwards.
            monitor: serve ``monitor_url`` on a free port.
            debug: log debugging output.
            in_process: run on a thread of this process.
            timeout_s: how long to wait for it to be ready.

        Raises:
            ConfigError: the arguments contradict one another.
        """
        if config is not None and (user or token):
            raise ConfigError("give users and tokens in the configuration, when there is one")
        self._config = config
        self._host = host
        self._port = port
        self._name = name
        self._user = user
        self._password = password
        self._token = token
        self._jetstream = jetstream or store_dir is not None
        self._store_dir = store_dir
        self._monitor = monitor
        self._debug = debug
        self._in_process = in_process
        self._timeout_s = timeout_s
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._running: ChildServer | ThreadServer | None = None
        self._urls: dict[str, list[str]] = {}
        self._log = ""

    def start(self) -> Self:
        """Start it; return this object once clients can connect.

        Raises:
            StartError: it does not come up; its log is in the text.
            ConfigError: the configuration cannot be used (``in_process`` only).
        """
        if self._running is not None:
            raise StartError("the server runs already")
        self._folder = tempfile.TemporaryDirectory(prefix="headwater-")
        running: ChildServer | ThreadServer | None = None
        try:
            if self._in_process:
                running = ThreadServer(self._options)
            else:
                running = ChildServer(self._flags())
            self._urls = running.start(self._timeout_s)
        except BaseException:
            self._remove_folder()
            raise
        self._running = running
        return self

    def reload(self, config: str | None = None) -> None:
        """Have it live by its configuration as that is now; clients stay, if they may.

        Args:
            config: the new text of a configuration that was given as a text.  That of a file is
                read from the file.

        Raises:
            ReloadError: it does not take it, and goes on as before.
        """
        if self._running is None:
            raise StartError("the server does not run")
        if config is None:
            self._running.reload(self._timeout_s)
            return
        if self._config is None or _is_path(self._config):
            raise ReloadError("the configuration of this server is not a text")
        old, self._config = self._config, config
        try:
            self._config_file()
            self._running.reload(self._timeout_s)
        except BaseException:
            self._config = old
            self._config_file()
            raise

    def stop(self) -> None:
        """Stop it cleanly, and wait until it has; nothing happens when it does not run."""
        self._end("stop")

    def kill(self) -> None:
        """End it at once, as a crash would (``in_process``: stop it)."""
        self._end("kill")

    @property
    def client_url(self) -> str:
        """Where clients connect."""
        return self._url("nats")

    @property
    def monitor_url(self) -> str:
        """Where ``/varz`` and ``/healthz`` are, without a slash at the end."""
        return self._url("monitoring")

    @property
    def pid(self) -> int | None:
        """Process id of a running child."""
        return None if self._running is None else self._running.pid

    def log_tail(self) -> str:
        """Return the last lines that the server logged."""
        return self._log if self._running is None else self._running.log_tail()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _url(self, kind: str) -> str:
        if self._running is None:
            raise StartError("the server does not run")
        urls = self._urls.get(kind)
        if not urls:
            raise StartError(f"the server has no {kind} port")
        return urls[0]

    def _end(self, how: str) -> None:
        running, self._running = self._running, None
        if running is not None:
            if how == "kill":
                running.kill()
            else:
                running.stop()
            self._log = running.log_tail()
            self._remove_folder()

    def _remove_folder(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _store(self) -> str:
        """Return the store's directory, a temporary one when none is given."""
        if self._store_dir is not None:
            return os.fspath(self._store_dir)
        return str(Path(self._folder.name if self._folder else tempfile.gettempdir(), "store"))

    def _config_file(self) -> str | None:
        """Return the path of the configuration; a text is written to a file first."""
        text = self._config
        if text is None:
            text = self._secrets()
            if not text:
                return None
        elif _is_path(text):
            return os.fspath(text)
        path = Path(self._folder.name if self._folder else tempfile.gettempdir(), "server.conf")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(str(text))
        return str(path)

    def _secrets(self) -> str:
        """Return a configuration of user or token: every user of a machine can see flags."""
        if self._token:
            return f"authorization {{ token: {json.dumps(self._token)} }}\n"
        if self._user:
            user, password = json.dumps(self._user), json.dumps(self._password)
            return f"authorization {{ user: {user}, password: {password} }}\n"
        return ""

    def _flags(self) -> list[str]:
        config = self._config_file()
        host = self._host or (None if self._config else _HOST)
        port = self._port if self._port is not None or self._config else 0
        flags: list[str] = []
        for flag, value in (
            ("-c", config),
            ("-a", host),
            ("-p", None if port is None else str(port or -1)),
            ("-n", self._name),
            ("-sd", self._store() if self._jetstream else ""),
            ("-m", "-1" if self._monitor else ""),
        ):
            if value:
                flags += [flag, value]
        flags += ["-js"] if self._jetstream else []
        flags += ["-D"] if self._debug else []
        return flags

    def _options(self) -> Options:
        options = self._configured()
        authorization = options.authorization
        if self._user:
            user = User(self._user, self._password)
            authorization = replace(authorization, users=(user,), token="")
        if self._token:
            authorization = replace(authorization, users=(), token=self._token)
        jetstream = options.jetstream
        if self._jetstream:
            jetstream = replace(jetstream or JetStreamOptions(), store_dir=self._store())
        host = self._host or options.host
        return replace(
            options,
            host=host,
            port=options.port if self._port is None else self._port or -1,
            server_name=self._name or options.server_name,
            http_host=host if self._monitor else options.http_host,
            http_port=-1 if self._monitor else options.http_port,
            authorization=authorization,
            jetstream=jetstream,
            log=replace(options.log, debug=self._debug or options.log.debug),
        )

    def _configured(self) -> Options:
        if self._config is None:
            return Options(host=_HOST, port=-1)
        if _is_path(self._config):
            return load(os.fspath(self._config), os.environ)
        return from_text(str(self._config), os.environ)


def _is_path(config: str | Path) -> bool:
    """Tell whether ``config`` names a file; text that happens to be no file's name is a text."""
    if isinstance(config, Path):
        return True
    return "\n" not in config and len(config) < 4096 and Path(config).exists()
