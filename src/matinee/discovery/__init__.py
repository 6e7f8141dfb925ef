"""Search, rows and the home page."""
