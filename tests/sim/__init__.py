"""Simulated surroundings for the core: a disk that can lose power, and scripts that drive it."""
