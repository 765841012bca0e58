"""``python -m scripts.notes TAG``: the notes of a release: what changed, a button for this very version, how to check.

The button leads to the template as it is at the tag, so that an old release still deploys what it was.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).parents[1]
_PORTAL = "https://portal.azure.com/#create/Microsoft.Template"
_BADGE = "https://aka.ms/deploytoazurebutton"
_RAW = "https://raw.githubusercontent.com"


class NotesError(Exception):
    """The tag does not fit the sources; the text says how."""


def notes(root: Path, tag: str) -> str:
    """Return the notes as Markdown.

    Raises:
        NotesError: the tag is not the version, or the changelog has nothing about it.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    if tag != f"v{project['version']}":
        raise NotesError(f"the tag is {tag}, but the version in pyproject.toml is {project['version']}")
    repository = urlsplit(project["urls"]["Repository"]).path.strip("/")
    archive = f"{project['name']}-{project['version']}.zip"
    scripts = f"{project['name']}-scripts-{project['version']}.tar.gz"
    return f"""\
{_changes(root, project["version"])}

## Deploy this version

[![Deploy to Azure]({_BADGE})]({button(repository, tag)})

The button takes the template of `{tag}`. Rights are granted afterwards, by a command that the deployment shows.

## Check what you download

```sh
sha256sum --check --ignore-missing SHA256SUMS
gh attestation verify {archive} --repo {repository}
gh attestation verify {scripts} --repo {repository}
```

The second and third line prove that a workflow of this repository has built the package and the scripts. \
What it contains is listed in `{project["name"]}-{project["version"]}.sbom.cdx.json` (CycloneDX).
"""


def button(repository: str, tag: str) -> str:
    """Return the portal's address for the template and its form at a tag."""
    raw = f"{_RAW}/{repository}/{tag}/infra"
    template, form = (quote(f"{raw}/{name}", safe="") for name in ("azuredeploy.json", "createUiDefinition.json"))
    return f"{_PORTAL}/uri/{template}/createUIDefinitionUri/{form}"


def _changes(root: Path, version: str) -> str:
    """Return what the changelog says about the version, without its heading."""
    text = (root / "CHANGELOG.md").read_text("utf-8")
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise NotesError(f"CHANGELOG.md says nothing about {version}")
    # GitHub shows every line break of a release's notes: what the changelog wraps is put back into one line.
    return re.sub(r"\n +(?=[^ -])", " ", re.sub(r"^### ", "## ", found[1].strip(), flags=re.MULTILINE))


if __name__ == "__main__":
    try:
        sys.stdout.write(notes(ROOT, sys.argv[1]))
    except NotesError as error:
        sys.exit(str(error))
