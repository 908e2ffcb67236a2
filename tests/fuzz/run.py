"""Fuzzes the decoders, the file readers, the flow tracker and the filters with atheris.

    python -m tests.fuzz.run CORPUS [--seeds FOLDER] [libFuzzer's options, such as -max_total_time=600]

New inputs are kept in the folder CORPUS. `--seeds` first copies every capture file of a folder into it, and its frames
too. Needs `pip install atheris`; what it found is replayed by naming the file instead of the folder.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from pathlib import Path

SEED_BYTES_MAX = 32_768
"""A longer file slows the fuzzer down more than it teaches it."""
FRAME_TARGET, FILE_TARGET, LOG_TARGET = 0, 1, 5
"""Places in `tests.fuzz.targets.TARGETS`."""


def plant(corpus: Path, seeds: Path) -> int:
    """Copy captures, and the frames of each as the frame targets cut them; how many inputs that made."""
    from engine.capture.files.source import recognise

    made = set()
    for path in sorted(seeds.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        reader = recognise(data)
        if reader is None:
            continue
        frames = [frame.data[:255] for frame in reader.feed(data)[:60]]
        cut = b"".join(bytes([len(frame)]) + frame for frame in frames)
        made.add(bytes([FILE_TARGET]) + data[:SEED_BYTES_MAX])
        made |= {bytes([target, 0]) + cut for target in (FRAME_TARGET, LOG_TARGET)}
    for content in made:
        (corpus / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    return len(made)


def main() -> None:
    words = sys.argv[1:]
    if "--seeds" in words:
        at = words.index("--seeds")
        corpus, seeds = Path(words[0]), Path(words[at + 1])
        corpus.mkdir(parents=True, exist_ok=True)
        sys.stderr.write(f"{plant(corpus, seeds)} seeds\n")
        del words[at : at + 2]
        sys.argv[1:] = words
        os.execv(sys.executable, [sys.executable, "-m", "tests.fuzz.run", *words])  # with nothing imported yet
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris")
    with atheris.instrument_imports(include=["engine"]):
        from tests.fuzz.targets import one_input
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
