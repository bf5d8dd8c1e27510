"""The closing line of a test run: add up the checks and the JUnit files in a folder.

A step that is made of many tests (unit, http) is a check of its own, too, so that a program that
dies before it writes its file still counts as a failure.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """Return (passed, failed, skipped) of one JUnit file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(folder):
    folder = pathlib.Path(folder)
    lines = (folder / "checks").read_text(encoding="utf-8").splitlines()
    passed = sum(line.startswith("passed ") for line in lines)
    broken = [line[len("failed "):] for line in lines if line.startswith("failed ")]
    failed, skipped = len(broken), 0
    for path in sorted(folder.glob("*.xml")):
        some = count(path)
        passed, failed, skipped = passed + some[0], failed + some[1], skipped + some[2]
        print(f"{path.stem}: {some[0]} passed, {some[1]} failed, {some[2]} skipped")
    for name in broken:
        print(f"FAILED: {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1]))
