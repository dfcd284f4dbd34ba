"""How the demonstration is shown: live on a terminal, else line by line; a table at the end."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from headwater.cli.demo_run import Picture

_LINE_EVERY_S = 2.0
_EVENTS_SHOWN = 10
_VIOLATIONS_SHOWN = 20


def elapsed(picture: Picture) -> str:
    """Return the seconds since the running began."""
    return f"{time.monotonic() - picture.begun_s:5.1f} s" if picture.begun_s else "  ... s"


def link_state(picture: Picture) -> str:
    """Return the state of the link in a word."""
    link = picture.link
    if link is None or picture.phase == "starting":
        return "starting"
    if link.is_cut:
        return "CUT"
    return "up" if link.connected else "down"


def status_line(picture: Picture) -> str:
    """Return the figures in one line."""
    journal = picture.journal
    return (
        f"{elapsed(picture)}  frames {journal.frames}  dropped {journal.dropped}  "
        f"stored {len(journal.acked)}  at hub {picture.at_hub}  link {link_state(picture)}"
    )


def result_rows(picture: Picture) -> list[tuple[str, str]]:
    """Return the rows of the closing table."""
    journal, link, outcome = picture.journal, picture.link, picture.balance
    if link is None or outcome is None:
        return []
    raw, sent = journal.raw_bytes, link.up_bytes + link.down_bytes
    ratio = f"  ({raw / sent:,.0f} : 1)" if sent else ""
    noticed = [fault for fault in picture.faults if fault.noticed_ns]
    delays = [(fault.noticed_ns - fault.begun_ns) / 1e9 for fault in noticed]
    delay = f", after at most {max(delays):.1f} s" if delays else ""
    return [
        ("emitted", str(outcome.emitted)),
        ("acknowledged (on the node's disk)", str(outcome.acked)),
        ("at hub", str(outcome.at_hub)),
        ("missing", str(len(outcome.missing))),
        ("duplicated", str(len(outcome.duplicated))),
        ("frames in / dropped", f"{journal.frames} / {journal.dropped}"),
        ("bytes raw / bytes sent", f"{raw:,} / {sent:,}{ratio}"),
        ("longest outage of the link", f"{link.outage_s():.1f} s"),
        ("link cuts", str(link.cuts)),
        ("kills: node / application", f"{picture.node_kills} / {picture.app_kills}"),
        ("sends repeated", str(journal.resent)),
        ("faults of the machine / noticed", f"{len(picture.faults)} / {len(noticed)}{delay}"),
    ]


def last_line(picture: Picture) -> str:
    """Return the line by which scripts know the outcome."""
    outcome, link = picture.balance, picture.link
    if outcome is None or link is None:
        return "the demonstration did not come to its end"
    return (
        f"emitted {outcome.emitted} acked {outcome.acked} at_hub {outcome.at_hub} "
        f"missing {len(outcome.missing)} duplicated {len(outcome.duplicated)} "
        f"cuts {link.cuts} kills {picture.kills}"
    )


def violations(picture: Picture) -> list[str]:
    """Return a line for each of the first events that are not at the hub exactly once."""
    if picture.balance is None:
        return []
    lines = [f"missing: {identifier}" for identifier in picture.balance.missing]
    lines += [f"duplicated: {identifier}" for identifier in picture.balance.duplicated]
    return lines[:_VIOLATIONS_SHOWN]


class PlainView:
    """Lines for logs and pipes."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._picture: Picture | None = None

    def say(self, text: str) -> None:
        """Tell what has just happened."""
        stamp = elapsed(self._picture) if self._picture is not None else ""
        self._write(f"{stamp}  * {text}")

    async def follow(self, picture: Picture) -> None:
        """Write the figures every two seconds until cancelled."""
        self._picture = picture
        while True:
            await asyncio.sleep(_LINE_EVERY_S)
            self._write(status_line(picture))

    def close(self, picture: Picture) -> None:
        """Write the table."""
        rows = result_rows(picture)
        width = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            self._write(f"  {name:<{width}}  {value}")


class RichView:
    """A table that lives, and below it what happened last."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console()
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)
        self._events: deque[str] = deque(maxlen=_EVENTS_SHOWN)
        self._picture: Picture | None = None

    def say(self, text: str) -> None:
        """Tell what has just happened."""
        stamp = elapsed(self._picture) if self._picture is not None else ""
        self._events.append(f"{stamp}  {text}")

    async def follow(self, picture: Picture) -> None:
        """Keep the table up to date until cancelled."""
        self._picture = picture
        with self._live:
            while True:
                self._live.update(self._render(picture))
                await asyncio.sleep(0.125)

    def _render(self, picture: Picture) -> Any:
        from rich.console import Group
        from rich.panel import Panel
        from rich.table import Table
        from rich.text import Text

        journal = picture.journal
        table = Table.grid(padding=(0, 3))
        colour = {"up": "green", "CUT": "bold red"}.get(link_state(picture), "yellow")
        rows: list[tuple[str, str, str]] = [
            ("time", elapsed(picture), picture.phase),
            ("frames in", f"{journal.frames:,}", f"{journal.dropped:,} dropped"),
            ("events stored", f"{len(journal.acked):,}", f"{journal.resent} sends repeated"),
            ("events at hub", f"{picture.at_hub:,}", f"nats-server {picture.hub_version}"),
            ("kills", str(picture.kills), f"node pid {journal.node_pid}"),
        ]
        for name, value, remark in rows:
            table.add_row(name, Text(value, style="bold", justify="right"), Text(remark, "dim"))
        cuts = str(picture.link.cuts) if picture.link is not None else "0"
        table.add_row("link", Text(link_state(picture), style=colour), Text(f"{cuts} cuts", "dim"))
        happened = Text("\n".join(self._events), style="dim")
        return Group(Panel(table, title="headwater demo", expand=False), happened)

    def close(self, picture: Picture) -> None:
        """Show the closing table."""
        from rich.table import Table

        table = Table(title="headwater demo", show_header=False)
        for name, value in result_rows(picture):
            good = value == "0" or name not in {"missing", "duplicated"}
            table.add_row(name, value, style="" if good else "bold red")
        self._console.print(table)


View = PlainView | RichView


async def show(view: View, picture: Picture, work: asyncio.Task[Picture]) -> Picture:
    """Let ``view`` follow the picture while ``work`` goes on; return what work returns."""
    follower = asyncio.create_task(view.follow(picture))
    try:
        return await work
    finally:
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower
