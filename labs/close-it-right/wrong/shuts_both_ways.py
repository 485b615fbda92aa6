# caught by: each waits for the other
# mistake: shutdown() of both directions also ends reading
# like: solution.py


async def client_2(host):
    connection = host.socket()
    await connection.connect(SERVER, port(2))
    await connection.send(b"q" * 1200)
    connection.shutdown("both")
    while await connection.recv(4096):
        pass
    await connection.close()
