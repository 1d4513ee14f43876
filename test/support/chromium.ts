import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { installPackages, isExecutable, type Progress, programOnPath, run } from './program.ts'

/**
 * The path of Chromium: the one that `CHROMIUM` names, else the one on the PATH, else, as root on Debian, the package's, which is
 * installed. Throws with what is missing and how to get it.
 */
export async function findChromium(progress: Progress): Promise<string> {
  const named = process.env['CHROMIUM']
  if (named !== undefined && named !== '') {
    if (isExecutable(named) && run(named, ['--version']).ok) return named
    throw new Error(`CHROMIUM=${named} is not a Chromium that runs here.`)
  }
  const onPath = programOnPath('chromium') ?? programOnPath('chromium-browser')
  if (onPath !== undefined) return onPath
  installPackages(['chromium'], progress)
  const installed = programOnPath('chromium')
  if (installed !== undefined) return installed
  throw new Error('There is no chromium. Install it (Debian: apt-get install chromium), or set CHROMIUM to its path.')
}

export interface RunningBrowser {
  /** A new page, with nothing kept from another; what it complains about is in `complaints`. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>
  readonly complaints: string[]
  close(): Promise<void>
}

/** A Chromium without a window. */
export async function startBrowser(executablePath: string): Promise<RunningBrowser> {
  // Its sandbox needs what containers do not have.
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  const complaints: string[] = []
  return {
    complaints,
    open: async (url, options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
      const page = await context.newPage()
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text())
      })
      await page.goto(url)
      return page
    },
    close: () => browser.close(),
  }
}
