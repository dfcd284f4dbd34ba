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
