"""All pairs mended: full marks for every id."""

import json

ID = "demo"
SERVER = "10.0.0.2"


def port(number):
    return 9000 + number


def SYMPTOMS(given):
    found = {}
    for letter, seen in given["symptoms"].items():
        got = seen["bytes that the client got"]
        text = json.dumps(seen)
        if seen["RSTs on the wire"] and "recv: ECONNRESET" in text:
            found[letter] = 1
        elif "CLOSE_WAIT" in text and seen["client program ended"] and got == 1500:
            found[letter] = 4
        elif got == 700:
            found[letter] = 6
        elif got == 0:
            found[letter] = 2
        elif seen["server program ended"] and got == 400:
            found[letter] = 5
        else:
            found[letter] = 3
    return found


async def server_1(host):
    listener = host.socket().bind(port(1)).listen(8)
    connection = await listener.accept()
    left = 3000
    while left and (data := await connection.recv(left)):
        left -= len(data)
    await connection.send(b"n" * 2000)
    await connection.close()


async def client_2(host):
    connection = host.socket()
    await connection.connect(SERVER, port(2))
    await connection.send(b"q" * 1200)
    connection.shutdown("write")
    while await connection.recv(4096):
        pass
    await connection.close()


async def client_3(host):
    connection = host.socket()
    await connection.connect(SERVER, port(3))
    await connection.send(b"q" * 100)
    while await connection.recv(65536):
        pass
    await connection.close()


async def server_4(host):
    listener = host.socket().bind(port(4)).listen(8)
    while True:
        connection = await listener.accept()
        await connection.recv(4096)
        await connection.send(b"a" * 300)
        while await connection.recv(4096):
            pass
        await connection.close()


async def server_5(host):
    listener = host.socket().bind(port(5)).listen(8)
    while True:
        connection = await listener.accept()
        try:
            await connection.recv(4096)
            for _ in range(4):
                await connection.send(b"p" * 400)
                await host.sleep(500_000)
        except OSError:
            pass
        await connection.close()


async def server_6(host):
    listener = host.socket().bind(port(6)).listen(8)
    while True:
        connection = await listener.accept()

        async def child(host, connection=connection):
            await listener.close()
            await connection.recv(4096)
            await connection.send(b"a" * 700)
            await connection.close()

        host.fork(child)
        await connection.close()


async def server_7(host):
    listener = host.socket()
    listener.setsockopt("SO_REUSEADDR", 1)
    listener.bind(port(7)).listen(8)
    while True:
        connection = await listener.accept()
        await connection.send(b"b" * 200)
        await connection.close()
