"""``exports`` and ``imports`` of an account: checked, and refused as long as they do not exist."""

from headwater.config import values
from headwater.config.report import Handlers, Report, checks, refuses_unless_off, sets
from headwater.config.tree import Entry, fail

_RESPONSES = ("single", "singleton", "stream", "chunk", "chunked")


def _response(report: Report, entry: Entry) -> str:
    word = values.text(report, entry).lower()
    if word not in _RESPONSES:
        fail(entry.place, f"{entry.name}: expected one of {', '.join(_RESPONSES)}, not {word!r}")
    return word


def _sampling(report: Report, entry: Entry) -> object:
    value = entry.node.value
    if isinstance(value, str) and value.lower() == "headers":
        return value
    return values.percentage(report, entry)


_LATENCY: Handlers = {
    "subject": sets("subject", values.text),
    "sampling": checks(_sampling),
}


def _latency(report: Report, entry: Entry) -> None:
    if isinstance(entry.node.value, str):
        return
    if "subject" not in values.block(_LATENCY)(report, entry):
        fail(entry.place, f"{entry.name}: a subject is needed")


_EXPORT: Handlers = {
    "stream": checks(values.text),
    "service": checks(values.text),
    "accounts": checks(values.texts),
    **dict.fromkeys(("response", "response_type"), checks(_response)),
    **dict.fromkeys(
        ("threshold", "response_threshold", "response_max_time", "response_time"),
        checks(values.duration_text),
    ),
    "latency": checks(_latency),
    "account_token_position": checks(values.integer),
    "allow_trace": checks(values.boolean),
}

_SOURCE: Handlers = {
    "account": sets("account", values.text),
    "subject": sets("subject", values.text),
}


def _source(report: Report, entry: Entry) -> None:
    found = values.block(_SOURCE)(report, entry)
    if not found.get("account") or not found.get("subject"):
        fail(entry.place, f"{entry.name}: an account and a subject are needed")


_IMPORT: Handlers = {
    "stream": checks(_source),
    "service": checks(_source),
    **dict.fromkeys(("prefix", "to"), checks(values.text)),
    "share": checks(values.boolean),
    "allow_trace": checks(values.boolean),
}

# An empty list asks for nothing.
read_exports = refuses_unless_off("exporting to other accounts", values.blocks(_EXPORT))
read_imports = refuses_unless_off("importing from other accounts", values.blocks(_IMPORT))
