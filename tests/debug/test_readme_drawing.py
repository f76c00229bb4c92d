"""What the README shows of drawings and pages is what happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(python|text)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def run(program, folder):
    """Return what a program prints that lies in ``train.py``: its name is part of what is drawn."""
    (folder / "train.py").write_text(program, encoding="utf-8")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "kernels")]), PYTHONUTF8="1")
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_drawing_is_what_the_program_prints(tmp_path):
    (place,) = [place for place, (_, text) in enumerate(BLOCKS) if "print(debug.draw(loss))" in text]
    assert run(BLOCKS[place][1], tmp_path) == BLOCKS[place + 1][1]


def test_the_recording_becomes_a_page(tmp_path):
    first = BLOCKS[0][1].partition("optimizer")[0]
    (recording,) = [text for _, text in BLOCKS if 'r.trace().to_html("page.html")' in text]
    assert run(first + "from minigrad import debug\n" + recording, tmp_path) == ""
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_pictures_are_there_and_small():
    names = re.findall(r'(?:src|srcset)="(\.github/images/[^"]+)"', README)
    assert len(names) >= 2
    for name in names:
        assert (ROOT / name).stat().st_size < 150_000
