"""The benchmark harness, so that its figures can be believed."""
