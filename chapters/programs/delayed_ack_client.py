"""Say hello, wait for a second, and close; the other half of delayed_ack_server.py."""

import argparse
import socket
import sys
import time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8888, help="port (default: %(default)s)")
    parser.add_argument("--hello", default="hello, I am the one", help="text to send, or ''")
    given = parser.parse_args()
    connection = socket.create_connection((given.host, given.port))
    if given.hello:
        connection.sendall(given.hello.encode())
        print(f"sent {len(given.hello.encode())} bytes")
    time.sleep(1)
    connection.close()
    print("close() returned")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"delayed_ack_client.py: {error}.")
    except KeyboardInterrupt:
        sys.exit(130)
