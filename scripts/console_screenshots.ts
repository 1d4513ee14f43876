/**
 * npm run screenshots: draws every page of the console anew, in both themes, into docs/console/: the pictures of docs/console.md. Beside
 * the running demo, after some traffic; no two runs make the same pictures. Takes Chromium, and pngquant to make them small.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { startChainServer } from '../src/cli/chain_serve.ts'
import { findChromium, startBrowser } from '../test/support/chromium.ts'
import { startDemoGateway } from '../test/support/demo_gateway.ts'
import { installPackages, programOnPath } from '../test/support/program.ts'

const progress = (sentence: string): void => void process.stderr.write(`${sentence}\n`)
const folder = fileURLToPath(new URL('../docs/console/', import.meta.url))
mkdirSync(folder, { recursive: true })
if (programOnPath('pngquant') === undefined) installPackages(['pngquant'], progress)

const browser = await startBrowser(await findChromium(progress))
const gateway = await startDemoGateway()
const server = await startChainServer({
  ...{ listen: '127.0.0.1:0', perMinute: 100, behindProxy: false, onError: (error) => progress(String(error)) },
})
const { issuing, certificates } = gateway.parties
const root = issuing.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/)[1] ?? ''
const upsideDown = {
  name: 'upside-down.pem',
  mimeType: 'text/plain',
  buffer: Buffer.from(root + issuing.certificate.pem + certificates.acme.pem),
}

try {
  progress('Some traffic, for a minute ...')
  await traffic(60)
  await gateway.call({
    ...{ sni: 'api.example.com', path: '/v1/data' },
    certificate: gateway.parties.issue({ commonName: 'acme.example' }),
  })
  for (const theme of ['light', 'dark'] as const) {
    const shots: readonly (readonly [name: string, url: string, act?: (page: Page) => Promise<unknown>])[] = [
      ['overview', `${gateway.consoleUrl}console/`],
      [
        'denials',
        `${gateway.consoleUrl}console/`,
        async (page) => {
          await page.getByRole('button', { name: 'More of cert_revoked' }).first().click()
          await page.locator('#denials').scrollIntoViewIfNeeded()
          await page.evaluate("document.querySelector('#denials').scrollIntoView()")
        },
      ],
      ['ocsp', `${gateway.consoleUrl}console/ocsp`],
      ['devapps', `${gateway.consoleUrl}console/devapps`],
      ['chain', `${gateway.consoleUrl}console/chain`, checkUpsideDown],
      [
        'explain',
        `${gateway.consoleUrl}console/`,
        async (page) => {
          await page.getByRole('button', { name: 'More of cert_revoked' }).first().click()
          await page.getByRole('link', { name: 'Explain this refusal' }).click()
          await page.getByText('Refused: cert_revoked').waitFor()
        },
      ],
      ['api', `${gateway.consoleUrl}console/api`],
      ['chain-serve', `http://${server.address}/`, checkUpsideDown],
    ]
    for (const [name, url, act] of shots) {
      const page = await browser.open(url, { colorScheme: theme, reducedMotion: 'reduce' })
      await page.waitForTimeout(1_500)
      await act?.(page)
      await page.waitForTimeout(700)
      const file = join(folder, `${name}-${theme}.png`)
      await page.screenshot({ path: file })
      execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--quality', '70-95', '--output', file, file])
      await page.context().close()
      progress(file)
    }
  }
} finally {
  await server.stop(0)
  await gateway.stop()
  await browser.close()
}

async function checkUpsideDown(page: Page): Promise<void> {
  await page.setInputFiles('input[type=file]', upsideDown)
  await page.getByText('upside-down.pem is refused').waitFor()
  await page.evaluate("document.querySelector('.notice').scrollIntoView()")
}

async function traffic(seconds: number): Promise<void> {
  const refused = ['revoked', 'disabled', 'onHold', 'stranger', 'bolt', 'withoutOcsp', 'shared'] as const
  const until = Date.now() + seconds * 1_000
  for (let turn = 0; Date.now() < until; turn++) {
    const name = turn % 5 === 4 ? (refused[Math.floor(turn / 5) % refused.length] ?? 'revoked') : 'acme'
    await gateway.call({ sni: 'api.example.com', path: '/v1/data', certificate: certificates[name] })
    await new Promise((resolve) => setTimeout(resolve, 60 + 240 * Math.abs(Math.sin(Date.now() / 40_000))))
  }
}
