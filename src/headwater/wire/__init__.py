"""Bytes to operations and back: sans-IO codecs, without any knowledge of subjects' meaning."""
