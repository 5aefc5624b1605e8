"""A workspace with a data table to work on, and an agency that writes recipes."""

import pytest

from fakes.callers import AgencyFake
from fakes.kitchens import Kitchen
from fakes.pipelines import PipelineFake


@pytest.fixture
def kitchen(agency: AgencyFake, pipeline: PipelineFake) -> Kitchen:
    """An agency and a workspace whose data table `file_import_orders` holds two rows."""
    return Kitchen(agency, pipeline.workspace)
