"""A demo network of the tests' own, and a workspace that is connected to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.callers import WorkspaceFake
from headrace.settings import Settings

TEMPLATES = "/api/v3/datasources/demo_ads/extract-templates"


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork) -> Settings:
    """Settings under which Demo Ads is that network."""
    return settings.model_copy(update={"base_urls": {"demo_ads": network.base_url}})


@dataclass
class ConnectedFake:
    """A workspace that is connected to Demo Ads, asking for templates."""

    workspace: WorkspaceFake
    connection_id: int

    @property
    def accounts(self) -> dict[str, int]:
        """Embedded ids by remote ids."""
        listed = self.workspace.get(f"/api/v3/connections/{self.connection_id}/accounts")
        return {item["account_id"]: item["id"] for item in listed["results"]}

    def template(self, title: str) -> int:
        """The id of a template by its title."""
        listed = self.workspace.get(TEMPLATES, search=title)["results"]
        found: int = next(item["id"] for item in listed if item["title"] == title)
        return found

    def create(self, status: int = 201, parent: str = "Campaigns by day", **body: Any) -> Any:
        """Create a template; what is not said is chosen."""
        whole = {
            "parent_id": self.template(parent),
            "title": "Mine",
            "fields": ["campaign_name", "spend"],
            **body,
        }
        return self.workspace.post(TEMPLATES, whole, status)

    def preview(
        self,
        template_id: int,
        fields: str,
        account: str = "demo-1001",
        status: int = 200,
        **more: Any,
    ) -> Any:
        """Preview a template."""
        body = {
            "connection_id": self.connection_id,
            "fields": fields.split(),
            "accounts": [account],
            **more,
        }
        return self.workspace.post(f"/api/v3/extract-template/{template_id}/preview/", body, status)

    def validate(self, template_id: int, status: int = 200, **body: Any) -> Any:
        """Validate settings."""
        path = f"/api/v3/extract-template/{template_id}/validation/"
        return self.workspace.post(path, body, status)

    def options(self, status: int = 200, **body: Any) -> Any:
        """Load options of the conversion actions; what is not said is chosen."""
        whole = {
            "template_id": self.template("Campaigns by day"),
            "connection_id": self.connection_id,
            "account_ids": ["demo-1001"],
            "custom_setting_name": "conversion_actions",
            **body,
        }
        path = "/api/v3/datasources/demo_ads/custom_setting_options/"
        return self.workspace.post(path, whole, status)


def connect(workspace: WorkspaceFake, **settings: Any) -> ConnectedFake:
    """Connect a workspace to Demo Ads."""
    path = "/api/v3/datasources/demo_ads/connections"
    made = workspace.post(path, {"settings": settings})
    return ConnectedFake(workspace, made["id"])


@pytest.fixture
def connected(workspace: WorkspaceFake) -> ConnectedFake:
    """A workspace that is connected to Demo Ads, misbehaving accounts included."""
    return connect(workspace, include_misbehaving=True)


@pytest.fixture
def imports(settings: Settings) -> Path:
    """The folder whose files may be read."""
    return settings.file_import_roots[0]
