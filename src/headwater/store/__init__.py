"""Durable sequences of records; only ``disk`` touches files."""
