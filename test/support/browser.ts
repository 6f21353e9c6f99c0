/**
 * Chromium with a service's web console. A test fails if its page logs console errors, violates the Content-Security-Policy or
 * sends requests to other hosts.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import { buildConsole } from '../../console/build.ts'
import type { Credentials } from './signed-request.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Returns whether Chromium is installed. If Chromium is missing, the test is skipped, or fails in CI. */
export function hasChromium(t: Pick<TestContext, 'skip'>): boolean {
  if (existsSync(executablePath)) return true
  const message = `NOT TESTED: ${executablePath} is not installed`
  if (process.env['CI'] !== undefined) throw new Error(message)
  console.error(message)
  t.skip(message)
  return false
}

const args = [
  // Chromium's sandbox needs namespaces, which are not available to root in a container.
  '--no-sandbox',
  '--disable-dev-shm-usage',
  // A host name that does not belong to this machine, for the test of an insecure page.
  '--host-resolver-rules=MAP signet.test 127.0.0.1',
]

export async function startChromium(): Promise<Browser> {
  await buildConsole()
  return chromium.launch({ executablePath, args })
}

export interface ConsoleOptions {
  readonly url: string
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** Origin of an identity provider to which the console may redirect the browser, but must not send requests. */
  readonly provider?: string
}

/** A browser with its own storage, and the problems that its pages have reported. */
export class ConsoleBrowser {
  readonly page: Page
  readonly url: string
  readonly problems: string[] = []

  private constructor(page: Page, url: string, provider: string | undefined) {
    this.page = page
    this.url = url
    const { host } = new URL(url)
    page.on('console', (message) => {
      // A denied or invalid call causes an HTTP error, which the browser also reports.
      const isCall = /Failed to load resource/.test(message.text())
      if (message.type() === 'error' && !isCall) this.problems.push(message.text())
    })
    page.on('pageerror', (error) => this.problems.push(String(error)))
    page.on('request', (request) => {
      const { protocol, host: other, origin } = new URL(request.url())
      const isAllowed =
        origin === provider &&
        (request.isNavigationRequest() || page.url().startsWith(`${provider}/`))
      if (protocol.startsWith('http') && other !== host && !isAllowed)
        this.problems.push(`request to ${request.url()}`)
    })
  }

  static async open(browser: Browser, options: ConsoleOptions): Promise<ConsoleBrowser> {
    const { url, width = 1440, height = 900, theme = 'light', provider } = options
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
      acceptDownloads: true,
    })
    context.setDefaultTimeout(30_000)
    await context.addInitScript(
      `window.layoutShift = 0
      new PerformanceObserver((list) => {
        for (const { value, hadRecentInput } of list.getEntries())
          if (!hadRecentInput) window.layoutShift += value
      }).observe({ type: 'layout-shift', buffered: true })`,
    )
    await context.addInitScript(
      `addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error('Content-Security-Policy: ' + violatedDirective + ' ' + blockedURI))`,
    )
    return new ConsoleBrowser(await context.newPage(), url, provider)
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.url}/console/${path}`)
  }

  /** Signs in on the displayed page. */
  async signIn({ accessKeyId, secretAccessKey }: Credentials, region: string): Promise<void> {
    const { page } = this
    await page.getByLabel('Access key ID').fill(accessKeyId)
    await page.getByLabel('Secret access key').fill(secretAccessKey)
    await page.getByLabel('Region').fill(region)
    await page.getByLabel('Stay signed in').check()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: /^Principal / }).waitFor()
  }

  /** Waits until the page displays its heading and no loading indicators. */
  async settle(): Promise<void> {
    await this.page.getByRole('heading', { level: 1 }).first().waitFor()
    const busy = this.page.getByText(/^(?:Loading|Searching)\b/).first()
    await busy.waitFor({ state: 'hidden' })
  }

  /** Returns the sum of the layout shifts since the page was loaded, except for those after user input. */
  async layoutShift(): Promise<number> {
    return this.page.evaluate<number>('window.layoutShift')
  }

  /** Closes the pages, and throws if they have reported a problem. */
  async close(): Promise<void> {
    await this.page.context().close()
    assert.deepEqual(this.problems, [])
  }
}

/** Runs `work` with a new browser, and closes the browser. Problems on the pages are reported only if `work` succeeds. */
export async function withConsole(
  browser: Browser,
  options: ConsoleOptions,
  work: (shown: ConsoleBrowser) => Promise<void>,
): Promise<void> {
  const shown = await ConsoleBrowser.open(browser, options)
  try {
    await work(shown)
  } catch (error) {
    await shown.page.context().close()
    throw error
  }
  await shown.close()
}
