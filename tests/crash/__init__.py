"""The crash campaign: enumerated power cuts, and servers that are killed under load."""
