"""Where a server's log goes, which a new configuration may change while it runs."""

from collections.abc import Callable

from headwater.base.log import Log
from headwater.config.options import LogOptions
from headwater.server.errors import StartError
from headwater.server.logsink import LogSink, Sink


class LogOutput:
    """The ``log`` of a process, and the file or the like behind it."""

    def __init__(self, options: LogOptions) -> None:
        """Open what ``options`` name.

        Raises:
            StartError: it cannot be opened.
        """
        self._sink = _opened(options)
        self.log = Log(self._sink, debug=options.debug, trace=options.trace)

    def prepared(self, options: LogOptions) -> Callable[[], None]:
        """Return what lets the log go where ``options`` say.

        Raises:
            StartError: that cannot be opened; nothing has changed.
        """
        sink = _opened(options)

        def apply() -> None:
            old, self._sink = self._sink, sink
            self.log.redirect(sink)
            old.close()

        return apply

    def reopen(self) -> None:
        """Open the log file anew, after something else has moved it away."""
        if not self._sink.to_file:
            self.log.info("File log re-open ignored, not a file logger")
            return
        try:
            self._sink.reopen()
        except OSError as error:
            self.log.error(f"Cannot reopen the log file: {error}")
        else:
            self.log.info("File log re-opened")

    def close(self) -> None:
        """Write what is still to be written, and let go of the file."""
        self._sink.close()


def _opened(options: LogOptions) -> Sink:
    """Return where the log goes: a file before a syslog, as with nats-server."""
    if options.file or not (options.syslog or options.remote_syslog):
        try:
            return LogSink(options)
        except OSError as error:
            raise StartError(f"error opening logfile: {error}") from error
    from headwater.server.syslog import SyslogSink  # noqa: PLC0415 (only when it is wanted)

    try:
        return SyslogSink(options)
    except OSError as error:
        raise StartError(f'error connecting to syslog: "{error}"') from error
