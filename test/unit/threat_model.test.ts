import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8')

/** The last column of each row of a threat. */
const proofs = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`test/'))
  .map((line) => line.split(' | ').at(-1)?.replace(/ \|$/, '') ?? '')

describe('docs/threat-model.md', () => {
  it('names a test for each threat, by file and title', () => {
    expect(proofs.length).to.be.greaterThan(25)
    for (const proof of proofs)
      for (const each of proof.split('; `')) {
        const [, file = '', title = ''] = /^`?(test\/[^`]+\.test\.ts)`: (.+)$/.exec(each) ?? []
        expect(file, each).to.not.equal('')
        expect(existsSync(join(root, file)), file).to.equal(true)
        // A title may go on, and may stand in a template.
        const titles =
          readFileSync(join(root, file), 'utf8').match(/(?:it|describe)\(\s*(?:'(?:[^'\\]|\\.)*'|`[^`]*`)/g) ?? []
        expect(
          titles.some((written) => written.includes(title)),
          `${file}: ${title}`,
        ).to.equal(true)
      }
  })

  it('has a threat with its proof in every table of threats', () => {
    const rows =
      page
        .split('\n## Entry points and threats')[1]
        ?.split('\n## ')[0]
        ?.split('\n')
        .filter((line) => /^\| (?!Threat|---)/.test(line)) ?? []
    expect(rows.filter((row) => !row.includes('`test/'))).to.deep.equal([])
    expect(rows.length).to.equal(proofs.length)
  })
})
