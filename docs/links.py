"""Links to other places, followed one by one: ``make links``.

Without a network this says so, and ends with status 3: nothing has been checked then.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sphinx.cmd.build import main as sphinx

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "_build" / "links"
PROBE = "https://docs.python.org/3/"
PATIENCE = {"timeout": 30, "retries": 2, "report_timeouts_as_broken": 0}


def reached(address: str) -> bool:
    """Whether a server answers there, be it with an error of its own."""
    try:
        urlopen(Request(address, method="HEAD"), timeout=PATIENCE["timeout"]).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True


def main(probe: str = PROBE) -> int:
    """0 if every link leads somewhere, 3 if there is no network to follow them."""
    if not reached(probe):
        print(f"No network: {probe} does not answer, so no link was followed.")
        return 3
    patience = [f"-Dlinkcheck_{name}={value}" for name, value in PATIENCE.items()]
    folders = ["-c", str(ROOT), "-d", str(FOLDER / "doctrees")]
    folders += [str(ROOT / "docs"), str(FOLDER)]
    strict = ["-q", "-W", "--keep-going", "-n", "-j", "auto", "-b", "linkcheck"]
    return sphinx([*strict, *patience, *folders])


if __name__ == "__main__":
    sys.exit(main())
