# caught by: started again
# mistake: waits for TIME_WAIT to be over, which takes a minute
# like: solution.py


async def server_7(host):
    listener = host.socket()
    while True:
        try:
            listener.bind(port(7)).listen(8)
            break
        except OSError:
            await host.sleep(1_000_000)
    while True:
        connection = await listener.accept()
        await connection.send(b"b" * 200)
        await connection.close()
