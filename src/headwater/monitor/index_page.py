"""The root page of the monitoring port: links to the others, for people."""

from headwater.broker.node import Node

_LINKS = (
    ("varz", "General"),
    ("jsz", "JetStream"),
    ("connz", "Connections"),
    ("accountz", "Accounts"),
    ("accstatz", "Account statistics"),
    ("subsz", "Subscriptions"),
    ("routez", "Routes"),
    ("leafz", "Leaf nodes"),
    ("gatewayz", "Gateways"),
    ("raftz", "Raft groups"),
    ("healthz", "Health"),
    ("ipqueuesz", "Queues"),
    ("metrics", "Prometheus metrics"),
    ("debug/vars", "Variables"),
    ("stacksz", "Stacks"),
)
_STYLE = "body{font-family:system-ui,sans-serif;margin:2rem}li{margin:.4rem 0}code{color:#777}"


def page(node: Node, prefix: str) -> bytes:
    """Return the page; ``prefix`` leads from it to the others."""
    items = "".join(
        f'<li><a href="./{prefix}{path}">{title}</a> <code>/{path}</code></li>\n'
        for path, title in _LINKS
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Headwater</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>Headwater {node.own_version}</h1>\n"
        f"<ul>\n{items}</ul>\n</body></html>\n"
    ).encode()
