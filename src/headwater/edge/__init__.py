"""The SDK for applications at the edge: sources, models, events."""
