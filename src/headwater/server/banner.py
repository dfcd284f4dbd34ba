"""What a server says of itself when it starts."""

from pathlib import Path

import headwater
from headwater import _build
from headwater.accounts.passwords import is_hash
from headwater.base import ids
from headwater.base.log import Log
from headwater.broker.node import COMPATIBLE_VERSION, Node
from headwater.config.options import JetStreamOptions, Options
from headwater.net.loop import loop_name as loop_name

# nats-server's mark: larger messages are better split up, or put into an object store.
_PAYLOAD_BYTES_COMMON_MAX = 8 * 1024 * 1024


def log_banner(log: Log, node: Node, options: Options) -> None:
    """Log who this server is."""
    log.info("Starting headwater")
    log.info(
        f"  Version:  {headwater.__version__} (compatible with nats-server {COMPATIBLE_VERSION})"
    )
    log.info(f"  Name:     {node.name}")
    if options.jetstream is not None:
        log.info(f"  Node:     {ids.name_hash(node.name.encode()).decode()}")
    log.info(f"  ID:       {node.server_id}")
    log.debug(f"  Modules:  {_build.description()}, {loop_name()}")
    users = [*options.authorization.users]
    users.extend(user for account in options.accounts for user in account.users)
    secrets = [*(user.password for user in users), options.authorization.token]
    if any(secret and not is_hash(secret) for secret in secrets):
        log.warn("Plaintext passwords detected: whoever reads the configuration knows them")
    if options.config_file:
        digest = f" ({options.config_digest})" if options.config_digest else ""
        log.info(f"Using configuration file: {options.config_file}{digest}")
    if options.payload_bytes_max > _PAYLOAD_BYTES_COMMON_MAX:
        size = _size(_PAYLOAD_BYTES_COMMON_MAX)
        log.warn(f"Maximum payloads over {size} make for a slow server")
    for text in options.warnings:
        log.warn(text)
    without_effect = list(options.not_honoured)
    named = [account.name for account in options.accounts if account.nkey]
    without_effect += [f"accounts: {name}: nkey" for name in named]
    for text in without_effect:
        log.warn(f"Not supported yet, and without effect: {text}")


def log_jetstream(log: Log, options: JetStreamOptions, root: Path, api_level: int) -> None:
    """Log how JetStream is set up."""
    if not options.store_dir:
        log.warn("Temporary storage directory used, data could be lost on system reboot")
    log.info("---------------- JETSTREAM ----------------")
    log.info(f"  Max Memory:      {_size(options.memory_max)}")
    log.info(f"  Max Storage:     {_size(options.file_max)}")
    log.info(f'  Store Directory: "{root}"')
    if options.key.is_given:
        log.info("  Encryption:      XChaCha20-Poly1305")
    if options.domain:
        log.info(f"  Domain:          {options.domain}")
    log.info(f"  API Level:       {api_level}")
    if options.sync_interval_ns and not options.sync_always:
        seconds = options.sync_interval_ns / 1e9
        log.warn(f"  Sync Interval:   {seconds:g}s is taken as always: acknowledged is synced")
    log.info("-------------------------------------------")


def _size(count: int) -> str:
    """Return a number of bytes for people to read."""
    if count < 0:
        return "unlimited"
    amount = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024:
            return f"{amount:.2f} {unit}"
        amount /= 1024
    return f"{amount:.2f} TB"
