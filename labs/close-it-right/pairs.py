"""Six clients and servers as they were found: each pair has one mistake, on the side that is named.

They run on the hosts of a virtual network.  The client is at 10.0.0.1, the server at 10.0.0.2; pair
N talks on port 9000 + N.  `PAIRS` says which side of each pair is to be mended.
"""

SERVER = "10.0.0.2"


def port(number):
    """Where pair `number` talks."""
    return 9000 + number


# 1: the server is the one to mend.  An upload of 3,000 bytes is answered by 2,000.


async def server_1(host):
    listener = host.socket().bind(port(1)).listen(8)
    connection = await listener.accept()
    await connection.recv(100)  # the head of the upload is enough to say no
    await connection.send(b"n" * 2000)
    await connection.close()


async def client_1(host):
    connection = host.socket()
    await connection.connect(SERVER, port(1))
    await connection.send(b"u" * 3000)
    while await connection.recv(4096):
        pass
    await connection.close()


# 2: the client is the one to mend.  The server answers when the client has nothing more to say.


async def server_2(host):
    listener = host.socket().bind(port(2)).listen(8)
    connection = await listener.accept()
    while await connection.recv(4096):
        pass
    await connection.send(b"a" * 500)
    await connection.close()


async def client_2(host):
    connection = host.socket()
    await connection.connect(SERVER, port(2))
    await connection.send(b"q" * 1200)
    await connection.recv(4096)
    await connection.close()


# 3: the client is the one to mend.  The answer has 20,000 bytes.


async def server_3(host):
    listener = host.socket().bind(port(3)).listen(8)
    connection = await listener.accept()
    await connection.recv(4096)
    await connection.send(b"a" * 20000)
    await connection.close()


async def client_3(host):
    connection = host.socket()
    await connection.connect(SERVER, port(3))
    await connection.send(b"q" * 100)
    await connection.recv(65536)  # large enough for all of it
    await connection.close()


# 4: the server is the one to mend.  Five clients come, one after the other.


async def server_4(host):
    listener = host.socket().bind(port(4)).listen(8)
    served = []
    while True:
        connection = await listener.accept()
        await connection.recv(4096)
        await connection.send(b"a" * 300)
        served.append(connection)


async def client_4(host):
    for _ in range(5):
        connection = host.socket()
        await connection.connect(SERVER, port(4))
        await connection.send(b"q" * 100)
        await connection.recv(4096)
        await connection.close()


# 5: the server is the one to mend.  The first client leaves early, the second one stays.


async def server_5(host):
    listener = host.socket().bind(port(5)).listen(8)
    while True:
        connection = await listener.accept()
        await connection.recv(4096)
        for _ in range(4):
            await connection.send(b"p" * 400)
            await host.sleep(500_000)  # microseconds
        await connection.close()


async def client_5(host):
    for parts in (1, 4):
        connection = host.socket()
        await connection.connect(SERVER, port(5))
        await connection.send(b"q" * 100)
        got = 0
        while got < 400 * parts and (data := await connection.recv(4096)):
            got += len(data)
        await connection.close()
        await host.sleep(3_000_000)


# 6: the server is the one to mend.  A child answers, and the parent goes on accepting.


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


async def client_6(host):
    connection = host.socket()
    await connection.connect(SERVER, port(6))
    await connection.send(b"q" * 100)
    while await connection.recv(4096):
        pass
    await connection.close()


# Of the last task: a server that is to be started again at once, on the port that it had.


async def server_7(host):
    listener = host.socket().bind(port(7)).listen(8)
    while True:
        connection = await listener.accept()
        await connection.send(b"b" * 200)
        await connection.close()


async def client_7(host):
    connection = host.socket()
    await connection.connect(SERVER, port(7))
    while await connection.recv(4096):
        pass
    await connection.close()


PAIRS = {1: "server", 2: "client", 3: "client", 4: "server", 5: "server", 6: "server"}
EXPECTED = {1: 2000, 2: 500, 3: 20000, 4: 5 * 300, 5: 400 + 4 * 400, 6: 700}
"""Bytes that the client gets when all is well."""
