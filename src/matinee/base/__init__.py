"""What every other package may use: ids, units, errors, the clock, objects. Knows nothing of films."""
