"""What labs are made of: messages, programs on hosts, sealed instances, bounded networks."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from labs.kit import BoundedNetwork, Failed, Unwritten, Wrong, agree, open_lab, quoted
from labs.kit.answer import Local
from labs.kit.instance import Instance, salt
from labs.kit.plain import NotPlain, dumps, same
from labs.kit.remote import Remote
from tcpcore.errors import UsageError
from tcpcore.units import ms, seconds

SERVER = """
async def worker(host):
    await host.sleep(1000)
    host.log("a child")

async def serve(host):
    listener = host.socket().bind(80).listen(5)
    connection = await listener.accept()
    host.fork(worker)
    data = await connection.recv(100)
    await connection.send(data.upper())
    try:
        host.network
    except RuntimeError as error:
        host.log(str(error)[:30])
    await connection.close()

class Counter:
    def __init__(self, start):
        self.n = start
    def add(self, by):
        self.n += by
        return self.n
"""


def talk(answer):
    net = BoundedNetwork()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(5))
    heard = []

    async def ask(host):
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        await connection.send(b"hello")
        heard.append(await connection.recv(100))
        heard.append(await connection.recv(100))

    server.spawn(answer.program("serve"))
    client.spawn(ask)
    trace = net.run(until=seconds(10))
    notes = [subject for m in trace.moments for kind, subject, *_ in m.events if kind == "note"]
    return heard, notes, [str(one.segment.flags) for one in trace.segments]


@pytest.fixture(params=["local", "remote"])
def answer(request):
    if request.param == "local":
        yield Local(SERVER)
        return
    remote = Remote(SERVER)
    yield remote
    remote.close()


def test_a_students_program_runs_on_a_virtual_host(answer):
    heard, notes, _ = talk(answer)
    assert heard == [b"HELLO", b""]
    assert "a child" in notes
    assert any("a Host has" in note for note in notes), "nothing behind the host can be reached"


def test_a_program_does_the_same_here_and_in_a_child():
    remote = Remote(SERVER)
    try:
        assert talk(remote) == talk(Local(SERVER))
    finally:
        remote.close()


def test_an_object_stays_with_the_answer(answer):
    counter = answer.object("Counter", 5)
    assert counter.call("add", 2) == 7
    assert counter.get("n") == 7
    assert answer.has("Counter")
    assert not answer.has("Nothing")


def test_a_program_that_expects_an_error_gets_it_with_its_errno(answer):
    code = "async def ask(host):\n    try:\n        await host.socket().connect('10.0.0.2', 80)\n"
    code += "    except ConnectionRefusedError as error:\n        host.log(str(error.errno))\n"
    net = BoundedNetwork()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server)
    client.spawn(Local(code).program("ask"))
    trace = net.run(until=seconds(10))
    assert "111" in [subject for m in trace.moments for kind, subject, *_ in m.events]


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("def f(): raise NotImplementedError", Unwritten, "not written yet"),
        ("", Unwritten, "defines no f"),
        ("def f(): return 1 / 0", Failed, "ZeroDivisionError"),
        ("def f(): return {1, 2}", Failed, "it holds a set"),
        ("def f():\n    while True: pass", Failed, "endless loop"),
        ("def f(): raise SystemExit", Failed, "exit"),
        ("import os", Failed, "imports os"),
        ("def f(:", Failed, "not Python"),
        ("f = 3", Unwritten, "not a function"),
    ],
)
def test_what_is_wrong_with_a_program_is_said_in_a_sentence_without_a_traceback(code, kind, said):
    with pytest.raises(kind, match=said) as caught:
        Local(code).call("f")
    assert "Traceback" not in str(caught.value)
    assert caught.value.where


def test_an_error_names_the_line():
    with pytest.raises(Failed, match=r"line 3, `return 1 / x`"):
        Local("def f(x):\n    # a remark\n    return 1 / x").call("f", 0)


def test_agree_names_the_first_difference():
    agree((1, 2), [1, 2], where="")
    agree(2.0, 2, where="")
    with pytest.raises(Wrong, match="entry 2 is 5, and should be 3") as caught:
        agree([1, 5], [1, 3], where=lambda index: f"segment {index + 1}")
    assert caught.value.where == "segment 2"
    with pytest.raises(Wrong, match="a list is asked for"):
        agree("x", [1], where="here")
    with pytest.raises(Wrong):
        agree(True, 1, where="here")


@pytest.mark.parametrize("value", [object(), {1}, 10**5000, print], ids=type)
def test_only_plain_data_travels(value):
    with pytest.raises(NotPlain):
        dumps(value)


def test_plain_data_arrives_as_it_was_with_tuples_as_lists():
    assert same({"a": (1, 2.5, None, True, b"\x00\xff"), (1, 2): "x"}) == {
        "a": [1, 2.5, None, True, b"\x00\xff"],
        (1, 2): "x",
    }


def test_a_network_without_end_ends_with_a_sentence():
    net = BoundedNetwork(events=100)
    host = net.host("a", "10.0.0.1")

    async def spin(own):
        while True:
            await own.sleep(1)

    host.spawn(spin)
    with pytest.raises(Failed, match="does not end"):
        net.run(until=seconds(10))


def test_a_sealed_instance_knows_right_from_wrong_and_does_not_tell(monkeypatch):
    instance = Instance("lab", "Alice ")
    instance.given, instance.expected = {"question": (1, 2)}, {"x": 17, "order": [3, 1, 2]}
    content = json.dumps(instance.sealed())
    assert "17" not in json.loads(content)["given"]
    sealed = Instance("lab", "alice", sealed=json.loads(content))
    assert sealed.given == {"question": [1, 2]}
    assert sealed.expected == {}
    assert sealed.agrees("x", 17)
    assert not sealed.agrees("x", 18)
    assert sealed.agrees("order", (3, 1, 2))
    assert sealed.draw("p").random() == instance.draw("p").random()


def test_a_courses_salt_makes_other_tasks(monkeypatch):
    plain = Instance("lab", "alice").draw("p").random()
    monkeypatch.setenv("LABS_SALT", "spring")
    assert salt() == "spring"
    assert Instance("lab", "alice").draw("p").random() != plain


def test_check_py_runs_alone_and_writes_its_result(tmp_path):
    folder = open_lab("timer-arithmetic").folder
    command = [sys.executable, str(folder / "check.py"), "--id", "alice", "--json", "r.json"]
    done = subprocess.run(
        [*command, str(folder / "solution.py")], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "100 of 100 points" in done.stdout
    assert json.loads((tmp_path / "r.json").read_text())["points"] == 100
    missing = subprocess.run([*command, "none.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (missing.returncode, missing.stderr) == (2, "There is no file none.py.\n")


def test_a_check_that_does_not_exist_is_refused_by_name():
    with pytest.raises(UsageError, match="has no check 99"):
        open_lab("timer-arithmetic").declared(99)
    with pytest.raises(UsageError, match="There is no lab 'nothing'"):
        open_lab("nothing")


def test_in_a_notebook_a_check_is_a_table_and_a_text():
    lab = open_lab("timer-arithmetic")
    shown = lab.notebook(1, answer=str(lab.folder / "solution.py"))
    assert "15 of 15" in repr(shown)
    assert "<strong>" in shown._repr_html_()


def test_a_number_that_was_written_as_text_is_told_from_a_wrong_number():
    assert "without quotes" in quoted("11")
    assert "without quotes" in quoted("RFC 6298")
    assert quoted(11) == quoted("yes") == quoted(None) == ""


def test_one_entry_is_no_entries():
    with pytest.raises(Wrong, match=r"only 1 entry, and there should be 2\."):
        agree([0], [0, 900], where="here")
    with pytest.raises(Wrong, match=r"3 entries, and there should be 2\."):
        agree([0, 900, 1], [0, 900], where="here")


@pytest.mark.parametrize(
    ("lab", "entry", "key"),
    [
        ("timer-arithmetic", 'MINE["SYNs sent"] = str(MINE["SYNs sent"])', "MINE['SYNs sent']"),
        ("server-under-flood", 'MINE["lifetime"] = str(MINE["lifetime"])', "MINE['lifetime']"),
        ("close-it-right", 'SYMPTOMS["A"] = str(SYMPTOMS["A"])', "SYMPTOMS['A']"),
    ],
)
def test_a_right_number_in_quotes_is_not_called_a_wrong_one(lab, entry, key):
    of = open_lab(lab)
    solution = (of.folder / "solution.py").read_text()
    name = key.partition("[")[0]
    solved = f"{solution}\n_right = {name}\ndef {name}(given):\n    {name} = dict(_right(given))\n"
    answer = f"{solved}    {entry}\n    return {name}\n"
    result = of.grade(answer, "student 1")
    said = [one for one in result.verdicts if one.where == key]
    assert said, result.verdicts
    assert "without quotes" in said[0].message
