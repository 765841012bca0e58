"""German and English say the same things, and everything that can be said has a text."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connector.explanations import sections
from connector.messages import LANGUAGES, Language, catalogue, preferred, text
from connector.microsoft import Protocol
from connector.plans.plan import Action
from connector.steps import ConnectionState, MailboxState, StepName, StepState

SOURCES = [
    path for folder in ("connector", "activities", "orchestrations", "triggers") for path in Path(folder).rglob("*.py")
]


def leaves(tree: Mapping[str, Any], prefix: str = "") -> dict[str, set[str]]:
    """Return each key with its placeholders, and the forms of dates."""
    found: dict[str, set[str]] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = {f"{name}:{form}" for _, name, form, _ in string.Formatter().parse(value) if name}
    return found


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    assert leaves(catalogue("de")) == leaves(catalogue("en"))


def test_every_step_and_state_has_a_name() -> None:
    for language in LANGUAGES:
        for step in StepName:
            assert text(language, "step", step)
        for state in (*StepState, *ConnectionState, *MailboxState):
            assert text(language, "state", state)


CODE = re.compile(r"""(?:FieldError|BodyError|ConflictError|UnknownConnectionError)\(\s*"([a-z0-9-]+)\"""")
FINDING = re.compile(r"""(?:_finding|finding|Finding)\(\s*(?:code=)?"([a-z0-9-]+)\"""")
REASON = re.compile(r"""Change\([^"]*"([a-z-]+)"\)|wait="([a-z-]+)\"""")


def codes(pattern: re.Pattern[str]) -> set[str]:
    """Return the codes that the sources use."""
    found = (match for path in SOURCES for match in pattern.finditer(path.read_text("utf-8")))
    return {group for match in found for group in match.groups() if group}


@pytest.mark.parametrize(("pattern", "group"), [(CODE, "problem"), (FINDING, "finding"), (REASON, "reason")])
def test_every_code_in_the_sources_has_a_text(pattern: re.Pattern[str], group: str) -> None:
    used = codes(pattern)
    assert used
    assert used <= set(catalogue("en", group))


def test_every_action_is_a_word_of_its_own() -> None:
    assert len({action.value for action in Action}) == len(Action)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT, en;q=0.8", "de"),
        ("en, de", "en"),
        ("en;q=0.5, de;q=0.9", "de"),
        ("fr, de;q=0.1", "de"),
        ("fr", "en"),
        ("de;q=x", "en"),
        ("de;level=1", "de"),
    ],
)
def test_the_preferred_language(header: str | None, language: str) -> None:
    assert preferred(header) == language


FETCHING = {
    "de": r"\bIMAP\b|\bPOP3?\b|abgeholt|abholen|abzuholen|\bholt\b[^.;]*(\bab\b|Mail)|Mails? (kommen|kommt|mehr)"
    r"|\b(bekommt|bekäme) [^.;]*Mail",
    "en": r"\bIMAP\b|\bPOP3?\b|\bfetch|\b[Mm]ail goes on|\b(gets?|no)( \w+)? mail\b",
}
"""What is only true where mail is fetched."""
SENDING = {"de": r"\bSMTP\b|versende|senden\b|verschick", "en": r"\bSMTP\b|\bsen[dt]s?\b|\bsending\b"}
OF_FETCHING = {
    "mailbox-shared": "said of connections alone that fetch",
    "finding.mailbox-shared.message": "the same",
    "finding.mailbox-shared.action": "the same",
    "repair.anew": "what is taken where nobody says it anew",
}
"""Texts that may speak of it alone, each with its reason."""


def told(language: Language) -> dict[str, str]:
    """Return every text of a language by its key, and the explanations of findings by their codes."""

    def walk(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
        for key, value in tree.items():
            if isinstance(value, str):
                yield prefix + key, value
            else:
                yield from walk(value, f"{prefix}{key}.")

    return {**dict(walk(catalogue(language), "")), **sections(language)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_speaks_of_fetching_alone_unless_its_key_names_the_protocol(language: Language) -> None:
    """A relay's administrator must never read that mail is not fetched."""
    alone = {
        key
        for key, words in told(language).items()
        for one in re.split(r"(?<=[.;])\s|\n- |\n\n", words)
        if re.search(FETCHING[language], one) and not re.search(SENDING[language], one)
        if not any(protocol in key.lower() for protocol in Protocol)
    }
    assert alone == {*OF_FETCHING}, {key: told(language)[key] for key in alone}
