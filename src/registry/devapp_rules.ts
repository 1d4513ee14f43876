/** How a value of a DevApp is written, and what to do about one that is not. */
export interface WritingRule {
  readonly pattern: RegExp
  readonly cure: string
}

/** The same wherever DevApps are written: in the file, on the command line. */
export const devAppRules = {
  id: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    cure: 'write up to 128 letters, digits, dots, _ and -, a letter or digit first',
  },
  // RFC 7617 2: a colon ends the user-id.
  clientKey: {
    pattern: /^[\x21-\x39\x3b-\x7e]{1,256}$/,
    cure: 'write up to 256 characters of printable ASCII, without colon and space',
  },
  /** Also a string in a signature (RFC 9421 2.3), written without escapes. */
  publicKeyId: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    cure: 'write up to 128 letters, digits, dots, _ and -, a letter or digit first',
  },
  labelName: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/,
    cure: 'use up to 63 letters, digits, dots, slashes, _ and -, a letter or digit first',
  },
} as const satisfies Readonly<Record<string, WritingRule>>
