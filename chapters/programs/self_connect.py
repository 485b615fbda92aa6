"""Connect a socket to itself, on purpose or by chance.

    python3 self_connect.py                     on purpose
    python3 self_connect.py --by-chance 34568   as it happens to programs that never give up

By chance: nobody listens on that port, and it is one of those that the kernel gives to clients
(sysctl net.ipv4.ip_local_port_range).  Sooner or later connect() gets it for its own end.
"""

import argparse
import socket
import sys

HOST = "127.0.0.1"


def on_purpose(port):
    """Bind a port, connect to it, and listen to oneself."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind((HOST, port))
    connection.connect((HOST, port))
    connection.sendall(b"Hello, myself!")
    print(connection.getsockname(), "hears:", connection.recv(1024).decode())
    connection.close()


def by_chance(port, tries):
    """Connect again and again to a service that does not run."""
    for number in range(1, tries + 1):
        connection = socket.socket()
        try:
            connection.connect((HOST, port))
        except ConnectionRefusedError:
            connection.close()
            continue
        met = connection.getsockname() == connection.getpeername()
        whom = "itself" if met else "a service"
        print(f"try {number}: connected to {whom}")
        connection.close()
        return
    print(f"{tries} tries, all refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=34567, help="on purpose (default: 34567)")
    parser.add_argument("--by-chance", type=int, metavar="PORT", help="where nobody listens")
    parser.add_argument("--tries", type=int, default=100_000)
    given = parser.parse_args()
    try:
        if given.by_chance:
            by_chance(given.by_chance, given.tries)
        else:
            on_purpose(given.port)
    except OSError as error:
        sys.exit(f"port {given.by_chance or given.port}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main()
