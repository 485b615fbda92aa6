# caught by: half of the answer
# mistake: five reads of 4,096 bytes would be enough if each of them were full
# like: solution.py


async def client_3(host):
    connection = host.socket()
    await connection.connect(SERVER, port(3))
    await connection.send(b"q" * 100)
    for _ in range(5):
        await connection.recv(4096)
    await connection.close()
