"""The watched folder: films that arrive in it are taken in without a command.

It is polled, because network drives tell of no changes. A file has arrived when its size and time have stayed the
same for a while; what was taken is remembered in the jobs, and by the catalogue, under the file's path, size and time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from matinee.app.ingest import INGEST, enqueue_file
from matinee.app.library import files_under
from matinee.catalog.library import read_library
from matinee.catalog.service import Catalog
from matinee.work.job import JobState
from matinee.work.service import Jobs

POLL_S = 2.0
SETTLED_S = 5.0  # a file that has not changed for this long has been written whole

_log = logging.getLogger(__name__)
