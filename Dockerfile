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
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The state of the remediator: mount a volume here.
VOLUME /var/lib/procwarden
# Root inside the container, with no more capabilities than it is given: without any, it can do less than an ordinary user.
ENTRYPOINT ["/app/bin/procwarden"]
CMD ["--help"]
