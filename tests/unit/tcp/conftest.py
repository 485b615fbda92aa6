"""Scripts about one endpoint run on the engine and, where root allows, on this machine's kernel."""

from tests.states.conftest import make

__all__ = ["make"]
