"""What a subject is, and who matches it."""
