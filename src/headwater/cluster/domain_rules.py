"""What never crosses a leaf link: the JetStream of one side is not that of the other.

Each side keeps the unprefixed API, its key-value buckets and its object stores to itself, and is
reached from the other through its domain: ``$JS.<domain>.API.>``.  Replies, acknowledgements and
deliveries are ordinary subjects and pass.
"""

_PER_ACCOUNT = ("$JS.API.>", "$KV.>", "$OBJ.>")
# Between system accounts: what the servers of one JetStream cluster say to each other.
_PER_SYSTEM = ("$JSC.>", "$NRG.>")


def denied_subjects(own_domain: str, hub_domain: str, *, system: bool) -> tuple[list, list]:
    """Return what may not come in over a link, and what may not go out, as lists of bytes.

    ``own_domain`` is empty where JetStream is off or has none; ``system`` tells whether the link
    binds the system account.
    """
    inward = [subject.encode() for subject in _PER_ACCOUNT]
    if system:
        # We take no part in a hub's JetStream cluster, whatever the domains are.
        inward += [subject.encode() for subject in _PER_SYSTEM]
    outward = list(inward)
    if own_domain and own_domain != hub_domain:
        outward.append(api_subject(own_domain))
    return inward, outward


def api_subject(domain: str) -> bytes:
    """Return the subject by which other domains reach the JetStream API of ``domain``."""
    return f"$JS.{domain}.API.>".encode()
