"""``headwater auth``: operators, accounts and users, made on this machine."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from headwater.base.errors import HeadwaterError

if TYPE_CHECKING:
    from headwater.server.auth_store import AuthStore

T = TypeVar("T")


@click.group(short_help="Make operators, accounts and users, and what servers need of them.")
@click.option(
    "--dir",
    "folder",
    default="auth",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where keys and tokens are kept.",
)
@click.pass_context
def auth(context: click.Context, folder: Path) -> None:
    """Make an operator, its accounts and their users; nothing leaves the machine."""
    from headwater.server.auth_store import AuthStore

    context.obj = AuthStore(folder, int(time.time()))


@auth.command("operator", short_help="Make the operator, and its system account SYS.")
@click.argument("name")
@click.pass_obj
def _operator(store: "AuthStore", name: str) -> None:
    click.echo(_done(lambda: store.add_operator(name)))


@auth.command("account", short_help="Make an account.")
@click.argument("name")
@click.option("--jetstream", is_flag=True, help="It may have streams.")
@click.pass_obj
def _account(store: "AuthStore", name: str, *, jetstream: bool) -> None:
    click.echo(_done(lambda: store.add_account(name, jetstream=jetstream)))


@auth.command("user", short_help="Make a user of an account, and its credentials file.")
@click.argument("account")
@click.argument("name")
@click.option("--pub", multiple=True, help="A subject that it may publish to; all if none.")
@click.option("--sub", multiple=True, help="A subject that it may subscribe to; all if none.")
@click.option("--days", type=click.FloatRange(min=0), default=0, help="How long it is valid.")
@click.pass_obj
def _user(
    store: "AuthStore",
    account: str,
    name: str,
    pub: tuple[str, ...],
    sub: tuple[str, ...],
    days: float,
) -> None:
    valid_s = int(days * 24 * 3600)
    path = _done(lambda: store.add_user(account, name, publish=pub, subscribe=sub, valid_s=valid_s))
    click.echo(path)


@auth.command("config", short_help="Print the configuration of a server that knows them all.")
@click.pass_obj
def _config(store: "AuthStore") -> None:
    click.echo(_done(store.server_config), nl=False)


def _done(make: Callable[[], T]) -> T:
    try:
        return make()
    except HeadwaterError as error:
        raise click.ClickException(str(error)) from None
