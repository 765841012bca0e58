"""What people paste for a list of mailboxes: the shape, the addresses in it, and what is said of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pasted:
    """One text, and all that the page reads in it."""

    text: str
    found: list[str]
    twice: int = 0
    passed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    accented: list[str] = field(default_factory=list)
    plus: list[str] = field(default_factory=list)


E, O = "eva@b.de", "otto@b.de"  # noqa: E741 - two people, all over the table
BOTH = [E, O]

LISTS = [
    Pasted("", []),
    Pasted("a@b.de", ["a@b.de"]),
    Pasted("a@b.de\r\nc@d.de\n\n", ["a@b.de", "c@d.de"]),
    Pasted("a@b.de, c@d.de;e@f.de\tg@h.de i@j.de", ["a@b.de", "c@d.de", "e@f.de", "g@h.de", "i@j.de"]),
    Pasted("eva@b.de / otto@b.de", BOTH),
    Pasted("eva@b.de/otto@b.de", BOTH),
    Pasted("eva@b.de|otto@b.de", BOTH),
    Pasted("eva@b.de EVA@B.DE; Eva <eva@b.de>", [E], twice=2),
    Pasted("eva@b.de\u200b, \ufeffotto@b.de\u00ad", BOTH),
    Pasted("eva@b.de\u00a0otto@b.de", BOTH),
    Pasted("\"eva@b.de\", 'otto@b.de'", BOTH),
    Pasted("„eva@b.de“, »otto@b.de«", BOTH),
    Pasted("o'brien@b.de", ["o'brien@b.de"]),
    Pasted("1. eva@b.de\n2) otto@b.de", BOTH, passed=["1.", "2"]),
    Pasted("• eva@b.de\n- otto@b.de\n–x@b.de", [*BOTH, "x@b.de"]),
    Pasted("Buchhaltung:\neva@b.de\notto@b.de\n", BOTH, passed=["Buchhaltung"]),
    Pasted("eva@b.de, kein-postfach", [E], passed=["kein-postfach"]),
    Pasted("kein-postfach", [], unknown=["kein-postfach"]),
]
OUTLOOK = [
    Pasted("Müller, Eva <eva@b.de>; Team Ä <otto@b.de>", BOTH),
    Pasted("Müller, Eva <eva@b.de>, Otto <otto@b.de>", BOTH),
    Pasted("Eva <eva@b.de>, otto@b.de", BOTH),
    Pasted("eva@b.de, Otto <otto@b.de>", BOTH),
    Pasted('"eva@b.de" <eva@b.de>, otto@b.de <Otto@b.de>', BOTH),
    Pasted("'eva@b.de' <eva@b.de>", [E]),
    Pasted("<mailto:eva@b.de>", [E]),
    Pasted("mailto:eva@b.de.", [E]),
    Pasted("mailto:eva@b.de,otto@b.de?subject=Hallo", BOTH, passed=["Hallo"]),
    Pasted("An: Eva Müller (Vertrieb) <eva@b.de>", [E]),
    Pasted("Eva Müller\neva@b.de\n", [E], passed=["Eva Müller"]),
    Pasted("Eva Müller eva@b.de, otto@b.de", BOTH, passed=["Eva Müller"]),
    Pasted("Bitte an eva@b.de und otto@b.de!", BOTH, passed=["Bitte an", "und"]),
    Pasted("@Eva, bitte eva@b.de", [E], passed=["@Eva", "bitte"]),
    Pasted('<a href="mailto:eva@b.de">eva@b.de</a>', [E], twice=1, passed=["a href", "/a"]),
    Pasted("&lt;eva@b.de&gt;", [E]),
    Pasted("BEGIN:VCARD\nFN:Eva\nEMAIL;TYPE=INTERNET:eva@b.de\nEND:VCARD", [E],
           passed=["BEGIN VCARD", "FN Eva", "EMAIL", "TYPE", "INTERNET", "END VCARD"]),
]  # fmt: skip
TABLES = [
    Pasted("Rechnungen;Freigegeben;eva@b.de", [E], passed=["Rechnungen", "Freigegeben"]),
    Pasted("Name;Typ;Adresse\r\nRechnungen;Frei;eva@b.de\r\nSupport;Frei;otto@b.de", BOTH,
           passed=["Name", "Typ", "Adresse", "Rechnungen", "Frei", "Support"]),
    Pasted("DisplayName,PrimarySmtpAddress\nEva Müller,eva@b.de\nOtto,otto@b.de", BOTH,
           passed=["DisplayName", "PrimarySmtpAddress", "Eva Müller", "Otto"]),
    Pasted('"Müller, Eva","eva@b.de","UserMailbox"', [E], passed=["Müller", "Eva", "UserMailbox"]),
    Pasted('"Müller; Eva";"eva@b.de"', [E], passed=["Müller", "Eva"]),
    Pasted("Müller, Eva\teva@b.de\tUserMailbox", [E], passed=["Müller", "Eva", "UserMailbox"]),
    Pasted("Eva\teva@b\tUserMailbox", [], unknown=["Eva", "UserMailbox", "eva@b"]),
    Pasted("sep=;\nName;Adresse\nEva;eva@b.de", [E], passed=["sep", "Name", "Adresse", "Eva"]),
    Pasted('#TYPE Selected.Mailbox\n"Mail"\n"eva@b.de"', [E], passed=["#TYPE Selected.Mailbox", "Mail"]),
    Pasted("| Name | Adresse |\n|------|:-------:|\n| Eva | eva@b.de |", [E], passed=["Name", "Adresse", "Eva"]),
    Pasted("- **eva@b.de**\n- `otto@b.de`\n- [ ] _x@b.de_", [*BOTH, "x@b.de"]),
    Pasted("[eva@b.de](mailto:eva@b.de), [Otto](mailto:otto@b.de)", BOTH, passed=["Otto"]),
    Pasted("Eva = eva@b.de\nOtto: otto@b.de", BOTH, passed=["Eva", "Otto"]),
    Pasted(";;eva@b.de;;\n;;;;\n", [E]),
]  # fmt: skip
POWERSHELL = [
    Pasted("SMTP:eva@b.de", [E]),
    Pasted("{SMTP:eva@b.de, smtp:otto@b.de}", BOTH),
    Pasted("{SMTP:eva@b.de, SIP:eva@c.de, SPO:SPO_1@SPO_2, X500:/o=Ex/cn=eva}", [E],
           passed=["SIP eva@c.de", "SPO SPO_1@SPO_2", "X500 /o", "Ex/cn", "eva"]),
    Pasted('@("eva@b.de","otto@b.de")', BOTH),
    Pasted("$boxes = @('eva@b.de', 'otto@b.de')", BOTH, passed=["$boxes"]),
    Pasted("@{PrimarySmtpAddress=eva@b.de}", [E], passed=["PrimarySmtpAddress"]),
    Pasted("@{Name=Eva; PrimarySmtpAddress=eva@b.de}", [E], passed=["Name", "Eva", "PrimarySmtpAddress"]),
    Pasted("PrimarySmtpAddress=eva@b.de", [E], passed=["PrimarySmtpAddress"]),
    Pasted("PrimarySmtpAddress : eva@b.de\nRecipientType      : UserMailbox", [E],
           passed=["PrimarySmtpAddress", "RecipientType UserMailbox"]),
    Pasted("Name  PrimarySmtpAddress\n----  ------------------\nEva   eva@b.de", [E],
           passed=["Name PrimarySmtpAddress", "Eva"]),
    Pasted('{"value":[{"mail":"eva@b.de","n":1},{"mail":"otto@b.de"}]}', BOTH, passed=["value", "mail", "n", "1"]),
    Pasted('["eva@b.de","otto@b.de"]', BOTH),
    Pasted('"eva@b.de\\notto@b.de"', BOTH),
    Pasted("eva\\u0040b.de", [E]),
    Pasted("mail: eva@b.de\nproxyAddresses: SMTP:otto@b.de", BOTH, passed=["mail", "proxyAddresses"]),
]  # fmt: skip
WRONG = [
    Pasted("rechnung@firma.onmicro...", [], cut=["rechnung@firma.onmicro..."]),
    Pasted("Rechnung  rechnung@firma.onmic…  UserMailbox\neva@b.de", [E], cut=["rechnung@firma.onmic…"],
           passed=["Rechnung", "UserMailbox"]),
    Pasted("{SMTP:eva@b.de, smtp:otto@fi...}", [E], cut=["otto@fi..."]),
    Pasted("...nungen@firma.de; …en@firma.de; rech…ung@firma.de", [],
           cut=["...nungen@firma.de", "…en@firma.de", "rech…ung@firma.de"]),
    Pasted("rechnung@...", [], cut=["rechnung@..."]),
    Pasted("müller@b.de, eva@b.de", [E], accented=["müller@b.de"]),
    Pasted("info+rechnung@b.de", ["info+rechnung@b.de"], plus=["info@b.de"]),
    Pasted("eva@b, @b.de", [], unknown=["eva@b", "@b.de"]),
    Pasted("otto@b, Eva <eva@b.de>, und noch", [E], unknown=["otto@b"], passed=["und noch"]),
    Pasted("Eva <eva at b.de>", [], unknown=["Eva", "eva at b.de"]),
    Pasted("eva(at)b.de, otto [at] b.de", [], unknown=["eva(at)b.de", "otto [at] b.de"]),
    Pasted("eva @ b.de; otto@b.de", [O], unknown=["@"], passed=["eva", "b.de"]),
    Pasted("eva@@b.de", [], unknown=["eva@@b.de"]),
    Pasted("o\u2019brien@b.de", [], accented=["o\u2019brien@b.de"]),
]  # fmt: skip
ALL = [*LISTS, *OUTLOOK, *TABLES, *POWERSHELL, *WRONG]
