"""Bytes from strangers, through every entrance: see `targets` and `__main__`."""
