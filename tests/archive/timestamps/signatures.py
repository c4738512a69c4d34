"""What is signed in a package."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any


def signed_data(package: Path) -> dict[str, Any]:
    with zipfile.ZipFile(package) as held:
        assert held.testzip() is None
        data: dict[str, Any] = json.loads(held.read("datapackage-digest.json"))["signedData"]
    return data
