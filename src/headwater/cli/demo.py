"""``headwater demo``: events of a real application survive cut links and killed processes."""

import asyncio
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from headwater.cli.demo_run import DemoOptions


@click.command(short_help="Show events surviving cut links and killed processes.")
@click.option("--seconds", default=80.0, show_default=True, type=click.FloatRange(12.0, 86400.0))
@click.option("--source", default="", help="Camera: a file, an rtsp:// address, or /dev/videoN.")
@click.option("--model", default="", help="An ONNX file that classifies the camera's pictures.")
@click.option("--keep", default="", help="Keep logs and stores in this new folder.")
@click.option("--plain", is_flag=True, help="Lines instead of the live view.")
@click.option(
    "--node",
    "node_command",
    default="",
    help="Run another server as the node, {config} standing for its configuration file.",
)
def demo(
    seconds: float,
    source: str,
    model: str,
    keep: str,
    *,
    plain: bool,
    node_command: str,
) -> None:
    """Run an edge application, a real nats-server as its hub, and break things between them.

    The application watches a real process, which is put into a fault mode, and a camera.  While it
    runs, the link is cut, the node and the application are killed.  At the end every acknowledged
    event is looked for at the hub; the exit code is 0 if each is there exactly once.
    """
    from headwater.cli.demo_run import DemoOptions

    options = DemoOptions(seconds, source, model, node_command)
    _check(options)
    folder = Path(keep) if keep else Path(tempfile.mkdtemp(prefix="headwater-demo-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if keep and any(folder.iterdir()):
            raise click.UsageError(f"--keep {keep}: expected a new or empty folder")
        passed = asyncio.run(_run(options, folder, plain=plain))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if passed else 1)


def _check(options: "DemoOptions") -> None:
    """Say now what would only fail in the application's process."""
    from headwater.edge.camera import Camera, opencv
    from headwater.edge.errors import EdgeError
    from headwater.edge.onnx import OnnxModel

    try:
        opencv()
    except EdgeError as error:
        raise click.UsageError("pip install 'headwater[demo]' first: no OpenCV here") from error
    try:
        if options.source:
            Camera(options.source)
        if options.model:
            OnnxModel(options.model)
    except EdgeError as error:
        raise click.UsageError(str(error)) from error


async def _run(options: "DemoOptions", folder: Path, *, plain: bool) -> bool:
    from headwater.base.errors import HeadwaterError
    from headwater.cli.demo_run import Demo
    from headwater.cli.demo_view import PlainView, RichView, View, last_line, show, violations

    live = sys.stdout.isatty() and not plain
    view: View = PlainView(click.echo)
    if live:
        with suppress(ImportError):  # rich is an extra
            view = RichView()
    for line in inputs(options.source, options.model):
        click.echo(line)
    demonstration = Demo(options, folder, view.say)
    picture = demonstration.picture
    work = asyncio.ensure_future(demonstration.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    try:
        await show(view, picture, work)
    except asyncio.CancelledError:
        click.echo("headwater demo: ended before its time", err=True)
        return False
    except HeadwaterError as error:
        click.echo(f"headwater demo: {error}", err=True)
        return False
    view.close(picture)
    for line in violations(picture):
        click.echo(line)
    click.echo(last_line(picture))
    return picture.passed


def inputs(source: str, model: str) -> list[str]:
    """Return what the demonstration looks at, and what of it is synthetic."""
    machine = "machine: a real process of this computer, its figures from /proc, its faults caused"
    if source:
        camera = f"camera: {source}"
        by = f"the ONNX model {model}" if model else "OpenCV's background model: what moves"
    else:
        camera = "camera: SYNTHETIC pictures of a conveyor belt, drawn as it runs"
        by = f"the ONNX model {model}" if model else "OpenCV's marker detector, which is real"
    return [machine, f"{camera}; looked at by {by}", "hub: a real nats-server of its own process"]
