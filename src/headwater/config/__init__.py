"""The configuration language of nats-server, and the options that it sets."""
