"""Take a port and do not listen on it: what does a client get?

    python3 bind_without_listen.py              in one terminal
    python3 bind_without_listen.py --ask        in another one

With --listen the server does what it should, and the same client gets through.
"""

import argparse
import socket
import sys
import time


def serve(address, seconds, listen):
    """Bind the port, and wait."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(address)
    if listen:
        server.listen()
    state = "listens" if listen else "does not listen"
    print(f"port {address[1]} is taken, and {state}", flush=True)
    time.sleep(seconds)
    server.close()


def ask(address):
    """Connect, and say how it went."""
    client = socket.socket()
    start = time.monotonic()
    try:
        client.connect(address)
        result = "connected"
    except OSError as error:
        result = error.strerror
    print(f"{result} after {(time.monotonic() - start) * 1000:.1f} ms")
    client.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ask", action="store_true", help="be the client")
    parser.add_argument("--listen", action="store_true", help="call listen() as well")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--seconds", type=float, default=1000, help="how long to hold the port")
    given = parser.parse_args()
    address = ("127.0.0.1", given.port)
    try:
        if given.ask:
            ask(address)
        else:
            serve(address, given.seconds, given.listen)
    except OSError as error:
        sys.exit(f"port {given.port}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main()
