# syntax=docker/dockerfile:1
# The image of the service: what `npm pack` packs, with the locked dependencies. Stage `demo` makes the certificates and files of
# docker-compose.yml. To pin the base for good, add the digest that your registry shows for this tag.
ARG NODE=node:24.21.0-bookworm-slim

FROM ${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# Builds first (prepack), so that image and package hold the same files.
RUN npm pack --pack-destination /tmp \
    && npm run --silent sbom > /tmp/sbom.cdx.json

FROM build AS demo
USER 1000:1000
ENTRYPOINT ["node", "--import", "tsx"]

FROM ${NODE} AS app
WORKDIR /opt/devapp-authz
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY --from=build /tmp/devapp-authz-*.tgz /tmp/sbom.cdx.json /tmp/
RUN tar -xzf /tmp/devapp-authz-*.tgz --strip-components=1 --no-same-owner \
    && chmod 0755 dist/main.js \
    && mv /tmp/sbom.cdx.json ./

FROM ${NODE}
LABEL org.opencontainers.image.title="devapp-authz" \
      org.opencontainers.image.description="External authorization for Envoy: client certificates, OCSP, PSD2 roles and HTTP Basic" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.documentation="https://devapp-authz.example/docs"
# A service that runs installs nothing. The socket's folder is shared with Envoy by a volume.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* \
    /usr/local/bin/yarn /usr/local/bin/yarnpkg \
    && install -d -o 1000 -g 1000 -m 0750 /run/devapp-authz
ENV NODE_ENV=production
WORKDIR /opt/devapp-authz
COPY --from=app /opt/devapp-authz ./
RUN ln -s /opt/devapp-authz/dist/main.js /usr/local/bin/devapp-authz
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["devapp-authz", "health", "--config", "/etc/devapp-authz/authz.yaml"]
ENTRYPOINT ["devapp-authz"]
CMD ["serve", "--config", "/etc/devapp-authz/authz.yaml"]
