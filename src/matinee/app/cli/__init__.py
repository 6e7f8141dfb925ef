"""The command line. Every command that reports prints for people and, with `--json`, one JSON document on stdout."""
