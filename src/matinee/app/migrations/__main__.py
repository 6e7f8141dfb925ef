"""For developers: `python -m matinee.app.migrations "what changed"` writes the revisions that the tables ask for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from matinee.app.migrations.history import migrate, write_revision
from matinee.app.migrations.upgrade import STATES, revisions


def main(message: str) -> None:
    """Compare the tables in the code with what the revisions make of an empty database, and write the difference."""
    with tempfile.TemporaryDirectory() as folder:
        for state in STATES:
            url = f"sqlite:///{Path(folder) / state}.db"
            if revisions(state):
                migrate(state, url)
            path = write_revision(state, url, message)
            if path:
                subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", path], check=True)
            sys.stdout.write(f"{state}: {path.name if path else 'nothing changed'}\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('say what changed: python -m matinee.app.migrations "what changed"')
    main(sys.argv[1])
