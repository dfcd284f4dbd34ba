"""``headwater server``, with a thread that counts the objects in it when it is asked to.

    python -m tests.soak.witness SOCKET FLAGS...

Each connection to SOCKET gets a JSON map: the server's own classes, and how many objects there are
of each.  That tells of a leak what the size of the process does not.
"""

import gc
import json
import socket
import sys
import threading
from collections import Counter

from headwater.cli.main import main


def objects() -> dict[str, int]:
    """Return how many objects there are of each class of ours."""
    gc.unfreeze()  # what the start has made counts as well
    gc.collect()
    kinds = Counter(type(thing) for thing in gc.get_objects())
    named = ((f"{kind.__module__}.{kind.__qualname__}", kinds[kind]) for kind in kinds)
    return {name: count for name, count in named if name.startswith("headwater.")}


def _answer(listener: socket.socket) -> None:
    while True:
        visitor, _ = listener.accept()
        with visitor:
            visitor.sendall(json.dumps(objects()).encode())


if __name__ == "__main__":
    place = socket.socket(socket.AF_UNIX)
    place.bind(sys.argv.pop(1))
    place.listen()
    threading.Thread(target=_answer, args=(place,), name="witness", daemon=True).start()
    sys.argv[:1] = ["headwater", "server"]
    sys.exit(main())
