"""A new configuration for a running server: all of it takes effect, or nothing.

Whatever can fail is tried first; each part returns a function that makes the change.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from headwater.broker import readmission
from headwater.config.options import Options
from headwater.server import build, portfiles
from headwater.server.changes import described, refuse_fixed
from headwater.server.check import complete, refuse_missing
from headwater.server.errors import ReloadError, StartError

if TYPE_CHECKING:
    from headwater.server.service import Service


def reload(service: "Service") -> None:
    """Read the configuration of ``service`` again, and have it live by that.

    Raises:
        HeadwaterError: that cannot be; nothing has changed.
    """
    if service.reread is None:
        raise ReloadError("can only reload config when a file is provided using -c or --config")
    live_by(service, complete(service.reread()))
    digest = service.options.config_digest
    service.log.info(f"Reloaded server configuration{f' ({digest})' if digest else ''}")


def follow_claims(service: "Service") -> None:
    """Have ``service`` live by the tokens of accounts that lie in its folder now.

    Raises:
        HeadwaterError: that cannot be; nothing has changed.
    """
    options = service.options
    mode = replace(options.operator_mode, preload=())
    live_by(service, complete(replace(options, operator_mode=mode, accounts=(), warnings=())))


def live_by(service: "Service", new: Options) -> None:
    """Have ``service`` live by other options; see ``reload``."""
    old = service.options
    refuse_fixed(*_with_real_port(service, old, new))
    refuse_missing(new)
    node = service.node
    accounts = list(node.accounts)
    try:
        changes = _prepared(service, old, new)
    except Exception:
        for account in node.accounts:
            if account not in accounts:
                node.accounts.remove(account)
        raise
    node.router.begin()
    for change in changes:
        change()
    closed = _hold_clients_to(service, old, new)
    service.options = service.about().options = new
    service.about().loaded_ns = node.clock.now()
    node.router.flush()
    for text in (*described(old, new), *closed):
        service.log.info(f"Reloaded: {text}")


def _with_real_port(service: "Service", old: Options, new: Options) -> tuple[Options, Options]:
    """Return both with the port that the system has chosen, where they left that to it."""
    port = service.clients.address[1]
    same = old.port == new.port
    return replace(old, port=port), replace(new, port=port) if same else new


def _prepared(service: "Service", old: Options, new: Options) -> list[Callable[[], object]]:
    changes: list[Callable[[], object]] = []
    if service.log_output is not None and old.log != new.log:
        changes.append(service.log_output.prepared(new.log))
    changes.append(partial(service.log.set_levels, debug=new.log.debug, trace=new.log.trace))
    changes.append(build.prepared(service.node, new))
    changes.append(service.clients.prepared(new))
    if service.monitor is not None:
        changes.append(service.monitor.prepared(new))
    # Last, as it may have begun to run when this returns.
    changes.append(service.jetstream.prepared(new))
    return changes


def _hold_clients_to(service: "Service", old: Options, new: Options) -> list[str]:
    """Make clients and links that are there obey; return a text for each link that is closed."""
    node = service.node
    service.system_account.follow_accounts()
    readmission.apply_limits(node)
    if _who_may_enter(old) != _who_may_enter(new):
        readmission.readmit(node)
    readmission.close_excess_of_accounts(node)
    excess = readmission.close_excess(node)
    if excess:
        service.log.info(f"Closed {excess} connections to fall within max_connections")
    if new.pid_file and old.pid_file != new.pid_file:
        _write_pid_file(service, new.pid_file)
    if old.ports_file_dir != new.ports_file_dir:
        service.write_ports_file(new)
    if service.leaf_links is not None or new.leafnodes.remotes:
        return service.update_leaf_links(new)
    return []


def _write_pid_file(service: "Service", path: str) -> None:
    try:
        portfiles.write_pid_file(path)
    except StartError as error:
        service.log.error(str(error))


def _who_may_enter(options: Options) -> tuple[object, ...]:
    users = tuple((account.name, account.users) for account in options.accounts)
    return replace(options.authorization, timeout_ns=0), users, options.operator_mode
