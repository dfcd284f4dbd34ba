"""The commands of ``headwater``."""
