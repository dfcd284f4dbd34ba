"""What is logged, and where to."""

from headwater.config import values
from headwater.config.report import Fields, Handlers, Report, sets
from headwater.config.tree import Entry


def _trace_verbose(report: Report, fields: Fields, entry: Entry) -> None:
    fields["log.trace"] = fields["log.trace_verbose"] = values.boolean(report, entry)


def _trace_headers(report: Report, fields: Fields, entry: Entry) -> None:
    fields["log.trace"] = fields["log.trace_headers"] = values.boolean(report, entry)


def _bytes_or_all(report: Report, entry: Entry) -> int:
    return max(0, values.integer(report, entry))


HANDLERS: Handlers = {
    "debug": sets("log.debug", values.boolean),
    "trace": sets("log.trace", values.boolean),
    "trace_verbose": _trace_verbose,
    "trace_headers": _trace_headers,
    "logtime": sets("log.time", values.boolean),
    "logtime_utc": sets("log.utc", values.boolean),
    **dict.fromkeys(("log_file", "logfile"), sets("log.file", values.text)),
    **dict.fromkeys(
        ("logfile_size_limit", "log_size_limit"),
        sets("log.size_limit", values.between(0, values.INT64_MAX)),
    ),
    **dict.fromkeys(
        ("logfile_max_num", "log_max_num"), sets("log.files_max", values.between(0, 2**31))
    ),
    "syslog": sets("log.syslog", values.boolean),
    "remote_syslog": sets("log.remote_syslog", values.text),
    "max_traced_msg_len": sets("log.traced_bytes_max", _bytes_or_all),
}
