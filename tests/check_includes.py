#!/usr/bin/env python3
"""The include matrix of the house, checked.

    /usr/bin/python3 tests/check_includes.py [--root DIR] [--no-compile] [--self-test]

Prints file:line and the reason for each violation and exits 1 if there is any. Four rules:

- Includes point down only (MAY_INCLUDE). Siblings below handlers/ do not see each other.
- A third-party header stays inside its wall (WALLS).
- Our own headers are included by their path from the root, in quotes. (Generated ones have none.)
- Every header has the guard GANTRY_<PATH>_H and compiles alone.

--self-test breaks each rule in a small tree of its own and fails unless each is noticed.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

# Who may include whom, beside itself. bench and tests stand outside and may see everything.
MAY_INCLUDE = {
    "base": set(),
    "pool": {"base"},
    "storage": {"base", "pool"},
    "server": {"base", "pool"},
    "handlers": {"base", "pool", "storage", "server"},
    "config": {"base"},
    "cli": {"base", "pool", "storage", "server", "handlers", "config"},
    "tests": {"base", "pool", "storage", "server", "handlers", "config", "cli", "bench"},
    "bench": {"base", "pool", "storage", "server", "handlers", "config", "cli"},
}

# Where a third-party header may be included: patterns of paths from the root.
WALLS = {
    r"microhttpd\.h": [r"server/mhd_[^/]*\.[ch]", r"bench/.*"],
    r"sqlite3\.h": [r"storage/sqlite[^/]*\.[ch]", r"bench/.*"],
    r"jansson\.h": [r"config/[^/]*\.c", r"storage/json_(compare|key)\.c",
                    r"handlers/(.*/)?[^/]*\.c", r"bench/.*"],
    r"zlib\.h": [r"server/gzip\.c"],
    r"cmocka\.h": [],
    r"argp\.h": [r"cli/.*"],
    r"curl/.*": [],
    r"dlfcn\.h": [],
}
# The tests look behind these walls (they read back what was written), but not behind the others.
OPEN_TO_TESTS = {r"sqlite3\.h", r"jansson\.h", r"zlib\.h", r"cmocka\.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def without_comments(text):
    """The same text with comments blanked, so that lines keep their numbers."""
    return COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def sources(root):
    """Every .c and .h file of the folders we know, by its path from the root."""
    for folder in sorted(MAY_INCLUDE):
        for at, folders, names in os.walk(os.path.join(root, folder)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(at, name), root)


def strangers(root):
    """C files in folders the matrix does not know: it would be silent about them."""
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        if name in MAY_INCLUDE or name == "build" or name.startswith("."):
            continue
        if os.path.isfile(path) and name.endswith((".c", ".h")):
            yield f"{name}:1: C files live in the folders of the house, not at the root"
        for at, _, files in os.walk(path):
            for file in sorted(files):
                if file.endswith((".c", ".h")):
                    yield (f"{os.path.relpath(os.path.join(at, file), root)}:1: "
                           f"the include matrix does not know the folder {name}/")


def feature(path):
    """The feature folder below handlers/ that path is in, or None."""
    parts = path.split("/")
    return parts[1] if parts[0] == "handlers" and len(parts) > 2 else None


def wall_problem(path, name):
    """Why path may not include the third-party header name, or None."""
    for pattern, places in WALLS.items():
        if not re.fullmatch(pattern, name):
            continue
        if path.startswith("tests/") and pattern in OPEN_TO_TESTS:
            return None
        if any(re.fullmatch(place, path) for place in places):
            return None
        return f"<{name}> stays inside its wall ({', '.join(places) or 'tests'})"
    return None


def own_problem(root, path, name, quote):
    """Why path may not include our header name, or None."""
    folder, target = path.split("/")[0], name.split("/")[0]
    if quote == "<":
        return f"our own header {name} is included with quotes"
    if os.path.exists(os.path.join(root, os.path.dirname(path), name)):
        return f"{name} is included by its path from the root"
    if target in MAY_INCLUDE and target != folder and target not in MAY_INCLUDE[folder]:
        return f"{folder}/ may not include {target}/ ({name})"
    if feature(path) and feature(name) and feature(path) != feature(name):
        return f"handlers/{feature(path)} may not include its sibling handlers/{feature(name)}"
    return None


def include_problems(root, path, text):
    for match in INCLUDE.finditer(text):
        quote, name = match.groups()
        line = text.count("\n", 0, match.start(1)) + 1
        is_own = quote == '"' or name.split("/")[0] in MAY_INCLUDE
        problem = wall_problem(path, name)
        if problem is None and is_own:
            problem = own_problem(root, path, name, quote)
        if problem:
            yield f"{path}:{line}: {problem}"


def guard_problems(path, text):
    guard = "GANTRY_" + re.sub(r"[^A-Z0-9]", "_", path[:-2].upper()) + "_H"
    shape = rf"\s*#ifndef {guard}\n#define {guard}\n.*#endif\s*"
    if not re.fullmatch(shape, text, re.S):
        line = next((i for i, row in enumerate(text.split("\n"), 1) if row.startswith("#")), 1)
        yield f"{path}:{line}: the whole header stands between #ifndef {guard} and its #endif"


def compile_problems(root, path):
    """Does the header compile alone? The flags are those that matter of CMakeLists.txt."""
    command = ["gcc", "-std=c11", "-D_GNU_SOURCE", '-DGANTRY_VERSION="0"', '-DGANTRY_SOURCE_DIR="."',
               "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", root, "-x", "c", "-include",
               os.path.join(root, path), "/dev/null"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        first = re.search(r"^(?:\S*?:)?(\d+)?.*error: (.*)$", done.stderr, re.M)
        line = first.group(1) if first and first.group(1) else "1"
        reason = first.group(2) if first else done.stderr.strip()
        return [f"{path}:{line}: does not compile alone: {reason}"]
    return []


def check(root, is_compiling=True):
    """All violations below root, as lines of text."""
    problems = list(strangers(root))
    headers = []
    for path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = without_comments(file.read())
        problems += include_problems(root, path, text)
        if path.endswith(".h"):
            problems += guard_problems(path, text)
            headers.append(path)
    if is_compiling:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(lambda path: compile_problems(root, path), headers):
                problems += found
    return problems


def header(path, body=""):
    guard = "GANTRY_" + re.sub(r"[^A-Z0-9]", "_", path[:-2].upper()) + "_H"
    return f"/* A header. */\n#ifndef {guard}\n#define {guard}\n{body}\n#endif\n"


FINE = {
    "base/a.h": header("base/a.h", "#include <stddef.h>\n"),
    "pool/b.h": header("pool/b.h", '#include "base/a.h"\nstruct b { size_t n; };\n'),
    "storage/row.h": header("storage/row.h", '#include "pool/b.h"\n'),
    "storage/sqlite_row.c": '#include <sqlite3.h>\n#include "storage/row.h"\n',
    "server/exchange.h": header("server/exchange.h", '#include "pool/b.h"\n'),
    "server/mhd_loop.c": '#include <microhttpd.h>\n#include "server/exchange.h"\n',
    "handlers/answer.h": header("handlers/answer.h", '#include "server/exchange.h"\n'),
    "handlers/sql/route.h": header("handlers/sql/route.h", '#include "handlers/answer.h"\n'),
    "handlers/sql/route.c": '#include <jansson.h>\n#include "handlers/sql/route.h"\n',
    "handlers/table/get.h": header("handlers/table/get.h", '#include "storage/row.h"\n'),
    "config/config.h": header("config/config.h", '#include "base/a.h"\n'),
    "config/load.c": "#include <jansson.h>\n",
    "cli/main.c": '#include <argp.h>\n#include "config/config.h"\n#include "server/exchange.h"\n',
    "tests/unit/pool/test_b.c": '#include <cmocka.h>\n#include <jansson.h>\n#include "pool/b.h"\n',
    "build/dev/generated.c": '#include "anything.h"\n',
    "cli/demo.c": '#include "demo_sql.h"\n',  # generated while building
    # What only looks like an include:
    "base/a.c": '/* never\n#include "server/exchange.h"\n*/\n#include "base/a.h"\n',
}

# Each one file more, and what must be said about it.
BROKEN = [
    ("base/up.c", '\n#include "pool/b.h"\n', "base/up.c:2: base/ may not include pool/"),
    ("pool/up.c", '#include "storage/row.h"\n', "pool/up.c:1: pool/ may not include storage/"),
    ("pool/up.c", '#include "server/exchange.h"\n', "pool/ may not include server/"),
    ("storage/side.c", '#include "server/exchange.h"\n', "storage/ may not include server/"),
    ("server/side.c", '/*\n*/ #include "storage/row.h"\n', "server/side.c:2: server/ may not"),
    ("server/cfg.c", '#include "config/config.h"\n', "server/ may not include config/"),
    ("handlers/cfg.c", '#include "config/config.h"\n', "handlers/ may not include config/"),
    ("config/up.c", '#include "pool/b.h"\n', "config/ may not include pool/"),
    ("handlers/up.c", '#include "tests/x.h"\n', "handlers/ may not include tests/"),
    ("handlers/sql/side.c", '#include "handlers/table/get.h"\n', "sibling handlers/table"),
    ("server/loop.c", "#include <microhttpd.h>\n", "server/loop.c:1: <microhttpd.h> stays"),
    ("storage/pool.c", "  #  include  <sqlite3.h>\n", "<sqlite3.h> stays inside its wall"),
    ("handlers/sql/q.c", '#include "sqlite3.h"\n', "sqlite3.h> stays inside its wall"),
    ("storage/json.c", "#include <jansson.h>\n", "<jansson.h> stays inside its wall"),
    ("config/json.h", header("config/json.h", "#include <jansson.h>"), "<jansson.h> stays"),
    ("server/zip.c", "#include <zlib.h>\n", "<zlib.h> stays inside its wall"),
    ("base/t.c", "#include <cmocka.h>\n", "<cmocka.h> stays inside its wall"),
    ("config/args.c", "#include <argp.h>\n", "<argp.h> stays inside its wall"),
    ("tests/unit/t.c", "#include <microhttpd.h>\n", "<microhttpd.h> stays inside its wall"),
    ("base/angle.c", "#include <base/a.h>\n", "base/a.h is included with quotes"),
    ("base/near.c", '#include "a.h"\n', "a.h is included by its path from the root"),
    ("handlers/sql/q.c", '#include "../answer.h"\n', "../answer.h is included by its path"),
    ("base/bare.h", "int bare(void);\n", "base/bare.h:1: the whole header stands between"),
    ("base/copy.h", header("base/a.h"), "#ifndef GANTRY_BASE_COPY_H"),
    ("base/tail.h", header("base/tail.h") + "int x;\n", "#ifndef GANTRY_BASE_TAIL_H"),
    ("base/needy.h", header("base/needy.h", "size_t n(void);"), "base/needy.h:4: does not compile"),
    ("extra/x.c", "\n", "does not know the folder extra/"),
    ("main.c", "\n", "main.c:1: C files live in the folders"),
]


def write_tree(root, files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    """Is a sound tree passed, and is each broken rule noticed, and nothing else?"""
    failures = []
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, FINE)
        failures += [f"a sound tree is refused: {problem}" for problem in check(root)]
    for path, text, expected in BROKEN:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**FINE, path: text})
            found = check(root, is_compiling="compile" in expected)
            if len(found) != 1 or expected not in found[0]:
                failures.append(f"{path}: expected {expected!r}, found {found}")
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"self-test: {len(BROKEN) + 1 - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Check the include matrix of the house.")
    parser.add_argument("--root", default=os.path.dirname(here), help="of the tree to check")
    parser.add_argument("--no-compile", action="store_true", help="skip compiling each header")
    parser.add_argument("--self-test", action="store_true", help="prove that each rule can fail")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    problems = check(options.root, not options.no_compile)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
