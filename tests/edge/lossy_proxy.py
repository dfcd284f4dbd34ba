"""A TCP relay that loses the answer to a publish, and then refuses for as long as is wanted."""

import socket
import threading
from contextlib import suppress

_HOST = "127.0.0.1"
_CHUNK = 65536


class LossyProxy:
    """Relays to ``target_port``; ``lose_next_ack`` arms it, ``heal`` lets connections in again."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server((_HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._armed = False
        self._published = threading.Event()
        self.lost = threading.Event()
        self._refusing = False
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def lose_next_ack(self) -> None:
        """Let the next publish through, but not its answer; break and refuse from then on."""
        self._armed = True

    def heal(self) -> None:
        """Relay again."""
        self._refusing = False

    def close(self) -> None:
        """End every connection and thread."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                client.close()
                continue
            server = socket.create_connection((_HOST, self._target_port))
            self._open += [client, server]
            for source, target, step in (
                (client, server, self._from_client),
                (server, client, self._from_server),
            ):
                thread = threading.Thread(target=self._pump, args=(source, target, step))
                thread.start()
                self._threads.append(thread)

    def _pump(self, source: socket.socket, target: socket.socket, step) -> None:
        with suppress(OSError):
            while (chunk := source.recv(_CHUNK)) and step(chunk):
                target.sendall(chunk)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _from_client(self, chunk: bytes) -> bool:
        if self._armed and b"HPUB edge." in chunk:
            self._published.set()
        return True

    def _from_server(self, chunk: bytes) -> bool:
        if not (self._published.is_set() and b'"seq":' in chunk):
            return True
        self._armed = False
        self._published.clear()
        self._refusing = True
        self.lost.set()
        return False

    def _break(self) -> None:
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
