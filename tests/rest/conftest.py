"""Fixtures of the tests that call every operation."""

import pytest

from fakes.callers import AgencyFake
from fakes.pipelines import PipelineFake
from rest.published import Everything

NAMES = {"datasource_name": "file_import", "destination_name": "duckdb"}


@pytest.fixture
def everything(agency: AgencyFake, pipeline: PipelineFake) -> Everything:
    """One of everything."""
    workspace = pipeline.workspace
    more = {"workspace_id": workspace.id, "template_id": pipeline.template_id}
    return Everything(agency, workspace, NAMES | pipeline.ids() | more)
