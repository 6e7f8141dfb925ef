"""`python -m matinee.app.roles.child ROLE PARENT EDGE_PORT FD...`: how `up` starts its processes."""

from __future__ import annotations

import os
import sys

from matinee.app.roles.one import be_child
from matinee.app.settings import read_settings
from matinee.base.process import die_with_parent

if __name__ == "__main__":
    role, (parent, edge_port, *descriptors) = sys.argv[1], map(int, sys.argv[2:])
    die_with_parent(parent)
    be_child(read_settings(os.environ), role, descriptors, edge_port)
