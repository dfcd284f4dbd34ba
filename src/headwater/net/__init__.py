"""The only home of sockets and of the event loop."""
