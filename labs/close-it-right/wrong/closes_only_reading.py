# caught by: the leak
# mistake: shutdown() for reading is no close(): no FIN goes out
# like: solution.py


async def server_4(host):
    listener = host.socket().bind(port(4)).listen(8)
    while True:
        connection = await listener.accept()
        await connection.recv(4096)
        await connection.send(b"a" * 300)
        connection.shutdown("read")
