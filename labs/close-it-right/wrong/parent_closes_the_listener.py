# caught by: the child's socket
# mistake: the parent closes the wrong one of its two sockets
# like: solution.py


async def server_6(host):
    listener = host.socket().bind(port(6)).listen(8)
    connection = await listener.accept()

    async def child(host):
        await connection.recv(4096)
        await connection.send(b"a" * 700)
        await connection.close()

    host.fork(child)
    await listener.close()
    await host.pause()
