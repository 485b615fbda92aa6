"""Close it right: mend one program of each pair (pairs.py shows them as they were found).

Copy the broken program over, change as little as you can, and keep what it says on the wire.
"""

ID = "demo"  # your student id: it decides what your operator saw

# Which pair (1 to 6) shows these symptoms?  `python check.py --given` prints them.
SYMPTOMS = {"A": None, "B": None, "C": None, "D": None, "E": None, "F": None}


async def server_1(host):
    """Answers an upload without losing the answer."""
    raise NotImplementedError("server_1() is not mended yet")


async def client_2(host):
    """Asks a server that waits for the end of the question."""
    raise NotImplementedError("client_2() is not mended yet")


async def client_3(host):
    """Reads an answer of 20,000 bytes, all of it."""
    raise NotImplementedError("client_3() is not mended yet")


async def server_4(host):
    """Serves one client after the other and leaves no socket behind."""
    raise NotImplementedError("server_4() is not mended yet")


async def server_5(host):
    """Goes on serving when a client leaves early."""
    raise NotImplementedError("server_5() is not mended yet")


async def server_6(host):
    """Lets a child answer, and lets the client see the end."""
    raise NotImplementedError("server_6() is not mended yet")


async def server_7(host):
    """Can be started again at once, on the same port."""
    raise NotImplementedError("server_7() is not mended yet")
