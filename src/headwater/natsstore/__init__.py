"""Files and archives of a nats-server: read, and where it needs them written; sans-IO."""
