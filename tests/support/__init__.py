"""What tests of several packages share: waiting, a raw client, the real nats-server."""
