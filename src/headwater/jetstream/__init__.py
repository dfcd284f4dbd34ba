"""Streams and consumers as state machines over the store, and the API that manages them."""
