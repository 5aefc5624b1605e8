"""The operations of the API; written by `make client`, not by hand."""

from typing import Any

from headrace.client import models
from headrace.client.calling import Caller, in_path


class AgencyOperations:
    """What an agency user calls with name and password."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create_token(self, body: models.TokenIn) -> models.Token:
        """Create a token for one workspace.

        The token acts with the rights of the user who made it, lives 30 minutes and is renewed by
        each use. Several may live side by side.

        Permission: `admin.view`.
        """
        return self._caller.call("POST", "/api/v3/token", models.Token, body=body)

    def change_password(self, body: models.PasswordIn) -> None:
        """Change one's own password, which the Basic credentials of this request prove.

        All that was made with the old one ends at once: tokens, browser sessions, iframes and their
        URLs.

        Permission: `admin.view`.
        """
        self._caller.do("POST", "/api/v3/password", body=body)

    def create_session(self) -> models.Session:
        """Start a browser session: the answer sets the `dts_session_id` cookie.

        With it, send `X-IM-WORKSPACE-ID` on every request. It lives 30 minutes and is renewed by
        use.

        Permission: `admin.view`.
        """
        return self._caller.call("POST", "/api/v3/session", models.Session)

    def list_workspaces(
        self, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedWorkspaceList:
        """List the agency's workspaces.

        Permission: `admin.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/workspaces",
            models.PaginatedWorkspaceList,
            query={"page": page, "page_size": page_size},
        )

    def create_workspace(self, body: models.WorkspaceIn) -> models.Workspace:
        """Create a workspace; the operator may limit how many an agency has.

        Permission: `admin.manage_workspaces`.
        """
        return self._caller.call("POST", "/api/v3/workspaces", models.Workspace, body=body)

    def get_workspace(self, workspace_id: int) -> models.Workspace:
        """Read one workspace.

        Permission: `admin.view`.
        """
        return self._caller.call(
            "GET", f"/api/v3/workspaces/{in_path(workspace_id)}", models.Workspace
        )

    def update_workspace(self, workspace_id: int, body: models.WorkspaceIn) -> models.Workspace:
        """Change a workspace's title and description.

        Permission: `admin.manage_workspaces`.
        """
        return self._caller.call(
            "PUT", f"/api/v3/workspaces/{in_path(workspace_id)}", models.Workspace, body=body
        )

    def list_roles(self) -> models.RoleListResponse:
        """List the system's roles and the agency's own, each with the number of its users.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call("GET", "/api/v3/roles/", models.RoleListResponse)

    def create_role(self, body: models.RoleWriteRequest) -> models.RoleCreated:
        """Create a role of the agency's own. A permission brings the view of its layer with it.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call("POST", "/api/v3/roles/", models.RoleCreated, body=body)

    def list_permissions(self) -> models.PermissionsCatalogResponse:
        """List everything a role can allow, by layer and in a constant order.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call(
            "GET", "/api/v3/roles/permissions", models.PermissionsCatalogResponse
        )

    def get_role(self, role_id: int) -> models.Role:
        """Read one role.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call("GET", f"/api/v3/roles/{in_path(role_id)}", models.Role)

    def update_role(self, role_id: int, body: models.PatchedRoleWriteRequest) -> models.Role:
        """Change a role of the agency's own; it binds the next request of each of its holders.

        System roles cannot be changed.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call(
            "PATCH", f"/api/v3/roles/{in_path(role_id)}", models.Role, body=body
        )

    def delete_role(self, role_id: int) -> models.DeleteRoleResponse:
        """Delete a role of the agency's own; in the same moment its holders become viewers.

        System roles cannot be deleted.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call(
            "DELETE", f"/api/v3/roles/{in_path(role_id)}", models.DeleteRoleResponse
        )

    def list_role_users(self, role_id: int) -> models.RoleUsersResponse:
        """List who holds a role, once for each workspace: whom a change or a deletion would touch.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call(
            "GET", f"/api/v3/roles/{in_path(role_id)}/users", models.RoleUsersResponse
        )

    def list_users(
        self, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedUserList:
        """List the agency's users, those who are kept out too.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/users",
            models.PaginatedUserList,
            query={"page": page, "page_size": page_size},
        )

    def create_user(self, body: models.UserIn) -> models.UserCreated:
        """Create a user of the agency, who may nothing until they are a member of a workspace.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call("POST", "/api/v3/users", models.UserCreated, body=body)

    def update_user(self, user_id: int, body: models.UserPatch) -> models.User:
        """Change a user's name, keep them out of the agency, or let them in again.

        Permission: `admin.manage_roles`.
        """
        return self._caller.call(
            "PATCH", f"/api/v3/users/{in_path(user_id)}", models.User, body=body
        )

    def list_datasources(
        self,
        *,
        category: list[str] | None = None,
        search: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedDataSourceList:
        """List the platforms that can be connected."""
        return self._caller.call(
            "GET",
            "/api/v3/datasources",
            models.PaginatedDataSourceList,
            query={"category": category, "search": search, "page": page, "page_size": page_size},
        )

    def get_datasource(self, datasource_name: str) -> models.DataSourceDetail:
        """Read one platform with the form to connect it."""
        return self._caller.call(
            "GET", f"/api/v3/datasources/{in_path(datasource_name)}", models.DataSourceDetail
        )

    def list_recipes(
        self, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedRecipeList:
        """List the agency's recipes.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/recipes",
            models.PaginatedRecipeList,
            query={"page": page, "page_size": page_size},
        )

    def create_recipe(self, body: models.RecipeNew) -> models.RecipeDetail:
        """Create a recipe, with steps or without; nothing is built before it is activated.

        Permission: `transform.create`.
        """
        return self._caller.call("POST", "/api/v3/recipes", models.RecipeDetail, body=body)

    def get_recipe(self, recipe_id: int) -> models.RecipeDetail:
        """Read one recipe with its steps and the workspaces it is enabled in.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET", f"/api/v3/recipes/{in_path(recipe_id)}", models.RecipeDetail
        )

    def replace_recipe(self, recipe_id: int, body: models.RecipePut) -> models.RecipeDetail:
        """Set all of a recipe; steps that are not given stay. Tables change at the next activation.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "PUT", f"/api/v3/recipes/{in_path(recipe_id)}", models.RecipeDetail, body=body
        )

    def update_recipe(self, recipe_id: int, body: models.RecipePatch) -> models.RecipeDetail:
        """Change some of a recipe. Tables change at the next activation.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "PATCH", f"/api/v3/recipes/{in_path(recipe_id)}", models.RecipeDetail, body=body
        )

    def delete_recipe(self, recipe_id: int) -> None:
        """Delete a recipe and stop its builds; data tables that it built stay, with their rows.

        Permission: `transform.delete`.
        """
        self._caller.do("DELETE", f"/api/v3/recipes/{in_path(recipe_id)}")

    def list_recipe_steps(self, recipe_id: int) -> list[models.RecipeStep]:
        """List the steps of a recipe, in order.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET", f"/api/v3/recipes/{in_path(recipe_id)}/steps", list[models.RecipeStep]
        )

    def create_recipe_step(
        self,
        recipe_id: int,
        body: models.UnionStep
        | models.JoinStep
        | models.GroupByStep
        | models.ConditionalMappingStep
        | models.SqlStep,
    ) -> models.RecipeStep:
        """Add a step at the end of a recipe; the last step gives the data table's rows.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "POST", f"/api/v3/recipes/{in_path(recipe_id)}/steps", models.RecipeStep, body=body
        )

    def replace_recipe_step(
        self,
        recipe_id: int,
        step_id: int,
        body: models.UnionStep
        | models.JoinStep
        | models.GroupByStep
        | models.ConditionalMappingStep
        | models.SqlStep,
    ) -> models.RecipeStep:
        """Give a step another definition, even of another kind; it keeps its place.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "PUT",
            f"/api/v3/recipes/{in_path(recipe_id)}/steps/{in_path(step_id)}",
            models.RecipeStep,
            body=body,
        )

    def update_recipe_step(
        self, recipe_id: int, step_id: int, body: dict[str, Any]
    ) -> models.RecipeStep:
        """Change some members of a step; with another `kind`, only the name is kept of the old one.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "PATCH",
            f"/api/v3/recipes/{in_path(recipe_id)}/steps/{in_path(step_id)}",
            models.RecipeStep,
            body=body,
        )

    def delete_recipe_step(self, recipe_id: int, step_id: int) -> None:
        """Delete a step that no later step reads.

        Permission: `transform.edit`.
        """
        self._caller.do("DELETE", f"/api/v3/recipes/{in_path(recipe_id)}/steps/{in_path(step_id)}")

    def activate_recipe(self, recipe_id: int) -> models.RecipeDetail:
        """Make the steps as they are those that tables are built from, and build where it is enabled.

        Refused, naming the columns, if a table built before would lose some or change their types.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "POST", f"/api/v3/recipes/{in_path(recipe_id)}/activate", models.RecipeDetail
        )

    def deactivate_recipe(self, recipe_id: int) -> models.RecipeDetail:
        """Stop building; the tables that were built stay, with their rows.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "POST", f"/api/v3/recipes/{in_path(recipe_id)}/deactivate", models.RecipeDetail
        )

    def enable_recipe(self, workspace_id: int, body: models.EnableRecipeIn) -> models.EnabledRecipe:
        """Enable a recipe in a workspace; an active one builds its data table there at once.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/workspaces/{in_path(workspace_id)}/recipes",
            models.EnabledRecipe,
            body=body,
        )

    def get_workspace_recipe(self, workspace_id: int, recipe_id: int) -> models.WorkspaceRecipe:
        """Read what a recipe builds in a workspace, and how the last build went.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/workspaces/{in_path(workspace_id)}/recipes/{in_path(recipe_id)}",
            models.WorkspaceRecipe,
        )

    def disable_recipe(self, workspace_id: int, recipe_id: int) -> None:
        """Stop a recipe in a workspace; the data table that it built there stays, with its rows.

        Permission: `transform.edit`.
        """
        self._caller.do(
            "DELETE", f"/api/v3/workspaces/{in_path(workspace_id)}/recipes/{in_path(recipe_id)}"
        )

    def build_recipe(self, workspace_id: int, recipe_id: int) -> models.RecipeBuild:
        """Build the table of an active recipe in a workspace now.

        Permission: `transform.run`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/workspaces/{in_path(workspace_id)}/recipes/{in_path(recipe_id)}/build",
            models.RecipeBuild,
        )

    def list_recipe_runs(
        self,
        workspace_id: int,
        recipe_id: int,
        *,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedRunList:
        """List the builds of a recipe in a workspace, newest first.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/workspaces/{in_path(workspace_id)}/recipes/{in_path(recipe_id)}/runs",
            models.PaginatedRunList,
            query={"page": page, "page_size": page_size},
        )

    def list_audit_entries(
        self,
        *,
        page: int | None = None,
        page_size: int | None = None,
        action: str | None = None,
        user: str | None = None,
        object_type: str | None = None,
        object_id: str | None = None,
        outcome: models.Outcome | None = None,
        workspace_id: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> models.PaginatedAuditEntryList:
        """List privileged acts, newest first.

        With a workspace's token or cookie, those in the workspace; with Basic credentials of the
        agency's chief, those of the agency and all its workspaces.

        Permission: `workspace.manage_users`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/audit-log",
            models.PaginatedAuditEntryList,
            query={
                "page": page,
                "page_size": page_size,
                "action": action,
                "user": user,
                "object_type": object_type,
                "object_id": object_id,
                "outcome": outcome,
                "workspace_id": workspace_id,
                "since": since,
                "until": until,
            },
        )

    def get_iframe_url(self, body: models.IframeUrlIn) -> models.IframeUrl:
        """Create the URL of an iframe in which a customer connects data sources and destinations.

        It opens once, within 15 minutes. The session behind it has the rights of the user who made
        it, in this workspace and for this purpose alone. `show_account_selection=True` may be added
        to it.

        Permission: `connection.create`, or `connection.edit` with `connection_id`;
        `destination.create` or `destination.edit` with `destination_name`; `connection.view`
        without any name.
        """
        return self._caller.call("POST", "/api/v3/get_iframe_url", models.IframeUrl, body=body)

    def list_dashboards(self, workspace_id: int) -> list[models.Dashboard]:
        """List a workspace's dashboards: results, freshness of data, and health of its pipelines.

        Permission: `admin.view`.
        """
        return self._caller.call(
            "GET", f"/api/v3/workspaces/{in_path(workspace_id)}/dashboards", list[models.Dashboard]
        )

    def get_connector_settings(self, datasource_name: str) -> models.ConnectorSettings:
        """Read under which OAuth client customers authorise a data source; never its secret.

        Permission: `admin.manage_workspaces`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/connector-settings/{in_path(datasource_name)}",
            models.ConnectorSettings,
        )

    def put_connector_settings(
        self, datasource_name: str, body: models.ConnectorSettingsIn
    ) -> models.ConnectorSettings:
        """Set the agency's own OAuth client for a data source; its secret is sealed.

        Connections made before keep the client they were made with until they are reconnected.

        Permission: `admin.manage_workspaces`.
        """
        return self._caller.call(
            "PUT",
            f"/api/v3/connector-settings/{in_path(datasource_name)}",
            models.ConnectorSettings,
            body=body,
        )

    def delete_connector_settings(self, datasource_name: str) -> None:
        """Forget the agency's own OAuth client for a data source.

        Permission: `admin.manage_workspaces`.
        """
        self._caller.do("DELETE", f"/api/v3/connector-settings/{in_path(datasource_name)}")

    def get_branding(self) -> models.Branding:
        """Read how the agency's pages look.

        Permission: `admin.manage_workspaces`.
        """
        return self._caller.call("GET", "/api/v3/branding", models.Branding)

    def put_branding(self, body: models.BrandingIn) -> models.Branding:
        """Set how the agency's pages look: those in iframes, of its workspaces, and its console.

        Colours that buttons cannot be seen by are refused. Logos that are left out stay as they
        are.

        Permission: `admin.manage_workspaces`.
        """
        return self._caller.call("PUT", "/api/v3/branding", models.Branding, body=body)


class WorkspaceOperations:
    """What is called in a workspace, with its token."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list_extracts(
        self,
        *,
        connection_id: str | None = None,
        datasource_name: str | None = None,
        data_table_id: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedExtractList:
        """List the workspace's extracts.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/extracts",
            models.PaginatedExtractList,
            query={
                "connection_id": connection_id,
                "datasource_name": datasource_name,
                "data_table_id": data_table_id,
                "page": page,
                "page_size": page_size,
            },
        )

    def create_extracts_alias(self, body: models.ExtractIn) -> list[models.Extract]:
        """Create one extract for each account, all into one data table; their first runs start at
        once.

        Permission: `extract.create`.
        """
        return self._caller.call("POST", "/api/v3/extracts", list[models.Extract], body=body)

    def migrate_wide_extract(self, body: models.MigrateWideIn) -> models.ExtractMigration:
        """Give a wide extract other dimensions: a new extract into a new data table.

        The old extract is paused; its data table and rows stay. The source is asked whether the
        fields go together.

        Permission: `extract.create`.
        """
        return self._caller.call(
            "POST", "/api/v3/extracts/migrate-wide", models.ExtractMigration, body=body
        )

    def get_extract(self, extract_id: int) -> models.ExtractDetail:
        """Read one extract with its fields.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "GET", f"/api/v3/extracts/{in_path(extract_id)}", models.ExtractDetail
        )

    def replace_extract(self, extract_id: int, body: models.ExtractPut) -> models.ExtractDetail:
        """Set all settings of an extract; those left out go back to the template's.

        Permission: `extract.edit`.
        """
        return self._caller.call(
            "PUT", f"/api/v3/extracts/{in_path(extract_id)}", models.ExtractDetail, body=body
        )

    def update_extract(self, extract_id: int, body: models.ExtractPatch) -> models.ExtractDetail:
        """Change some settings of an extract.

        Permission: `extract.edit`.
        """
        return self._caller.call(
            "PATCH", f"/api/v3/extracts/{in_path(extract_id)}", models.ExtractDetail, body=body
        )

    def delete_extract(self, extract_id: int) -> None:
        """Delete an extract and stop its runs; its data table and rows stay.

        Permission: `extract.delete`.
        """
        self._caller.do("DELETE", f"/api/v3/extracts/{in_path(extract_id)}")

    def run_extract(
        self, extract_id: int, body: models.DateRangeIn | None = None
    ) -> models.ExtractDetail:
        """Start a run now, for the usual days or for a range.

        Permission: `extract.run`.
        """
        return self._caller.call(
            "POST", f"/api/v3/extracts/{in_path(extract_id)}/run", models.ExtractDetail, body=body
        )

    def pause_extract(self, extract_id: int) -> models.ExtractDetail:
        """Stop scheduled runs; one under way stops when its window is stored.

        Permission: `extract.edit`.
        """
        return self._caller.call(
            "POST", f"/api/v3/extracts/{in_path(extract_id)}/pause", models.ExtractDetail
        )

    def unpause_extract(self, extract_id: int) -> models.ExtractDetail:
        """Resume scheduled runs; one that was under way goes on at its next window.

        Permission: `extract.edit`.
        """
        return self._caller.call(
            "POST", f"/api/v3/extracts/{in_path(extract_id)}/unpause", models.ExtractDetail
        )

    def list_extract_runs(
        self, extract_id: int, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedRunList:
        """List the runs of an extract, newest first.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/extracts/{in_path(extract_id)}/runs",
            models.PaginatedRunList,
            query={"page": page, "page_size": page_size},
        )

    def delete_connection(self, connection_id: int) -> None:
        """Delete a connection: credentials are erased, accounts closed, extracts paused; data stays.

        Where a person granted the credentials by OAuth, the platform is asked to take them back.

        Permission: `connection.delete`.
        """
        self._caller.do("DELETE", f"/api/v3/connections/{in_path(connection_id)}")

    def reauthorize_connection(
        self, connection_id: int, body: models.ReauthorizeIn
    ) -> models.Connection:
        """Give a connection new credentials; they are checked first, and the old ones stay if refused.

        Permission: `connection.edit`.
        """
        return self._caller.call(
            "PUT", f"/api/v3/connections/{in_path(connection_id)}", models.Connection, body=body
        )

    def delete_connection_of_datasource(self, datasource_name: str, connection_id: int) -> None:
        """Delete a connection, named with its data source.

        Permission: `connection.delete`.
        """
        self._caller.do(
            "DELETE",
            f"/api/v3/datasources/{in_path(datasource_name)}/connections/{in_path(connection_id)}",
        )

    def list_members(
        self, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedMemberList:
        """List who works in the workspace, and as what.

        Permission: `workspace.manage_users`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/members",
            models.PaginatedMemberList,
            query={"page": page, "page_size": page_size},
        )

    def add_member(self, body: models.MemberIn) -> models.Member:
        """Give a user of the agency a role in the workspace, if it allows no more than one's own.

        Permission: `workspace.manage_users`.
        """
        return self._caller.call("POST", "/api/v3/members", models.Member, body=body)

    def change_member(self, user_id: int, body: models.MemberRoleIn) -> models.Member:
        """Give a member another role; it binds their next request.

        Permission: `workspace.manage_users`.
        """
        return self._caller.call(
            "PUT", f"/api/v3/members/{in_path(user_id)}", models.Member, body=body
        )

    def remove_member(self, user_id: int) -> None:
        """Take a member out of the workspace; their tokens for it end at once.

        Permission: `workspace.manage_users`.
        """
        self._caller.do("DELETE", f"/api/v3/members/{in_path(user_id)}")

    def list_member_roles(self) -> list[models.MemberRole]:
        """List the roles that one can give: those that allow no more than one's own.

        Permission: `workspace.manage_users`.
        """
        return self._caller.call("GET", "/api/v3/member-roles", list[models.MemberRole])

    def list_datasources(
        self,
        *,
        category: list[str] | None = None,
        search: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedDataSourceList:
        """List the platforms that can be connected."""
        return self._caller.call(
            "GET",
            "/api/v3/datasources",
            models.PaginatedDataSourceList,
            query={"category": category, "search": search, "page": page, "page_size": page_size},
        )

    def get_datasource(self, datasource_name: str) -> models.DataSourceDetail:
        """Read one platform with the form to connect it."""
        return self._caller.call(
            "GET", f"/api/v3/datasources/{in_path(datasource_name)}", models.DataSourceDetail
        )

    def list_connections(
        self, datasource_name: str, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedConnectionsList:
        """List the workspace's connections to one data source.

        Permission: `connection.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/datasources/{in_path(datasource_name)}/connections",
            models.PaginatedConnectionsList,
            query={"page": page, "page_size": page_size},
        )

    def create_connection(
        self, datasource_name: str, body: models.ConnectionIn
    ) -> models.Connection:
        """Connect a data source with credentials; they are checked at once and stored sealed.

        Permission: `connection.create`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/datasources/{in_path(datasource_name)}/connections",
            models.Connection,
            body=body,
        )

    def check_connection(self, connection_id: int) -> models.Connection:
        """Ask the data source whether the credentials still work; the answer is in `status`.

        Permission: `connection.edit`.
        """
        return self._caller.call(
            "POST", f"/api/v3/connections/{in_path(connection_id)}/check", models.Connection
        )

    def refresh_accounts(self, connection_id: int) -> models.Connection:
        """Start reading the data source's list of accounts anew.

        Permission: `connection.edit`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/connections/{in_path(connection_id)}/accounts/refresh",
            models.Connection,
        )

    def list_accounts(
        self,
        connection_id: int,
        *,
        is_active: bool | None = None,
        enabled_for_embedded_extraction: bool | None = None,
        search: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedAccountList:
        """List a connection's accounts.

        Permission: `connection.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/connections/{in_path(connection_id)}/accounts",
            models.PaginatedAccountList,
            query={
                "is_active": is_active,
                "enabled_for_embedded_extraction": enabled_for_embedded_extraction,
                "search": search,
                "page": page,
                "page_size": page_size,
            },
        )

    def update_accounts(
        self, connection_id: int, body: models.AccountsPatch
    ) -> list[models.Account]:
        """Enable or disable several accounts for extraction: all of them, or none on any error.

        Permission: `connection.edit`.
        """
        return self._caller.call(
            "PATCH",
            f"/api/v3/connections/{in_path(connection_id)}/accounts",
            list[models.Account],
            body=body,
        )

    def update_account(
        self, connection_id: int, account_id: int, body: models.AccountPatch
    ) -> models.Account:
        """Enable or disable one account for extraction.

        Permission: `connection.edit`.
        """
        return self._caller.call(
            "PATCH",
            f"/api/v3/connections/{in_path(connection_id)}/accounts/{in_path(account_id)}",
            models.Account,
            body=body,
        )

    def list_templates(
        self,
        datasource_name: str,
        *,
        search: str | None = None,
        type: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedExtractTemplateList:
        """List the templates of a data source.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/datasources/{in_path(datasource_name)}/extract-templates",
            models.PaginatedExtractTemplateList,
            query={"search": search, "type": type, "page": page, "page_size": page_size},
        )

    def create_template(
        self, datasource_name: str, body: models.TemplateIn
    ) -> models.ExtractTemplate:
        """Create a template of the agency from a global one.

        With a wide parent the fields are checked with the data source for `connection_id`.

        Permission: `extract.create`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/datasources/{in_path(datasource_name)}/extract-templates",
            models.ExtractTemplate,
            body=body,
        )

    def get_template(self, datasource_name: str, template_id: int) -> models.ExtractTemplateDetail:
        """Read one template with its fields and custom settings.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/datasources/{in_path(datasource_name)}/extract-templates/{in_path(template_id)}",
            models.ExtractTemplateDetail,
        )

    def update_template(
        self, datasource_name: str, template_id: int, body: models.TemplatePatch
    ) -> models.ExtractTemplateDetail:
        """Rename or describe a template of the agency.

        Permission: `extract.edit`.
        """
        return self._caller.call(
            "PATCH",
            f"/api/v3/datasources/{in_path(datasource_name)}/extract-templates/{in_path(template_id)}",
            models.ExtractTemplateDetail,
            body=body,
        )

    def delete_template(self, datasource_name: str, template_id: int) -> None:
        """Offer a template of the agency no more; extracts made from it go on.

        Permission: `extract.delete`.
        """
        self._caller.do(
            "DELETE",
            f"/api/v3/datasources/{in_path(datasource_name)}/extract-templates/{in_path(template_id)}",
        )

    def get_template_compact(self, template_id: int) -> models.ExtractTemplateCompact:
        """Read the little one needs to tell templates apart.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/extract-template/{in_path(template_id)}/",
            models.ExtractTemplateCompact,
        )

    def preview_template(
        self, template_id: int, body: models.PreviewIn
    ) -> models.ExtractTemplatePreview:
        """Read some real rows as an extract with these choices would store them; nothing is stored.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/extract-template/{in_path(template_id)}/preview/",
            models.ExtractTemplatePreview,
            body=body,
        )

    def validate_template(
        self, template_id: int, body: models.ValidationIn
    ) -> models.ExtractTemplateValidation:
        """Say whether an extract of these accounts with these settings would work.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/extract-template/{in_path(template_id)}/validation/",
            models.ExtractTemplateValidation,
            body=body,
        )

    def load_custom_setting_options(
        self, datasource_name: str, body: models.OptionsIn
    ) -> models.CustomSettingOptionsResponse:
        """Load the options of a custom setting for some accounts, searched and in pages.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/datasources/{in_path(datasource_name)}/custom_setting_options/",
            models.CustomSettingOptionsResponse,
            body=body,
        )

    def list_data_tables(
        self,
        *,
        datasource_name: str | None = None,
        search: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedDataTableList:
        """List the workspace's data tables.

        Permission: `data_table.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/data-tables",
            models.PaginatedDataTableList,
            query={
                "datasource_name": datasource_name,
                "search": search,
                "page": page,
                "page_size": page_size,
            },
        )

    def get_data_table(self, data_table_id: int) -> models.DataTableDetail:
        """Read one data table with its whole schema.

        Permission: `data_table.view`.
        """
        return self._caller.call(
            "GET", f"/api/v3/data-tables/{in_path(data_table_id)}", models.DataTableDetail
        )

    def update_data_table(
        self, data_table_id: int, body: models.DataTableIn
    ) -> models.DataTableDetail:
        """Choose the fields that every load of the table delivers; those not listed are deselected.

        Permission: `data_table.edit`.
        """
        return self._caller.call(
            "PUT",
            f"/api/v3/data-tables/{in_path(data_table_id)}",
            models.DataTableDetail,
            body=body,
        )

    def get_rows(
        self, data_table_id: int, *, limit: int | None = None, page: int | None = None
    ) -> models.Rows:
        """Read a page of the table's rows, by account and day.

        Permission: `data_table.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/data-tables/{in_path(data_table_id)}/rows",
            models.Rows,
            query={"limit": limit, "page": page},
        )

    def get_coverage(self, data_table_id: int) -> list[models.AccountCoverage]:
        """Read which days of each account were read, and with what outcome.

        Permission: `data_table.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/data-tables/{in_path(data_table_id)}/coverage",
            list[models.AccountCoverage],
        )

    def get_freshness(self, data_table_id: int) -> list[models.AccountFreshness]:
        """Read how fresh each account of the table is, and what is missing of it.

        Permission: `data_table.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/data-tables/{in_path(data_table_id)}/freshness",
            list[models.AccountFreshness],
        )

    def list_schema_changes(
        self, data_table_id: int, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedSchemaChangeList:
        """List what became of the table's columns, newest first.

        Permission: `data_table.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/data-tables/{in_path(data_table_id)}/schema_changes",
            models.PaginatedSchemaChangeList,
            query={"page": page, "page_size": page_size},
        )

    def list_destinations(
        self, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedDestinationList:
        """List the kinds of places that loads can deliver to, with the form to connect each.

        Permission: `destination.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/destinations",
            models.PaginatedDestinationList,
            query={"page": page, "page_size": page_size},
        )

    def list_destination_connections(
        self, destination_name: str, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedDestinationConnectionList:
        """List the workspace's connections to one destination.

        Permission: `destination.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/destinations/{in_path(destination_name)}/connections",
            models.PaginatedDestinationConnectionList,
            query={"page": page, "page_size": page_size},
        )

    def create_destination_connection(
        self, destination_name: str, body: models.DestinationConnectionIn
    ) -> models.DestinationConnection:
        """Connect a destination. It is checked in the background: `status` tells how that went.

        Permission: `destination.create`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/destinations/{in_path(destination_name)}/connections",
            models.DestinationConnection,
            body=body,
        )

    def get_destination_connection(
        self, destination_name: str, connection_id: str
    ) -> models.DestinationConnectionDetail:
        """Read one destination connection and its parameters, secrets masked.

        Permission: `destination.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/destinations/{in_path(destination_name)}/connections/{in_path(connection_id)}",
            models.DestinationConnectionDetail,
        )

    def update_destination_connection(
        self, destination_name: str, connection_id: str, body: models.DestinationConnectionPatch
    ) -> models.DestinationConnection:
        """Rename a destination connection, or choose whether new data tables are loaded into it.

        Permission: `destination.edit`.
        """
        return self._caller.call(
            "PATCH",
            f"/api/v3/destinations/{in_path(destination_name)}/connections/{in_path(connection_id)}",
            models.DestinationConnection,
            body=body,
        )

    def reauthorize_destination_connection(
        self, destination_name: str, connection_id: str, body: models.DestinationReauthorizeIn
    ) -> models.DestinationConnection:
        """Give a destination connection new parameters; they are checked as at creation.

        Permission: `destination.edit`.
        """
        return self._caller.call(
            "PUT",
            f"/api/v3/destinations/{in_path(destination_name)}/connections/{in_path(connection_id)}",
            models.DestinationConnection,
            body=body,
        )

    def recheck_destination_connection(
        self, destination_name: str, connection_id: str
    ) -> models.DestinationConnection:
        """Check again whether a destination can be written to.

        Permission: `destination.edit`.
        """
        return self._caller.call(
            "PUT",
            f"/api/v3/destinations/{in_path(destination_name)}/connections/{in_path(connection_id)}/recheck",
            models.DestinationConnection,
        )

    def list_loads(
        self,
        *,
        data_table_id: int | None = None,
        destination_connection_id: str | None = None,
        destination_name: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedLoadList:
        """List the workspace's loads.

        Permission: `load.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/loads",
            models.PaginatedLoadList,
            query={
                "data_table_id": data_table_id,
                "destination_connection_id": destination_connection_id,
                "destination_name": destination_name,
                "page": page,
                "page_size": page_size,
            },
        )

    def create_load(self, body: models.LoadIn) -> models.Load:
        """Create a load of a data table into a table of a destination.

        Permission: `load.create`.
        """
        return self._caller.call("POST", "/api/v3/loads", models.Load, body=body)

    def get_load(self, load_id: int) -> models.Load:
        """Read one load.

        Permission: `load.view`.
        """
        return self._caller.call("GET", f"/api/v3/loads/{in_path(load_id)}", models.Load)

    def update_load(self, load_id: int, body: models.LoadPut) -> models.Load:
        """Change what makes a load run.

        Permission: `load.edit`.
        """
        return self._caller.call("PUT", f"/api/v3/loads/{in_path(load_id)}", models.Load, body=body)

    def delete_load(self, load_id: int) -> None:
        """Delete a load; what it delivered stays at the destination.

        Permission: `load.delete`.
        """
        self._caller.do("DELETE", f"/api/v3/loads/{in_path(load_id)}")

    def pause_load(self, load_id: int) -> models.Load:
        """Stop a load from running by itself; one under way stops when its unit is written.

        Permission: `load.edit`.
        """
        return self._caller.call("PUT", f"/api/v3/loads/{in_path(load_id)}/pause", models.Load)

    def unpause_load(self, load_id: int) -> models.Load:
        """Let a load run by itself again; a run that was under way goes on.

        Permission: `load.edit`.
        """
        return self._caller.call("PUT", f"/api/v3/loads/{in_path(load_id)}/unpause", models.Load)

    def run_load(self, load_id: int, body: models.LoadRunIn | None = None) -> models.Load:
        """Run a load now: what changed since the last delivery, or exactly the days given, anew.

        Permission: `load.run`.
        """
        return self._caller.call(
            "PUT", f"/api/v3/loads/{in_path(load_id)}/run", models.Load, body=body
        )

    def list_load_runs(
        self, load_id: int, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedRunList:
        """List the executions of a load, newest first.

        Permission: `load.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/loads/{in_path(load_id)}/runs",
            models.PaginatedRunList,
            query={"page": page, "page_size": page_size},
        )

    def list_automated_recipe_templates(
        self,
        *,
        search: str | None = None,
        data_sources: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedAutomatedRecipeTemplateList:
        """List what automated recipes can be made from.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/automated-recipe-templates",
            models.PaginatedAutomatedRecipeTemplateList,
            query={
                "search": search,
                "data_sources": data_sources,
                "page": page,
                "page_size": page_size,
            },
        )

    def get_automated_recipe_template(
        self, recipe_template_id: int
    ) -> models.AutomatedRecipeTemplateDetail:
        """Read one template with the templates it is built on.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/automated-recipe-templates/{in_path(recipe_template_id)}",
            models.AutomatedRecipeTemplateDetail,
        )

    def list_automated_recipes(
        self,
        *,
        template_id: str | None = None,
        state: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedAutomatedRecipeList:
        """List the workspace's automated recipes.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/automated-recipes",
            models.PaginatedAutomatedRecipeList,
            query={
                "template_id": template_id,
                "state": state,
                "page": page,
                "page_size": page_size,
            },
        )

    def create_automated_recipe(
        self, body: models.AutomatedRecipeCreateRequest
    ) -> models.AutomatedRecipeCreateResponse:
        """Create a recipe and the extracts it needs; its table is built when they have ended.

        Extracts that read the same already are used, not made again. To make extracts takes the
        permission `extract.create`.

        Permission: `transform.create`.
        """
        return self._caller.call(
            "POST", "/api/v3/automated-recipes", models.AutomatedRecipeCreateResponse, body=body
        )

    def get_automated_recipe(self, automated_recipe_id: int) -> models.AutomatedRecipeDetail:
        """Read one automated recipe: what it reads, where it stands, what it built.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/automated-recipes/{in_path(automated_recipe_id)}",
            models.AutomatedRecipeDetail,
        )

    def update_automated_recipe(
        self, automated_recipe_id: int, body: models.AutomatedRecipeUpdateRequest
    ) -> models.AutomatedRecipeDetail:
        """Choose data sources, accounts, first day and trigger anew; what is left out stays.

        Accounts that come are extracted; rows of those that go leave the table at the next build.

        Permission: `transform.edit`.
        """
        return self._caller.call(
            "PUT",
            f"/api/v3/automated-recipes/{in_path(automated_recipe_id)}",
            models.AutomatedRecipeDetail,
            body=body,
        )

    def delete_automated_recipe(self, automated_recipe_id: int) -> None:
        """Delete a recipe and stop its builds; its data table stays, extracts made for it are paused.

        Permission: `transform.delete`.
        """
        self._caller.do("DELETE", f"/api/v3/automated-recipes/{in_path(automated_recipe_id)}")

    def build_automated_recipe(
        self, automated_recipe_id: int
    ) -> models.AutomatedRecipeBuildResponse:
        """Build the table now, from what was extracted so far.

        Permission: `transform.run`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/automated-recipes/{in_path(automated_recipe_id)}/build",
            models.AutomatedRecipeBuildResponse,
        )

    def list_automated_recipe_runs(
        self, automated_recipe_id: int, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedRunList:
        """List the builds of an automated recipe, newest first.

        Permission: `transform.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/automated-recipes/{in_path(automated_recipe_id)}/runs",
            models.PaginatedRunList,
            query={"page": page, "page_size": page_size},
        )

    def list_runs(
        self,
        *,
        kind: str | None = None,
        subject_id: str | None = None,
        status: str | None = None,
        trigger: str | None = None,
        error_class: str | None = None,
        created_since: str | None = None,
        created_until: str | None = None,
        finished_since: str | None = None,
        finished_until: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.PaginatedRunList:
        """List the runs of the workspace, newest first.

        Permission: `extract.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/runs",
            models.PaginatedRunList,
            query={
                "kind": kind,
                "subject_id": subject_id,
                "status": status,
                "trigger": trigger,
                "error_class": error_class,
                "created_since": created_since,
                "created_until": created_until,
                "finished_since": finished_since,
                "finished_until": finished_until,
                "page": page,
                "page_size": page_size,
            },
        )

    def replay_runs(self, body: models.ReplayIn) -> models.Replay:
        """Do failed runs again, at most a hundred at a time: of each thing its last run, if it failed.

        Permission: `extract.run`.
        """
        return self._caller.call("POST", "/api/v3/runs/replay", models.Replay, body=body)

    def get_run(self, run_id: int) -> models.RunDetail:
        """Read one run with its windows and attempts.

        Permission: `extract.view`.
        """
        return self._caller.call("GET", f"/api/v3/runs/{in_path(run_id)}", models.RunDetail)

    def cancel_run(self, run_id: int) -> models.RunDetail:
        """Cancel a run; what it stored stays. A worker at it stops within seconds.

        Permission: `extract.run`.
        """
        return self._caller.call("POST", f"/api/v3/runs/{in_path(run_id)}/cancel", models.RunDetail)

    def retry_run(self, run_id: int) -> models.RunDetail:
        """Do a failed or cancelled run again, for the same days, as a new run.

        Permission: `extract.run`.
        """
        return self._caller.call("POST", f"/api/v3/runs/{in_path(run_id)}/retry", models.RunDetail)

    def list_audit_entries(
        self,
        *,
        page: int | None = None,
        page_size: int | None = None,
        action: str | None = None,
        user: str | None = None,
        object_type: str | None = None,
        object_id: str | None = None,
        outcome: models.Outcome | None = None,
        workspace_id: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> models.PaginatedAuditEntryList:
        """List privileged acts, newest first.

        With a workspace's token or cookie, those in the workspace; with Basic credentials of the
        agency's chief, those of the agency and all its workspaces.

        Permission: `workspace.manage_users`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/audit-log",
            models.PaginatedAuditEntryList,
            query={
                "page": page,
                "page_size": page_size,
                "action": action,
                "user": user,
                "object_type": object_type,
                "object_id": object_id,
                "outcome": outcome,
                "workspace_id": workspace_id,
                "since": since,
                "until": until,
            },
        )

    def list_webhook_endpoints(self) -> list[models.WebhookEndpointListItem]:
        """List the workspace's webhook endpoints: an array, or a page to who asks for one.

        Permission: `webhook.view`.
        """
        return self._caller.call(
            "GET", "/api/v3/webhook_endpoints/", list[models.WebhookEndpointListItem]
        )

    def create_webhook_endpoint(
        self, body: models.WebhookEndpointCreateRequest
    ) -> models.WebhookEndpointDetail:
        """Register a receiver. It gets a secret at once, and deliveries when it has been verified.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "POST", "/api/v3/webhook_endpoints/", models.WebhookEndpointDetail, body=body
        )

    def get_webhook_endpoint(self, endpoint_id: int) -> models.WebhookEndpointDetail:
        """Read a webhook endpoint with its secret and subscriptions.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/webhook_endpoints/{in_path(endpoint_id)}/",
            models.WebhookEndpointDetail,
        )

    def update_webhook_endpoint(
        self, endpoint_id: int, body: models.WebhookEndpointUpdateRequest
    ) -> models.WebhookEndpointDetail:
        """Change an endpoint's URL, which has to be verified anew, or its event types.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "PATCH",
            f"/api/v3/webhook_endpoints/{in_path(endpoint_id)}/",
            models.WebhookEndpointDetail,
            body=body,
        )

    def delete_webhook_endpoint(self, endpoint_id: int) -> None:
        """Delete an endpoint, its subscriptions and its deliveries, queued ones among them.

        Permission: `webhook.manage`.
        """
        self._caller.do("DELETE", f"/api/v3/webhook_endpoints/{in_path(endpoint_id)}/")

    def verify_webhook_endpoint(self, endpoint_id: int) -> models.WebhookEndpointDetail:
        """Challenge the receiver by GET; it becomes active if it answers 200 and the challenge.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/webhook_endpoints/{in_path(endpoint_id)}/verify/",
            models.WebhookEndpointDetail,
        )

    def regenerate_webhook_secret(
        self, endpoint_id: int, body: models.RegenerateSecretRequest | None = None
    ) -> models.WebhookEndpointDetail:
        """Replace the secret. Without a grace the old one is dead at once, the endpoint unverified.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/webhook_endpoints/{in_path(endpoint_id)}/regenerate_secret/",
            models.WebhookEndpointDetail,
            body=body,
        )

    def try_webhook_endpoint(
        self, endpoint_id: int, body: models.TryRequest | None = None
    ) -> models.WebhookDeliveryDetail:
        """Send the sample of an event type to an active endpoint; the delivery shows how that went.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/webhook_endpoints/{in_path(endpoint_id)}/test/",
            models.WebhookDeliveryDetail,
            body=body,
        )

    def replay_webhook_deliveries(
        self, endpoint_id: int, body: models.ReplayRequest
    ) -> models.ReplayAnswer:
        """Send the events of a range once more, with the same keys: those that failed, or all.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/webhook_endpoints/{in_path(endpoint_id)}/replay/",
            models.ReplayAnswer,
            body=body,
        )

    def list_webhook_event_types(self) -> list[models.WebhookEventType]:
        """List what happens that endpoints can hear of, each with a JSON Schema and a sample.

        Permission: `webhook.view`.
        """
        return self._caller.call(
            "GET", "/api/v3/webhook_event_types/", list[models.WebhookEventType]
        )

    def list_webhook_deliveries(
        self,
        *,
        page: int | None = None,
        page_size: int | None = None,
        endpoint_id: int | None = None,
        status: str | None = None,
        event_type: str | None = None,
        since: str | None = None,
        until: str | None = None,
        before: int | None = None,
    ) -> models.DeliveryPage:
        """List deliveries, newest first. Follow `next`; `page` is ignored, for the log is long.

        Permission: `webhook.view`.
        """
        return self._caller.call(
            "GET",
            "/api/v3/webhook_deliveries",
            models.DeliveryPage,
            query={
                "page": page,
                "page_size": page_size,
                "endpoint_id": endpoint_id,
                "status": status,
                "event_type": event_type,
                "since": since,
                "until": until,
                "before": before,
            },
        )

    def get_webhook_delivery(self, delivery_id: int) -> models.WebhookDeliveryDetail:
        """Read a delivery with every attempt at it, and the body that is sent.

        Permission: `webhook.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/webhook_deliveries/{in_path(delivery_id)}",
            models.WebhookDeliveryDetail,
        )

    def redeliver_webhook_delivery(self, delivery_id: int) -> models.WebhookDeliveryDetail:
        """Send a delivery once more, with the same key and the same bytes.

        Permission: `webhook.manage`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/webhook_deliveries/{in_path(delivery_id)}/redeliver",
            models.WebhookDeliveryDetail,
        )

    def get_iframe_url(self, body: models.IframeUrlIn) -> models.IframeUrl:
        """Create the URL of an iframe in which a customer connects data sources and destinations.

        It opens once, within 15 minutes. The session behind it has the rights of the user who made
        it, in this workspace and for this purpose alone. `show_account_selection=True` may be added
        to it.

        Permission: `connection.create`, or `connection.edit` with `connection_id`;
        `destination.create` or `destination.edit` with `destination_name`; `connection.view`
        without any name.
        """
        return self._caller.call("POST", "/api/v3/get_iframe_url", models.IframeUrl, body=body)

    def get_embed_session(self) -> models.EmbedSession:
        """Read what the iframe whose session this is was opened for."""
        return self._caller.call("GET", "/api/v3/embed/session", models.EmbedSession)

    def create_external_auth_links(
        self, datasource_name: str, body: models.ExternalAuthLinksIn
    ) -> list[models.ExternalAuthLink]:
        """Ask people outside for the credentials of a data source: a link of one use for each.

        A link lives 14 days, ends with its first use, and stands on the rights of the user who made
        it. Its `url` is in this answer alone. Mails are sent after the answer; `mail_status` says
        how.

        Permission: `connection.create`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/datasources/{in_path(datasource_name)}/external-auth-links",
            list[models.ExternalAuthLink],
            body=body,
        )

    def list_external_auth_links(
        self, datasource_name: str, *, page: int | None = None, page_size: int | None = None
    ) -> models.PaginatedExternalAuthLinkList:
        """List the links of one data source; those of no use vanish two weeks after their last
        activity.

        Permission: `connection.create`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/datasources/{in_path(datasource_name)}/external-auth-links",
            models.PaginatedExternalAuthLinkList,
            query={"page": page, "page_size": page_size},
        )

    def revoke_external_auth_link(
        self, datasource_name: str, link_id: str
    ) -> models.ExternalAuthLink:
        """Make a pending link worthless.

        Permission: `connection.create`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/datasources/{in_path(datasource_name)}/external-auth-links/{in_path(link_id)}/revoke",
            models.ExternalAuthLink,
        )

    def get_performance_dashboard(
        self,
        workspace_id: int,
        *,
        period: models.Period | None = None,
        date_from: str | None = None,
        date_to: str | None = None,
        compare: models.Comparison | None = None,
        channel: list[str] | None = None,
        account: list[str] | None = None,
        currency: str | None = None,
        sort: models.Metric | None = None,
        descending: bool | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.Performance:
        """Read what advertising cost and brought: totals, by day, by channel and by campaign.

        The workspace is that of the credentials. Figures are of one currency; `currencies` names
        all.

        Permission: `dashboard.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/workspaces/{in_path(workspace_id)}/dashboards/performance",
            models.Performance,
            query={
                "period": period,
                "date_from": date_from,
                "date_to": date_to,
                "compare": compare,
                "channel": channel,
                "account": account,
                "currency": currency,
                "sort": sort,
                "descending": descending,
                "page": page,
                "page_size": page_size,
            },
        )

    def get_freshness_dashboard(
        self,
        workspace_id: int,
        *,
        period: models.Period | None = None,
        date_from: str | None = None,
        date_to: str | None = None,
        compare: models.Comparison | None = None,
        channel: list[str] | None = None,
        account: list[str] | None = None,
        currency: str | None = None,
        sort: models.Metric | None = None,
        descending: bool | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> models.Freshness:
        """Read which days of each data table are there, complete or not, and which are missing.

        The workspace is that of the credentials. Of the filters the period matters, at most its
        last three months; of the order the page.

        Permission: `dashboard.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/workspaces/{in_path(workspace_id)}/dashboards/freshness",
            models.Freshness,
            query={
                "period": period,
                "date_from": date_from,
                "date_to": date_to,
                "compare": compare,
                "channel": channel,
                "account": account,
                "currency": currency,
                "sort": sort,
                "descending": descending,
                "page": page,
                "page_size": page_size,
            },
        )

    def get_pipeline_health_dashboard(
        self,
        workspace_id: int,
        *,
        period: models.Period | None = None,
        date_from: str | None = None,
        date_to: str | None = None,
        compare: models.Comparison | None = None,
        channel: list[str] | None = None,
        account: list[str] | None = None,
        currency: str | None = None,
    ) -> models.PipelineHealth:
        """Read what works and what does not: connections, extracts, loads, rows moved, the queue.

        The workspace is that of the credentials. Of the filters the period matters, for rows moved.

        Permission: `dashboard.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/workspaces/{in_path(workspace_id)}/dashboards/pipeline_health",
            models.PipelineHealth,
            query={
                "period": period,
                "date_from": date_from,
                "date_to": date_to,
                "compare": compare,
                "channel": channel,
                "account": account,
                "currency": currency,
            },
        )

    def export_dashboard(
        self,
        workspace_id: int,
        data_name: models.DataName,
        *,
        format: models.Form | None = None,
        part: models.Part | None = None,
        period: models.Period | None = None,
        date_from: str | None = None,
        date_to: str | None = None,
        compare: models.Comparison | None = None,
        channel: list[str] | None = None,
        account: list[str] | None = None,
        currency: str | None = None,
    ) -> dict[str, Any]:
        """Export the figures of a dashboard as a file: as JSON all of them, as CSV its main table.

        The workspace is that of the credentials.

        Permission: `dashboard.view`.
        """
        return self._caller.call(
            "GET",
            f"/api/v3/workspaces/{in_path(workspace_id)}/dashboards/{in_path(data_name)}/export",
            dict[str, Any],
            query={
                "format": format,
                "part": part,
                "period": period,
                "date_from": date_from,
                "date_to": date_to,
                "compare": compare,
                "channel": channel,
                "account": account,
                "currency": currency,
            },
        )

    def create_dashboard_image_link(
        self, workspace_id: int, data_name: models.DataName, body: models.PictureLinkIn
    ) -> models.PictureLink:
        """Make a link to a picture of one of a dashboard's charts, for mails and reports.

        Whoever has the link sees the picture as it is when they look, without signing in, and can
        ask for nothing else. It is good until it expires, its maker loses the right to see the
        dashboard, or the workspace's links are ended. The workspace is that of the credentials.

        Permission: `dashboard.create`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/workspaces/{in_path(workspace_id)}/dashboards/{in_path(data_name)}/image-links",
            models.PictureLink,
            body=body,
        )

    def end_dashboard_image_links(self, workspace_id: int) -> None:
        """End all links to pictures of the workspace's dashboards, at once.

        The workspace is that of the credentials.

        Permission: `dashboard.delete`.
        """
        self._caller.do(
            "DELETE", f"/api/v3/workspaces/{in_path(workspace_id)}/dashboards/image-links"
        )

    def begin_authorization(
        self, datasource_name: str, body: models.AuthorizationIn
    ) -> models.AuthorizationBegun:
        """Begin to connect a data source by OAuth: send the person's browser to `authorize_url`.

        They come back to a page of this server, which names the workspace and asks for a click;
        then the connection is there. It works once, within ten minutes.

        Permission: `connection.create`, or `connection.edit` with `connection_id`.
        """
        return self._caller.call(
            "POST",
            f"/api/v3/datasources/{in_path(datasource_name)}/authorizations",
            models.AuthorizationBegun,
            body=body,
        )

    def get_authorization(self, authorization_id: str) -> models.Authorization:
        """Read how far an authorization is, and what came of it.

        Permission: `connection.view`.
        """
        return self._caller.call(
            "GET", f"/api/v3/authorizations/{in_path(authorization_id)}", models.Authorization
        )

    def create_extracts(self, body: models.ExtractIn) -> list[models.Extract]:
        """Create one extract for each account, all into one data table; their first runs start at
        once.

        Permission: `extract.create`.
        """
        return self._caller.call("POST", "/api/v3.1/extracts/", list[models.Extract], body=body)
