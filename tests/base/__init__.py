"""Tests of headwater.base."""
