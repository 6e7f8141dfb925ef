"""Settings, wiring, roles, HTTP assembly and the command line."""
