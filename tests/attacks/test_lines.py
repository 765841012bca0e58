"""Lines for a person: whatever a name holds, a shell reads one argument; and what nobody sees is refused or shown."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from connector import quoting
from connector.body import Sent
from connector.errors import FieldError, SettingsError
from connector.finding import Finding
from connector.messages import LANGUAGES, catalogue
from connector.objects import Ids
from connector.remedy import _ALONE, _CONNECTION, Context, remedy
from connector.request import parse
from connector.settings import load
from connector.steps import StepName
from connector.visible import hidden, visible
from triggers.answers import problem
from triggers.findings import finding_view

WEB = Path(__file__).parents[2] / "web"
QUOTES = "'\u2018\u2019\u201a\u201b"
"""about_Quoting_Rules; PowerShell's language specification, 2.3.5.2, *single-quote-character*."""
PIECES = [
    *QUOTES,
    *'"`$;&|<>(){}[]#!~*?\\ -',
    "''",
    "$(id)",
    "`id`",
    "'; id #",
    "’; id #",
    "\n",
    "\t",
    "--%",
    "%q",
    "ü",
    "😀",
]
UNSEEN = [
    0x00, 0x07, 0x1B, 0x7F, 0x85, 0x9B, 0xAD, 0x61C, 0x200B, 0x200D, 0x200E, 0x2028, 0x2029, 0x202E, 0x2066, 0x2060,
    0x3164, 0xFE0F, 0xFEFF, 0xE0001, 0xE0041, 0xE0100, 0xD800, 0xDFFF,
]  # fmt: skip


def hostile(number: int = 1_500) -> list[str]:
    """Return texts made of what means something to a shell, the same each time."""
    chance = random.Random(1)  # noqa: S311 - repeatable
    return ["", *PIECES, *("".join(chance.choices(PIECES, k=chance.randint(1, 8))) for _ in range(number))]


def read_powershell(line: str) -> list[str]:
    """Return the arguments of a line; anything but words, spaces and strings in single quotation marks is an attack.

    Within such a string two marks, whichever, stand for one, and one ends it (``Tokenizer.ScanStringLiteral``).
    """
    arguments, place, gap = [], 0, True
    while place < len(line):
        if line[place] == " ":
            place, gap = place + 1, True
            continue
        assert gap, f"an argument goes on after its string: {line!r}"
        if line[place] in QUOTES:
            text, place = _string(line, place + 1)
        else:
            word = re.match(r"[A-Za-z$_.-][A-Za-z0-9:$_.-]*", line[place:])
            assert word is not None, f"outside of a string: {line!r}"
            text, place = word[0], place + len(word[0])
        arguments.append(text)
        gap = False
    return arguments


def _string(line: str, place: int) -> tuple[str, int]:
    text = ""
    while place < len(line):
        if line[place] in QUOTES:
            if line[place + 1 : place + 2] not in {*QUOTES}:
                return text, place + 1
            place += 1
        text += line[place]
        place += 1
    raise AssertionError("the string does not end")


def test_powershell_reads_one_literal_argument() -> None:
    for text in hostile():
        assert read_powershell(f"Set-It -Name {quoting.powershell(text)} -Then") == ["Set-It", "-Name", text, "-Then"]


def test_bash_reads_one_literal_argument() -> None:
    texts = hostile()
    lines = "\n".join(f"printf '%s\\0' {quoting.bash(text)}" for text in texts)
    ended = subprocess.run(["/bin/bash"], input=lines.encode(), capture_output=True, check=True)
    assert ended.stderr == b""
    assert ended.stdout.decode().split("\0")[:-1] == texts


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_page_quotes_as_the_api_does() -> None:
    texts = [*hostile(), *map(chr, UNSEEN)]
    program = (
        "const { bash, powershell } = await import(process.argv[1]);"
        "let given = ''; for await (const part of process.stdin) given += part;"
        "console.log(JSON.stringify(JSON.parse(given).map(text => [bash(text), powershell(text)])));"
    )
    module = "data:text/javascript," + "".join(f"%{byte:02x}" for byte in (WEB / "quoting.js").read_bytes())
    ended = subprocess.run(  # noqa: S603 - a line of ours
        ["node", "--input-type=module", "-e", program, module],  # noqa: S607 - wherever it is
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout) == [[quoting.bash(text), quoting.powershell(text)] for text in texts]


LINE = re.compile(r"(?:-Identity|-User|-AppId|-ObjectId|\.sh ).*")


def test_the_page_writes_no_value_into_a_line_but_through_its_quoting() -> None:
    for path in WEB.rglob("*.js"):
        for template in re.findall(r"`[^`]*`", path.read_text("utf-8")):
            values = [value for line in LINE.findall(template) for value in re.findall(r"\$\{([^}]*)\}", line)]
            assert [value for value in values if not re.match(r"(?:powershell|bash)\(", value)] == [], path


def test_the_sheet_fills_the_lines_of_its_texts_through_the_quoting() -> None:
    sheet = (WEB / "views" / "sheet.js").read_text("utf-8")
    texts = json.dumps(catalogue("en", "page", "right"))
    named = {name for line in LINE.findall(texts) for name in re.findall(r"\{(\w+)\}", line)}
    assert named >= {"id", "identity", "tenant"}
    for name in ("id", "identity", "tenant"):
        assert re.search(rf"\b{name}: filled\((?:bash|powershell), ", sheet), name


@pytest.mark.parametrize("code", sorted({*_ALONE, *_CONNECTION}))
def test_no_name_breaks_out_of_the_lines_of_a_finding(code: str) -> None:
    for text in ["rg(prod)", "’; Remove-Mailbox x #", "'; id #", "$(id)", "a`b", "‛’‘‚'"]:
        ids = Ids(application_id=text, object_id=text, enterprise_application_id=text, tenant_id=text)
        for app, identity in ((text, None), (None, text)):
            known = ids.model_copy(update={"identity_object_id": identity})
            context = Context(text, text, known, (text,), "https://p.example", False, (text,), app, app)
            finding = Finding(code=code, step=StepName.EXCHANGE, subject=text, causes=["principal"])
            finding.values |= {"mailboxes": text, "mailbox": text}
            command = remedy(finding, context).command
            assert (command is None) == (code in _WITHOUT)  # else there is nothing to look at
            for line in (command or "").splitlines():
                if line.startswith("infra/"):
                    _reads_in_bash(line, text)
                else:
                    for piece in _PIECES:
                        line = line.replace(piece, " ")  # noqa: PLW2901 - what holds no name
                    assert {*read_powershell(line)[1:]} <= {text, f"UTM relay {text}", *_OURS}, line


_WITHOUT = {"application-deleted", "application-left", "conditional-access", "consent-left", "consent-mixed",
            "consent-unwanted",
            "credential-left", "pop-not-connected", "role-stays", "smtp-not-connected",
            "enterprise-application-disabled", "foreign-application", "foreign-credential",
            "foreign-enterprise-application", "foreign-enterprise-owner", "foreign-owner", "imap-not-connected",
            "maker-unknown"}  # fmt: skip
"""Their lines are for an id that can only be a GUID, or there are none."""
_OURS = {"-AppId", "-ObjectId", "-DisplayName", "-Identity", "-User", "-AccessRights", "FullAccess", "-InheritanceType",
         "All", "-AutoMapping", "$false", "-Confirm:$false", "-ImapEnabled", "-PopEnabled",
         "-SmtpClientAuthenticationDisabled", "$true", "-Member", "-KeyId", "-Scopes", "-Trustee", "SendAs",
         "-ServicePrincipalId", "Application.ReadWrite.All", "UTM Mail Connect Mailboxes", "-Name", "-Type", "Security",
         "-Role", "-App", "-CustomResourceScope", "-Resource", "Application SMTP.SendAsApp",
         "New-ManagementScope"}  # fmt: skip
_PIECES = (
    " | ForEach-Object { ",
    " -RecipientRestrictionFilter \"MemberOfGroup -eq '$($_.DistinguishedName)'\" }",
    ' | Where-Object { "$($_.App)" -eq ',
    " } | Remove-ManagementRoleAssignment",
)
"""How lines are joined: all of it is ours."""


def _reads_in_bash(line: str, text: str) -> None:
    command = f"infra/grant.sh() {{ printf '%s\\0' \"$@\"; }}\n{line}"
    ended = subprocess.run(["/bin/bash"], input=command.encode(), capture_output=True, check=True)
    assert ended.stderr == b""
    values = [value for value in ended.stdout.decode().split("\0")[:-1] if not value.startswith("--")]
    assert {*values} == {text}


@pytest.mark.parametrize("code", UNSEEN)
def test_a_name_that_holds_what_nobody_sees_is_refused_and_says_what_and_where(code: int) -> None:
    for field, value in (("displayName", f"UTM {chr(code)}HQ"), ("name", f"utm-{chr(code)}hq")):
        body = json.dumps({"name": "hq", "mailboxes": ["a@b.de"], field: value}).encode()
        with pytest.raises(FieldError) as refused:
            parse(Sent(body))
        values = refused.value.values
        assert (refused.value.code, values["field"], values["position"]) == ("hidden-character", field, 5)
        assert str(values["character"]).startswith(f"U+{code:04X}")
        for language in LANGUAGES:
            shown = json.loads(problem(refused.value, language).get_body())
            assert f"U+{code:04X}" in shown["detail"]
            assert chr(code) not in shown["detail"]


@pytest.mark.parametrize("code", [0x1B, 0x202E, 0x200B, 0xE0041])
def test_a_label_that_holds_what_nobody_sees_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setenv("CONNECTOR_STORE", "folder:x")
    monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
    monkeypatch.setenv("CONNECTOR_LABEL", f"Contoso{chr(code)}")
    with pytest.raises(SettingsError) as refused:
        load()
    assert f"U+{code:04X}" in refused.value.problems["CONNECTOR_LABEL"]
    assert "place 8" in refused.value.problems["CONNECTOR_LABEL"]


def test_letters_of_any_language_are_names() -> None:
    for text in ("UTM Zürich – Büro №1", "العربية", "日本語 (本社)", "d’Or", "Ελλάδα", "हिन्दी", "😀"):
        assert hidden(text) is None
        body = json.dumps({"name": "hq", "mailboxes": ["a@b.de"], "displayName": text}).encode()
        assert parse(Sent(body)).display_name == text


def test_every_character_that_unicode_calls_a_control_is_one() -> None:
    seen = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}  # Cf, with a shape of their own
    missed = [
        f"{code:04X}"
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and hidden(chr(code)) is None
        if code not in seen
    ]
    assert missed == []


def test_what_the_directory_says_is_shown_with_what_nobody_sees_in_it() -> None:
    evil = "Helpdesk\u202e\u200b\x1b[2J\nOwner: us\U000e0041\ud800"
    shown = "Helpdesk<U+202E><U+200B><U+001B>[2J<U+000A>Owner: us<U+E0041><U+D800>"
    assert visible(evil) == shown
    values: dict[str, Any] = {"code": "x", "reason": evil, "kind": evil, "name": evil}
    for code in ("foreign-owner", "service-refused", "foreign-credential"):
        finding = Finding(code=code, step=StepName.APPLICATION, subject=evil, values=values)
        view = finding_view(finding, "en", Context("hq", evil, Ids(), (), ""))
        assert shown in view.message
        assert hidden(view.message + view.subject + view.action.text) is None
