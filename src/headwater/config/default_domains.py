"""``default_js_domain``: accounts that reach the JetStream of another server without naming it.

What they ask for is mapped to the domain of that server, as if the mappings stood in their blocks.
"""

from dataclasses import replace

from headwater.config.options import Mapping, MappingDestination, Options

_GLOBAL_ACCOUNT = "$G"
_API = "$JS.API."
# What may be asked for by the name of a domain.
REQUESTS = ("INFO", "STREAM.>", "CONSUMER.>", "DIRECT.>", "META.>", "SERVER.>", "ACCOUNT.>")
STORES = ("$KV.>", "$OBJ.>")
_WARNING = "default_js_domain is a temporary measure: let clients name the domain"


def mapped(options: Options) -> Options:
    """Return ``options`` with the mappings that ``default_js_domain`` stands for."""
    domains = {name: domain for name, domain in options.default_domains if domain}
    if not options.default_domains:
        return options
    return replace(
        options,
        mappings=_extended(options.mappings, domains.get(_GLOBAL_ACCOUNT, "")),
        accounts=tuple(
            replace(account, mappings=_extended(account.mappings, domains.get(account.name, "")))
            for account in options.accounts
        ),
        warnings=(*options.warnings, _WARNING),
    )


def errors(options: Options) -> list[str]:
    """Return what is wrong with the accounts that ``default_js_domain`` names."""
    accounts = {account.name: account for account in options.accounts}
    found = []
    for name, _ in options.default_domains:
        account = accounts.get(name)
        if account is not None and account.jetstream is not None:
            found.append(f"default_js_domain: JetStream is on in account {name!r}")
        elif account is None and name != _GLOBAL_ACCOUNT:
            found.append(f"default_js_domain: there is no account {name!r}")
    return found


def _extended(own: tuple[Mapping, ...], domain: str) -> tuple[Mapping, ...]:
    """Return mappings with those to a domain, unless requests are mapped elsewhere already."""
    if not domain or any(mapping.source.startswith(_API) for mapping in own):
        return own
    prefix = f"$JS.{domain}.API."
    pairs = [(_API + rest, prefix + rest) for rest in REQUESTS]
    pairs += [(subject, prefix + subject) for subject in STORES]
    return own + tuple(
        Mapping(source, (MappingDestination(destination),)) for source, destination in pairs
    )
