# The portal as one image: web, worker, ticks and beat are the same code, started by name.
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /portal
COPY bootstrap.lock requirements.lock ./
COPY .ci/install .ci/install
RUN python -m venv .venv && .ci/install .venv/bin/python

FROM python:3.11.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /portal --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal /data
WORKDIR /portal
COPY --from=build /portal/.venv .venv
COPY manage.py ./
COPY launchportal launchportal
COPY apps apps
COPY templates templates
COPY static static
ENV PATH=/portal/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data LISTEN=0.0.0.0
USER portal
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "launchportal.processes", "web"]
