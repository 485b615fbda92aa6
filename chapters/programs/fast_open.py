"""Ask a question with and without TCP Fast Open, on your own Linux.

    python3 fast_open.py server             in one terminal (add --plain for an ordinary server)
    python3 fast_open.py client             in another one  (add --plain for an ordinary client)

The client asks twice: the first time it fetches a cookie, the second time its question can go
with the SYN.  The server's kernel must allow it: sysctl -w net.ipv4.tcp_fastopen=3, as root.
"""

import argparse
import socket
import sys

SYN_DATA = 32  # TCPI_OPT_SYN_DATA in linux/tcp.h: data of the SYN was acknowledged with it
QUESTION, ANSWER = b"how are you?", b"well, thank you"


def plain_server(address):
    """A socket, an address, a queue: then connections can be accepted."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(16)
    serve(listener)


def fast_server(address):
    """One line more: five connections may be open early."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    listener.listen(16)
    serve(listener)


def plain_client(address):
    """Connect, then send."""
    connection = socket.socket()
    connection.connect(address)
    connection.sendall(QUESTION)
    return finish(connection)


def fast_client(address):
    """Connect and send in one call; without a cookie it only looks so."""
    connection = socket.socket()
    connection.sendto(QUESTION, socket.MSG_FASTOPEN, address)
    return finish(connection)


def serve(listener):
    """Answer questions, one client after the other."""
    print(f"waiting on port {listener.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listener.accept()
        asked = connection.recv(1024)
        print(f"{len(asked)} bytes, {how(connection)}", flush=True)
        connection.sendall(ANSWER)
        connection.recv(1024)  # the end of the stream
        connection.close()


def finish(connection):
    """Read the answer; whether the question went with the SYN."""
    while connection.recv(1024) not in (ANSWER, b""):
        pass
    found = how(connection)
    connection.close()
    return found


def how(connection):
    """What the kernel says about the start of this connection: struct tcp_info, tcpi_options."""
    options = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5]
    return "with the SYN" if options & SYN_DATA else "after the handshake"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=("server", "client"))
    parser.add_argument("--plain", action="store_true", help="without Fast Open")
    parser.add_argument("--host", default="127.0.0.1", help="the server (default: this machine)")
    parser.add_argument("--port", type=int, default=8888)
    given = parser.parse_args()
    address = given.host, given.port
    try:
        if given.role == "server":
            (plain_server if given.plain else fast_server)(address)
        for number in (1, 2):
            found = (plain_client if given.plain else fast_client)(address)
            print(f"question {number}: {found}", flush=True)
    except OSError as error:
        sys.exit(f"port {given.port} of {given.host}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main()
