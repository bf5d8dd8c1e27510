"""The README and the tables' documentation are run: commands give what is shown, the configuration is
valid, the table of limits is true."""

import contextlib
import json
import pathlib
import re
import shlex
import subprocess

import pytest

from harness import gantry, gantry_command, gantry_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BASE = "http://127.0.0.1:8080"


TABLES = (ROOT / "docs/tables.md").read_text(encoding="utf-8")
WRITING = re.search(r"^## Writing\n.*?^(?=## )", TABLES, re.DOTALL | re.MULTILINE).group()


def blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def examples(*texts):
    """Every "$ curl ..." with the output shown below it. A line that goes on ends in a backslash, or in a comma."""
    found = []
    for block in (block for text in texts for block in blocks("console", text)):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = re.sub(r"(?:\\|(?<=,))\n\s*", " ", part).partition("\n")
            if command.startswith("curl "):
                found.append((command, output.strip()))
    return found


READING = examples(README, TABLES.replace(WRITING, ""))


@contextlib.contextmanager
def serving(folder, *arguments):
    """The demo database, on a free port. Gives the server's URL."""
    assert gantry("demo", "demo.db", cwd=folder).returncode == 0
    process = subprocess.Popen(
        [*gantry_command(), "serve", *arguments, "--listen", "127.0.0.1:0"],
        cwd=folder, env=gantry_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True)
    try:
        yield process.stdout.readline().strip().removeprefix("listening on ")
    finally:
        process.terminate()
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What `./dev serve` without arguments serves."""
    with serving(tmp_path_factory.mktemp("readme"), "--config", ROOT / "config/example.json") as url:
        yield url


def test_there_are_five_examples_at_least():
    assert len(READING) >= 5


def assert_answers(demo, command, output):
    assert BASE in command
    run = subprocess.run(shlex.split(command.replace(BASE, demo)), capture_output=True, text=True,
                         timeout=60, check=True)
    assert run.stdout.strip() == output


@pytest.mark.parametrize("command, output", READING, ids=lambda text: text[:40])
def test_example(demo, command, output):
    assert_answers(demo, command, output)


def test_the_examples_of_writing(tmp_path):
    found = examples(WRITING)
    assert len(found) >= 4
    with serving(tmp_path, "--config", ROOT / "config/example.json", "--write") as url:
        for command, output in found:
            assert_answers(url, command, output)


def test_the_two_commands_exist():
    listed = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^(\./dev \w+)", "".join(blocks("sh")), re.MULTILINE)
    assert commands == ["./dev serve", "./dev test"]
    for command in commands:
        assert command in listed
    run = subprocess.run([ROOT / "dev", "nonsense"], capture_output=True, text=True, check=False)
    assert run.returncode == 64 and "nonsense" in run.stderr


def test_the_configuration_shown_is_valid(tmp_path):
    assert gantry("demo", "shop.db", cwd=tmp_path).returncode == 0
    (shown,) = blocks("json")
    (tmp_path / "gantry.json").write_text(shown, encoding="utf-8")
    check = gantry("check", "--config", "gantry.json", cwd=tmp_path)
    assert check.returncode == 0, check.stderr


def test_both_example_configurations_are_valid(tmp_path):
    assert gantry("demo", "demo.db", cwd=tmp_path).returncode == 0
    for name in ("example.json", "write-example.json"):
        check = gantry("check", "--config", ROOT / "config" / name, cwd=tmp_path)
        assert check.returncode == 0, check.stderr


def test_the_table_of_limits_names_every_limit():
    schema = json.loads((ROOT / "config/gantry.schema.json").read_text(encoding="utf-8"))
    rows = [line for line in README.splitlines() if line.startswith("| ")]
    for name, option in schema["properties"]["limits"]["properties"].items():
        (row,) = [row for row in rows if f"`limits.{name}`" in row]
        value = option["default"]
        shown = row.split("|")[2].strip()
        size = f"{value / 1048576:g} MiB" if value >= 1048576 else f"{value / 1024:g} KiB"
        human = {"_ms": f"{value / 1000:g} s", "tes": size}
        assert shown == human.get(name[-3:], str(value)), row
