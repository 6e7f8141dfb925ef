"""The numbers that Matinee states, each made by a file in here: `python -m bench.<name>`."""
