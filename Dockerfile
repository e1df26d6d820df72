# Owns the image of the exporter and the remediator: the compiled sources and the production dependencies, nothing to build with.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install script is needed: koffi ships its binaries, and the compiler too.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx --no-install tsc -p tsconfig.build.json \
  && cp -R src/remediator/console/assets dist/remediator/console/

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY bin ./bin
COPY config ./config
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The state of the remediator: mount a volume here. For the ordinary user below, and for a root without the capability to write
# where it is not the owner, as docker-compose.yml has it.
RUN install -d -o root -g node -m 0770 /var/lib/procwarden
VOLUME /var/lib/procwarden
# An ordinary user measures and stops what is its own. To see the whole machine takes root with a few capabilities, which
# docker-compose.yml gives; without them, root can do less in a container than an ordinary user.
USER node
# Of the part that runs: which port it is on is said by its own command line, so there is a default here for neither.
ENTRYPOINT ["/app/bin/procwarden"]
CMD ["--help"]
