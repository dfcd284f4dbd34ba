"""Tests of the links to other servers."""
