# clca as a service. `docker build -t clca .` makes it for the CPU, with the rehearsal, evaluations and training;
#   docker build -t clca --build-arg BASE=vllm/vllm-openai:latest --build-arg EXTRAS=serve,train,eval,quality .
# for GPUs, on the image of vLLM. SECURITY.md says what the service leaves to who runs it.
ARG BASE=python:3.12-slim
FROM ${BASE}

ARG EXTRAS=serve,quality,export
ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1

WORKDIR /opt/clca
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY clca clca
COPY prompts prompts
COPY scenarios scenarios
COPY personas personas
COPY trainers trainers
COPY eval eval
# On the image of vLLM its own versions of torch and of what hangs on it stay: only what is missing is installed. For the
# CPU all versions are those of constraints.txt, which the linter does not see.
# hadolint ignore=DL3013
RUN if python3 -c 'import vllm' 2>/dev/null; then python3 -m pip install ".[${EXTRAS}]"; \
    else python3 -m pip install -c constraints.txt ".[${EXTRAS}]"; fi

# The service's user may write to its workspace alone, which is a volume: its copy is the backup.
RUN useradd --create-home --uid 10001 clca && mkdir /workspace && touch /workspace/clca.toml \
    && chown -R clca:clca /workspace
USER 10001
WORKDIR /workspace
VOLUME /workspace
EXPOSE 8321
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8321/healthz', timeout=4)"]
ENTRYPOINT ["clca"]
CMD ["serve", "--host", "0.0.0.0"]
