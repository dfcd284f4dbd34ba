"""The operator: orders to the server, by the system account, by signals, by its configuration."""

import asyncio
import json
import random
import signal
from collections import Counter
from typing import Any

from tests.soak.client import Client, SoakError, within
from tests.soak.process import Server
from tests.soak.settings import ROOMY, Settings

_STEP_SECONDS = 0.05


class Control:
    """A client of the system account, and the one who writes the configuration."""

    def __init__(self, server: Server, settings: Settings, counts: Counter[str]) -> None:
        self._server = server
        self._settings = settings
        self._counts = counts
        self._answers: dict[bytes, Any] = {}
        self._asked = 0
        self._changing = False
        self.reloads = 0  # grows when a change begins, and when it is done
        self.client: Client

    async def connect(self) -> None:
        self.client = await Client.open(self._server.port, self._take)
        await self.client.login("system", name="control")
        self.client.send(b"SUB _INBOX.control.* 1\r\n")
        await self.client.flush()

    async def request(self, kind: str, body: object = "") -> dict[str, Any]:
        """Make a request to the server."""
        self._asked += 1
        inbox = b"_INBOX.control.%d" % self._asked
        subject = f"$SYS.REQ.SERVER.{self.client.info['server_id']}.{kind}".encode()
        self.client.publish(subject, json.dumps(body).encode() if body else b"", inbox)
        await self.client.until(lambda: inbox in self._answers, f"an answer of {kind}")
        answer: dict[str, Any] = self._answers.pop(inbox)
        return answer

    async def order(self, kind: str, client: Client) -> None:
        """Have the server do something to a client."""
        answer = await self.request(kind, {"cid": client.info["client_id"]})
        if "error" in answer and not client.lost:
            raise SoakError(f"{kind}: {answer['error']}")

    async def until_gone(self, connection: int, seconds: float = 30) -> None:
        """Wait until the server has closed a connection."""
        target = f"/connz?cid={connection}"
        try:
            async with asyncio.timeout(seconds):
                while (await self._server.ask(target))["connections"]:
                    await within(_STEP_SECONDS, asyncio.Event().wait())
        except TimeoutError:
            found = await self._server.ask(f"{target}&subs=detail")
            raise SoakError(f"a slow consumer stays: {found}") from None

    # Changes

    async def change(self, rng: random.Random, *, tight: bool) -> None:
        """Have the server read another configuration, one that it takes or one that it does not."""
        if rng.random() < 0.3:
            await self._give_broken(rng)
        else:
            limit = rng.choice([20, 40, ROOMY]) if tight else ROOMY
            self._settings.change(rng, connections_max=limit)
            await self._give(by_signal=rng.random() < 0.7)

    def reloaded_since(self, reloads: int) -> bool:
        """Tell whether there may have been a new configuration since there were so many."""
        return self._changing or self.reloads != reloads

    async def calm(self, *, by_signal: bool = True) -> None:
        """Let in whoever comes."""
        self._settings.roomy()
        await self._give(by_signal=by_signal)

    async def _give(self, *, by_signal: bool) -> None:
        self._settings.write()
        wanted = [f"generation{self._settings.generation}"]
        self._counts["reload"] += 1
        self.reloads += 1
        self._changing = True
        if by_signal:
            self._server.signal(signal.SIGHUP)
        else:
            answer = await self.request("RELOAD")
            if "error" in answer:
                raise SoakError(f"a good configuration is refused: {answer}")
        async with asyncio.timeout(20):
            while (await self._server.ask("/varz"))["tags"] != wanted:
                await within(_STEP_SECONDS, asyncio.Event().wait())
        self._changing = False
        self.reloads += 1

    async def _give_broken(self, rng: random.Random) -> None:
        wrong = self._settings.write_broken(rng)
        self._counts["bad reload"] += 1
        if rng.random() < 0.5:
            self._server.signal(signal.SIGHUP)
        answer = await self.request("RELOAD")
        if "error" not in answer:
            raise SoakError(f"a bad configuration is taken: {wrong!r}: {answer}")

    async def rotate_log(self) -> None:
        # With a trace the server may be about to rotate the file itself.
        if not self._settings.log:
            self._counts["rotation"] += 1
            await self._server.rotate_log()

    def _take(self, words: list[bytes], payload: bytes) -> None:
        size = int(words[-2]) if words[0] == b"HMSG" else 0
        self._answers[words[1]] = json.loads(payload[size:] or b"{}")
