import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { restartKeys } from '../../src/config/changes.ts'
import { rules } from '../../src/config/rules.ts'
import { alternatives } from '../../src/config/values.ts'
import { root } from './generated_file.ts'
import { configurationJsonSchema, type JsonSchema } from './json_schema.ts'

/** docs/configuration.md: every key of the schema, the rules between them, and the example. */
export function configurationGuide(): string {
  const schema = configurationJsonSchema()
  const sections = Object.entries(schema.properties ?? {}).flatMap(([key, part]) => sectionsOf(key, part, 3))
  return `${[
    introduction,
    '## Keys',
    'A key that is not required and names no default may be left out.',
    listOf('', schema),
    ...sections,
    '## What holds between them',
    rules.map(({ says }) => `- ${says}`).join('\n'),
    '## Example',
    '[examples/authz.yaml](../examples/authz.yaml):',
    fenced(readFileSync(join(root, 'examples/authz.yaml'), 'utf8')),
  ].join('\n\n')}\n`
}

const introduction = `<!-- Made by \`npm run generate\` from src/config. Change that, not this file. -->

# Configuration

One YAML file, named by \`devapp-authz serve --config FILE\`. \`devapp-authz check-config FILE\` names every problem of it at once,
each with its line, its path and the cure; without any, it says what the file configures. The service starts only with a file
that has no problem.

Editors complete and check the file by [configuration.schema.json](configuration.schema.json), with this as its first line:

\`\`\`yaml
# yaml-language-server: $schema=../docs/configuration.schema.json
\`\`\`

- **Unknown keys** are problems, as are keys that stand twice.
- **Environment variables:** \`\${NAME}\` in a text stands for the variable NAME, also as a part of it; \`$\${\` stands for the characters
  \`\${\`. A variable that is not set is a problem; one that is set and empty is an empty text. Keys, and numbers, \`true\` and \`false\`, are
  not taken from the environment. What a variable holds is never printed with a problem.
- **Files:** \`\${file:PATH}\` stands for what the file says, without its last line end: at most 64 KiB.
- **Secrets**, such as the passwords of Redis and PostgreSQL, belong into the environment or, where they change, into files.
- **Relative paths** start at the folder of the file.
- **Durations** have a unit: \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`, such as \`300ms\`, \`1.5h\` or \`7d\`; 24 days at most.
- **YAML** is 1.2: \`off\` and \`no\` are texts. Aliases are taken, within bounds; tags and a second document are not.
- **Changes** of this file, and of the files that \`\${file:PATH}\` names, are taken over whenever they happen, and on SIGHUP: what holds
  up is in force for the next request, and otherwise what was in force stays, with the reason in the log. The log names what changed,
  by path. ${restartKeys.map((key) => `\`${key}\``).join(', ')} take a restart, which the log says too; so does the environment.
  The [registry](registry.md), the folder \`qtsps\` and the list \`psd2.withdrawn\` are read again in the same way.`

/** A heading and a list for each section that has keys of its own, outer ones first. */
function sectionsOf(path: string, schema: JsonSchema, level: number): readonly string[] {
  const section = sectionWithin(path, schema)
  if (section === undefined) return []
  const parts = Object.entries(section.schema.properties ?? {})
  return [
    `${'#'.repeat(level)} \`${section.path}\``,
    schema.description ?? '',
    listOf(section.path, section.schema),
    ...parts.flatMap(([key, part]) => sectionsOf(`${section.path}.${key}`, part, Math.min(level + 1, 6))),
  ].filter((text) => text !== '')
}

/** The keys at a path: of a section, of each one in a list of sections, or of each one by name. */
function sectionWithin(path: string, schema: JsonSchema): { path: string; schema: JsonSchema } | undefined {
  if (schema.properties !== undefined) return { path, schema }
  if (schema.items?.properties !== undefined) return { path: `${path}[]`, schema: schema.items }
  const each = schema.additionalProperties || undefined
  return each?.properties === undefined ? undefined : { path: `${path}.NAME`, schema: each }
}

function listOf(path: string, { properties = {}, required = [] }: JsonSchema): string {
  return Object.entries(properties)
    .map(([key, part]) => {
      const full = path === '' ? key : `${path}.${key}`
      const facts = [described(full, part), defaultOf(part, required.includes(key))].filter((fact) => fact !== '')
      return `- **\`${full}\`** (${facts.join(', ')}): ${part.description ?? ''}`.trimEnd()
    })
    .join('\n')
}

function described(path: string, schema: JsonSchema): string {
  const section = sectionWithin(path, schema)
  if (section !== undefined) return `[keys](#${anchorOf(section.path)})`
  const [example] = schema.examples ?? []
  return `${kindOf(schema)}${example === undefined ? '' : `, such as ${code(example)}`}`
}

function kindOf({ title, type, enum: values, minimum, maximum, items }: JsonSchema): string {
  if (values !== undefined) return alternatives(values.map(code))
  if (type === 'array')
    return items?.enum === undefined ? `list, each a ${kindOf(items ?? {})}` : `list of ${kindOf(items)}`
  if (type === 'boolean') return '`true` or `false`'
  if (type === 'integer' || type === 'number') return `${minimum} to ${maximum}`
  return title ?? 'text'
}

function defaultOf({ default: value }: JsonSchema, required: boolean): string {
  if (required) return 'required'
  const isSection = typeof value === 'object' && value !== null && !Array.isArray(value)
  return value === undefined || isSection ? '' : `default ${code(value)}`
}

/** As it is written in YAML. */
function code(value: unknown): string {
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}\``
}

/** As GitHub makes it of a heading: lower case, without punctuation other than - and _. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\w-]/g, '')
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``
}
