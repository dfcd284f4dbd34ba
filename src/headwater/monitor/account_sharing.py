"""What an account exports and imports, as ``/accountz`` shows it."""

from headwater.config.options import AccountOptions, Export, Import

_RESPONSES = {"singleton": "Singleton", "stream": "Streamed", "chunked": "Chunked"}


def sharing(account: AccountOptions) -> dict[str, object]:
    """Return the fields for what there is."""
    fields: dict[str, object] = {}
    if account.exports:
        fields["exports"] = [_export(export) for export in account.exports]
    if account.imports:
        fields["imports"] = [_import(item) for item in account.imports]
    return fields


def _export(export: Export) -> dict[str, object]:
    fields: dict[str, object] = {"subject": export.subject, "type": export.kind}
    if export.service:
        fields["response_type"] = _RESPONSES[export.response]
    if export.latency is not None:
        latency = export.latency
        fields["service_latency"] = {"sampling": latency.sampling, "results": latency.subject}
    if export.accounts is not None:
        fields["approved_accounts"] = list(export.accounts)
    return fields


def _import(item: Import) -> dict[str, object]:
    to = {"to": item.to} if item.service else {}
    return {
        "subject": item.subject,
        "account": item.account,
        **to,
        "local_subject": item.to,
        "type": item.kind,
        "invalid": False,
        "share": item.share,
        "tracking": False,
    }
