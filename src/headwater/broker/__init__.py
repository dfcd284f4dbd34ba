"""The switch: sessions, interest, delivery. Sans-IO."""
