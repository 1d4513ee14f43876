import { chosen, type Edit, maxMutantBytes } from './edit.ts'

/** Changes lines and words of a text: what is taken out, put in, twice, swapped, or written otherwise. */
export function changedText(text: string, edits: readonly Edit[], words: readonly string[], pieces: RegExp): string {
  const changed = edits.reduce((current, edit) => changedOnce(current, edit, words, pieces), text)
  return changed.length > maxMutantBytes ? changed.slice(0, maxMutantBytes) : changed
}

function changedOnce(text: string, { kind, at, by, bytes }: Edit, words: readonly string[], pieces: RegExp): string {
  const parts = text.match(pieces) ?? [text]
  const i = at % parts.length
  const j = by % parts.length
  const part = parts[i] ?? ''
  switch (kind % 12) {
    case 0:
      return [...parts.slice(0, i), ...parts.slice(i + 1)].join('')
    case 1:
      return [...parts.slice(0, i), part, ...parts.slice(i)].join('')
    case 2:
      return parts.map((each, k) => (k === i ? (parts[j] ?? '') : k === j ? part : each)).join('')
    case 3:
    case 4:
      return parts.map((each, k) => (k === i ? chosen(words, by) : each)).join('')
    case 5:
    case 6:
      return [...parts.slice(0, i), chosen(words, by), ...parts.slice(i)].join('')
    case 7:
      return parts
        .map((each, k) => (k === i ? splicedText(each, by, Buffer.from(bytes).toString('latin1')) : each))
        .join('')
    case 8:
      return text.slice(0, at % (text.length + 1))
    case 9:
      return parts
        .map((each, k) =>
          k === i ? each.repeat(Math.min(1 + (by % 3_000), Math.ceil(20_000 / (each.length + 1)))) : each,
        )
        .join('')
    case 10:
      return parts.map((each, k) => (k === i ? (parts[j] ?? '') : each)).join('')
    default:
      return parts.map((each, k) => (k === i ? splicedText(each, by, chosen(words, kind >> 4)) : each)).join('')
  }
}

function splicedText(text: string, at: number, inserted: string): string {
  const from = at % (text.length + 1)
  return text.slice(0, from) + inserted + text.slice(from + (at & 1))
}
