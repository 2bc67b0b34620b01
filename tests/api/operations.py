"""The operations of the JSON API as its schema tells them, and requests made from it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from cw_site.api import api

SCHEMA: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
STREAMS = {"GET /events", "GET /agents/{name}/stream"}
"""They answer until the client goes: requests for all operations leave their bodies unread."""


@dataclass(frozen=True)
class Operation:
    """One method of one path, below /api."""

    method: str
    path: str
    spec: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        return "security" not in self.spec

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """The schema of the JSON body it reads."""
        if "requestBody" not in self.spec:
            return None
        return resolve(self.spec["requestBody"]["content"]["application/json"]["schema"])

    @property
    def path_names(self) -> list[str]:
        """The names of its path's parameters."""
        return re.findall(r"{([^}]+)}", self.path)

    @property
    def queries(self) -> list[str]:
        """The names of its query parameters."""
        return [item["name"] for item in self.spec["parameters"] if item["in"] == "query"]

    def address(self, ids: dict[str, str]) -> str:
        """Its path with the ids, and the query parameters that it needs."""
        path = re.sub(r"{([^}]+)}", lambda name: ids.get(name[1], "nothing"), self.path)
        needed = [item["name"] for item in self.spec["parameters"] if item["in"] == "query" and item["required"]]
        query = "&".join(f"{name}={ids.get(name, '1')}" for name in needed)
        return f"/api{path}" + (f"?{query}" if query else "")

    def call(self, client: Client, ids: dict[str, str], body: Any = None, **headers: str) -> HttpResponse:
        """Carry it out with a body: bytes as they are, anything else as JSON, None for the least it takes."""
        if body is None and self.body_schema is not None:
            body = sample(self.body_schema)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer: Any = client.generic(
            self.method, self.address(ids), data, content_type="application/json", headers=headers
        )
        return answer  # type: ignore[no-any-return]


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without its $ref, and of a choice the part that is not null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            found = SCHEMA["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        else:
            found = next(part for part in schema["anyOf"] if part.get("type") != "null")
        schema = found
    return schema


def sample(schema: dict[str, Any]) -> Any:
    """The least value that the schema takes."""
    schema = resolve(schema)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: sample(fields[name]) for name in schema.get("required", [])}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return "x"


OPERATIONS = [
    Operation(method.upper(), path.removeprefix("/api"), spec)
    for path, methods in SCHEMA["paths"].items()
    for method, spec in methods.items()
]
