"""An agency that writes recipes, and a workspace in which they build."""

from dataclasses import dataclass
from typing import Any

from fakes.callers import AgencyFake, WorkspaceFake


@dataclass
class Kitchen:
    """What writes recipes for an agency and looks at what comes of them in a workspace."""

    agency: AgencyFake
    workspace: WorkspaceFake

    def send(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Ask with the agency's credentials, and expect a status."""
        answer = self.agency.call(method, f"/api/v3{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def recipe(self, *steps: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Create a recipe of some steps."""
        made: dict[str, Any] = self.send(
            "POST", "/recipes", {"title": "Cooked", "steps": list(steps)} | body, 201
        )
        return made

    def enable(self, recipe: dict[str, Any], status: int = 201) -> Any:
        """Enable a recipe in the workspace."""
        path = f"/workspaces/{self.workspace.id}/recipes"
        return self.send("POST", path, {"recipe_id": recipe["id"]}, status)

    def activate(self, recipe: dict[str, Any], status: int = 200) -> Any:
        """Activate a recipe."""
        return self.send("POST", f"/recipes/{recipe['id']}/activate", status=status)

    def cook(self, *steps: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Create a recipe, enable and activate it, and build its table."""
        recipe = self.recipe(*steps, **body)
        self.enable(recipe)
        self.activate(recipe)
        self.workspace.run_everything()
        return recipe

    def state(self, recipe: dict[str, Any]) -> dict[str, Any]:
        """How the recipe does in the workspace."""
        found: dict[str, Any] = self.send(
            "GET", f"/workspaces/{self.workspace.id}/recipes/{recipe['id']}"
        )
        return found

    def runs(self, recipe: dict[str, Any]) -> list[dict[str, Any]]:
        """The builds of the recipe in the workspace, newest first."""
        path = f"/workspaces/{self.workspace.id}/recipes/{recipe['id']}/runs"
        found: list[dict[str, Any]] = self.send("GET", path)["results"]
        return found

    def rows(self, recipe: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
        """Some columns of the rows that the recipe built, sorted."""
        state = self.state(recipe)
        assert state["error_text"] is None, state
        path = f"/api/v3/data-tables/{state['data_table_id']}/rows"
        rows = self.workspace.get(path)["rows"]
        return sorted((tuple(row[name] for name in names) for row in rows), key=str)
