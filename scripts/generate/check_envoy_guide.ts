import type { Rule } from '../../src/envoy/bootstrap_audit/rule.ts'
import { subjects } from '../../src/envoy/bootstrap_audit/subjects.ts'

/** docs/check-envoy.md: every finding of `check-envoy`, under a heading that is its code. */
export function checkEnvoyGuide(): string {
  const sections = subjects.flatMap(({ title, rules }) => [`## ${title}`, ...rules.map(section)])
  return `${[introduction, tableOfCodes(), ...sections].join('\n\n')}\n`
}

const introduction = `<!-- Made by \`npm run generate\` from src/envoy/bootstrap_audit/. Change that, not this file. -->

# What check-envoy finds

\`\`\`sh
devapp-authz check-envoy /etc/envoy/envoy.yaml --config authz.yaml
\`\`\`

reads Envoy's bootstrap, YAML or JSON, and names what in it would let someone around the service, or break it. Listeners, routes,
clusters and HTTP filters that the bootstrap takes from files (\`path_config_source\`) are read too. With \`--config\`, Envoy's hostnames,
policies, address and timeout are compared with the service's. It exits with 1 where there is an error, with 0 where there are
warnings or nothing; \`--json\` prints an object for programs:

\`\`\`json
{
  "ok": false,
  "findings": [
    {
      "code": "failure_mode_allow",
      "severity": "error",
      "file": "/etc/envoy/envoy.yaml",
      "path": "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[1].typed_config.failure_mode_allow",
      "line": 196,
      "message": "a failure of the service lets requests pass",
      "why": "Requests pass when the service is down, stalls or fails. Whoever can overload it is let in.",
      "cure": "Set \`failure_mode_allow: false\`, and remove \`failure_mode_allow_header_add\`."
    }
  ]
}
\`\`\`

Codes are never renamed. \`path\` says where something stands, or where it is missing; what YAML shares by an alias is found once. A
\`line\` of what is missing is that of what it is missing from. Whether Envoy accepts the file at all, \`envoy --mode validate -c FILE\` says.
What the command line of Envoy adds (\`--config-yaml\`), or its runtime changes, is not seen. [\`envoy/envoy.yaml\`](../envoy/envoy.yaml) has
none of these findings.`

function tableOfCodes(): string {
  const rows = subjects.flatMap(({ title, rules }) =>
    rules.map(({ code, severity }) => `| [\`${code}\`](#${code}) | ${severity} | ${title} |`),
  )
  return ['| Code | Severity | |', '| --- | --- | --- |', ...rows].join('\n')
}

function section({ code, severity, why, cure }: Rule): string {
  return [`### ${code}`, `An ${severity}. ${why}`.replace(/^An w/, 'A w'), `**Cure:** ${cure}`].join('\n\n')
}
