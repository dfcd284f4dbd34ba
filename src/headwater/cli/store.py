"""``headwater store``: what can be done with the files of a store while no server uses them."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from headwater.jetstream.stream_import import Imported
    from headwater.server.store_check import Checked
    from headwater.server.store_import import StoreImport
    from headwater.server.store_repair import Mended
    from headwater.store.secrets import Secrets

_RANGES_SHOWN = 20
_UNITS = ("B", "kB", "MB", "GB", "TB")


def _key_options(command: Callable[..., int]) -> Callable[..., int]:
    """Let a command be told of the key of an encrypted store."""
    config = click.option(
        "-c",
        "--config",
        type=click.Path(exists=True, dir_okay=False),
        help="A configuration that says what the key of an encrypted store is.",
    )
    key_file = click.option(
        "--key-file",
        type=click.Path(exists=True, dir_okay=False),
        help="A file with the key of an encrypted store.",
    )
    return config(key_file(command))


def _secrets(config: str | None, key_file: str | None) -> "Secrets":
    """Return what opens an encrypted store.

    Raises:
        HeadwaterError: the configuration is wrong, or the key cannot be had.
    """
    from headwater.config.load import load
    from headwater.config.options import JetStreamOptions, StoreKeySource
    from headwater.server.store_secrets import read_secrets

    if key_file is not None:
        return read_secrets(JetStreamOptions(key=StoreKeySource(file=key_file)))
    jetstream = load(config, os.environ).jetstream if config is not None else None
    return read_secrets(jetstream or JetStreamOptions())


@click.group(short_help="Check or repair a store, import the streams of a nats-server.")
def store() -> None:
    """Work on the files of a store while no server uses them."""


@store.command("import", short_help="Import the streams of a nats-server's store.")
@click.argument("from_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--store-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="The store_dir to import to; by default FROM_DIR, where the two lie side by side.",
)
@click.option("--account", "accounts", multiple=True, help="Only of this account; may be repeated.")
@_key_options
def import_streams(
    from_dir: Path,
    store_dir: Path | None,
    accounts: tuple[str, ...],
    config: str | None,
    key_file: str | None,
) -> int:
    """Import the streams of the nats-server whose store_dir is FROM_DIR, with their consumers.

    Neither that nats-server nor a Headwater that uses the store may be running.  FROM_DIR is only
    read.  A stream that is there already is left as it is, so that this can be run again.
    """
    from headwater.base.errors import HeadwaterError
    from headwater.base.log import Log
    from headwater.server.nats_files import find_streams
    from headwater.server.store_import import StoreImport

    source = from_dir.parent if _is_inner(from_dir) else from_dir
    found = [
        (account, name)
        for account, name in find_streams(source)
        if not accounts or account in accounts
    ]
    if not found:
        raise click.ClickException(f"{from_dir}: no streams of a nats-server here")
    log = Log(_complain)
    names = [account for account, _ in found]
    try:
        secrets = _secrets(config, key_file)
        opened = StoreImport(source, store_dir or source, names, log, secrets)
    except (HeadwaterError, OSError) as error:
        raise click.ClickException(str(error)) from error
    try:
        return _Run(opened).run(found)
    finally:
        opened.close()


@store.command("check", short_help="Read all of a store and say what is damaged.")
@click.argument("store_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_key_options
def check(store_dir: Path, config: str | None, key_file: str | None) -> int:
    """Read every message in STORE_DIR, and say what is damaged or missing.

    Nothing is changed.  No server may be using the store.  Ends with 1 when something is wrong.
    """
    from headwater.base.errors import HeadwaterError
    from headwater.server.store_check import StoreCheck

    streams = damaged = 0
    try:
        opened = StoreCheck(store_dir, _secrets(config, key_file))
        try:
            for found in opened.run():
                streams += 1
                damaged += not found.well
                _tell(found)
            _tell_journal(opened.journal)
            damaged += bool(opened.journal)
        finally:
            opened.close()
    except (HeadwaterError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Checked {_count(streams, 'stream')}: {damaged or 'none'} damaged")
    return 1 if damaged else 0


@store.command("repair", short_help="Mend what is damaged in a store.")
@click.argument("store_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_key_options
def repair(store_dir: Path, config: str | None, key_file: str | None) -> int:
    """Mend what is damaged in STORE_DIR, so that every message that can be read is served.

    What was in a damaged file before is kept in the folder "damaged" of its stream.  Messages that
    cannot be read are gone then.  No server may be using the store.  Ends with 1 when something
    could not be mended.
    """
    from headwater.base.errors import HeadwaterError
    from headwater.server.store_repair import StoreRepair

    streams = mended = failed = 0
    try:
        opened = StoreRepair(store_dir, _secrets(config, key_file))
        try:
            for done in opened.mend():
                streams += 1
                failed += done.failed
                mended += not done.well and not done.failed
                _tell_mended(done)
            _tell_journal(opened.journal)
        finally:
            opened.close()
    except (HeadwaterError, OSError) as error:
        raise click.ClickException(str(error)) from error
    text = f"Looked at {_count(streams, 'stream')}: {mended or 'none'} mended"
    click.echo(f"{text}, {failed} could not be" if failed else text)
    return 1 if failed else 0


def _tell_journal(problems: list[str]) -> None:
    for problem in problems:
        click.echo(f"journal: {problem}")


def _tell_mended(done: "Mended") -> None:
    label = f"{done.account} > {done.stream}"
    if done.failed:
        click.echo(f"{label}: not mended: {done.note}")
        return
    verdict = "well" if done.well else "mended"
    text = f"{label}: {verdict}: {_count(done.messages, 'message')}"
    if done.lost:
        text += f"; {_lost(done.lost, 'lost')}"
    if done.kept:
        text += f"; kept aside: {', '.join(done.kept)}"
    click.echo(text)
    if done.note:
        click.echo(f"  {done.note}")


def _lost(ranges: list[tuple[int, int]], verb: str) -> str:
    lost = sum(last - first + 1 for first, last in ranges)
    shown = ", ".join(_range(*bounds) for bounds in ranges[:_RANGES_SHOWN])
    more = ", …" if len(ranges) > _RANGES_SHOWN else ""
    return f"{_count(lost, 'message')} {verb}: {shown}{more}"


def _tell(found: "Checked") -> None:
    verdict = "well" if found.well else "damaged"
    what = f"{_count(found.messages, 'message')}, {_size(found.bytes)}"
    click.echo(f"{found.account} > {found.stream}: {verdict}: {what}")
    if found.bare_bytes:
        click.echo(f"  {_size(found.bare_bytes)} of it are not encrypted yet")
    for problem in found.problems:
        click.echo(f"  {problem}")
    if found.lost:
        click.echo(f"  {_lost(found.lost, 'cannot be read')}")


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


class _Run:
    """Imports one stream after the other, and says what came of it."""

    def __init__(self, opened: "StoreImport") -> None:
        self._opened = opened
        self._live = sys.stderr.isatty()
        self._imported: list[Imported] = []
        self._there = 0
        self._failed = 0

    def run(self, found: list[tuple[str, str]]) -> int:
        """Return the exit code."""
        for account, name in found:
            self._import(account, name)
        click.echo(self._summary())
        return 1 if self._failed else 0

    def _import(self, account: str, name: str) -> None:
        from headwater.base.errors import HeadwaterError

        label = f"{account} > {name}"
        if self._opened.has(account, name):
            self._there += 1
            click.echo(f"{label}: is there already, left as it is")
            return
        try:
            done = self._opened.run(account, name, lambda *far: self._progress(label, *far))
        except (HeadwaterError, OSError) as error:
            self._clear()
            self._failed += 1
            click.echo(f"{label}: not imported: {error}")
            return
        self._clear()
        self._imported.append(done)
        click.echo(f"{label}: {_what(done.messages, done.bytes, done.consumers)}")
        for note in done.notes:
            click.echo(f"  {note}")

    def _progress(self, label: str, messages: int, size: int) -> None:
        if self._live:
            click.echo(f"\r{label}: {messages:,} messages, {_size(size)} \r", nl=False, err=True)

    def _clear(self) -> None:
        if self._live:
            click.echo("\r\x1b[K", nl=False, err=True)

    def _summary(self) -> str:
        done = self._imported
        total = _what(
            sum(one.messages for one in done),
            sum(one.bytes for one in done),
            sum(one.consumers for one in done),
        )
        text = f"Imported {_count(len(done), 'stream')}: {total}"
        if self._there:
            text += f"; {_count(self._there, 'stream')} there already"
        if self._failed:
            text += f"; {_count(self._failed, 'stream')} not imported"
        return text


def _is_inner(folder: Path) -> bool:
    """Tell whether ``folder`` is the one that nats-server makes in its store_dir."""
    return folder.name == "jetstream" and not (folder / "jetstream").exists()


def _complain(level: str, text: str) -> None:
    if level in ("WRN", "ERR"):
        click.echo(text, err=True)


def _what(messages: int, size: int, consumers: int) -> str:
    parts = (_count(messages, "message"), _size(size), _count(consumers, "consumer"))
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _size(size: float) -> str:
    """Return a number of bytes for people to read."""
    for unit in _UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {_UNITS[-1]}"
