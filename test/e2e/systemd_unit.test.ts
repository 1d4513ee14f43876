import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { programOnPath, run } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const units = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url))
const unit = readFileSync(join(units, 'devapp-authz.service'), 'utf8')
const valuesOf = (key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)

/** systemd does not run here: its own tools read the files. */
describe('deploy/systemd', function () {
  this.timeout(20_000)
  const folder = temporaryFolder('systemd')
  const path = (...names: string[]) => join(folder.path, ...names)

  before(function () {
    if (programOnPath('systemd-analyze') === undefined) this.skip()
    // Beside a program at the place that the unit names, and an Envoy of which only the unit counts.
    const envoy = '[Service]\nExecStart=/bin/true\n'
    mkdirSync(path('units'))
    cpSync(units, path('units'), { recursive: true })
    writeFileSync(path('units', 'devapp-authz.service'), unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'))
    writeFileSync(path('units', 'envoy.service'), envoy)
    mkdirSync(path('etc'))
    writeFileSync(path('etc', 'group'), 'root:x:0:\n')
    writeFileSync(path('etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  })
  after(() => folder.remove())

  it('leaves systemd-analyze verify nothing to say, the part for Envoy included', () => {
    for (const name of ['devapp-authz.service', 'envoy.service']) {
      const { ok, output } = run('env', [
        `SYSTEMD_UNIT_PATH=${path('units')}:`,
        'systemd-analyze',
        'verify',
        path('units', name),
      ])
      expect(output).to.equal('')
      expect(ok, name).to.equal(true)
    }
  })

  it('is exposed little, as systemd-analyze security reckons', () => {
    const { ok, output } = run('systemd-analyze', [
      ...['security', '--offline=yes', '--threshold=20', '--no-pager', path('units', 'devapp-authz.service')],
    ])
    expect(output).to.match(/Overall exposure level for devapp-authz\.service: 1\.\d OK/)
    expect(ok).to.equal(true)
  })

  it('makes the user and the folder that the unit names', function () {
    // Only root makes users.
    if (process.getuid?.() !== 0) return this.skip()
    expect(run('systemd-sysusers', [`--root=${folder.path}`, join(units, 'sysusers.conf')]).ok).to.equal(true)
    expect(readFileSync(path('etc', 'passwd'), 'utf8')).to.match(/^devapp-authz:.*:\/usr\/sbin\/nologin$/m)
    mkdirSync(path('etc', 'devapp-authz'))
    writeFileSync(path('etc', 'devapp-authz', 'environment'), '', { mode: 0o644 })
    const made = run('systemd-tmpfiles', ['--create', `--root=${folder.path}`, join(units, 'tmpfiles.conf')])
    expect(made.output).to.equal('')
    expect(statSync(path('etc', 'devapp-authz')).mode & 0o777).to.equal(0o750)
    expect(statSync(path('etc', 'devapp-authz', 'environment')).mode & 0o777).to.equal(0o600)
    expect(valuesOf('User')).to.deep.equal(['devapp-authz'])
  })

  it('is not killed before it has ended by itself, and is started again whatever ended it', () => {
    // It takes up to 5 s after SIGTERM.
    expect(Number(valuesOf('TimeoutStopSec')[0])).to.be.greaterThan(5)
    expect(valuesOf('Restart')).to.deep.equal(['always'])
  })
})
