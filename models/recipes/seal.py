"""Writes the SHA-256 of every file that models/demo/bundle.toml names into it.

    python seal.py [BUNDLE]

Run it after an export: `undertone` refuses a bundle whose files are not those that were sealed. Comments and
everything else in the manifest stay as they are.
"""

import hashlib
import re
import sys
from pathlib import Path

FILES = {"file": "sha256", "projector_file": "projector_sha256", "config_file": "config_sha256"}


def seal(bundle: Path) -> None:
    manifest = bundle / "bundle.toml"
    lines = manifest.read_text().splitlines()
    hashes = {}
    for number, line in enumerate(lines):
        if line.startswith("["):
            hashes = {}
        key, _, said = (part.strip() for part in line.partition("="))
        if key in FILES:
            name = re.fullmatch(r'"(.*)"', said).group(1)
            hashes[FILES[key]] = hashlib.sha256((bundle / name).read_bytes()).hexdigest()
        elif key in hashes:
            lines[number] = f'{key} = "{hashes[key]}"'
    manifest.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    seal(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "demo")
