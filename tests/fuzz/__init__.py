"""Fuzzing: seeded inputs by the million for everything that reads what others wrote.

``targets`` says what is fed and what must hold, ``dice`` and ``mutate`` make the inputs, ``play``
runs batches of them under a watch, ``campaign`` spreads them over processes and compares the
compiled with the plain form, ``shrink`` makes small what failed.
"""
