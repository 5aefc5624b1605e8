"""Write a migration from what the models say and the migrations do not: `make migration name=...`.

Read it and edit it before committing: it must suit the release that is still running.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script
from tenant_policies import write

from headrace.db import embedded
from headrace.db.engine import make_engine
from headrace.db.migrating import _config, migrate
from headrace.db.roles import protected
from headrace.models import metadata


def main(message: str) -> None:
    """Write the migration, against an empty database brought to the newest version."""
    home = Path(tempfile.mkdtemp(prefix="headrace-migration-"))
    home.chmod(0o755)
    server, _ = embedded.start(home)
    try:
        engine = make_engine(server.url())
        migrate(engine)
        config = _config()
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            script = command.revision(config, message, autogenerate=True)
            known = protected(connection)
        assert isinstance(script, Script)
        tables = [table for table in metadata.sorted_tables if table.name not in known]
        write(Path(script.path), tables)
        engine.dispose()
    finally:
        embedded.stop(server)
        shutil.rmtree(home)


if __name__ == "__main__":
    main(sys.argv[1])
