# Trawl's worker and command. Debian, since the native parts of Temporal's SDK and of SQLite are built for glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
COPY workflows workflows
COPY activities activities
RUN node scripts/build.mjs && npm prune --omit=dev --loglevel=error

FROM node:22-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates procps \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /var/lib/trawl && chown node:node /var/lib/trawl
WORKDIR /app
COPY --from=build /app/package.json package.json
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
RUN ln -s /app/bin/trawl /usr/local/bin/trawl
USER node
# The store's file; .env is not read from here, settings come from the environment.
WORKDIR /var/lib/trawl
ENV NODE_ENV=production TRAWL_DATA=/var/lib/trawl
VOLUME /var/lib/trawl
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["trawl"]
CMD ["worker"]
