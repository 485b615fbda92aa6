# caught by: the client that leaves
# mistake: the error no longer kills the server with a message, it still ends it
# like: solution.py


async def server_5(host):
    listener = host.socket().bind(port(5)).listen(8)
    try:
        while True:
            connection = await listener.accept()
            await connection.recv(4096)
            for _ in range(4):
                await connection.send(b"p" * 400)
                await host.sleep(500_000)
            await connection.close()
    except OSError:
        pass
