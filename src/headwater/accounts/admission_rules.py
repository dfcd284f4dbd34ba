"""From where, and when, a user may connect."""

import ipaddress
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from headwater.accounts.claims import TimeRange


def is_source(address: str, networks: list[str] | str) -> bool:
    """Tell whether an address is in one of the networks, or there are none; a bad one is no."""
    if isinstance(networks, str):
        networks = [text.strip() for text in networks.split(",") if text.strip()]
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
        parsed = [ipaddress.ip_network(text, strict=False) for text in networks]
    except ValueError:
        return False
    return any(found.version == network.version and found in network for network in parsed)


def end_of_window(now_s: float, ranges: list[TimeRange], location: str) -> float | None:
    """Return when the time ends in which a user may be connected: 0 for never, None for now.

    A range whose end is before its start goes over midnight.
    """
    if not ranges:
        return 0
    try:
        zone = ZoneInfo(location) if location else None
        now = datetime.fromtimestamp(now_s, zone)
        for each in ranges:
            end = _end(now, time.fromisoformat(each.start), time.fromisoformat(each.end))
            if end is not None:
                return end.timestamp()
    except (ValueError, OSError, KeyError):  # a time, or a location, that is none
        return None
    return None


def _end(now: datetime, start: time, end: time) -> datetime | None:
    begins = datetime.combine(now.date(), start, now.tzinfo)
    ends = datetime.combine(now.date(), end, now.tzinfo)
    if start > end:
        if now < ends:
            begins -= timedelta(days=1)
        else:
            ends += timedelta(days=1)
    return ends if begins <= now < ends else None
