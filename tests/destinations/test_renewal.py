"""Destinations whose parameters are replaced while a load still uses the old ones."""

import pytest

from fakes.pipelines import PipelineFake
from headrace.db.engine import transaction
from headrace.destinations import queries
from headrace.destinations.models import DestinationConnection
from headrace.destinations.renewal import while_current
from headrace.kit.outcomes import Reauthorize, TryLater


def test_parameters_replaced_in_use_are_a_passing_fault(pipeline: PipelineFake) -> None:
    sessions = pipeline.workspace.resources.sessions
    with transaction(sessions) as session:
        rows = session.query(DestinationConnection).all()
        used = next(row for row in rows if str(row.id) == pipeline.destination_id)
    with pytest.raises(Reauthorize), while_current(lambda: transaction(sessions), used):
        raise Reauthorize("the password is wrong")
    path = f"/api/v3/destinations/duckdb/connections/{pipeline.destination_id}"
    body = {"connection_params": {"path": f"renewed-{pipeline.workspace.id}.duckdb"}}
    assert pipeline.workspace.call("PUT", path, json=body).status_code == 200
    with transaction(sessions) as session:
        assert queries.params_now(session, used.id) != used.params
    with (
        pytest.raises(TryLater, match="new parameters"),
        while_current(lambda: transaction(sessions), used),
    ):
        raise Reauthorize("the password is wrong")
