"""`python -m matinee`: the command line."""

from __future__ import annotations

from matinee.app.cli.main import main

if __name__ == "__main__":
    main()
