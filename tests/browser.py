"""Pages in the Chromium of this machine: what its console says, what scripts find, the width of a phone."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = os.environ.get("ALKTRACE_AXE", "")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
PHONE = 390
ASK = """
<script>
addEventListener("load", () => {
  const answer = document.createElement("pre");
  answer.id = "answer";
  Promise.resolve(%s).then(told => {
    answer.textContent = JSON.stringify(told);
    document.body.append(answer);
  });
});
</script>
"""
NEEDS_CHROMIUM = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
]
NEEDS_AXE = pytest.mark.skipif(
    not AXE, reason="no axe-core: npm pack axe-core, then ALKTRACE_AXE=package/axe.min.js"
)


def chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu"]
    command.append(f"--user-data-dir={folder / 'profile'}")
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)


def console(path: Path, folder: Path) -> list[str]:
    """What the page said on the console, violations of its policy among them."""
    quiet = ("--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom")
    said = chromium(folder, *quiet, path.as_uri()).stderr
    return [line for line in said.splitlines() if "CONSOLE" in line]


def answer(text: str, question: str, folder: Path) -> Any:
    """What a script finds on a page, whose policy would not run it; the page is otherwise as it is."""
    copy = folder / "asked.html"
    copy.write_text(POLICY.sub("", text).replace("</body>", f"{ASK % question}</body>"), encoding="utf-8")
    shown = chromium(folder, "--virtual-time-budget=20000", "--dump-dom", copy.as_uri()).stdout
    found = re.search(r'<pre id="answer">(.*?)</pre>', shown, re.DOTALL)
    assert found is not None, shown[-500:]
    return json.loads(html.unescape(found[1]))


def phone(text: str, question: str, folder: Path) -> Any:
    """What a script finds on a page in a frame as wide as a phone; windows of Chromium are wider."""
    inner = html.escape(POLICY.sub("", text), quote=True)
    style = f'width="{PHONE}" height="900" style="border:0"'
    frame = f'<html><body><iframe {style} srcdoc="{inner}"></iframe></body></html>'
    asked = f"(document => {question})(document.querySelector('iframe').contentDocument)"
    return answer(frame, asked, folder)


def violations(text: str, folder: Path) -> Any:
    """What axe-core finds wrong on a page."""
    library = f"<script>{Path(AXE).read_text(encoding='utf-8')}</script></head>"
    asked = "axe.run(document).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    return answer(text.replace("</head>", library), asked, folder)
