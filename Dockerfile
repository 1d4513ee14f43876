# syntax=docker/dockerfile:1
# The image of the service. Stage `demo` makes the certificates and files of docker-compose.yml.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
COPY proto ./proto
RUN node_modules/.bin/tsc -p tsconfig.json

FROM build AS demo
COPY scripts ./scripts
COPY test/support ./test/support
COPY demo ./demo
COPY examples ./examples
USER 1000:1000
ENTRYPOINT ["node", "--import", "tsx"]

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY migrations ./migrations
COPY proto ./proto
# The socket's folder, shared with Envoy by a volume.
RUN install -d -o 1000 -g 1000 -m 0750 /run/devapp-authz
USER 1000:1000
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve", "--config", "/etc/devapp-authz/authz.yaml"]
