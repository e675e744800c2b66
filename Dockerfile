# Trawl's worker and command, from the package that `npm pack` makes. Debian, since the native parts of Temporal's SDK and
# of SQLite are built for glibc. test/package runs the lines of the first stage.
#
# To pin the base image: docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/setup.mjs scripts/
COPY bin/node-version.mjs bin/
# As `npm pack` would, in a layer that a change of the code does not invalidate.
RUN node --input-type=module -e "(await import('/app/scripts/setup.mjs')).install()"
COPY scripts scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY workflows workflows
COPY activities activities
COPY demo demo
COPY bin bin
COPY deploy deploy
COPY docs docs
COPY README.md CHANGELOG.md LICENSE THIRD-PARTY-LICENSES.md ./
RUN npm pack --loglevel=error \
 && mkdir -p /opt/trawl \
 && tar -xzf trawl-*.tgz -C /opt/trawl --strip-components=1 \
 && cd /opt/trawl && cp dist/package-lock.json . \
 && npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error

FROM ${NODE_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates procps \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p -m 0700 /var/lib/trawl && chown node:node /var/lib/trawl
COPY --from=build /opt/trawl /opt/trawl
RUN ln -s /opt/trawl/bin/trawl /usr/local/bin/trawl
USER node
# The store's file; .env is not read from here, settings come from the environment.
WORKDIR /var/lib/trawl
ENV NODE_ENV=production TRAWL_DATA=/var/lib/trawl
VOLUME /var/lib/trawl
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["trawl"]
CMD ["worker"]
