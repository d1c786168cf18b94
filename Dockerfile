# The controller, its HTTP API and the command line, with the packages that they need, as a few bundled files: these start
# in a third of the time and with a third less memory than the sources. The image works with a read-only root file
# system and under any user that is not root.

FROM node:24-slim AS build
WORKDIR /opt/sluice
COPY package.json package-lock.json ./
# No package that runs or builds needs an install script, so none gets the chance.
RUN npm ci --ignore-scripts
COPY scripts/bundle.ts ./scripts/
COPY src ./src
RUN node scripts/bundle.ts

FROM node:24-slim
ENV NODE_ENV=production
# Short-lived objects are most of what a busy controller makes: less room for them is less memory for the same work.
ENV NODE_OPTIONS=--max-semi-space-size=4
# Memory outside of the heap comes from a pool for each thread unless that is bounded.
ENV MALLOC_ARENA_MAX=2
ENV NODE_COMPILE_CACHE=/opt/sluice/.compile-cache
WORKDIR /opt/sluice
COPY --from=build /opt/sluice/dist ./dist
COPY LICENSE package.json ./
# Node.js keeps compiled code apart for each user, so the user that will run it must be the one that fills the cache.
RUN mkdir .compile-cache && chown 65532:65532 .compile-cache
USER 65532:65532
# Loads every file once: compiled code is kept for the first start, and what cannot be loaded fails here and not there.
RUN node --input-type=module -e "import { globSync } from 'node:fs'; \
    import { pathToFileURL } from 'node:url'; \
    for (const file of globSync('dist/*.mjs', { exclude: ['dist/sluice.mjs'] })) \
      await import(pathToFileURL(file).href);"
RUN node dist/sluice.mjs version
ENTRYPOINT ["node", "dist/sluice.mjs"]
CMD ["help"]
