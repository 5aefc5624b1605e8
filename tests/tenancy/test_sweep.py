"""Nobody reaches another tenant's things by id: every operation, in path, query and body.

The operations, and where each takes ids, are read from the OpenAPI document. A new one is swept by
itself; where the sweep does not know an id, or has no body that holds it, it fails and says so.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text

from fakes.ads_network import AdsNetwork
from fakes.callers import AgencyFake, WorkspaceFake
from headrace.db.roles import SYSTEM
from headrace.models import metadata
from headrace.rest.resources import Resources
from headrace.settings import Settings
from rest.published import OPERATIONS, Operation
from tenancy.asking import (
    BODIES,
    Ids,
    body_ids,
    good_body,
    meant_by,
    nowhere,
    path_ids,
    path_of,
    put,
    query_ids,
)
from tenancy.owners import AGENCYS_OWN, OwnerFake, new_owner

# Their secret names one thing, so that nothing else can be asked for.
SWEPT = [each for each in OPERATIONS if each.schemes not in (("code",), ("link",))]


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork) -> Settings:
    """Settings under which Demo Ads is that network."""
    return settings.model_copy(update={"base_urls": {"demo_ads": network.base_url}})


@pytest.fixture
def victim(agency: AgencyFake, workspace: WorkspaceFake, settings: Settings) -> OwnerFake:
    """Whose things are asked for."""
    return new_owner(agency, workspace, settings.file_import_roots[0])


@pytest.fixture
def stranger(resources: Resources, client: TestClient, settings: Settings) -> OwnerFake:
    """One who asks, of another agency."""
    agency = AgencyFake.create(resources, client)
    return new_owner(agency, agency.new_workspace(), settings.file_import_roots[0])


@pytest.fixture
def neighbour(agency: AgencyFake, settings: Settings) -> OwnerFake:
    """One who asks, of another workspace of the same agency."""
    return new_owner(agency, agency.new_workspace(), settings.file_import_roots[0])


@dataclass(frozen=True)
class Sweep:
    """One who asks for another's things; both have one of everything."""

    caller: OwnerFake
    victim: OwnerFake
    operations: list[Operation]
    """Those for which the caller's credentials are not the victim's as well."""
    shared: frozenset[str]
    """Ids of what the two share."""

    def compare(self, operation: Operation, other: Ids, where: str, **how: Any) -> Response:
        """Ask for another's thing, then for nothing; the answers must be the same. Gives it.

        how: makes the options of a request from the id that is asked for.
        """
        asked = [
            self._ask(operation, ids, {name: make(ids) for name, make in how.items()})
            for ids in (other, nowhere(other))
        ]
        theirs, absent = asked
        said = [
            answer.text.replace(str(value), "ID")
            for answer, ids in zip(asked, (other, nowhere(other)), strict=True)
            for value in ids.values()
        ]
        assert theirs.status_code == absent.status_code, f"{where}: {said}"
        assert said[0] == said[1], where
        assert theirs.headers.keys() == absent.headers.keys(), where
        return theirs

    def own(self, operation: Operation, **options: Any) -> Response:
        """Ask for the caller's own things."""
        return self._ask(operation, {}, options)

    def _ask(self, operation: Operation, ids: Ids, options: dict[str, Any]) -> Response:
        headers = self.caller.headers(operation.schemes)
        path = path_of(operation, self.caller.ids | ids)
        client = self.caller.workspace.client
        return client.request(operation.method, path, headers=headers, **options)

    def shown(self) -> dict[str, Any]:
        """What the victim can read that reads otherwise for the caller, by operation."""
        found = {}
        for each in self.operations:
            if each.method == "GET" and "audit" not in each.path:  # the trail grows as it is read
                theirs, mine = (
                    who.workspace.client.get(
                        path_of(each, who.ids), headers=who.headers(each.schemes)
                    ).json()
                    for who in (self.victim, self.caller)
                )
                if theirs != mine:
                    found[each.name] = theirs
        return found


@pytest.fixture
def without_policies(resources: Resources) -> None:
    """Take the database's wall down, so that the code's has to do alone."""
    connection = resources.sessions.kw["bind"]
    connection.execute(text("SET LOCAL ROLE NONE"))
    for table in metadata.sorted_tables:
        connection.execute(text(f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY"))
    connection.execute(text(f"SET LOCAL ROLE {SYSTEM}"))


@pytest.fixture(params=["stranger", "stranger without policies", "neighbour without policies"])
def sweep(request: pytest.FixtureRequest) -> Sweep:
    """A stranger's, and a neighbour's: with the agency's credentials it may act for both."""
    who, _, more = request.param.partition(" ")
    if more:
        request.getfixturevalue("without_policies")
    victim = request.getfixturevalue("victim")
    is_stranger = who == "stranger"
    swept = [each for each in SWEPT if is_stranger or "bearer" in each.schemes]
    shared: frozenset[str] = frozenset() if is_stranger else AGENCYS_OWN
    return Sweep(request.getfixturevalue(who), victim, swept, shared)


def test_nobody_reaches_anothers_things_by_id(sweep: Sweep) -> None:  # S01 S02 S03 S07 S16
    before = sweep.shown()
    asked = [0, 0, 0]
    for operation in sweep.operations:
        asked[0] += _sweep_path(sweep, operation)
        asked[1] += _sweep_query(sweep, operation)
    for operation in sweep.operations:
        asked[2] += _sweep_body(sweep, operation)
    after = sweep.shown()
    assert before.keys() <= after.keys()
    for name, answer in before.items():
        assert after[name] == answer, f"{name} reads otherwise now"
    assert len(before) > 10
    assert all(count >= least for count, least in zip(asked, (30, 5, 12), strict=True)), asked


def _sweep_path(sweep: Sweep, operation: Operation) -> int:
    names = path_ids(operation)
    assert names <= sweep.victim.ids.keys(), f"owners.py makes none of {names}"
    names -= sweep.shared
    for name in names:
        own = good_body(operation, sweep.caller.ids)
        where = f"{operation.method} {operation.path} with another's {name}"
        other = {name: sweep.victim.ids[name]}
        answer = sweep.compare(operation, other, where, json=lambda _, own=own: own)
        assert answer.status_code == 404, f"{where}: {answer.text}"
    return len(names)


def _sweep_query(sweep: Sweep, operation: Operation) -> int:
    names = query_ids(operation)
    for name in names:
        key = meant_by(operation, name)
        where = f"{operation.method} {operation.path}?{name}="
        assert key in sweep.victim.ids, f"owners.py makes no {key}, for {where}"
        answer = sweep.compare(
            operation,
            {key: sweep.victim.ids[key]},
            where,
            params=lambda ids, name=name, key=key: {name: ids[key]},
        )
        if answer.status_code == 200 and answer.text:
            found = answer.json()
            assert (found["results"] if isinstance(found, dict) else found) == [], where
        mine = sweep.own(operation, params={name: sweep.caller.ids[key]})
        assert mine.status_code == 200, f"{where}: {mine.text}"
        assert mine.text != answer.text, f"{where}: nor does it find what is the caller's own"
    return len(names)


def _sweep_body(sweep: Sweep, operation: Operation) -> int:
    names = body_ids(operation)
    bodies = [make(sweep.caller.ids) for make in BODIES.get(operation.name, [])]
    missing = {name for name in names if not any(f"'{name}'" in str(body) for body in bodies)}
    assert not missing, f"no body in BODIES for {operation.name} holds {missing}"
    count = 0
    for body in bodies:
        for name in (name for name in names if f"'{name}'" in str(body)):
            key = meant_by(operation, name)
            where = f"{operation.method} {operation.path} with another's {name}"
            assert key in sweep.victim.ids, f"owners.py makes no {key}, for {where}"
            if key in sweep.shared:
                continue
            answer = sweep.compare(
                operation,
                {key: sweep.victim.ids[key]},
                where,
                json=lambda ids, body=body, name=name, key=key: put(body, name, ids[key]),
            )
            assert answer.status_code in {400, 404}, f"{where}: {answer.text}"
            count += 1
        mine = sweep.own(operation, json=body)
        assert mine.is_success, f"{operation.name} refuses one's own: {mine.text}"
    return count
