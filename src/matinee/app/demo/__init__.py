"""The demonstration library: short films made from stills on the first run."""
