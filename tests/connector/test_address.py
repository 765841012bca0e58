"""What is an address, and that the two forms of an international domain are one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.address import both, canonical, folded, international, is_plus

MUELLER = "info@xn--mller-kva.de"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Invoices@Contoso.COM", "invoices@contoso.com"),
        ("info+x@contoso.com", "info+x@contoso.com"),
        ("info@m\u00fcller.de", MUELLER),
        ("INFO@M\u00dcLLER.DE", MUELLER),
        ("info@mu\u0308ller.de", MUELLER),
        ("info@XN--MLLER-KVA.de", MUELLER),
        ("info@m\u00fcller\u3002de", MUELLER),
        ("info@\uff4d\u00fcller.de", MUELLER),
        ("\ufeffinfo@m\u00fcller.de", MUELLER),
        ("\ufeffa@b.de", "a@b.de"),
        ("info@stra\u00dfe.de", "info@xn--strae-oqa.de"),
        ("info@strasse.de", "info@strasse.de"),
        ("info@post.b\u00fccher.example", "info@post.xn--bcher-kva.example"),
        ("info@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "info@xn--e1afmkfd.xn--p1ai"),
        ("info@\u4f8b\u5b50.\u4e2d\u56fd", "info@xn--fsqu00a.xn--fiqs8s"),
        ("info@b\u00fccher.xn--p1ai", "info@xn--bcher-kva.xn--p1ai"),
    ],
)
def test_an_address_has_one_form(text: str, address: str) -> None:
    assert canonical(text) == address
    assert canonical(address) == address
    assert folded(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "a", "a@", "@b.de", "a@b", "a@@b.de", "a b@c.de", "a@b.de\n", " a@b.de", "a@b..de", "a@-b.de",
        "a@b.de.",
        "m\u00fcller@contoso.com", "m\u00fcller@m\u00fcller.de", "a@\U0001f600.de", "a@m\u00fc ller.de",
        "a@m\u00fc_ller.de",
        "a@m\u00fc\u200bller.de", "a@m\u00fcll\u00ader.de", "a@\u202em\u00fc.de", "a@m\u00fc.de\u200f", "a@\u0301b.de",
        "a@m\u00fc..de", "a@-m\u00fc.de", "a@m\u00fc-.de", "a@" + "\u00fc" * 64 + ".de", "a@" + "\u00fc." * 200 + "de",
        "a@" + "\u00fc" * 100_000, "a@m\u00fc@b.de", "a\uff20b.de", "a@m\u00fc\u2019ller.de", "a@m\u00fc'.de", "\ufeff",
        "\ufeff\ufeffa@b.de", "a\ufeff@b.de", "a@b\ufeff.de", "<a@b.de>", "a@\u0661\u06f1.de", "a@\ud800.de",
        "a@xn--.\u00fc",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert canonical(text) is None


@pytest.mark.parametrize(
    ("address", "other"),
    [
        (MUELLER, "info@m\u00fcller.de"),
        ("Info@XN--MLLER-KVA.DE", "Info@m\u00fcller.de"),
        ("info@post.xn--bcher-kva.example", "info@post.b\u00fccher.example"),
        ("info@contoso.com", None),
        ("info@xn--zzzzzzzzz.de", None),
        ("info@xn--.de", None),
        ("xn--mller-kva.de", None),
        ("a mailbox", None),
        ("", None),
    ],
)
def test_a_person_sees_both_forms(address: str, other: str | None) -> None:
    assert international(address) == other
    assert both(address) == (address if other is None else f"{address} ({other})")


@given(st.text(max_size=60) | st.text(alphabet="a\u00fc\u00df\u0430.-x\u3002\u0308\u200d", max_size=30))
@example("xn--mller-kva.de")
@example("xn--a.\u00fc")
def test_the_forms_of_a_domain_lead_to_each_other(domain: str) -> None:
    address = canonical(f"a@{domain}")
    if address is None:
        return
    assert address.isascii()
    other = international(address)
    if other is not None:
        assert canonical(other) == address
        assert unicodedata.is_normalized("NFC", other)


def test_a_plus_counts_before_the_at_alone() -> None:
    assert [is_plus(text) for text in ("info+x@b.de", "+@b.de", "info@b.de", "x")] == [True, True, False, False]
