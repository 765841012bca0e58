"""Targets and deliveries, through the API and the host: who gets what, how often, and what is never shown."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.delivery import NOT_NOTED
from connector.model import Connection
from connector.services import services
from tests.flow.app import Lines
from tests.receiver import KEY, Receiver, hang_up, status
from tests.triggers.served import NAME, PATH, Served, problem, running

ADDRESS = "https://hooks.example.com/in?sig=a-secret-of-teams"
SECRETS = ("a-secret-of-teams", KEY, KEY[6:])


@asynccontextmanager
async def told(tmp_path: Path, receiver: Receiver, mailboxes: int = 1) -> AsyncIterator[Served]:
    """Serve the app with one target, to which ``receiver`` stands; afterwards nothing tells its secrets."""
    lines = Lines()
    async with running(tmp_path, mailboxes=mailboxes, CONNECTOR_LABEL="Contoso") as one:
        services().__dict__["webhooks"] = receiver.webhooks()
        await put(one, "ops", address=ADDRESS, key=KEY)
        with lines.listening():
            yield one
        answers = [(await one.client.get(path)).text for path in ("/api/targets", "/api/targets/ops", "/api/health")]
        answers.append((await one.client.get("/api/targets/ops/deliveries")).text)
        everything = "\n".join([one.host.dump(), *_kept(tmp_path), *lines.heard, *answers])
        assert [secret for secret in SECRETS if secret in everything] == []
        sent = b"".join(got.body for got in receiver.got).decode()
        logged = "\n".join(lines.heard)
        assert [mailbox for mailbox in one.tenant.addresses if mailbox in sent or mailbox in logged] == []


def _kept(folder: Path, within: str = "") -> list[str]:
    return [path.read_text("utf-8") for path in (folder / within).rglob("*") if path.is_file()]


async def put(one: Served, name: str, **body: Any) -> dict[str, Any]:
    answer = await one.client.put(f"/api/targets/{name}", json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def deliveries(one: Served, name: str = "ops") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await one.client.get(f"/api/targets/{name}/deliveries")).json()["items"]
    return items


async def until(one: Served, done: Callable[[list[dict[str, Any]]], bool], name: str = "ops") -> list[dict[str, Any]]:
    async with asyncio.timeout(120):
        while not done(found := await deliveries(one, name)):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    await one.settled()  # what comes of it for the target is written after it
    return found


def all_over(found: list[dict[str, Any]]) -> bool:
    return bool(found) and all(one["state"] != "waiting" for one in found)


async def test_what_happens_to_a_connection_is_told_signed_and_once(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        (delivery,) = await until(one, all_over)
        assert (delivery["type"], delivery["state"], delivery["status"]) == ("connection.ready", "delivered", 204)
        assert delivery["tries"] == 1
        assert 0 < delivery["seconds"] < 10
        (got,) = receiver.got
        event: Any = got.verified()
        assert event["id"] == got.headers["webhook-id"] == delivery["id"]
        assert event["data"] == {
            "customer": "Contoso",
            "connection": NAME,
            "state": "ready",
            "revision": 1,
            "findings": [],
            "by": {
                "kind": "key",
                "function": "create_connection",
                "key": hashlib.sha256(one.host.key.encode()).hexdigest()[:8],
            },
        }
        stored = json.loads((tmp_path / f"connections/{NAME}.json").read_text("utf-8"))
        assert "outbox" not in stored
        # It is in order still: nobody is told a second time.
        await one.client.post(f"/api/connections/{NAME}/verify")
        await one.until(lambda seen: seen["state"] == "ready")
        await one.run_timer("tell_targets")
        assert len(await deliveries(one)) == 1


async def test_the_history_of_a_connection_says_what_was_told_to_whom(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await put(one, "slack", address=ADDRESS, format="slack")
        await put(one, "other", address=ADDRESS, events=["connection.removed"])
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        (sent,) = await until(one, all_over)
        await until(one, all_over, "slack")
        await one.run_timer("tell_targets")
        shown, asked = (await one.client.get(f"{PATH}/history", headers={"Accept-Language": "de"})).json()["items"]
        assert (shown["action"], shown["text"]) == ("told", "Gemeldet: Verbindung fertig")
        assert (shown["event"], shown["eventId"]) == ("connection.ready", sent["id"])
        assert shown["told"] == [{"target": "ops", "state": "delivered"}, {"target": "slack", "state": "delivered"}]
        assert (asked["action"], asked["event"], asked["told"]) == ("set-up", None, [])
        (tmp_path / f"events/{sent['id']}.json").unlink()  # the deliveries have forgotten it
        (shown, _) = (await one.client.get(f"{PATH}/history")).json()["items"]
        assert [told["state"] for told in shown["told"]] == [None, None]


async def test_a_new_secret_and_a_removal_are_told_from_the_offer_to_the_end(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        await one.client.post(f"{PATH}/rotate")
        seen = await one.client.until(
            NAME, lambda found: (found["rotation"] or {}).get("state") == "offered", lambda _: None
        )
        key = seen["rotation"]["keyId"]
        assert (await one.client.post(f"{PATH}/confirm", json={"keyId": key})).status_code == 200
        assert (await one.client.delete(PATH, params={"allowRemoval": 1})).status_code == 202
        await one.until(lambda found: found["state"] == "removed")
        found = await until(one, lambda found: len(found) == 4 and all_over(found))
        types = [entry["type"] for entry in reversed(found)]
        assert types == ["connection.ready", "secret.offered", "secret.confirmed", "connection.removed"]
        events: list[Any] = [got.verified() for got in receiver.got]
        said = {event["type"]: event["data"] for event in events}
        assert said["secret.offered"]["keyId"] == said["secret.confirmed"]["keyId"] == key
        assert said["secret.offered"]["oldKeyId"] == said["secret.confirmed"]["oldKeyId"] != key
        assert said["connection.removed"]["state"] == "removed"


async def test_each_target_gets_what_it_wants_in_its_format(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await put(one, "ops", enabled=False)
        await put(one, "teams", address=ADDRESS, format="teams", language="de", events=["connection.ready"])
        await put(one, "slack", address=ADDRESS, format="slack")
        await put(one, "other", address=ADDRESS, events=["connection.removed", "secret.offered"])
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        for name in ("teams", "slack"):
            await until(one, all_over, name)
        bodies = [json.loads(got.body) for got in receiver.got]
        card = next(body for body in bodies if body.get("type") == "message")["attachments"][0]["content"]
        assert card["body"][0]["text"] == "Verbindung fertig"
        assert {"title": "Kunde", "value": "Contoso"} in card["body"][2]["facts"]
        assert next(body for body in bodies if "blocks" in body)["text"].startswith("Connection ready")
        assert len(bodies) == 2
        assert (await deliveries(one, "ops"), await deliveries(one, "other")) == ([], [])


async def test_what_is_not_taken_is_tried_again_under_the_same_id_until_it_is(tmp_path: Path) -> None:
    answers = [
        status(500),
        hang_up,
        status(301, "Location: https://127.0.0.1/"),
        status(429, "Retry-After: 7"),
        status(200),
    ]
    async with Receiver(answers) as receiver, told(tmp_path, receiver) as one:
        assert (await one.client.post("/api/targets/ops/test")).status_code == 202
        (waiting,) = await until(one, lambda found: found[0]["tries"] >= 2 and found[0]["code"] != NOT_NOTED)
        assert (waiting["state"], waiting["code"], waiting["status"]) == ("waiting", "hung-up", None)
        assert waiting["message"]
        target = (await one.client.get("/api/targets/ops")).json()
        assert target["failingSince"] is not None
        assert not target["needsSomebody"]
        # By hand it need not be waited for; what was on its way is replaced by that.
        for expected in (3, 4, 5):
            path = f"/api/targets/ops/deliveries/{waiting['id']}/resend"
            assert (await one.client.post(path)).status_code == 202
            await until(one, lambda _, expected=expected: len(receiver.got) >= expected)  # type: ignore[misc] # of mypy: it infers no default
        (last,) = await until(one, all_over)
        assert (last["state"], last["status"]) == ("delivered", 200)
        assert {got.headers["webhook-id"] for got in receiver.got} == {waiting["id"]}
        assert all(got.verified() for got in receiver.got)
        assert (await one.client.get("/api/targets/ops")).json()["failingSince"] is None


async def test_a_target_is_tested_thirty_times_an_hour_at_most(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        for _ in range(29):
            await services().deliveries.ask("ops", services().now())
        assert (await one.client.post("/api/targets/ops/test")).status_code == 202
        (sent,) = await until(one, all_over)
        for path in ("test", f"deliveries/{sent['id']}/resend"):
            answer = await one.client.post(f"/api/targets/ops/{path}")
            problem(answer, 409, "sent-too-often")
            assert 0 < int(answer.headers["Retry-After"]) <= 3_600
        assert len(receiver.got) == 1


async def test_the_end_of_a_secret_is_told_when_it_is_noticed_and_not_an_hour_later(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})

        def ends_soon(connection: Connection) -> None:
            assert connection.secret is not None
            ends = services().now() + timedelta(days=6.5)
            connection.secret = connection.secret.model_copy(update={"expires_on": ends})

        await services().documents.update(NAME, ends_soon)
        await one.run_timer("watch_secrets")
        found = await until(one, lambda found: len(found) == 2 and all_over(found))
        assert found[0]["type"] == "secret.expiring"


async def test_once_a_day_the_whole_deployment_is_told_of(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        for _ in range(2):  # a timer may come twice
            await one.run_timer("tell_status")
        await until(one, lambda found: len(found) == 2 and all_over(found))
        events: list[Any] = [got.verified() for got in receiver.got]
        (status_,) = [event for event in events if event["type"] == "status"]
        assert (status_["data"]["status"]["connections"], status_["data"]["status"]["overall"]) == (1, "ok")


async def test_who_is_gone_is_sent_nothing_more_and_that_is_said(tmp_path: Path) -> None:
    async with Receiver([status(410)]) as receiver, told(tmp_path, receiver) as one:
        await one.client.post("/api/targets/ops/test")
        (dropped,) = await until(one, all_over)
        assert (dropped["state"], dropped["status"]) == ("dropped", 410)
        target = (await one.client.get("/api/targets/ops")).json()
        assert (target["enabled"], target["needsSomebody"], target["goneOn"] is not None) == (False, True, True)
        health = (await one.client.get("/api/health")).json()
        (finding,) = [found for found in health["missing"] if found["code"] == "target-gone"]
        assert (finding["subject"], "hooks.example.com" in finding["message"]) == ("ops", True)
        problem(await one.client.post("/api/targets/ops/test"), 409, "target-off")
        await put(one, "ops", enabled=True)
        assert not (await one.client.get("/api/targets/ops")).json()["needsSomebody"]
        assert len(receiver.got) == 1


async def test_a_target_that_is_removed_takes_its_secret_and_what_is_on_its_way_with_it(tmp_path: Path) -> None:
    async with Receiver([status(500)]) as receiver, told(tmp_path, receiver) as one:
        await put(one, "second", address=ADDRESS)
        await one.client.post("/api/targets/second/test")
        await until(one, lambda found: bool(found) and found[0]["status"] == 500, "second")
        assert (await one.client.delete("/api/targets/second")).status_code == 200
        number = len(receiver.got)
        problem(await one.client.get("/api/targets/second"), 404, "unknown-target")
        problem(await one.client.delete("/api/targets/second"), 404, "unknown-target")
        await one.run_timer("tell_targets")
        await one.run_timer("clear_documents")
        assert len(receiver.got) == number
        assert _kept(tmp_path, "events") == []
        # The name may be used again: the vault brings its secret back and gets a new version.
        assert (await put(one, "second", address=ADDRESS))["host"] == "hooks.example.com"


async def test_while_a_key_changes_both_sign_and_nothing_else_of_a_target_is_lost(tmp_path: Path) -> None:
    new = "whsec_" + "B" * 40
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await put(one, "ops", format="cloudevents", events=["connection.ready"])
        shown = await put(one, "ops", key=new)
        assert (shown["events"], shown["host"]) == (["connection.ready"], "hooks.example.com")
        assert "/secrets/target-ops/" in shown["secretUri"]
        await one.client.post("/api/targets/ops/test")
        await until(one, all_over)
        (got,) = receiver.got
        assert got.verified(new) == got.verified(KEY)
        assert len(got.headers["webhook-signature"].split()) == 2


async def test_what_is_no_target_is_refused_in_words(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        send = one.client.put

        async def refused(name: str, body: object, status: int, code: str) -> None:
            problem(await send(f"/api/targets/{name}", json=body), status, code)

        await refused("new", {}, 409, "target-needs-address")
        await refused("new", {"address": "https://127.0.0.1/"}, 422, "target-address-refused")
        await refused("new", {"address": ADDRESS, "key": "secret"}, 422, "target-key-invalid")
        await refused("new", {"address": ADDRESS, "format": "discord"}, 422, "target-invalid")
        await refused("new", {"address": ADDRESS, "events": ["no.such"]}, 422, "target-invalid")
        await refused("new", {"address": ADDRESS, "secret": 1}, 422, "target-invalid")
        await refused("New", {"address": ADDRESS}, 422, "target-name-invalid")
        await refused("x" * 25, {"address": ADDRESS}, 422, "target-name-invalid")
        for number in range(19):
            await put(one, f"t{number}", address=ADDRESS)
        await refused("new", {"address": ADDRESS}, 409, "too-many-targets")
        await put(one, "t1", enabled=False)
        problem(await one.client.get("/api/targets/NEW"), 404, "unknown-target")
        gone = "/api/targets/ops/deliveries/00000000-0000-0000-0000-000000000000/resend"
        problem(await one.client.post(gone), 404, "unknown-delivery")


async def test_a_target_whose_document_is_broken_is_named_and_put_or_removed(tmp_path: Path) -> None:
    async with Receiver() as receiver, told(tmp_path, receiver) as one:
        await put(one, "bad", address=ADDRESS)
        (tmp_path / "targets/bad.json").write_text("{")
        listed = (await one.client.get("/api/targets")).json()
        assert ([found["name"] for found in listed["items"]], listed["unreadable"]) == (["ops"], ["bad"])
        problem(await one.client.get("/api/targets/bad"), 409, "document-unreadable")
        await one.run_timer("tell_targets")
        health = (await one.client.get("/api/health")).json()
        assert [found["subject"] for found in health["missing"] if found["code"] == "target-unreadable"] == ["bad"]
        await put(one, "bad", address=ADDRESS)
        health = (await one.client.get("/api/health")).json()
        assert [found for found in health["missing"] if found["code"] == "target-unreadable"] == []
        (tmp_path / "targets/bad.json").write_text("")
        assert (await one.client.delete("/api/targets/bad")).status_code == 200
