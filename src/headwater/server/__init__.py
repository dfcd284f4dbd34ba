"""The composition root: builds a node from its options, runs it and stops it."""
