"""How fast the engine is, as a ratio to the least work that a simulator could do; see README.md."""
