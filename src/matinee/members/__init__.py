"""Who may come in: accounts and their sessions."""
