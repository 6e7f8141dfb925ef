"""The paths a viewer walks, in a real browser against a whole Matinee."""
