"""Tests of headwater.jetstream, and the way they ask a real nats-server the same questions."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import nats
from nats.aio.client import Client

from headwater.jetstream.api_error import JetStreamError

SECOND = 10**9


class Reference:
    """The API of a real nats-server; answers come as they are on the wire."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, verb: str, body: Any = b"") -> bytes:
        """Return the answer to ``$JS.API.<verb>``; a body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        deadline = asyncio.get_running_loop().time() + 10
        while True:
            answer = await self._client.request(f"$JS.API.{verb}", data, timeout=10)
            # nats-server cleans up after STREAM.DELETE when it has answered, and cannot make the
            # same stream again until it is through.
            unfinished = b"error creating store for stream" in answer.data
            if not unfinished or asyncio.get_running_loop().time() > deadline:
                return bytes(answer.data)

    async def status(self, verb: str, body: Any = b"") -> str:
        """Return the status line of an answer that is only headers, without the version."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self._client.request(f"$JS.API.{verb}", data, timeout=10)
        headers = answer.headers or {}
        return f"{headers.get('Status', '')} {headers.get('Description', '')}".strip()

    async def make(self, verb: str, body: Any) -> None:
        """Ask for something that has to succeed."""
        answer = await self.ask(verb, body)
        assert b'"error"' not in answer, answer

    async def publish(
        self, subject: str, data: bytes, headers: dict[str, str] | None = None
    ) -> bytes:
        """Return the acknowledgement of a message."""
        answer = await self._client.request(subject, data, timeout=10, headers=headers)
        return bytes(answer.data)


def with_reference(url: str, work: Callable[[Reference], Awaitable[None]]) -> None:
    """Run ``work`` against the server at ``url``."""

    async def main() -> None:
        client = await nats.connect(url)
        try:
            await work(Reference(client))
        finally:
            await client.close()

    asyncio.run(main())


def error_of(answer: bytes) -> dict[str, Any] | None:
    """Return the error in an answer of the API, None when it tells of success."""
    found: dict[str, Any] | None = json.loads(answer).get("error")
    return found


def refusal(error: JetStreamError) -> dict[str, Any]:
    """Return an error of ours as the API prints it."""
    told = error.error
    return {"code": told.code, "err_code": told.err_code, "description": told.description}


def part(answer: bytes, begin: bytes, end: bytes) -> str:
    """Return the bytes between two marks of an answer, to be compared as they are."""
    start = answer.index(begin) + len(begin)
    return answer[start : answer.index(end, start)].decode()
