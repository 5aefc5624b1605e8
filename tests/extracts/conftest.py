"""A demo network of the tests' own, and extracts of a workspace that is connected to it."""

from dataclasses import dataclass
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.callers import WorkspaceFake
from headrace.settings import Settings

SOURCE = "/api/v3/datasources/demo_ads"
EXTRACTS = "/api/v3/extracts"


@dataclass
class ExtractsFake:
    """A workspace connected to Demo Ads that makes extracts of its first account."""

    workspace: WorkspaceFake
    connection_id: int

    @property
    def accounts(self) -> list[int]:
        """Embedded ids of the accounts."""
        listed = self.workspace.get(f"/api/v3/connections/{self.connection_id}/accounts")
        return [item["id"] for item in listed["results"]]

    def template(self, *, is_wide: bool) -> int:
        """The first template that is wide, or is not."""
        listed = self.workspace.get(f"{SOURCE}/extract-templates")["results"]
        found: int = next(item["id"] for item in listed if item["is_wide_template"] is is_wide)
        return found

    def create(self, *, is_wide: bool = False, title: str = "T", **settings: Any) -> dict[str, Any]:
        """Make an extract of the first account."""
        body = {
            "data_table_title": title,
            "template_id": self.template(is_wide=is_wide),
            "accounts": self.accounts[:1],
            "template_settings": settings,
        }
        made: dict[str, Any] = self.workspace.post("/api/v3.1/extracts/", body)[0]
        return made

    def columns(self, data_table_id: int) -> set[str]:
        """Names of the fields of a data table, but the system's."""
        found = self.workspace.get(f"/api/v3/data-tables/{data_table_id}")["fields"]
        return {item["name"] for item in found if not item["is_system"]}


@pytest.fixture
def demo(network: AdsNetwork, settings: Settings, workspace: WorkspaceFake) -> ExtractsFake:
    """A workspace connected to the network."""
    settings.base_urls["demo_ads"] = network.base_url
    made = workspace.post(f"{SOURCE}/connections", {})
    return ExtractsFake(workspace, made["id"])
