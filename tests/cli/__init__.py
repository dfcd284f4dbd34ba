"""Tests of headwater.cli."""
