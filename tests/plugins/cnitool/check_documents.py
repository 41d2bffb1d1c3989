"""Checks documents against JSON Schemas, as an editor would.

Reads {"schemas": {NAME: SCHEMA}, "documents": [[NAME, DOCUMENT], ...]} on stdin and prints, for
each document, a list of what is wrong with it. Ends with a failure if a schema is none itself.
"""
import json
import sys

from jsonschema import Draft202012Validator

task = json.load(sys.stdin)
validators = {}
for name, schema in task["schemas"].items():
    Draft202012Validator.check_schema(schema)
    validators[name] = Draft202012Validator(schema)
json.dump(
    [
        [f"{error.json_path}: {error.message}" for error in validators[name].iter_errors(document)]
        for name, document in task["documents"]
    ],
    sys.stdout,
)
