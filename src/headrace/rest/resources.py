"""What a process holds for its lifetime, made once at its start."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from headrace.db.engine import make_engine, session_maker
from headrace.db.roles import SYSTEM
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.kit.sealing import Vault
from headrace.settings import PREFIX, Settings, SettingsError
from headrace.table_store.lake import Lake


@dataclass(frozen=True)
class Resources:
    """The process's database, lake, vault and guarded way out."""

    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    vault: Vault
    lake: Lake
    policy: OutboundPolicy
    http: OutboundHttp


def open_resources(settings: Settings, database_url: str, threads: int) -> Resources:
    """Open what a process with so many working threads needs.

    Raises:
        SettingsError: if the lake's URL is not one.
    """
    try:
        lake = Lake.open(settings.lake)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}LAKE_URL: {error}") from error
    engine = make_engine(database_url, pool_size=threads + 3, role=SYSTEM)
    policy = settings.outbound_policy
    return Resources(
        settings=settings,
        engine=engine,
        sessions=session_maker(engine),
        vault=Vault(settings.sealing_key()),
        lake=lake,
        policy=policy,
        http=OutboundHttp(policy, max_connections=threads * 2),
    )


def request_resources(request: Request) -> Resources:
    """The web process's resources."""
    resources: Resources = request.app.state.resources
    return resources


AppResources = Annotated[Resources, Depends(request_resources)]
