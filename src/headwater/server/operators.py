"""From the tokens of operators and accounts to the options that say the same."""

from dataclasses import replace
from pathlib import Path

from headwater.accounts import claims, trust
from headwater.accounts.jwt import Claims
from headwater.base.errors import ConfigError, FormatError
from headwater.config.check import where
from headwater.config.options import (
    AccountJetStream,
    AccountLimits,
    AccountOptions,
    Mapping,
    MappingDestination,
    MessageTrace,
    OperatorMode,
    Options,
)
from headwater.server.addresses import reason
from headwater.server.claims_folder import ClaimsFolder

_TOKEN_START = "eyJ"
_SYSTEM_ACCOUNT = "$SYS"


def with_accounts(options: Options) -> Options:
    """Return ``options`` with the accounts that operators vouch for.

    Raises:
        ConfigError: a token cannot be had, or says what cannot be done.
    """
    mode = options.operator_mode
    place = where(options, "operator", "operators", "trusted_keys", "trusted")
    if options.accounts or options.authorization.required:
        raise ConfigError(f"{place}cannot have users or accounts together with an operator")
    if not mode.has_resolver:
        raise ConfigError(f"{place}an operator needs a resolver")
    mode = replace(mode, operators=tuple(_token(place, text) for text in mode.operators))
    if mode.folder:
        mode = _with_folder(mode)
    found = list(trust.accounts(mode).values())
    return replace(
        options,
        operator_mode=mode,
        accounts=tuple(map(_account, found)),
        system_account=_system_account(options, mode),
        warnings=(*options.warnings, *_warnings(found)),
    )


def _with_folder(mode: OperatorMode) -> OperatorMode:
    """Return ``mode`` with the tokens in the folder, which count instead of those beside it."""
    tokens = dict(mode.preload)
    for account, token in ClaimsFolder(mode.folder).tokens().items():
        try:
            readable = claims.account(token).sub == account
        except FormatError:
            readable = False
        if readable:  # one file that is damaged must not keep the others out
            tokens[account] = token
    return replace(mode, preload=tuple(tokens.items()))


def _token(place: str, text: str) -> str:
    """Return the token that ``text`` is, or that stands in the file of that name."""
    if text.startswith(_TOKEN_START):
        return text
    try:
        lines = Path(text).read_text(encoding="ascii", errors="replace").split()
    except OSError as error:
        raise ConfigError(f"{place}operator: cannot read {text}: {reason(error)}") from None
    token = next((line for line in lines if line.startswith(_TOKEN_START)), None)
    if token is None:
        raise ConfigError(f"{place}operator: {text} holds no token")
    return token


def _system_account(options: Options, mode: OperatorMode) -> str:
    named = [operator.nats.system_account for operator in trust.operators(mode)]
    if options.system_account != _SYSTEM_ACCOUNT:
        named.insert(0, options.system_account)
    return next(filter(None, named), _SYSTEM_ACCOUNT)


def _warnings(accounts: list[Claims[claims.Account]]) -> list[str]:
    return [
        f"account {account.sub}: imports and exports of its token have no effect yet"
        for account in accounts
        if account.nats.imports or account.nats.exports
    ]


def _account(account: Claims[claims.Account]) -> AccountOptions:
    own = account.nats
    if own.authorization and own.authorization.get("auth_users"):
        raise ConfigError(
            f"account {account.sub}: an authorization callout is not supported by this version"
        )
    limits = own.limits
    trace = own.trace or claims.Trace()
    return AccountOptions(
        name=account.sub,
        title=account.name,
        limits=AccountLimits(limits.conn, limits.subs, limits.payload, limits.leaf),
        mappings=tuple(_mapping(*entry) for entry in (own.mappings or {}).items()),
        jetstream=_jetstream(limits),
        trace=MessageTrace(trace.dest, trace.sampling or 100),
    )


def _mapping(source: str, destinations: list[claims.Destination]) -> Mapping:
    found = [MappingDestination(to.subject, to.weight or 100, to.cluster) for to in destinations]
    return Mapping(source, tuple(found))


def _jetstream(limits: claims.AccountLimits) -> AccountJetStream | None:
    """Return what an account has of JetStream: of tiers, that of a single server."""
    own = limits.tiered_limits.get("R1", limits) if limits.tiered_limits else limits
    if not (own.mem_storage or own.disk_storage):
        return None
    return AccountJetStream(
        memory_max=own.mem_storage,
        file_max=own.disk_storage,
        streams_max=own.streams or -1,
        consumers_max=own.consumer or -1,
        ack_pending_max=own.max_ack_pending or -1,
        memory_stream_bytes_max=own.mem_max_stream_bytes or -1,
        file_stream_bytes_max=own.disk_max_stream_bytes or -1,
        bytes_required=own.max_bytes_required,
    )
