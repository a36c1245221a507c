"""What Lighthouse says of the real site: performance, accessibility, best practices, SEO, each from 0 to 100.

    make lighthouse    fetches Lighthouse with npm into .lighthouse, and writes docs/lighthouse.md

Lighthouse plays a phone of the middle class on a slow mobile network. Its performance depends on this machine: measure
on an idle one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tests.browser.chromium import MISSING, find_chromium
from tests.browser.places import PLACES
from tests.browser.real_site import real_site

REPOSITORY = Path(__file__).resolve().parents[2]
REPORT = REPOSITORY / "docs" / "lighthouse.md"
COMMAND = REPOSITORY / ".lighthouse" / "node_modules" / ".bin" / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = 95
PATIENCE = 300
#: Now and then it misses the beginning of a page's load, and asks to be run again.
TRIES = 3

#: Kinds of page that people meet first, and whether search engines are to list them: what a question finds is not.
MEASURED = {
    "home": True,
    "results": False,
    "practice": True,
    "organisation": True,
    "browse": True,
    "topic": True,
    "coverage map": True,
    "semantic map": True,
    "comparison": False,
    "dossier": False,
}


@dataclass(frozen=True, slots=True)
class Report:
    """``scores`` by category, 0 to 100; ``power``: Lighthouse's own measure of the machine."""

    place: str
    scores: dict[str, int]
    power: int
    version: str
    browser: str


def measure(url: str, place: str, chromium: str) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.json"
        command = [
            str(COMMAND),
            url + PLACES[place],
            "--quiet",
            "--chrome-flags=--headless=new --no-sandbox",
            "--output=json",
            f"--output-path={output}",
            f"--only-categories={','.join(CATEGORIES)}",
            *([] if MEASURED[place] else ["--skip-audits=is-crawlable"]),
        ]
        environment = {**os.environ, "CHROME_PATH": chromium}
        for _ in range(TRIES):
            ended = subprocess.run(
                command, check=False, timeout=PATIENCE, env=environment, stderr=subprocess.PIPE, text=True
            )
            if ended.returncode == 0:
                break
        else:
            reason = (ended.stderr.strip().splitlines() or ["it does not say why"])[-1]
            raise SystemExit(
                f"Lighthouse failed {TRIES} times at {PLACES[place]} ({reason}); run make lighthouse again"
            )
        found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return Report(
        place,
        {category: round(100 * found["categories"][category]["score"]) for category in CATEGORIES},
        round(found["environment"]["benchmarkIndex"]),
        found["lighthouseVersion"],
        found["environment"]["hostUserAgent"].partition("HeadlessChrome/")[2].partition(" ")[0],
    )


def document(reports: list[Report]) -> str:
    rows = "\n".join(
        " | ".join(
            [
                f"| {one.place}",
                f"`{PLACES[one.place]}`",
                *(str(one.scores[name]) for name in CATEGORIES),
                f"{one.power} |",
            ]
        )
        for one in reports
    )
    return f"""# Lighthouse

Measured on {date.today().isoformat()} with Lighthouse {reports[0].version} and Chromium {reports[0].browser}, by

```
make lighthouse
```

Lighthouse plays a phone of the middle class on a slow mobile network; 100 is best, and nothing here may be below
{LEAST}. Performance also depends on the machine that measures: *power* is Lighthouse's own measure of it at that moment
(a desktop computer that does nothing else has 1500 and more). Results, comparison and dossier ask search engines not to
list them, on purpose; the one audit that finds fault with that is left out for them.

| page | address | performance | accessibility | best practices | SEO | power |
|---|---|---|---|---|---|---|
{rows}
"""


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print(MISSING, file=sys.stderr)
        return 2
    with real_site() as url:
        reports = []
        for place in MEASURED:
            reports.append(measure(url, place, chromium))
            print(f"{place}: {reports[-1].scores}", flush=True)
    REPORT.write_text(document(reports), encoding="utf-8")
    low = [one.place for one in reports if min(one.scores.values()) < LEAST]
    if low:
        print(f"below {LEAST}: {', '.join(low)}; see docs/lighthouse.md", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
