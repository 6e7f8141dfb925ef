"""`python -m matinee.app.roles.child ROLE EDGE_PORT FD...`: how `up` starts its processes."""

from __future__ import annotations

import os
import sys

from matinee.app.roles.one import be_child
from matinee.app.settings import read_settings

if __name__ == "__main__":
    be_child(read_settings(os.environ), sys.argv[1], [int(number) for number in sys.argv[3:]], int(sys.argv[2]))
