// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readDocument } from '../../../src/config/document.ts'
import { variablesIn } from '../../../src/config/variable_files.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'

describe('values from files', () => {
  const folder = temporaryFolder('values')

  before(() => {
    mkdirSync(folder.path, { recursive: true })
    writeFileSync(join(folder.path, 'secret'), 'hunter2\n')
    writeFileSync(join(folder.path, 'large'), 'x'.repeat(65_537))
  })
  after(() => folder.remove())

  const read = (text: string, files = new Set<string>()) => readDocument(text, variablesIn(folder.path, {}, files))

  it('stand for what the file says, without its last line end, and as a part of a text too', () => {
    const files = new Set<string>()
    expect(read('a: "redis://u:${file:secret}@h"', files).value).to.deep.equal({ a: 'redis://u:hunter2@h' })
    expect([...files]).to.deep.equal([join(folder.path, 'secret')])
  })

  it('are problems where the file is not there, or is too large, and never repeat what it says', () => {
    for (const name of ['none', 'large']) {
      const [problem] = read(`a: "\${file:${name}}"`).problems
      expect(problem?.message).to.match(name === 'none' ? /none cannot be read: ENOENT$/ : /larger than 65536 bytes$/)
    }
    expect(readDocument('a: "${file:secret}"').problems).to.have.length(1)
  })
})
