"""The templates of automated recipes: what there is, and what is built on what."""

import pytest

from fakes.callers import WorkspaceFake

PATH = "/api/v3/automated-recipe-templates"


def test_templates_say_what_they_take(workspace: WorkspaceFake) -> None:
    page = workspace.get(PATH)
    assert page["count"] == 3
    assert [one["id"] for one in page["results"]] == [1, 2, 3]
    paid, totals, fresh = page["results"]
    assert paid["title"] == "Paid media performance"
    names = [source["name"] for source in paid["data_sources"]]
    assert {"demo_ads", "facebook"} <= set(names)
    assert "file_import" not in names
    assert totals["data_sources"] == paid["data_sources"]
    assert "file_import" in [source["name"] for source in fresh["data_sources"]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"search": "TOTALS"}, [2]),
        ({"data_sources": "file_import"}, [3]),
        ({"data_sources": "file_import,facebook"}, [1, 2, 3]),
        ({"data_sources": "nothing"}, []),
        ({"search": "media", "data_sources": "demo_ads"}, [1]),
        ({"page_size": 2, "page": 2}, [3]),
    ],
)
def test_templates_are_found(workspace: WorkspaceFake, query: dict, ids: list[int]) -> None:
    assert [one["id"] for one in workspace.get(PATH, **query)["results"]] == ids


def test_a_template_shows_what_it_is_built_on(workspace: WorkspaceFake) -> None:
    detail = workspace.get(f"{PATH}/2")
    assert detail["dependencies_count"] == 1
    assert detail["tree_structure"]["nodes"] == [
        {"id": 2, "title": "Daily account totals", "level": 0},
        {"id": 1, "title": "Paid media performance", "level": 1, "parent_id": 2},
    ]
    alone = workspace.get(f"{PATH}/1")
    assert alone["dependencies_count"] == 0
    assert [node["level"] for node in alone["tree_structure"]["nodes"]] == [0]
    assert workspace.call("GET", f"{PATH}/4").status_code == 404
