"""The commands of ``headwater`` other than the server."""

import importlib

import click

# Where each command lies; it is imported when it is asked for.
_COMMANDS = {
    "auth": ("headwater.cli.auth", "auth"),
    "demo": ("headwater.cli.demo", "demo"),
    "store": ("headwater.cli.store", "store"),
    "version": ("headwater.cli.version", "version"),
}
_SERVER_HELP = "Run the server; takes the flags of nats-server (see server --help)."


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return sorted([*_COMMANDS, "server"])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name == "server":
            return _server
        if name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[name]
        return getattr(importlib.import_module(module), attribute)


@click.command("server", help=_SERVER_HELP, add_help_option=False)
def _server() -> None:
    """Stand in for the real one in the list of commands."""


@click.command(cls=_LazyGroup)
def _headwater() -> None:
    """Headwater: messaging and streaming for the edge, compatible with NATS."""


def run_group(words: list[str]) -> int:
    """Run a command; return the exit code."""
    try:
        code = _headwater.main(words, prog_name="headwater", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("aborted", err=True)
        return 1
    return code if isinstance(code, int) else 0
