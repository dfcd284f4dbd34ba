"""From a configuration's text to ``Options``."""

from collections.abc import Mapping

from headwater.config.digest import digest
from headwater.config.general import assemble, read_general
from headwater.config.options import Options
from headwater.config.parser import parse_file, parse_text
from headwater.config.report import Fields, Report
from headwater.config.tree import Entries


def load(path: str, environment: Mapping[str, str]) -> Options:
    """Return the options of the file at ``path``; ``environment`` serves its variables.

    Raises:
        ConfigError: the file cannot be used; a line for each thing that is wrong, each starting
            with ``FILE:LINE:COLUMN:``.
    """
    return complete(load_fields(path, environment))


def from_text(text: str, environment: Mapping[str, str], name: str = "<text>") -> Options:
    """Return the options of a configuration's ``text``; ``name`` stands for the file in errors.

    Raises:
        ConfigError: the text cannot be used.
    """
    return complete(_fields(parse_text(text, environment, name), name))


def load_fields(path: str, environment: Mapping[str, str]) -> Fields:
    """Return what the file sets, before defaults, so that others may still be set over it."""
    fields = _fields(parse_file(path, environment), path)
    fields["config_file"] = path
    return fields


def complete(fields: Fields) -> Options:
    """Return the options of ``fields`` with the defaults that depend on other options.

    Raises:
        ConfigError: options contradict one another.
    """
    fields = dict(fields)
    for name in ("http_host", "https_host"):
        # Monitoring is bound where the clients are, unless it is told another address.
        fields[name] = fields.get(name) or fields.get("host") or Options.host
    return assemble(fields)


def _fields(entries: Entries, name: str) -> Fields:
    report = Report()
    fields = read_general(report, entries)
    if not entries:
        report.warnings.append(f"{name}: the configuration is empty")
    report.raise_errors()
    fields["config_digest"] = digest(entries)
    fields["warnings"] = tuple(report.warnings)
    fields["not_honoured"] = tuple(report.not_honoured)
    return fields
