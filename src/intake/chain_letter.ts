import type { ChainFinding, ChainReport } from './chain_report.ts'

/**
 * What to write to the third party about its chain: every problem with the cure, in plain words. Without links, since mail with links
 * from people that one does not know is not believed, and names in a certificate are anybody's.
 */
export function chainLetter(
  { accepted, problems, warnings, rightOrder }: ChainReport,
  subjects: readonly string[],
): string {
  const paragraphs = accepted
    ? ['We checked your certificate chain, and it is accepted: nothing has to be changed.']
    : [
        `We checked your certificate chain, and it cannot be accepted yet. ${problems.length === 1 ? 'This is' : `These ${problems.length} things are`} to be mended:`,
        ...problems.map((problem, index) => `${index + 1}. ${wordsOf(problem)}`),
        rightOrder === undefined
          ? 'Please send the whole chain as one text file in PEM: your own certificate first, then the one that issued it, and so on up to the root.'
          : `The chain in its right order, with nothing else in the file, is:\n${subjects.map((subject, index) => `   ${index + 1}. ${subject}`).join('\n')}`,
      ]
  const remarks =
    warnings.length === 0
      ? []
      : ['Worth knowing, and no reason to refuse it:', ...warnings.map((each) => `- ${wordsOf(each)}`)]
  const rest = accepted ? [] : ['Please never send a private key: we do not need it.']
  return `${linkFree([...paragraphs, ...remarks, ...rest].join('\n\n'))}\n`
}

function wordsOf({ position, subject, message, cure }: ChainFinding): string {
  const place = position === undefined ? '' : `Certificate ${position}${subject === undefined ? '' : ` (${subject})`}: `
  return `${place}${sentence(message)} ${sentence(cure)}`
}

const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

/** Mail programs make links of what looks like one. Control characters could hide the rest of a line. */
function linkFree(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*):\/\//gi, '$1: ')
    .replace(/\bwww\./gi, 'www ')
    .replace(/[^\P{C}\n]/gu, '?')
}
