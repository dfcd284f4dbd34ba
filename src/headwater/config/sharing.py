"""Whether accounts import what others export to them; what is wrong, in nats-server's words."""

from collections.abc import Iterator, Sequence

from headwater.config.options import AccountOptions, Export, Import
from headwater.subjects.rewriting import Rewriting
from headwater.subjects.transform import TransformError, compile_import
from headwater.subjects.validate import (
    covers,
    has_valid_tokens,
    is_literal,
    is_valid,
    is_valid_literal,
    overlaps,
)


def errors(accounts: Sequence[AccountOptions]) -> list[str]:
    """Return what is wrong with the exports and imports of all accounts."""
    by_name = {account.name: account for account in accounts}
    found: list[str] = []
    for account in accounts:
        for export in account.exports:
            found += _of_export(by_name, export)
    for account in accounts:
        seen: set[tuple[str, str]] = set()
        for item in account.imports:
            for text in _of_import(by_name, account, item, seen):
                found.append(text)
                break
    return found


def export_for(account: AccountOptions, item: Import, importer: str) -> Export | None:
    """Return the export of ``account`` by which ``importer`` may have an import, if there is one.

    One on the very same subject decides alone; else any will do that is wide enough.
    """
    subject = _bytes(item.subject)
    if item.service:
        subject = Rewriting(subject, subject).source
    wider = []
    for export in reversed(account.exports):
        if export.service == item.service:
            if _bytes(export.subject) == subject:
                return export if _is_for(export, subject, importer) else None
            if covers(_bytes(export.subject), subject):
                wider.append(export)
    for export in wider:
        if _is_for(export, subject, importer):
            return export
    return None


def local_subject(item: Import) -> bytes:
    """Return the pattern that an import has in the importing account."""
    return rewriting(item).destination


def rewriting(item: Import) -> Rewriting:
    """Return what makes subjects of the exporting account those of the importing one."""
    return Rewriting(_bytes(item.subject), _bytes(item.to))


def _is_for(export: Export, subject: bytes, importer: str) -> bool:
    if export.token_position:
        tokens = subject.split(b".")
        position = export.token_position
        return position <= len(tokens) and tokens[position - 1] == _bytes(importer)
    return export.accounts is None or importer in export.accounts


def _of_export(by_name: dict[str, AccountOptions], export: Export) -> Iterator[str]:
    for name in export.accounts or ():
        if name not in by_name:
            yield f'"{name}" account not defined for {export.kind} export'
    position = export.token_position
    tokens = export.subject.split(".")
    if position and not (0 < position <= len(tokens) and tokens[position - 1] == "*"):
        yield f'Error adding {export.kind} export "{export.subject}": sublist: invalid subject'
    if export.latency is None:
        return
    subject = export.latency.subject
    what = f'Error adding service latency sampling for "{export.subject}" on subject "{subject}"'
    if export.response != "singleton":
        yield f"{what}: bad service response type"
    elif not is_valid_literal(_bytes(subject)) or subject == export.subject:
        yield f"{what}: invalid publish subject"


def _of_import(
    by_name: dict[str, AccountOptions],
    importer: AccountOptions,
    item: Import,
    seen: set[tuple[str, str]],
) -> Iterator[str]:
    exporter = by_name.get(item.account)
    if exporter is None:
        yield f'"{item.account}" account not defined for {item.kind} import'
        return
    what = f'Error adding {item.kind} import "{item.subject}"'
    if not has_valid_tokens(_bytes(item.subject)) or not export_for(exporter, item, importer.name):
        yield f"{what}: {item.kind} import not authorized"
        return
    if not item.service:
        if (item.account, item.subject) in seen:
            yield f"{what}: stream import already exists"
        seen.add((item.account, item.subject))
    elif not is_valid(_bytes(item.to)):
        yield f"{what}: sublist: invalid subject"
        return
    text = _transform_error(item)
    if text:
        yield f"{what}: {text}"
    elif _forms_cycle(by_name, importer.name, item, item, set()):
        yield f"{what}: import forms a cycle"


def _transform_error(item: Import) -> str:
    source = rewriting(item).source
    if is_literal(source) or item.subject == item.to:
        return ""
    names = [item.subject, item.to]
    ends = [source, _bytes(item.to)]
    if _bytes(item.subject) != source:  # it names the wildcards of the other side
        ends = [local_subject(item), _bytes(item.subject)]
    try:
        compile_import(*ends)
    except TransformError as error:
        if item.service:
            names.reverse()
        ways = f'from "{names[0]}" to "{names[1]}"'
        return f"failed to create mapping transform for {item.kind} import subject {ways}: {error}"
    return ""


def _forms_cycle(
    by_name: dict[str, AccountOptions],
    start: str,
    first: Import,
    item: Import,
    seen: set[tuple[str, Import]],
) -> bool:
    """Tell whether what ``item`` brings may be what the account ``start`` has by ``first``."""
    source = rewriting(item).source
    if item.account == start:
        return False  # its own: that leads nowhere
    for other in by_name[item.account].imports:
        key = (item.account, other)
        if other.service != item.service or key in seen or other.account not in by_name:
            continue
        if not overlaps(local_subject(other), source):
            continue
        if other.account == start and overlaps(rewriting(other).source, local_subject(first)):
            return True
        seen.add(key)
        if _forms_cycle(by_name, start, first, other, seen):
            return True
    return False


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
