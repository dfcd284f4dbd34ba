"""The soak campaign: a server among clients of every bad habit, while good ones count messages."""
