"""See with your own Linux how long an acknowledgment waits.

    python3 delayed_ack.py serve                in one terminal
    python3 delayed_ack.py ask                  in another one

The server answers each message at once, and the last one only after it has thought about it.  The
client asks its kernel how long each message remained unacknowledged.
"""

import argparse
import fcntl
import socket
import struct
import sys
import termios
import time


def serve(port, rounds, think, quick_ack):
    """Answer one client."""
    listener = socket.create_server(("127.0.0.1", port))
    print(f"waiting on port {port}", flush=True)
    connection, _ = listener.accept()
    for number in range(1, rounds + 1):
        if quick_ack:  # the kernel forgets it: say so before each recv()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if not connection.recv(1024):
            break
        if number == rounds:
            time.sleep(think)
        connection.sendall(b"done")
    connection.recv(1024)  # the end of the stream
    connection.close()


def ask(port, rounds):
    """Send messages, and watch the send buffer until each is acknowledged."""
    connection = socket.create_connection(("127.0.0.1", port))
    for number in range(1, rounds + 1):
        start = time.monotonic()
        connection.sendall(b"a message")
        while unacknowledged(connection):
            time.sleep(0.0002)
        acknowledged = (time.monotonic() - start) * 1000
        connection.recv(1024)
        answered = (time.monotonic() - start) * 1000
        print(f"message {number}: acknowledged after {acknowledged:.0f} ms,", end=" ")
        print(f"answered after {answered:.0f} ms", flush=True)
    connection.close()


def unacknowledged(connection):
    """Bytes that were sent and not yet acknowledged: ioctl SIOCOUTQ, see tcp(7)."""
    answer = fcntl.ioctl(connection, termios.TIOCOUTQ, struct.pack("i", 0))
    return struct.unpack("i", answer)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=("serve", "ask"))
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--rounds", type=int, default=3, help="messages (default: 3)")
    parser.add_argument("--think", type=float, default=0.1, help="seconds (default: 0.1)")
    parser.add_argument("--quick-ack", action="store_true", help="use TCP_QUICKACK")
    given = parser.parse_args()
    try:
        if given.role == "serve":
            serve(given.port, given.rounds, given.think, given.quick_ack)
        else:
            ask(given.port, given.rounds)
    except OSError as error:
        sys.exit(f"port {given.port} of this machine: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main()
