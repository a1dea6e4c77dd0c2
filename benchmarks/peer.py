"""Two text columns by NVIDIA's data-designer: run with the Python of a venv that holds it.

    python peer.py URL BODIES RECORDS CONCURRENCY

The prompts are those of a turn by clca, of the file BODIES; the second column extends the first,
as a turn extends the one before it. Asks 2 x RECORDS times.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import data_designer.config as dd
from data_designer.interface import DataDesigner


def main(url: str, bodies: Path, records: int, concurrency: int) -> None:
    with bodies.open(encoding="utf-8") as lines:
        turn = next(body for body in map(json.loads, lines) if len(body["messages"]) > 2)
        system, user = turn["messages"][:2]
    provider = dd.ModelProvider(name="stub", endpoint=url, provider_type="openai", api_key="EMPTY")
    model = dd.ModelConfig(
        alias="stub",
        model="stub",
        provider="stub",
        skip_health_check=True,
        inference_parameters=dd.ChatCompletionInferenceParams(
            temperature=1.0, top_p=0.7, max_tokens=500, max_parallel_requests=concurrency
        ),
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.add_column(
        dd.SamplerColumnConfig(name="number", sampler_type=dd.SamplerType.UUID, params=dd.UUIDSamplerParams())
    )
    prompts = {
        "first": f"{user['content']} [{{{{ number }}}}]",
        "second": f"{user['content']} [{{{{ number }}}}]\n{{{{ first }}}}",
    }
    for name, prompt in prompts.items():
        builder.add_column(
            dd.LLMTextColumnConfig(name=name, model_alias="stub", system_prompt=system["content"], prompt=prompt)
        )
    with tempfile.TemporaryDirectory() as folder:
        designer = DataDesigner(artifact_path=folder, model_providers=[provider])
        designer.set_run_config(dd.RunConfig(otel_metrics_port=None, max_in_flight_tasks=max(1024, 2 * concurrency)))
        designer.create(builder, num_records=records, dataset_name="bench")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
