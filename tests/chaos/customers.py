"""Customers who use the API all the while, against each other: run, pause, change, delete, make anew."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from chaos.house import CHIEF, House
from chaos.storm import ACCOUNTS
from chaos.tally import Tally
from fakes.api_callers import PASSWORD, RemoteWorkspace, half_a_day_away
from headrace.client import ApiError, Headrace, Unreachable, every, models

MODES = ("append", "replace", "upsert")
HUGE_ROWS_A_DAY = 300
# Of the template's, but link_clicks: the account that drifts sends it with decimals, which are refused.
FIELDS = [
    "date", "campaign_id", "campaign_name", "ad_id", "ad_name", "ad_format", "impressions", "reach",
    "clicks", "spend", "conversions", "revenue", "ctr", "cpc", "cpm",
]  # fmt: skip
_TIMEOUT_SECONDS = 60.0
_ENDPOINT_EVENTS = (
    "extraction_created", "extraction_completed", "extraction_failed", "extraction_paused",
    "extraction_unpaused", "load_created", "load_started", "load_completed", "load_failed",
    "transformation_completed",
)  # fmt: skip


def days_before(days: int) -> date:
    """A day of the calendar, in UTC."""
    return datetime.now(UTC).date() - timedelta(days=days)


@dataclass
class Customer:
    """One workspace, reached by way of any of the web processes.

    tables: the titles of its data tables, with the accounts that belong into each.
    files: names of DuckDB files of destinations, by the destination connection's id.
    """

    doors: list[RemoteWorkspace]
    accounts: dict[str, models.Account] = field(default_factory=dict)
    tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    recipe_id: int = 0

    @property
    def door(self) -> RemoteWorkspace:
        """The first door, for when there is no storm."""
        return self.doors[0]

    def extracts(self) -> list[models.Extract]:
        """The extracts there are."""
        return list(every(self.door.api.list_extracts))

    def loads(self) -> list[models.Load]:
        """The loads there are."""
        return list(every(self.door.api.list_loads))


def customers(house: House, number: int) -> list[Customer]:
    """Let customers move in, each with extracts, loads, an endpoint and a recipe."""
    return [_move_in(house, index) for index in range(number)]


def _move_in(house: House, index: int) -> Customer:
    headraces = [
        Headrace(server.base_url, CHIEF, PASSWORD, timeout_seconds=_TIMEOUT_SECONDS)
        for server in house.webs.values()
    ]
    made = headraces[0].agency.create_workspace(models.WorkspaceIn(title=f"Customer {index}"))
    customer = Customer([RemoteWorkspace(each, made.id) for each in headraces])
    customer.accounts = customer.door.connect_network(
        include_misbehaving=True, rows_per_day=HUGE_ROWS_A_DAY
    )
    _listen(house, customer, index)
    customer.tables = {
        f"Ads {index}": (*ACCOUNTS[:3], "demo-restating"),
        f"More ads {index}": (*ACCOUNTS[3:], "demo-limited", "demo-drifting"),
        f"Large {index}": ("huge-300", "demo-failing"),
    }
    for table, names in customer.tables.items():
        chosen = [customer.accounts[name] for name in names]
        customer.door.extracts(chosen, str(days_before(12)), table, fields=FIELDS)
    _deliver(house, customer, index)
    _calculate(customer, index)
    return customer


def _listen(house: House, customer: Customer, index: int) -> None:
    body = models.WebhookEndpointCreateRequest(
        url=house.receiver.url(path=f"/customer/{index}"), event_types=list(_ENDPOINT_EVENTS)
    )
    endpoint = customer.door.api.create_webhook_endpoint(body)
    customer.door.api.verify_webhook_endpoint(endpoint.id)


def _deliver(house: House, customer: Customer, index: int) -> None:
    """Load every table into PostgreSQL in each mode, and into a DuckDB file."""
    url = house.databases.warehouse_url
    who, _, where = url.split("//")[1].partition("@")
    user, _, password = who.partition(":")
    warehouse = customer.door.connect_destination(
        "postgre_sql", host="127.0.0.1", port=house.to_warehouse.port,
        database=where.partition("/")[2].partition("?")[0], user=user, password=password,
        ssl_mode="disable",
    )  # fmt: skip
    file = f"customer{index}.duckdb"
    duck = customer.door.connect_destination("duckdb", path=file)
    customer.files[duck.id] = file
    first = {each.data_table.title: each for each in customer.extracts()}
    for number, extract in enumerate(first.values()):
        for mode in MODES:
            name = f"c{index}_t{number}_{mode}"
            customer.door.load(extract, warehouse, name, "after_extraction", mode)
        mode = MODES[number % len(MODES)]
        customer.door.load(extract, duck, f"t{number}_{mode}", "after_extraction", mode)


def _calculate(customer: Customer, index: int) -> None:
    """Make a recipe that adds up the spend of the first table's campaigns."""
    agency = customer.door.headrace.agency
    table = customer.extracts()[0].data_table
    source = customer.door.api.get_data_table(table.id).sql_name
    recipe = agency.create_recipe(models.RecipeNew(title=f"Spend {index}"))
    step = models.SqlStep(
        name="spend",
        sql=f"SELECT account_id, campaign_id, sum(spend) AS cost FROM {source} GROUP BY ALL",
    )
    agency.create_recipe_step(recipe.id, step)
    agency.enable_recipe(customer.door.id, models.EnableRecipeIn(recipe_id=recipe.id))
    agency.activate_recipe(recipe.id)
    customer.recipe_id = recipe.id


class Crowd:
    """Threads that call the API for the customers, at random, until told to stop."""

    def __init__(
        self, living: list[Customer], tally: Tally, seed: int, threads: int = 3, rest: float = 0.4
    ) -> None:
        self._living = living
        self._tally = tally
        self._rest = rest
        self._over = threading.Event()
        self.broken: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._call, args=(random.Random(f"{seed}/{n}"),), daemon=True)
            for n in range(threads)
        ]

    def start(self) -> None:
        """Begin to call."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Call no more.

        Raises:
            RuntimeError: if a call ended as none may.
        """
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self.broken:
            raise RuntimeError("a call went wrong") from self.broken[0]

    def _call(self, chance: random.Random) -> None:
        acts = _ACTS
        names, weights = list(acts), [weight for weight, _ in acts.values()]
        while not self._over.wait(chance.uniform(0, 2 * self._rest)):
            customer = chance.choice(self._living)
            (name,) = chance.choices(names, weights)
            try:
                acts[name][1](customer, chance.choice(customer.doors), chance)
                self._tally.count("calls", name)
            except ApiError as refusal:
                self._tally.count("refused", f"{name} {refusal.status}")
                if refusal.status == 500:
                    self.broken.append(refusal)
            except Unreachable:
                self._tally.count("refused", "no answer")
            except BaseException as broken:
                self.broken.append(broken)
                raise


Act = Callable[[Customer, RemoteWorkspace, random.Random], object]


def _some_extract(door: RemoteWorkspace, chance: random.Random) -> models.Extract:
    found = door.api.list_extracts(page_size=50).results
    if not found:
        raise Unreachable("nothing is left")
    return chance.choice(found)


def _some_load(door: RemoteWorkspace, chance: random.Random) -> models.Load:
    return chance.choice(door.api.list_loads(page_size=50).results)


def _run_days(_: Customer, door: RemoteWorkspace, chance: random.Random) -> None:
    first = chance.randint(4, 20)
    asked = models.DateRangeIn(
        date_from=days_before(first), date_to=days_before(chance.randint(1, first))
    )
    door.api.run_extract(_some_extract(door, chance).id, asked)


def _patch(_: Customer, door: RemoteWorkspace, chance: random.Random) -> None:
    extract = _some_extract(door, chance)
    change = chance.choice(
        (
            models.ExtractPatch(sync_historical_data=days_before(chance.randint(8, 40))),
            models.ExtractPatch(scheduling=[half_a_day_away()]),
        )
    )
    door.api.update_extract(extract.id, change)


def _put(_: Customer, door: RemoteWorkspace, chance: random.Random) -> None:
    body = models.ExtractPut(
        scheduling=[half_a_day_away()],
        sync_historical_data=days_before(chance.randint(8, 30)),
        fields=FIELDS,
    )
    door.api.replace_extract(_some_extract(door, chance).id, body)


def _make_anew(customer: Customer, door: RemoteWorkspace, chance: random.Random) -> None:
    """Delete an extract and make it again; where the second half fails, another call may do it."""
    door.api.delete_extract(_some_extract(door, chance).id)
    _make_missing(customer, door, chance)


def _make_missing(customer: Customer, door: RemoteWorkspace, chance: random.Random) -> None:
    """Make the extracts that are missing in a table."""
    title, names = chance.choice(list(customer.tables.items()))
    there = {
        each.account_id
        for each in every(door.api.list_extracts, page_size=50)
        if each.data_table.title == title
    }
    missing = [customer.accounts[name] for name in names if name not in there]
    if missing:
        since = str(days_before(chance.randint(5, 20)))
        door.extracts(missing, since, title, fields=FIELDS)


def _run_load(_: Customer, door: RemoteWorkspace, chance: random.Random) -> None:
    first = chance.randint(2, 15)
    asked = chance.choice(
        (
            models.LoadRunIn(),
            models.LoadRunIn(full=True),
            models.LoadRunIn(date_from=days_before(first), date_to=days_before(1)),
        )
    )
    door.api.run_load(_some_load(door, chance).id, asked)


_ACTS: dict[str, tuple[int, Act]] = {
    "run": (8, lambda _, door, chance: door.api.run_extract(_some_extract(door, chance).id)),
    "run days": (4, _run_days),
    "pause": (2, lambda _, door, chance: door.api.pause_extract(_some_extract(door, chance).id)),
    "unpause": (
        3,
        lambda _, door, chance: door.api.unpause_extract(_some_extract(door, chance).id),
    ),
    "PATCH": (3, _patch),
    "PUT": (2, _put),
    "delete and make anew": (2, _make_anew),
    "make what is missing": (2, _make_missing),
    "run load": (4, _run_load),
    "pause load": (1, lambda _, door, chance: door.api.pause_load(_some_load(door, chance).id)),
    "unpause load": (2, lambda _, door, chance: door.api.unpause_load(_some_load(door, chance).id)),
    "build recipe": (
        1,
        lambda customer, door, _: door.headrace.agency.build_recipe(door.id, customer.recipe_id),
    ),
}
"""What customers do, and how often: weight, act."""
