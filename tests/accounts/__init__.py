"""Tests of headwater.accounts."""
