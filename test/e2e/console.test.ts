import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import type { Gateway } from '../../demo/gateway.ts'
import { findChromium, type RunningBrowser, startBrowser } from '../support/chromium.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'
import { writeExample } from '../support/example_service.ts'
import { freePort } from '../support/free_port.ts'
import { startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const pages = ['', 'ocsp', 'devapps', 'chain', 'explain', 'api'] as const

describe('the console in a browser, beside the running gateway', function () {
  this.timeout(120_000)
  let gateway: Gateway
  let browser: RunningBrowser
  let url: string
  const open = (path: string, options = {}): Promise<Page> => browser.open(`${url}console/${path}`, options)

  before(async () => {
    browser = await startBrowser(await findChromium((sentence) => process.stderr.write(`${sentence}\n`)))
    gateway = await startDemoGateway()
    url = gateway.consoleUrl
  })
  after(async () => {
    await browser?.close()
    await gateway?.stop()
  })
  afterEach(() => expect(browser.complaints.splice(0)).to.deep.equal([]))

  const call = (name: keyof Gateway['parties']['certificates']) =>
    gateway.call({ sni: 'api.example.com', path: '/v1/data', certificate: gateway.parties.certificates[name] })

  it('shows a refusal as it happens, what to do about it, and every step that led there', async () => {
    const page = await open('')
    await page.locator('.status', { hasText: 'Live' }).waitFor()
    await call('acme')
    await call('revoked')
    const refusal = page.locator('.denials > li', { hasText: 'cert_revoked' }).first()
    await refusal.waitFor()
    expect(await refusal.innerText()).to.match(/Third party: .+/)
    await refusal.getByRole('button', { name: 'More of cert_revoked' }).click()
    await page.getByText('What was found').waitFor()
    await refusal.getByRole('link', { name: 'Explain this refusal' }).click()
    await page.getByText('Refused: cert_revoked, HTTP 401').waitFor()
    const decisive = page.locator('.steps .decisive')
    expect(await decisive.innerText()).to.match(/^✕\s+revocation\s+revoked since/)
    expect(await page.getByRole('heading', { level: 1 }).innerText()).to.equal('Explain')
    await page.context().close()
  })

  it('counts the hour by code, and tells how the parts are', async () => {
    await call('disabled')
    const page = await open('')
    await page.getByRole('cell', { name: 'devapp_disabled' }).waitFor()
    const facts = await page.locator('.facts').innerText()
    for (const name of ['Check latency', 'Workers', 'Registry age', 'Redis', 'SDS version', 'Shadow policies'])
      expect(facts).to.contain(name)
    expect(facts).to.match(/SDS version\s+[0-9a-f]{8}/)
    const slider = page.getByRole('slider', { name: 'Minute' })
    await slider.focus()
    await page.keyboard.press('ArrowLeft')
    expect(await slider.getAttribute('aria-valuetext')).to.match(/^\d\d:\d\d: \d+ allowed/)
    await page.context().close()
  })

  it('draws each OCSP answer from thisUpdate to nextUpdate, and finds those of a DevApp or a status', async () => {
    const page = await open('ocsp')
    const rows = page.getByRole('table', { name: /Registered certificates/ }).getByRole('row')
    await page.getByText('acme.example').waitFor()
    await page.getByLabel('DevApp, by its id').fill('acme')
    await expectSoon(async () => expect(await rows.count()).to.equal(2))
    const bar = rows.nth(1).getByRole('img')
    expect(await bar.getAttribute('aria-label')).to.match(
      /^good by OCSP, thisUpdate .+, nextUpdate .+; asked again in /,
    )
    await page.getByLabel('DevApp, by its id').fill('')
    await page.getByRole('button', { name: /^revoked/ }).click()
    await expectSoon(async () =>
      expect(await rows.allInnerTexts()).to.satisfy((texts: string[]) =>
        texts.slice(1).every((text) => text.includes('revoked')),
      ),
    )
    expect(await page.getByRole('region', { name: 'Table of responders' }).innerText()).to.match(
      /http:\/\/127\.0\.0\.1:\d+\s+✓?\s*closed/,
    )
    await page.context().close()
  })

  it('scrolls through a hundred thousand certificates, of which those that are seen are there', async () => {
    const page = await open('ocsp')
    await page.route('**/api/v1/ocsp/certificates*', async (route) => {
      const asked = new URL(route.request().url()).searchParams
      const [offset, limit] = [Number(asked.get('offset') ?? 0), Number(asked.get('limit') ?? 1)]
      const answered = await route.fetch({ url: `${url}api/v1/ocsp/certificates?limit=1` })
      const document = (await answered.json()) as { total: number; entries: { commonName: string }[] }
      const [entry] = document.entries
      const entries = Array.from({ length: Math.min(limit, 100_000 - offset) }, (_, i) => ({
        ...entry,
        commonName: `certificate ${offset + i}`,
      }))
      await route.fulfill({ json: { ...document, total: 100_000, entries } })
    })
    await page.reload()
    await page.getByText('certificate 3', { exact: true }).waitFor()
    const box = page.locator('.list-box')
    await box.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await page.getByText('certificate 99999', { exact: true }).waitFor()
    await box.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2))
    await page
      .getByText(/^certificate (49|50)\d{3}$/)
      .first()
      .waitFor()
    expect(await page.locator('.list-row').count()).to.be.below(60)
    await page.context().close()
  })

  it('finds a DevApp with all of it but its secrets, and a renewal that waits to be attached', async () => {
    const renewed = gateway.parties.issue({ commonName: 'acme.example' })
    await gateway.call({ sni: 'api.example.com', path: '/v1/data', certificate: renewed })
    const page = await open('devapps')
    await page.getByText('A renewed certificate waits to be attached').waitFor()
    expect(await page.locator('.notice').innerText()).to.contain('acme: acme.example')
    expect(await page.getByRole('img', { name: /by the week that they expire in/ }).count()).to.equal(1)
    await page.getByLabel(/^Id, name, ClientKey/).fill('acme')
    await page.getByRole('button', { name: 'acme', exact: true }).click()
    const details = page.getByRole('dialog')
    expect(await details.innerText()).to.match(/ClientSecrets\s+1 in force, never shown/)
    await page.keyboard.press('Escape')
    await details.waitFor({ state: 'detached' })
    const { secrets } = gateway.parties
    const [, hash = ''] = /hash: (\S+)/.exec(readFileSync(join(gateway.folder, 'devapps.yaml'), 'utf8')) ?? []
    expect(hash).to.have.length.above(20)
    const told = await (await fetch(`${url}api/v1/devapps?limit=500`)).text()
    for (const secret of [...Object.values(secrets), hash]) expect(told).to.not.contain(secret)
    await page.context().close()
  })

  it('draws a dropped chain as it was given beside its right order, and gives the corrected file', async () => {
    const { issuing, certificates } = gateway.parties
    const root = issuing.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/)[1] ?? ''
    const page = await open('chain')
    await drop(page, 'upside-down.pem', root + issuing.certificate.pem + certificates.acme.pem)
    await page.getByText('upside-down.pem is refused: ').waitFor()
    await page.getByText('The chain stands upside down.').first().waitFor()
    const given = await page.locator('[data-given] strong').allInnerTexts()
    expect(given.filter((text) => /^\d/.test(text))).to.deep.equal([
      '1. Demo Root CA',
      '2. Demo Issuing CA',
      '3. acme.example',
    ])
    expect(await page.locator('[data-right] strong').allInnerTexts()).to.deep.equal([
      '1. acme.example',
      '2. Demo Issuing CA',
      '3. Demo Root CA',
    ])
    expect(await page.locator('.links path.moved').count()).to.equal(2)
    expect(await page.locator('pre').innerText()).to.not.match(/:\/\/|www\./)
    const downloaded = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download the corrected file' }).click()
    const file = await (await downloaded).path()
    expect(readFileSync(file, 'utf8')).to.equal(certificates.acme.pem + issuing.certificate.pem + root)
    await page.context().close()
  })

  it('explains a certificate that is pasted, by the keyboard alone', async () => {
    const page = await open('explain')
    await page.getByLabel('The client certificate, in PEM').focus()
    await page.keyboard.insertText(gateway.parties.certificates.acme.pem)
    await page.getByLabel('Policy').selectOption('data')
    await page.getByRole('button', { name: 'Explain' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('Allowed under data').waitFor()
    expect(await page.locator('.steps > li').count()).to.be.above(10)
    await page.context().close()
  })

  for (const path of pages) {
    for (const theme of ['light', 'dark'] as const) {
      it(`has nothing that axe finds on /console/${path}, ${theme}`, async () => {
        const page = await open(path, { colorScheme: theme, bypassCSP: true, reducedMotion: 'reduce' })
        await page.locator('.panel, form.drop').first().waitFor()
        if (path === 'chain') await drop(page, 'leaf.pem', gateway.parties.certificates.acme.pem)
        if (path === 'explain') await page.getByRole('button', { name: 'Explain' }).click()
        if (path === 'chain' || path === 'explain') await page.locator('.notice').first().waitFor()
        if (path === 'api') await page.locator('summary').first().click()
        if (path === 'ocsp' || path === 'devapps') await page.locator('.list-row .bar').first().waitFor()
        await page.evaluate(axeSource)
        const found = await page.evaluate(
          'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))',
        )
        expect(found).to.deep.equal([])
        await page.context().close()
      })
    }

    it(`fits a phone on /console/${path}, and lets who has a keyboard skip to the content`, async () => {
      const page = await open(path, { viewport: { width: 375, height: 740 } })
      await page.locator('.panel, form.drop').first().waitFor()
      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(wide).to.be.at.most(0)
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).to.equal('To the content')
      await page.context().close()
    })
  }

  it('is less than 150 KB, all from the service itself, under a policy without inline code', async () => {
    const page = await browser.open('about:blank')
    const asked: string[] = []
    let bytes = 0
    page.on('requestfinished', async (request) => {
      const { responseBodySize, responseHeadersSize } = await request.sizes()
      if (!request.url().includes('/api/')) bytes += responseBodySize + responseHeadersSize
      asked.push(request.url())
    })
    const answered = await page.goto(`${url}console/`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    for (const path of pages.slice(1)) {
      await page.locator(`nav a[href="/console/${path}"]`).click()
      await page.waitForTimeout(200)
    }
    expect(bytes).to.be.within(10_000, 150_000)
    expect(asked.filter((each) => !each.startsWith(url) && each !== 'about:blank')).to.deep.equal([])
    const policy = answered?.headers()['content-security-policy'] ?? ''
    expect(policy)
      .to.contain("default-src 'none'")
      .and.to.not.match(/unsafe|\*|http/)
    await page.context().close()
  })

  it('says in words that a file of 10 MB is too large, without sending it', async () => {
    const page = await open('chain')
    let sent = 0
    page.on('request', (request) => {
      sent += request.postDataBuffer()?.length ?? 0
    })
    await drop(page, 'huge.pem', 'x'.repeat(10_000_000))
    await page.getByText('huge.pem is refused').waitFor()
    expect(await page.locator('main').innerText()).to.contain('The file has more than 64 KiB.')
    expect(sent).to.be.below(100_000)
    await page.context().close()
  })

  it('says in words that the registry is read-only here, and that one was refused', async () => {
    const file = join(gateway.folder, 'devapps.yaml')
    const written = readFileSync(file, 'utf8')
    chmodSync(file, 0o444)
    const page = await open('')
    await page.getByText('The registry is read-only here').waitFor()
    chmodSync(file, 0o644)
    writeFileSync(file, 'devapps: [')
    await page.getByText('The registry was refused: what was in force before stays').waitFor()
    expect(await page.locator('.facts').innerText()).to.match(/1\d DevApps/)
    writeFileSync(file, written)
    await page.getByText('The registry was refused').waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('says in words that the service is gone, keeps what it knew, and goes on when it is back', async () => {
    const page = await open('')
    await page.locator('.status', { hasText: 'Ready' }).waitFor()
    await gateway.stopService()
    await page.getByText('No answer from the service').waitFor()
    expect(await page.getByRole('alert').filter({ hasText: 'No answer' }).innerText()).to.contain('What stands below')
    expect(await page.locator('.facts').count()).to.equal(1)
    await gateway.startService()
    await page.getByText('No answer from the service').waitFor({ state: 'detached' })
    await page.locator('.status', { hasText: 'Live' }).waitFor()
    await page.context().close()
  })
})

describe('the console behind a token', function () {
  this.timeout(120_000)

  it('says in words that a token is wrong, shows itself to who has it, and forgets who signs out', async () => {
    const folder = temporaryFolder('console')
    const [port, token] = [await freePort(), 'f0'.repeat(20)]
    writeExample(folder.path)
    const config = join(folder.path, 'authz.yaml')
    const written = readFileSync(config, 'utf8')
    writeFileSync(
      config,
      written.replace(
        '# console: { listen: 127.0.0.1:9193 }',
        `console: { listen: 127.0.0.1:${port}, token: '\${CONSOLE_TOKEN}' }`,
      ),
    )
    const service = await startService({ config, environment: { CONSOLE_TOKEN: token } })
    const browser = await startBrowser(await findChromium(() => {}))
    try {
      const page = await browser.open(`http://127.0.0.1:${port}/console/devapps`)
      await page.getByLabel('Token').fill('wrong')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('The token is wrong.').waitFor()
      await page.getByLabel('Token').fill(token)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('button', { name: 'acme', exact: true }).waitFor()
      expect(page.url()).to.not.contain(token)
      expect(await page.evaluate('document.cookie')).to.equal('')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByLabel('Token').waitFor()
      await page.reload()
      await page.getByLabel('Token').waitFor()
      for (const write of ['ocsp/purge', 'ocsp/warm', 'log-level']) {
        const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/${write}`, {
          ...{ method: 'POST', body: '{}' },
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        })
        expect(status, write).to.be.oneOf([404, 405])
      }
      expect(browser.complaints).to.deep.equal([])
    } finally {
      await browser.close()
      await service.stop()
      folder.remove()
    }
    expect(service.output()).to.not.contain(token)
  })
})

/** As from a folder on the desk. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  await page.locator('form.drop').waitFor()
  // A text, since the page's own types are not those of the tests.
  const data = await page.evaluateHandle(
    `(() => { const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)})); return data })()`,
  )
  await page.dispatchEvent('form.drop', 'drop', { dataTransfer: data })
}

/** What is asserted comes true within some seconds. */
async function expectSoon(assertion: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 8_000
  for (;;) {
    try {
      await assertion()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
