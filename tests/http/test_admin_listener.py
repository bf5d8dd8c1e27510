"""The admin listener answers when the main one has no place, or the process no descriptor, left."""

import pathlib
import re
import shlex
import socket

import pytest

import library
from harness import Connection, assert_problem, compose, gantry, gantry_command, wait_until

PROBES = ["/health", "/livez", "/readyz", "/startupz"]


def with_admin(serve, listen="127.0.0.1:0", **more):
    """A server with an admin listener; admin() connects to it."""
    admin = {"listen": listen, **more.pop("admin", {})}
    more["limits"] = {"idle_ms": 600000, **more.pop("limits", {})}
    server = serve(library.config(loops=1, admin=admin, **more))
    host, port = wait_until(lambda: re.search(r"^  admin   http://(.+):(\d+)$", server.stdout(), re.M),
                            "the admin listener to be announced").groups()
    address = ("127.0.0.1" if host == "0.0.0.0" else host.strip("[]"), int(port))
    server.admin = lambda: Connection(address)
    return server


def ask(server, target="/health"):
    with server.admin() as connection:
        return connection.request("GET", target)


def test_what_is_served_there(serve):
    server = with_admin(serve)
    with server.admin() as connection:
        for target in PROBES:
            answer = connection.request("GET", target)
            assert (answer.status, answer.json()["status"]) == (200, "ok")
            assert server.get(target).status == 200  # and on the main one as before
        for target in ("/", "/api", "/api/books", "/books/1", "/sleep?ms=1"):
            assert_problem(connection.request("GET", target), 404, "not_found")
        assert_problem(connection.request("POST", "/health"), 405, "method_not_allowed")
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    assert "gy-admin" in [(task / "comm").read_text().strip() for task in tasks.iterdir()]
    assert server.stop() == 0
    assert '"serving operators"' in server.stderr()
    assert "from other machines" not in server.stderr()


def test_there_is_none_unless_configured(shared):
    assert "admin" not in shared.stdout()


def test_beyond_the_loopback_is_warned_about(serve):
    server = with_admin(serve, "0.0.0.0:0")
    assert ask(server).status == 200
    assert server.stop() == 0
    assert "the admin listener can be reached from other machines" in server.stderr()


def test_the_main_listener_has_no_place_left(serve):
    server = with_admin(serve, limits={"connections": 4})
    inside = [server.connect() for _ in range(4)]
    for connection in inside:
        assert connection.request("GET", "/books/1").status == 200
    with server.connect() as waiting:
        waiting.send(compose("GET", "/health"))
        for n in range(50):
            assert ask(server, PROBES[n % 4]).status == 200
        assert not waiting.is_readable()
        for connection in inside:
            connection.close()
        assert waiting.read().status == 200


def test_its_own_limit(serve):
    server = with_admin(serve, admin={"connections": 2})
    inside = [server.admin(), server.admin()]
    for connection in inside:
        assert connection.request("GET", "/health").status == 200
    with server.admin() as waiting:
        waiting.send(compose("GET", "/health"))
        assert server.get("/health").status == 200
        assert not waiting.is_readable(0.01)
        inside.pop().close()
        assert waiting.read().status == 200
    inside.pop().close()


def test_the_process_is_out_of_descriptors(serve):
    server = with_admin(serve)
    server.limit_fds()
    with server.connect() as waiting:
        waiting.send(compose("GET", "/health"))
        for n in range(100):
            assert ask(server, PROBES[n % 4]).status == 200
        several = [server.admin() for _ in range(8)]  # as many as are held in reserve
        for connection in several:
            assert connection.request("GET", "/health").status == 200
        with server.admin() as one_more:
            one_more.send(compose("GET", "/health"))
            several.pop().close()
            assert one_more.read().status == 200
        for connection in several:
            connection.close()
        assert ask(server).status == 200
        assert not waiting.is_readable()
        server.unlimit_fds()
        assert waiting.read().status == 200
    assert server.stop() == 0
    assert server.stderr().count("only the reserve is left") == 1
    assert server.stderr().count("new connections have to wait") == 1


@pytest.mark.parametrize("files", [64, 128, 256])
def test_more_clients_than_descriptors(serve, monkeypatch, files):
    command = shlex.join(gantry_command())
    monkeypatch.setenv("GANTRY", f"prlimit --nofile={files}:{files} {command}")
    server = with_admin(serve)
    clients = []
    for _ in range(files + 50):
        clients.append(server.connect())
        clients[-1].send(compose("GET", "/health"))
        if len(clients) % 10 == 0:
            assert ask(server).status == 200
    for n in range(100):
        assert ask(server, PROBES[n % 4]).status == 200
    for client in clients:  # whoever is inside leaves, and makes room for those who wait
        assert client.read().status == 200
        client.close()
    assert ask(server).status == 200
    assert server.get("/books/1").status == 200


def test_it_tells_of_the_draining(serve):
    server = with_admin(serve, limits={"drain_ms": 600000, "deadline_ms": 600000})
    held = server.begin("/sleep?ms=600000")
    server.barrier()
    assert ask(server, "/readyz").status == 200
    server.signal()
    answer = wait_until(lambda: (lambda a: a if a.status == 503 else None)(ask(server, "/readyz")),
                        "readiness to turn 503")
    assert any("drain" in reason for reason in answer.json()["reasons"])
    assert ask(server, "/health").status == 200
    assert server.is_running()
    with server.admin() as idle:  # it does not hold up the end
        assert idle.request("GET", "/health").status == 200
        held.close()
        assert server.wait() == 0


# What is wrong with a configuration.


def check(tmp_path, config):
    path = tmp_path / "gantry.json"
    path.write_text(config, encoding="utf-8")
    return gantry("check", "--config", path)


@pytest.mark.parametrize("listen", ["127.0.0.1:9090", "localhost:9090", "0.0.0.0:9090"])
def test_both_at_one_address(tmp_path, listen):
    done = check(tmp_path, '{"listen": "127.0.0.1:9090", "admin": {"listen": "%s"}}' % listen)
    assert done.returncode == 78
    assert "$.admin.listen: is where the service itself listens, at 127.0.0.1:9090" in done.stderr
    command_line = gantry("serve", "--config", tmp_path / "gantry.json", "--listen", "0.0.0.0:9090")
    assert command_line.returncode == 78
    assert "at 0.0.0.0:9090" in command_line.stderr


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.0.0.2:9090", "127.0.0.1:9091", "[::1]:9090"])
def test_two_addresses(tmp_path, listen):
    done = check(tmp_path, '{"listen": "127.0.0.1:9090", "admin": {"listen": "%s"}}' % listen)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_address_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        path = tmp_path / "gantry.json"
        address = "127.0.0.1:%d" % other.getsockname()[1]
        path.write_text('{"listen": "127.0.0.1:0", "admin": {"listen": "%s"}}' % address)
        done = gantry("serve", "--config", path)
    assert done.returncode == 71
    assert f"cannot listen on {address}" in done.stderr
