"""Fixtures: `serve` starts servers for one test; `shared` is one server for all that only read."""

import shutil

import pytest

pytest.register_assert_rewrite("harness")

import library  # noqa: E402
from harness import Server, gantry_command  # noqa: E402


def pytest_sessionstart(session):
    """One clear sentence instead of as many errors as there are tests."""
    program = gantry_command()[-1]
    if not session.config.option.collectonly and not shutil.which(program):
        pytest.exit(f"there is no program {program}: build it, or set GANTRY", returncode=2)


@pytest.fixture
def serve(tmp_path):
    """serve(config, schema, arguments) starts a server; it is stopped, and its exit checked,
    when the test ends, unless the test has ended it itself."""
    servers = []

    def start(config=None, schema=library.SCHEMA, arguments=(), **more):
        server = Server(tmp_path / f"server-{len(servers)}", config, schema, arguments, **more)
        servers.append(server)
        return server.start()

    yield start
    running = [server for server in servers if server.is_running()]
    try:
        for server in running:
            assert server.stop() == 0, server.stderr()[-3000:]
    finally:
        for server in running:
            server.kill()


def one_server(directory, config, schema=library.SCHEMA):
    """The life of a server shared by several tests, as a generator for a fixture."""
    server = Server(directory, config, schema).start()
    try:
        yield server
        assert server.stop() == 0, server.stderr()[-3000:]
    finally:
        server.kill()


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A server for tests that leave nothing behind: they read, or write rows of their own."""
    yield from one_server(tmp_path_factory.mktemp("shared"), library.config())
