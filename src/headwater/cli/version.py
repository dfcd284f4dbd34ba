"""``headwater version``: what runs here."""

import platform

import click

import headwater
from headwater import _build
from headwater.broker.node import COMPATIBLE_VERSION
from headwater.server.banner import loop_name


@click.command()
def version() -> None:
    """Show the version, and how the hot modules run."""
    click.echo(f"headwater    {headwater.__version__}")
    click.echo(f"compatible   nats-server {COMPATIBLE_VERSION}")
    click.echo(f"hot modules  {_build.description()}")
    click.echo(f"python       {platform.python_implementation()} {platform.python_version()}")
    click.echo(f"event loop   {loop_name()}")
