# The controller, its HTTP API and the command line, run from source: there is no build step that could differ from what
# was tested. The image works with a read-only root file system and under any user that is not root.

FROM node:24-slim AS dependencies
WORKDIR /opt/sluice
COPY package.json package-lock.json ./
# No package that runs needs an install script, so none gets the chance.
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
ENV NODE_OPTIONS=--disable-warning=ExperimentalWarning
ENV NODE_COMPILE_CACHE=/opt/sluice/.compile-cache
WORKDIR /opt/sluice
COPY --from=dependencies /opt/sluice/node_modules ./node_modules
COPY LICENSE package.json ./
COPY src ./src
# Node.js keeps compiled code apart for each user, so the user that will run it must be the one that fills the cache.
RUN mkdir .compile-cache && chown 65532:65532 .compile-cache
USER 65532:65532
# Loads every module once: compiled code is kept for the first start, and a missing package fails here and not there.
RUN node --input-type=module -e "import { globSync } from 'node:fs'; \
    import { pathToFileURL } from 'node:url'; \
    for (const file of globSync('src/**/*.ts', { exclude: ['src/main.ts', 'src/dashboard/**'] })) \
      await import(pathToFileURL(file).href);"
RUN node src/main.ts version
ENTRYPOINT ["node", "src/main.ts"]
CMD ["help"]
