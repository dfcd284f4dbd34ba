"""Tests of headwater.config."""
