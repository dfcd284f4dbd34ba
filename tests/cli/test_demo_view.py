"""What the demonstration shows, and the line that scripts read."""

import asyncio
import re
import time

from headwater.cli.demo_journal import Acked, Balance, Counted, Emitted
from headwater.cli.demo_link import Link
from headwater.cli.demo_run import Fault, Picture
from headwater.cli.demo_view import (
    PlainView,
    RichView,
    last_line,
    link_state,
    result_rows,
    status_line,
    violations,
)


def picture(missing=(), duplicated=(), cuts=3, node_kills=3) -> Picture:
    shown = Picture(node_kills=node_kills, app_kills=1, at_hub=4, begun_s=time.monotonic())
    shown.phase = "running"
    shown.journal.begin_run()
    shown.journal.take(Emitted("a"))
    shown.journal.take(Acked("a"))
    shown.journal.take(Counted(10, 2, 5000, 0, 1))
    shown.link = Link(1)
    shown.link.cuts = cuts
    shown.link.up_bytes = 400
    shown.link.down_bytes = 100
    shown.balance = Balance(5, 4, 4, missing, duplicated)
    shown.faults = [Fault(1_000_000_000, 1_500_000_000), Fault(2_000_000_000)]
    return shown


def test_the_last_line_is_as_promised():
    assert last_line(picture()) == (
        "emitted 5 acked 4 at_hub 4 missing 0 duplicated 0 cuts 3 kills 4"
    )
    assert "missing 2 duplicated 1" in last_line(picture(("a", "b"), ("c",)))


def test_a_demonstration_that_ended_early_says_so():
    shown = picture()
    shown.balance = None
    assert "did not come to its end" in last_line(shown)
    assert violations(shown) == []
    assert not shown.passed


def test_it_passes_only_when_everything_was_shown():
    assert picture().passed
    assert not picture(missing=("a",)).passed
    assert not picture(duplicated=("a",)).passed
    assert not picture(cuts=2).passed
    assert not picture(node_kills=1).passed


def test_the_table_tells_raw_from_sent_and_what_was_noticed():
    rows = dict(result_rows(picture()))
    assert rows["bytes raw / bytes sent"] == "5,000 / 500  (10 : 1)"
    assert rows["faults of the machine / noticed"] == "2 / 1, after at most 0.5 s"
    assert rows["frames in / dropped"] == "10 / 2"
    assert rows["kills: node / application"] == "3 / 1"


def test_what_is_wrong_is_named():
    assert violations(picture(("a",), ("b",))) == ["missing: a", "duplicated: b"]


def test_the_state_of_the_link_in_a_word():
    shown = picture()
    assert link_state(shown) == "down"
    shown.link.is_cut = True
    assert link_state(shown) == "CUT"
    shown.phase = "starting"
    assert link_state(shown) == "starting"


def test_lines_carry_the_figures():
    written: list[str] = []
    view = PlainView(written.append)
    shown = picture()
    view.say("link cut")
    view.close(shown)
    assert "link cut" in written[0]
    assert any(re.search(r"missing +0", line) for line in written)
    assert "frames 10  dropped 2  stored 1  at hub 4  link down" in status_line(shown)


def test_the_live_view_can_be_drawn(capsys):
    view = RichView()
    shown = picture()

    async def follow() -> None:
        follower = asyncio.create_task(view.follow(shown))
        await asyncio.sleep(0)
        follower.cancel()
        await asyncio.gather(follower, return_exceptions=True)

    asyncio.run(follow())
    view._console.print(view._render(shown))
    view.close(shown)
    written = capsys.readouterr().out
    assert "events at hub" in written
    assert "acknowledged" in written
