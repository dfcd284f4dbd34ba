"""The test suite; ``python -m tests.run`` runs it on the compiled and on the plain modules."""
