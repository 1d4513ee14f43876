import type { Part } from './part.ts'

/** Whether an envoy.type.matcher.v3.StringMatcher matches; false for a kind of pattern that is not known here. */
export function matchesText(matcher: Part, text: string): boolean {
  const ignoreCase = matcher.at('ignore_case').isTrue
  const plain = (written: string): string => (ignoreCase ? written.toLowerCase() : written)
  const subject = plain(text)
  const holds = (field: string, test: (pattern: string) => boolean): boolean => {
    const pattern = matcher.at(field).text
    return pattern !== undefined && test(plain(pattern))
  }
  return (
    holds('exact', (pattern) => subject === pattern) ||
    holds('prefix', (pattern) => subject.startsWith(pattern)) ||
    holds('suffix', (pattern) => subject.endsWith(pattern)) ||
    holds('contains', (pattern) => subject.includes(pattern)) ||
    matchesRegex(matcher.at('safe_regex', 'regex').text, text)
  )
}

/** As a whole. Envoy's RE2 knows no more than JavaScript in what names of headers are matched by. */
function matchesRegex(regex: string | undefined, text: string): boolean {
  if (regex === undefined || regex.length > 200) return false
  try {
    return new RegExp(`^(?:${regex})$`).test(text)
  } catch {
    return false
  }
}
