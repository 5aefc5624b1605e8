"""A fresh database with the tables of the store, and a lake in a temporary folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from headrace.db.base import Base
from headrace.db.engine import make_engine, session_maker
from headrace.table_store import Lake
from headrace.table_store.models import StoredFile, StoredMark, StoredSegment
from table_store.tables import SmallTable


@pytest.fixture(scope="module")
def database_url(make_database: Callable[[], str]) -> str:
    """A database of this module with the tables of the store."""
    url = make_database()
    engine = make_engine(url)
    Base.metadata.create_all(
        engine, tables=[StoredFile.__table__, StoredSegment.__table__, StoredMark.__table__]
    )
    engine.dispose()
    return url


@pytest.fixture
def sessions(database_url: str) -> Iterator[sessionmaker[Session]]:
    """Sessions on empty tables."""
    engine = make_engine(database_url)
    with engine.begin() as connection:
        connection.execute(StoredMark.__table__.delete())
        connection.execute(StoredSegment.__table__.delete())
        connection.execute(StoredFile.__table__.delete())
    yield session_maker(engine)
    engine.dispose()


@pytest.fixture
def lake_folder(tmp_path: Path) -> Path:
    """Where the lake of this test lies."""
    return tmp_path / "lake"


@pytest.fixture
def table(lake_folder: Path, sessions: sessionmaker[Session]) -> SmallTable:
    """An empty data table in a local lake."""
    return SmallTable(Lake.open(str(lake_folder)), sessions)
