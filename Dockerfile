# The base: any Debian with Python 3.11 or newer, its venv module and certificates. A digest pins it:
# --build-arg BASE=docker.io/library/python:3.13-slim-bookworm@sha256:… (docs/operators.md says how to find it).
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/parley
COPY locks/run.txt /src/locks/
RUN /opt/parley/bin/python -m pip install --require-hashes -r /src/locks/run.txt
COPY pyproject.toml README.md LICENSE /src/
COPY bot /src/bot
COPY adapters /src/adapters
COPY content /src/content
# What built it is not needed any more where it runs.
RUN /opt/parley/bin/python -m pip install --no-deps --no-build-isolation /src \
 && /opt/parley/bin/python -m pip uninstall --yes hatchling trove-classifiers pathspec pluggy pip

FROM ${BASE}
RUN groupadd --gid 10001 parley \
 && useradd --uid 10001 --gid parley --home-dir /data --no-create-home --shell /usr/sbin/nologin parley \
 && install --directory --owner=parley --group=parley --mode=0700 /data /key
COPY --from=build /opt/parley /opt/parley
# Database and key are in volumes of their own, so that no copy of one holds the other; SQLite rebuilds the database beside it. Health is asked from inside, at the port that is set and past any proxy.
ENV PATH=/opt/parley/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PARLEY_DATABASE=/data/parley.db \
    PARLEY_KEY_FILE=/key/parley.key \
    PARLEY_CACHE=/data/cache \
    SQLITE_TMPDIR=/data \
    PARLEY_HEALTH_BIND=8081
USER parley
WORKDIR /data
VOLUME ["/data", "/key"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s \
  CMD ["python", "-c", "import http.client, os, sys; port = os.environ['PARLEY_HEALTH_BIND'].rpartition(':')[2]; asked = http.client.HTTPConnection('127.0.0.1', int(port), timeout=5); asked.request('GET', '/healthz'); sys.exit(asked.getresponse().status != 200)"]
ENTRYPOINT ["parley"]
CMD ["run"]
