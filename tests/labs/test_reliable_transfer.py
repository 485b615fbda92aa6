"""Special to reliable-transfer: the network is fair, and looks after its rules."""

from __future__ import annotations

import pytest

from labs.kit import Wrong, open_lab

LAB = open_lab("reliable-transfer")
WORLD = LAB.load("world.py")
CHECK = LAB.declared(1).run.__globals__
SOLUTION = (LAB.folder / "solution.py").read_text()

RUDE = """
class Endpoint:
    def __init__(self, mss, window):
        pass
    def write(self, data, now):
        return {reply}
    def arrives(self, segment, now):
        return {{"send": [], "deadline": None, "data": b""}}
    fire = lambda self, now: self.arrives(None, now)
"""


def endpoint(source):
    answer = LAB.local(source)(LAB.instance("anybody"))
    return CHECK["endpoint"](answer)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("None", "A method gives"),
        ('{"send": [], "deadline": now, "data": b""}', "A deadline lies after now"),
        ('{"send": [{"seq": -1, "ack": 0, "window": 0}], "deadline": None, "data": b""}', "whole"),
        (
            '{"send": [{"seq": 0, "ack": 0, "window": 0, "data": bytes(1001)}],'
            ' "deadline": None, "data": b""}',
            "at most 1000 bytes",
        ),
        (
            '{"send": [{"seq": 1000 * n, "ack": 0, "window": 0, "data": bytes(1000)}'
            ' for n in range(11)], "deadline": None, "data": b""}',
            "More than 10 segments",
        ),
        (
            '{"send": [{"seq": 0, "ack": 9, "window": 0, "data": b"x"}] * 9, "deadline": None,'
            ' "data": "text"}',
            "is bytes",
        ),
    ],
)
def test_an_endpoint_that_breaks_a_rule_of_the_game_is_told_which(reply, said):
    with pytest.raises(Wrong, match=said) as caught:
        WORLD.upload(endpoint(RUDE.format(reply=reply)), bytes(100), 1, 10_000)
    assert "write()" in caught.value.where


def test_the_solution_gets_everything_across_thirty_bad_networks():
    data = bytes(range(256)) * 40
    for seed in range(30):
        bad = CHECK["hostile"](0.08, 0.2, 0.1)
        _, got, done = WORLD.upload(endpoint(SOLUTION), data, seed, 600_000, prepare=bad)
        assert got == data, seed
        assert done is not None
        seen = WORLD.download(endpoint(SOLUTION), data, seed, 600_000, bad)
        assert bytes(seen.heard) == data, seed


def test_an_own_run_can_be_stepped_in_the_player():
    lose = CHECK["lose"](3)
    seen, _, _ = WORLD.upload(endpoint(SOLUTION), bytes(10_000), 1, 20_000, prepare=lose)
    player = LAB.player(seen.net.trace, title="mine", name="mine")
    assert [host["name"] for host in player.document["hosts"]] == ["you", "peer"]
    assert [one["fate"] for one in player.document["segments"]].count("lost") == 1


@pytest.mark.kernel
def test_the_solution_and_this_kernel_send_each_other_every_byte_over_a_bad_wire():
    kernel = LAB.load("kernel.py")
    for seed in range(3):
        data, got, heard = kernel.transfer(endpoint(SOLUTION), seed)
        assert got == data
        assert heard == data


def test_numbers_of_the_peer_may_pass_the_end_of_the_circle():
    world = WORLD.World(endpoint(SOLUTION), 1)
    peer, data = world.peer, bytes(range(250)) * 8

    class Known:
        def initial_sequence(self, *_):
            return 2**32 - 500

        def __getattr__(self, name):
            return getattr(real, name)

    real, peer.secrets = peer.secrets, Known()

    async def serve(host):
        connection = await host.socket().bind(WORLD.PORT).listen().accept()
        await connection.send(data)
        await host.pause()

    peer.spawn(serve)
    world.begin(lambda: None)
    world.net.run(until=5_000_000)
    assert bytes(world.heard) == data
