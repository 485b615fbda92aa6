# caught by: the lost answer
# mistake: gives the answer time to arrive, and leaves the upload unread all the same
# like: solution.py


async def server_1(host):
    listener = host.socket().bind(port(1)).listen(8)
    connection = await listener.accept()
    await connection.recv(100)
    await connection.send(b"n" * 2000)
    await host.sleep(2_000_000)
    await connection.close()
