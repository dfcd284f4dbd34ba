"""The corruption campaign: stores of the real engine, damaged at random, opened and repaired."""
