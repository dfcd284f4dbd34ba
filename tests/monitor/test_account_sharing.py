"""What /accountz tells of exports and imports; the figures are those of nats-server."""

from headwater.config.load import from_text
from headwater.monitor.account_sharing import sharing

_CONFIG = """
accounts {
  A { exports: [ { stream: "s.>" }, { service: "svc.*", response: stream, accounts: [B] }
                 { service: one, latency: { subject: l, sampling: 30 } } ] }
  B { imports: [ { stream: { account: A, subject: "s.>" }, prefix: p }
                 { service: { account: A, subject: "svc.*" }, to: "my.*", share: true } ] }
  C {}
}
"""


def test_exports_and_imports():
    a, b, c = from_text(_CONFIG, {}).accounts
    assert sharing(a)["exports"] == [
        {"subject": "s.>", "type": "stream"},
        {
            "subject": "svc.*",
            "type": "service",
            "response_type": "Streamed",
            "approved_accounts": ["B"],
        },
        {
            "subject": "one",
            "type": "service",
            "response_type": "Singleton",
            "service_latency": {"sampling": 30, "results": "l"},
        },
    ]
    common = {"account": "A", "invalid": False, "tracking": False}
    assert sharing(b)["imports"] == [
        {
            "subject": "s.>",
            "local_subject": "p.s.>",
            "type": "stream",
            "share": False,
            **common,
        },
        {
            "subject": "svc.*",
            "to": "my.*",
            "local_subject": "my.*",
            "type": "service",
            "share": True,
            **common,
        },
    ]
    assert sharing(c) == {}
