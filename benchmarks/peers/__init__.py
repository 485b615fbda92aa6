"""The same transfer in other simulators, each in an environment of its own; see README.md."""
