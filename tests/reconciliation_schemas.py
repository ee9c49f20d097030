"""What the Reconciliation Service API 0.2 says of its JSON, as JSON Schema; stricter than it where we promise more.

https://reconciliation-api.github.io/specs/0.2/
"""

from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
TEMPLATE: Schema = {"type": "string", "pattern": r"\{\{id\}\}"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def fields(required: dict[str, Schema], **optional: Schema) -> Schema:
    """An object with these members and no other."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def listed(items: Schema, **more: object) -> Schema:
    return {"type": "array", "items": items, **more}


def by_key(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


TYPE = fields({"id": TEXT, "name": TEXT})
PLACE = fields({"service_url": TEXT, "service_path": TEXT})
SETTING = fields(
    {"name": TEXT, "type": {"enum": ["number", "text", "checkbox", "select"]}, "label": TEXT},
    default={"type": ["number", "string", "boolean"]},
    help_text=TEXT,
)

MANIFEST = fields(
    {
        "versions": listed(TEXT, contains={"const": "0.2"}),
        "name": TEXT,
        "identifierSpace": {"type": "string", "format": "uri", "pattern": "^https?://"},
        "schemaSpace": {"type": "string", "format": "uri", "pattern": "^https?://"},
    },
    defaultTypes=listed(TYPE, uniqueItems=True),
    documentation=TEXT,
    serviceVersion=TEXT,
    view=fields({"url": TEMPLATE}),
    feature_view=fields({"url": TEMPLATE}),
    preview=fields({"url": TEMPLATE, "width": COUNT, "height": COUNT}),
    suggest=fields({}, entity=PLACE, type=PLACE, property=PLACE),
    extend=fields({"propose_properties": PLACE, "property_settings": listed(SETTING)}),
    batchSize={"type": "integer", "minimum": 1},
)

FEATURE = fields({"id": TEXT, "value": {"type": ["number", "boolean"]}})
CANDIDATE = fields(
    {
        "id": TEXT,
        "name": TEXT,
        "score": {"type": "number", "minimum": 0, "maximum": 100},
        "type": listed(TYPE, minItems=1),
        "match": {"type": "boolean"},
    },
    description={"type": "string"},
    features=listed(FEATURE),
)
RESULTS = by_key(fields({"result": listed(CANDIDATE, maxItems=50)}))

PROPERTY = fields({"id": TEXT, "name": TEXT}, description={"type": "string"})
ENTITIES = fields(
    {"result": listed(fields({"id": TEXT, "name": TEXT}, description={"type": "string"}, notable=listed(TYPE)))}
)
TYPES = fields({"result": listed(TYPE)})
PROPERTIES = fields({"result": listed(PROPERTY)})

DATE: Schema = {
    "type": "string",
    "pattern": r"^-?\d{4,}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$",
}
CELL: Schema = {
    "oneOf": [
        fields({}),
        fields({"id": TEXT, "name": TEXT}, description={"type": "string"}),
        fields({"str": {"type": "string"}}),
        fields({"int": {"type": "integer"}}),
        fields({"float": {"type": "number"}}),
        fields({"date": DATE}),
    ]
}
EXTENSION = fields(
    {
        "meta": listed(fields({"id": TEXT, "name": TEXT}, type=TYPE, service=TEXT)),
        "rows": by_key(by_key(listed(CELL))),
    }
)
PROPOSAL = fields({"properties": listed(PROPERTY)}, type=TEXT, limit=COUNT)


def check(value: object, schema: Schema) -> None:
    """Raises `jsonschema.ValidationError` for what the specification does not have."""
    Draft202012Validator(schema).validate(value)
