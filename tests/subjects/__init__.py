"""Tests of headwater.subjects."""
