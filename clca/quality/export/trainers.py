"""What LLaMA-Factory and axolotl have to be told of an export.

LLaMA-Factory reads `dataset_info.json` beside the data: for each dataset its file, its formatting, the names of its
columns and, for ShareGPT, of its roles. axolotl is told the same in its own YAML.
"""

from __future__ import annotations

from typing import Any

from clca.quality.export.config import Format

DATASET_INFO = "dataset_info.json"
NAME = "clca"


def dataset_info(form: Format) -> dict[str, Any]:
    """The `dataset_info.json` of LLaMA-Factory for a ShareGPT or Alpaca export."""
    if form == "alpaca":
        columns = {"prompt": "instruction", "query": "input", "response": "output"}
        return {NAME: {"file_name": "alpaca.jsonl", "formatting": "alpaca", "columns": columns}}
    tags = {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"}
    columns = {"messages": "conversations", "system": "system"}
    return {NAME: {"file_name": "sharegpt.jsonl", "formatting": "sharegpt", "columns": columns, "tags": tags}}


def axolotl(form: Format) -> dict[str, Any]:
    """The entry of `datasets:` in a configuration of axolotl for a chat, ShareGPT or Alpaca export."""
    if form == "alpaca":
        return {"path": "DIR/alpaca.jsonl", "ds_type": "json", "type": "alpaca"}
    if form == "chat":
        return {"path": "DIR/chat.jsonl", "ds_type": "json", "type": "chat_template", "field_messages": "messages"}
    return {
        "path": "DIR/sharegpt.jsonl",
        "ds_type": "json",
        "type": "chat_template",
        "field_messages": "conversations",
        "field_system": "system",
        "message_property_mappings": {"role": "from", "content": "value"},
    }
