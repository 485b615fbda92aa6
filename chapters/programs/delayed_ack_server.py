"""A server that closes as soon as it reads the end of file; watch its goodbye with tcpdump.

    $ tcpdump -ni lo tcp port 8888          (one terminal, as root)
    $ python3 delayed_ack_server.py         (another one)
    $ python3 delayed_ack_client.py         (a third one)

With --quick-ack the kernel is asked, at the end of file, not to delay its ACK.
"""

import argparse
import socket
import sys
import time


def serve(connection: socket.socket, quick_ack: bool, pause: float) -> None:
    while data := connection.recv(1024):
        print(f"recv() returned {len(data)} bytes")
    print("recv() returned the end of file")
    if quick_ack:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    time.sleep(pause / 1000)
    connection.close()
    print("close() returned", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8888, help="port (default: %(default)s)")
    parser.add_argument("--quick-ack", action="store_true", help="set TCP_QUICKACK before close()")
    parser.add_argument("--pause", type=float, default=0, metavar="MS", help="wait before close()")
    parser.add_argument("--clients", type=int, default=0, metavar="N", help="end after N clients")
    given = parser.parse_args()
    served = 0
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given.host, given.port))
        listener.listen(5)
        print(f"listening on {given.host}:{given.port}; Ctrl-C ends this", flush=True)
        while not given.clients or served < given.clients:
            connection, _ = listener.accept()
            serve(connection, given.quick_ack, given.pause)
            served += 1


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"delayed_ack_server.py: {error}.")
    except KeyboardInterrupt:
        sys.exit(130)
