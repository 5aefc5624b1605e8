"""Extract templates through the API."""

from fakes.callers import WorkspaceFake
from headrace.connectors.contract import SYSTEM_FIELDS
from headrace.connectors.registry import connectors


def test_global_templates_are_those_the_connectors_declare(workspace: WorkspaceFake) -> None:
    for name, connector in connectors().items():
        path = f"/api/v3/datasources/{name}/extract-templates/"
        listed = workspace.get(path)["results"]
        declared = [item.title for item in connector.spec.templates]
        assert sorted(item["title"] for item in listed) == sorted(declared)
        for item in listed:
            detail = workspace.get(f"{path}{item['id']}")
            names = [field["name"] for field in detail["fields"]]
            assert not set(names) & set(SYSTEM_FIELDS)
            assert len({field["sql_name"] for field in detail["fields"]}) == len(names)
            assert detail["is_global"] is True
            compact = workspace.get(f"/api/v3/extract-template/{item['id']}/")
            assert compact == {
                "id": item["id"],
                "datasource_name": name,
                "is_wide_template": item["is_wide_template"],
            }


def test_facebook_offers_five_templates_and_a_wide_one(workspace: WorkspaceFake) -> None:
    listed = workspace.get("/api/v3/datasources/facebook/extract-templates")["results"]
    assert len(listed) >= 5
    assert [item["is_wide_template"] for item in listed].count(True) == 1


def test_filters_and_unknown_ids(workspace: WorkspaceFake) -> None:
    path = "/api/v3/datasources/facebook/extract-templates"
    assert workspace.get(f"{path}?type=custom")["count"] == 0
    assert workspace.get(f"{path}?type=global&search=campaign")["count"] >= 1
    assert workspace.call("GET", f"{path}?type=x").status_code == 400
    other = workspace.get("/api/v3/datasources/demo_ads/extract-templates")["results"][0]["id"]
    for wrong in (f"{path}/{other}", f"{path}/{2**53}", f"/api/v3/extract-template/{2**53}/"):
        assert workspace.call("GET", wrong).status_code == 404
