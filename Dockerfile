# One image for every step: `docker build -t small-elt .`; buildah and podman take the same file.
# Two targets: the last one, which production runs, and `sandbox`, the simulated APIs of the demo.

# `docker buildx imagetools inspect python:3.12-slim-bookworm` tells the digest of the newest one.
ARG PYTHON_IMAGE=docker.io/library/python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254

FROM ${PYTHON_IMAGE} AS python
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# The locked dependencies, each checked against its hash, and nothing that was built here.
FROM python AS dependencies
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: \
        --requirement requirements.txt

# The project itself, and dbt's packages, which are not fetched at run time.
FROM dependencies AS build
COPY requirements-build.txt ./
RUN python -m pip install --require-hashes --requirement requirements-build.txt
COPY pyproject.toml README.md ./
COPY extract extract
RUN python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir wheel . \
    && python -m pip --python /opt/venv/bin/python install --no-deps --no-index wheel/*.whl \
    && rm /opt/venv/bin/sandbox
# `hub`, or `stand-ins` where the hub of dbt packages cannot be reached.
ARG DBT_PACKAGES=hub
COPY sandbox sandbox
COPY dbt_project dbt_project
RUN PATH="/opt/venv/bin:${PATH}" python -m sandbox.dbt_deps --project-dir dbt_project \
        "$([ "${DBT_PACKAGES}" = hub ] && echo --hub || echo --offline)" \
    && rm -rf dbt_project/offline_packages dbt_project/target dbt_project/logs

# The simulated APIs, for the demo.
FROM dependencies AS sandbox-dependencies
COPY requirements-sandbox.txt ./
RUN python -m pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: \
        --requirement requirements-sandbox.txt

FROM python AS runtime
LABEL org.opencontainers.image.title="small-elt" \
      org.opencontainers.image.description="ELT for small data teams: Python extractors, Postgres, dbt, Kubernetes CronJobs."
# Jobs end by themselves and pods have probes.
HEALTHCHECK NONE
# pip is of no use here. The user has a name, since libpq asks for one.
RUN rm -rf /usr/local/lib/python3.*/site-packages/pip* /usr/local/lib/python3.*/ensurepip /usr/local/bin/pip* \
    && groupadd --gid 10001 elt \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin elt
ENV PATH=/opt/venv/bin:${PATH}
WORKDIR /opt/elt
USER 10001:10001

FROM runtime AS sandbox
COPY --from=sandbox-dependencies /opt/venv /opt/venv
COPY sandbox sandbox
ENTRYPOINT ["python", "-m"]
CMD ["sandbox.smartpizza", "--host=0.0.0.0", "--port=8000"]

FROM runtime AS small-elt
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
# Whatever is written goes below /tmp: the rest may be read-only.
ENV HOME=/tmp \
    EXTRACT_LOG_FORMAT=json \
    ELT_IMAGE=small-elt:${VERSION} \
    ELT_REVISION=${REVISION} \
    DBT_PROJECT_DIR=/opt/elt/dbt_project \
    DBT_PROFILES_DIR=/opt/elt/profiles \
    DBT_TARGET_PATH=/tmp/target \
    DBT_LOG_PATH=/tmp/logs
COPY --from=build /opt/venv /opt/venv
COPY --from=build /build/dbt_project dbt_project
COPY macros macros
COPY tests/dbt tests/dbt
COPY profiles/profiles.yml profiles/profiles.yml
ENTRYPOINT ["extract"]
CMD ["--help"]
