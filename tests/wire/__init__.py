"""Tests of headwater.wire."""
