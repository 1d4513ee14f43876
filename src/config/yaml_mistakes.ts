import type { ErrorCode } from 'yaml'

interface Mistake {
  readonly message: string
  readonly cure: string
}

const indentation: Mistake = {
  message: 'not YAML: the indentation does not fit what stands above, or a bracket is not closed',
  cure: 'indent with two spaces for each level, and close [ and { where they began',
}
const unexpected: Mistake = {
  message: 'not YAML: something stands here that cannot follow what comes before',
  cure: 'put texts with special characters in quotes',
}
const anchors: Mistake = {
  message: 'not YAML: an anchor (&) or alias (*) is not written correctly',
  cure: 'write out what is meant, or put a text that begins with & or * in quotes',
}
const tags: Mistake = {
  message: 'a tag (!) that has no meaning here',
  cure: 'remove the tag, or put a text that begins with ! in quotes',
}
const keys: Mistake = {
  message: 'not YAML: no key can be read here',
  cure: 'write key: value, the key on one line and a space after the colon',
}

/** In words, by the parser's code. Its own messages repeat parts of the file, which may hold a password. */
export const yamlMistakes: Readonly<Record<ErrorCode, Mistake>> = {
  ALIAS_PROPS: anchors,
  BAD_ALIAS: anchors,
  MULTIPLE_ANCHORS: anchors,
  BAD_COLLECTION_TYPE: tags,
  MULTIPLE_TAGS: tags,
  TAG_RESOLVE_FAILED: tags,
  BAD_PROP_ORDER: tags,
  BAD_INDENT: indentation,
  TAB_AS_INDENT: { message: 'not YAML: a tab in the indentation', cure: 'indent with spaces' },
  BLOCK_AS_IMPLICIT_KEY: keys,
  KEY_OVER_1024_CHARS: keys,
  MULTILINE_IMPLICIT_KEY: keys,
  NON_STRING_KEY: keys,
  BAD_DIRECTIVE: { message: 'a line that begins with % has no meaning here', cure: 'remove it' },
  BAD_DQ_ESCAPE: {
    message: 'not YAML: an unknown escape in a text in double quotes',
    cure: 'write \\\\ for a backslash, or use single quotes',
  },
  BAD_SCALAR_START: {
    message: 'not YAML: a text cannot begin with this character',
    cure: 'put it in quotes',
  },
  BLOCK_IN_FLOW: {
    message: 'not YAML: an indented block within [ ] or { }',
    cure: 'write it within the brackets, or without them',
  },
  DUPLICATE_KEY: { message: 'the key stands here a second time', cure: 'give each key once' },
  MISSING_CHAR: {
    message: 'not YAML: a quote, comma, colon or space is missing',
    cure: 'close what was opened before, and write a space after a colon',
  },
  MULTIPLE_DOCS: { message: 'a second document begins here', cure: 'remove the line ---' },
  UNEXPECTED_TOKEN: unexpected,
  IMPOSSIBLE: unexpected,
  RESOURCE_EXHAUSTION: { message: 'the levels are nested too deep', cure: 'close [ and { where they began' },
}
