# SPDX-License-Identifier: LGPL-2.1-or-later
"""Validates JSON against doc/heaptally.schema.json, with the few keywords that it uses.

`check(document)` raises Invalid with the place and the reason. `seen` collects the properties that
documents had, so that a test can tell which ones of the schema none has.
"""
import json
import os

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
KEYWORDS = {"type", "required", "properties", "additionalProperties", "items", "enum", "$ref", "oneOf",
            "description", "title", "$schema", "$defs"}

with open(os.path.join(os.environ["srcdir"], "doc", "heaptally.schema.json"), encoding="utf-8") as file:
    SCHEMA = json.load(file)
seen = set()


class Invalid(Exception):
    def __init__(self, path, reason):
        super().__init__("%s: %s" % (path or "the document", reason))
        self.depth = path.count(".") + path.count("[")


def resolve(schema):
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def one_of(value, schemas, path):
    """Exactly one must fit; if none does, the one that gets farthest says why."""
    failures = []
    for schema in schemas:
        try:
            validate(value, schema, path)
        except Invalid as failure:
            failures.append(failure)
    if len(failures) == len(schemas):
        raise max(failures, key=lambda failure: failure.depth)
    if len(failures) < len(schemas) - 1:
        raise Invalid(path, "fits %d of the alternatives" % (len(schemas) - len(failures)))


def properties(value, schema, path):
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            raise Invalid(path, "%s is missing" % name)
    for name, member in value.items():
        if name in known:
            validate(member, known[name], path + "." + name)
            seen.add((id(known), name))
        elif schema.get("additionalProperties", True) is False:
            raise Invalid(path, "%s is unknown" % name)


def validate(value, schema, path=""):
    schema = resolve(schema)
    unknown = set(schema) - KEYWORDS
    assert not unknown, "the validator does not know %s" % unknown
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[name](value) for name in types):
        raise Invalid(path, "%r is no %s" % (value, " or ".join(types)))
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(path, "%r is none of %r" % (value, schema["enum"]))
    if "oneOf" in schema:
        one_of(value, schema["oneOf"], path)
    if isinstance(value, dict):
        properties(value, schema, path)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            validate(item, schema["items"], "%s[%d]" % (path, i))


def check(document):
    names = [schema["$ref"].rsplit("-", 1)[-1].rsplit("/", 1)[-1] for schema in SCHEMA["oneOf"]]
    format_ = document.get("format", "") if isinstance(document, dict) else ""
    if format_.replace("heaptally-", "", 1) not in names:
        raise Invalid("", "its format is %r" % format_)
    validate(document, {"$ref": "#/$defs/" + format_.replace("heaptally-", "", 1)})


def each_property(schema=None, path="", known=None):
    """(path, schema, whether documents had it) of every property below $defs."""
    if schema is None:
        for name, part in SCHEMA["$defs"].items():
            yield from each_property(part, name)
        return
    for name, part in schema.get("properties", {}).items():
        yield path + "." + name, part, (id(schema["properties"]), name) in seen
        yield from each_property(part, path + "." + name)
    for part in schema.get("oneOf", []):
        yield from each_property(part, path)
    if "items" in schema:
        yield from each_property(schema["items"], path + "[]")
