"""``make audit``: whether a fault is known of any version that constraints.txt pins.

The databases are asked in turn until one knows any of the packages. Where none can be reached that is said, and is no
failure; a known fault is one, and so is an audit that breaks for any other reason.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PINS = Path(__file__).parent.parent / "constraints.txt"
DATABASES = ("pypi", "osv")
TIMEOUT = 120.0  # seconds for one database
#: How pip-audit's last words look where its database does not answer, or answers with an error of its own.
AWAY = re.compile(r"requests\.exceptions\.|vulnerability feed|not redirecting|_service\.interface\.ServiceError")


class AwayError(Exception):
    """The database cannot be asked from here; the message says why."""


def audit(pins: Path, database: str) -> list[dict]:
    """What the database says of each package.

    Raises
    ------
    AwayError
        It cannot be reached, or knows none of the packages, as a mirror that has the packages alone.
    RuntimeError
        The tool fails for another reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"]
        command += ["--vulnerability-service", database, "--timeout", "10", "--progress-spinner", "off"]
        command += ["--format", "json", "--output", str(found)]
        try:
            ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise AwayError(f"no answer within {TIMEOUT:.0f} s") from None
        if not found.exists():
            if AWAY.search(ended.stderr):
                raise AwayError("no answer")
            raise RuntimeError(ended.stderr)
        packages = json.loads(found.read_text())["dependencies"]
    if all("skip_reason" in each for each in packages):
        raise AwayError(f"it knows none of the {len(packages)} packages")
    return packages


def main(pins: Path) -> int:
    """Exit status: 1 with a known fault."""
    tried = []
    for database in DATABASES:
        try:
            packages = audit(pins, database)
        except AwayError as reason:
            tried.append(f"{database}: {reason}")
            continue
        unknown = [each["name"] for each in packages if "skip_reason" in each]
        faults = [(each, fault) for each in packages for fault in each.get("vulns", [])]
        for each, fault in faults:
            fixed = ", ".join(fault["fix_versions"]) or "no version yet"
            print(f"{each['name']} {each['version']}: {fault['id']}, mended in {fixed}")
        left_out = f"; unknown to it: {', '.join(unknown)}" if unknown else ""
        print(f"audit: {len(faults)} known faults in {len(packages) - len(unknown)} packages ({database}){left_out}")
        return 1 if faults else 0
    print(f"audit SKIPPED: no database of known faults can be reached from here ({'; '.join(tried)})")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else PINS))
