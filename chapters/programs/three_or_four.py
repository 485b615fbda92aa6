"""A server that closes when it reads the end of file: with three segments, or with four?

Watch with `tcpdump -ni lo tcp port 8888`, then in two terminals:

    python3 three_or_four.py serve
    python3 three_or_four.py greet
"""

import argparse
import socket
import sys
import time


def serve(port: int, quick_ack: bool, pause: float) -> None:
    """Take one connection, read it to its end, and close."""
    listener = socket.create_server(("", port))
    print(f"waiting on port {port}", flush=True)
    connection, _ = listener.accept()
    while data := connection.recv(1024):
        print(f"recv(): {len(data)} bytes")
    print("recv(): end of file")
    if quick_ack:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    time.sleep(pause)
    connection.close()


def greet(address: str, port: int, text: str) -> None:
    """Connect, say something, wait for a second, and close."""
    connection = socket.create_connection((address, port))
    connection.sendall(text.encode())
    time.sleep(1)
    connection.close()


def main() -> int:
    """What the command line asks for; 1 when the network refuses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=("serve", "greet"))
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--quick-ack", action="store_true", help="serve: no delay of the FIN's ACK")
    parser.add_argument("--pause", type=float, default=0, help="serve: ms before close()")
    parser.add_argument("--address", default="127.0.0.1", help="greet: where the server is")
    parser.add_argument("--text", default="hello, I am the one", help="greet: what to say")
    given = parser.parse_args()
    try:
        if given.role == "serve":
            serve(given.port, given.quick_ack, given.pause / 1000)
        else:
            greet(given.address, given.port, given.text)
    except OSError as error:
        print(f"port {given.port}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
