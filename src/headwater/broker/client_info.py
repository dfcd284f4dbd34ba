"""What events and advisories tell of a client."""

from headwater.base import gojson


def client_info(session):
    """Return what every event tells of a client, as JSON fields in nats-server's order."""
    user, program, lang, version = session.described()
    told = {"user": user, "name": program, "lang": lang, "ver": version}
    return {
        "start": gojson.time_text(session.start_ns),
        "host": session.address,
        "id": session.id,
        "acc": session.account.name.decode("utf-8", "replace"),
        **{key: value for key, value in told.items() if value},
    }


def whole_info(session):
    """Return all that another account may be told of a client."""
    told = client_info(session)
    if session.rtt_ns:
        told["rtt"] = session.rtt_ns
    return {**told, "server": session.node.name, "kind": "Client", "client_type": "nats"}


def requestor(session, through, *, whole):
    """Return what a service is told of a client that asks: all of it, or only its account.

    ``through`` is the account that asks for it, where the way leads through several, else None.
    """
    told = whole_info(session)
    if not whole:
        told = {"acc": told["acc"], "rtt": told.get("rtt", 0)}
    if through is None:
        return told
    before = {key: told.pop(key) for key in ("start", "host", "id", "acc") if key in told}
    return {**before, "svc": through.name.decode("utf-8", "replace"), **told}
