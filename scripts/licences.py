#!/usr/bin/env python3
"""Prints the licences of everything that is linked into the program: the crates with the C++
engines that they carry, and libtorch.

    scripts/licences.py LIBTORCH > licences.txt

A licence text that several crates share is printed once, below their names.
"""

import json
import subprocess
import sys
from pathlib import Path

NAMES = ("licen", "copying", "notice", "unlicense")
TARGET = "x86_64-unknown-linux-gnu"


def linked_crates():
    """The packages that the program is made of: no build scripts' and no tests' dependencies."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting = [metadata["resolve"]["root"]]
    seen = set(waiting)
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_linked and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    # Those of this repository have no source; LICENSE is theirs.
    crates = [packages[package] for package in seen if packages[package]["source"]]
    return sorted(crates, key=lambda crate: (crate["name"], crate["version"]))


def texts_of(folder):
    """The licence texts in a folder and, for the engines that crates carry, one folder below."""
    files = [*folder.glob("*"), *folder.glob("*.cpp/*"), *folder.glob("licences/*")]
    chosen = [file for file in sorted(files) if file.is_file() and file.name.lower().startswith(NAMES)]
    chosen += sorted(file for file in folder.glob("licences/*") if file.is_file() and file not in chosen)
    return [file.read_text(encoding="utf-8", errors="replace").strip() for file in chosen]


def main():
    if len(sys.argv) != 2:
        sys.exit("licences: expected the folder of libtorch")
    holders = {}
    without = []
    for crate in linked_crates():
        title = f"{crate['name']} {crate['version']} ({crate['license'] or 'see its text'})"
        texts = texts_of(Path(crate["manifest_path"]).parent)
        if not texts:
            without.append(f"{title}, {crate['repository'] or 'no address'}")
        for text in texts:
            holders.setdefault(text, []).append(title)
    for text in texts_of(Path(sys.argv[1])):
        holders.setdefault(text, []).append("libtorch (BSD-3-Clause), with what it carries")
    print("What is linked into Undertone, and under which licences.\n")
    print("libtorch is BSD-3-Clause, https://github.com/pytorch/pytorch; the CUDA runtime libraries that it")
    print("asks for even without a GPU are NVIDIA's, redistributed under the CUDA Toolkit's terms,")
    print("https://docs.nvidia.com/cuda/eula. GStreamer (LGPL-2.1-or-later) comes with the system.\n")
    if without:
        print("Crates that come without their licence's text:\n")
        print("".join(f"  {line}\n" for line in without))
    for text, titles in holders.items():
        print("=" * 80)
        print("\n".join(dict.fromkeys(titles)))
        print("-" * 80)
        print(text + "\n")


if __name__ == "__main__":
    main()
