"""``exports`` and ``imports`` of an account: what it shares with others."""

from headwater.base.errors import ConfigError
from headwater.config import values
from headwater.config.options import Export, Import, Latency
from headwater.config.report import Fields, Handlers, Report, read_entries, sets
from headwater.config.tree import Entry, fail

_RESPONSES = {
    "single": "singleton",
    "singleton": "singleton",
    "stream": "stream",
    "chunk": "chunked",
    "chunked": "chunked",
}
_PERCENT = 100
# What only a service has, and what nats-server says of it elsewhere.
_OF_SERVICES = {
    "response": "response directive",
    "threshold_ns": "response directive",
    "latency": "latency directive",
    "allow_trace": "allow_trace directive",
}


def _response(report: Report, entry: Entry) -> str:
    word = values.text(report, entry)
    if word.lower() not in _RESPONSES:
        fail(entry.place, f'Unknown response type: "{word}"')
    return _RESPONSES[word.lower()]


def _sampling(report: Report, entry: Entry) -> int:
    value = entry.node.value
    if isinstance(value, str) and value.lower() == "headers":
        return 0
    if isinstance(value, int) and not 0 < value <= _PERCENT:
        fail(entry.place, "bad sampling percentage, should be 1-100")
    return values.percentage(report, entry)


_LATENCY: Handlers = {
    "subject": sets("subject", values.text),
    "sampling": sets("sampling", _sampling),
}


def _latency(report: Report, entry: Entry) -> Latency | None:
    if isinstance(entry.node.value, str):
        return Latency(values.text(report, entry))
    errors = len(report.errors)
    fields = values.block(_LATENCY)(report, entry)
    if len(report.errors) > errors:
        return None
    if not fields.get("subject"):
        fail(entry.place, f"{entry.name}: Latency subject required, but missing")
    return Latency(**fields)


def _accounts(report: Report, entry: Entry) -> tuple[str, ...] | None:
    values.nodes_of(entry, "a list of accounts")
    return values.texts(report, entry) or None


_EXPORT: Handlers = {
    "stream": sets("stream", values.text),
    "service": sets("service", values.text),
    "accounts": sets("accounts", _accounts),
    **dict.fromkeys(("response", "response_type"), sets("response", _response)),
    **dict.fromkeys(
        ("threshold", "response_threshold", "response_max_time", "response_time"),
        sets("threshold_ns", values.duration_text),
    ),
    "latency": sets("latency", _latency),
    "account_token_position": sets("token_position", values.integer),
    "allow_trace": sets("allow_trace", values.boolean),
}


def _export(report: Report, entry: Entry) -> Export | None:
    fields = _shared(report, entry, _EXPORT)
    if fields is None:
        return None
    service = fields.pop("service")
    if not service:
        for name, text in _OF_SERVICES.items():
            if name in fields:
                fail(entry.place, f"Detected {text} on non-service")
    return Export(service=service, **fields)


_SOURCE: Handlers = {
    "account": sets("account", values.text),
    "subject": sets("subject", values.text),
}


def _source(report: Report, entry: Entry) -> Fields:
    found = values.block(_SOURCE)(report, entry)
    if not found.get("account") or not found.get("subject"):
        fail(entry.place, f"{entry.name}: Expect an account name and a subject")
    return found


_IMPORT: Handlers = {
    "stream": sets("stream", _source),
    "service": sets("service", _source),
    "prefix": sets("prefix", values.text),
    "to": sets("to", values.text),
    "share": sets("share", values.boolean),
    "allow_trace": sets("allow_trace", values.boolean),
}


def _import(report: Report, entry: Entry) -> Import | None:
    fields = _shared(report, entry, _IMPORT)
    if fields is None:
        return None
    source = fields.pop("subject")
    prefix = fields.pop("prefix", "")
    to = fields.pop("to", "")
    if fields["service"] and "allow_trace" in fields:
        fail(entry.place, "Detected allow_trace directive on a non-stream")
    if prefix and not fields["service"]:
        if to:
            fail(entry.place, "Stream import can not have a 'prefix' and a 'to' property")
        if set(prefix.split(".")) & {"*", ">"}:
            what = f'Error adding stream import "{source["subject"]}"'
            fail(entry.place, f"{what}: stream import prefix can not contain wildcard tokens")
        to = f"{prefix.rstrip('.')}.{source['subject']}"
    return Import(**source, to=to or source["subject"], **fields)


def _shared(report: Report, entry: Entry, handlers: Handlers) -> Fields | None:
    """Return the fields of an export or import; None when they are wrong, or name nothing.

    Its subject is there as ``subject``, whether it is one of a service as ``service``.
    """
    fields: Fields = {}
    errors = len(report.errors)
    read_entries(report, values.entries_of(entry), handlers, fields)
    if len(report.errors) > errors:
        return None
    stream = fields.pop("stream", None)
    service = fields.pop("service", None)
    if stream and service:
        fail(entry.place, "Detected a stream and a service: have one of them")
    if not stream and not service:
        return None
    fields["subject"] = stream or service
    fields["service"] = service is not None
    return fields


def exports(report: Report, entry: Entry) -> tuple[Export, ...]:
    """Return what an account offers."""
    return tuple(filter(None, values.items_of(report, entry, _export)))


def imports(report: Report, entry: Entry) -> tuple[Import, ...]:
    """Return what an account takes; two services of one account cannot be at one place."""
    found = tuple(filter(None, values.items_of(report, entry, _import)))
    places: dict[tuple[str, str], Import] = {}
    for item in found:
        if not item.service:
            continue
        old = places.setdefault((item.account, item.to), item)
        if old is not item:
            text = (
                f'{entry.place}: Duplicate service import subject "{item.to}", previously used in '
                f'import for account "{old.account}", subject "{old.subject}"'
            )
            report.errors.append(str(ConfigError(text)))
    return found
