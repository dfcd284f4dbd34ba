"""Identity and rights: accounts, users, permissions."""
