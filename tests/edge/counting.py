"""An application that counts, and what must be in its node's stream afterwards."""

import asyncio

import nats

from headwater.edge import EdgeApp, Frame

WINDOW_S = 0.1  # so that tests outlast it


class Acks:
    """Observes an application."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def emitting(self, event_id: str) -> None:
        pass

    def acknowledged(self, ack) -> None:
        self.ids.append(ack.event_id)


def counting(app: EdgeApp, total: int, batch: int = 4, **hooks) -> EdgeApp:
    """Give ``app`` a source of ``total`` numbers; two events come of each third one."""
    at = hooks.get("at", {})

    @app.source("numbers", lossless=True)
    def numbers(resume):
        for number in range(resume or 0, total):
            yield Frame(number, position=number)

    @app.model("same", batch=batch)
    def same(frames):
        return [frame.data for frame in frames]

    @app.event("third", model="same")
    def third(_frame, number):
        if action := at.get(number):
            action()
        return [{"n": number, "half": half} for half in range(2)] if number % 3 == 0 else None

    return app


def wanted(total: int) -> list[str]:
    return [f"line-3/numbers/p{n}/third/{half}" for n in range(0, total, 3) for half in range(2)]


def ids_in(url: str, stream: str) -> list[str]:
    """Return the ids in a stream, in its order."""

    async def read() -> list[str]:
        client = await nats.connect(url)
        try:
            js = client.jetstream()
            last = (await js.stream_info(stream)).state.last_seq
            messages = [await js.get_msg(stream, number) for number in range(1, last + 1)]
            return [message.headers["Nats-Msg-Id"] for message in messages]
        finally:
            await client.close()

    return asyncio.run(read())
