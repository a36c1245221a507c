"""The description of the API is valid, and the API does what it says: to a validator, and to a hostile caller."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from kb.backends import Backend
from kb.types import FACETS, Query
from web.api.operations import OPERATIONS

#: One call of each operation that finds something; {id}: some practice, {organisation}: one of its organisations.
CALLS = {
    "/search": "/api/v1/search?q=children&topic=grooming&limit=5",
    "/facets": "/api/v1/facets?q=children&strand=user-empowerment",
    "/suggestions": "/api/v1/suggestions?q=gro&label_language=de",
    "/export": "/api/v1/export?q=children",
    "/practices/{practice_id}": "/api/v1/practices/{id}",
    "/practices/{practice_id}/similar": "/api/v1/practices/{id}/similar",
    "/organisations": "/api/v1/organisations?limit=3&page=2",
    "/organisations/{organisation_id}": "/api/v1/organisations/{organisation}",
    "/concepts": "/api/v1/concepts?label_language=fr",
    "/concepts/{facet}/{concept_id}": "/api/v1/concepts/topic/grooming",
    "/openapi.json": "/api/v1/openapi.json",
}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return found


def closed(schema: Any) -> Any:
    """The schema with nothing allowed that it does not name: a field that is not described is a defect."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: value if name == "enum" else closed(value) for name, value in schema.items()}
    if "allOf" in schema:
        return {**schema, "unevaluatedProperties": False}
    if "properties" in schema:
        made.setdefault("unevaluatedProperties", False)
    return made


def validator(document: dict[str, Any], schema: dict[str, Any], *, close: bool = True) -> Draft202012Validator:
    change = closed if close else lambda value: value
    schemas = {
        # What is put together of parts (allOf) must stay open by itself.
        name: one if name == "Practice" else change(one)
        for name, one in document["components"]["schemas"].items()
    }
    return Draft202012Validator({**change(schema), "components": {"schemas": schemas}})


def test_the_description_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_is_described(app: Flask, document: dict[str, Any]) -> None:
    routes = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert {path.replace("{", "<").replace("}", ">") for path in document["paths"]} == routes
    assert {operation.path for operation in OPERATIONS} == set(CALLS)


@pytest.mark.parametrize("path", CALLS)
def test_answers_have_the_shape_that_is_described(
    client: FlaskClient, backend: Backend, document: dict[str, Any], path: str
) -> None:
    practice = next(hit.practice for hit in backend.search(Query(limit=1)).hits)
    assert practice
    response = client.get(CALLS[path].format(id=practice.id, organisation=practice.organisations[0]))
    assert response.status_code == 200
    described = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator(document, described).validate(response.get_json())


def test_every_practice_has_the_shape_that_is_described(client: FlaskClient, document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Practice"]
    check = validator(document, {**schema, "unevaluatedProperties": False})
    exported = client.get("/api/v1/export").get_json()["practices"]
    assert len(exported) > 200
    for practice in exported:
        check.validate({name: value for name, value in practice.items() if name not in ("score", "band")})


def test_values_of_facets_are_listed(document: dict[str, Any], backend: Backend) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["topic-id"]["enum"] == list(backend.taxonomy().ids("topic"))
    for facet in FACETS:
        assert schemas[f"{facet}-id"]["enum"]


def test_a_problem_has_the_shape_that_is_described(client: FlaskClient, document: dict[str, Any]) -> None:
    for url, status in (("/api/v1/search?topics=x", 400), ("/api/v1/practices/nothing", 404)):
        response = client.get(url)
        assert (response.status_code, response.content_type) == (status, "application/problem+json")
        problem = response.get_json()
        validator(document, document["components"]["schemas"]["Problem"]).validate(problem)
        assert problem["status"] == status


HOSTILE = [
    (operation.path, mode)
    for operation in OPERATIONS
    for mode in schemathesis.GenerationMode
    # What takes nothing cannot be asked wrongly, but for parameters that it does not know.
    if operation.parameters or operation.in_path or mode is schemathesis.GenerationMode.POSITIVE
]


@pytest.mark.parametrize(("path", "mode"), HOSTILE)
def test_a_hostile_caller_finds_no_fault(
    app: Flask, document: dict[str, Any], path: str, mode: schemathesis.GenerationMode
) -> None:
    """A few requests of each operation, rightly and wrongly put; ``make api`` sends thousands."""
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    operation = schema[f"/api/v1{path}"]["GET"]

    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_it(case: schemathesis.Case[Any]) -> None:
        # The client of these tests, unlike those of the world, does not unpack what comes compressed.
        case.call_and_validate(headers={"Accept-Encoding": "identity"})

    try_it()
