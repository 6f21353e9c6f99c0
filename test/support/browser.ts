/** Chromium with the web console of a service. Every page fails its test on console errors, violations of the Content-Security-Policy and requests to other hosts. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import { buildConsole } from '../../console/build.ts'
import type { Credentials } from './signed-request.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Returns whether Chromium is installed. If not, skips the test; with CI set, throws. */
export function hasChromium(t: Pick<TestContext, 'skip'>): boolean {
  if (existsSync(executablePath)) return true
  const message = `NOT TESTED: ${executablePath} is not installed`
  if (process.env['CI'] !== undefined) throw new Error(message)
  console.error(message)
  t.skip(message)
  return false
}

export async function startChromium(): Promise<Browser> {
  await buildConsole()
  // The sandbox of Chromium needs namespaces, which root in a container does not have.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

export interface ConsoleOptions {
  readonly url: string
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
}

/** A browser with its own storage, and the problems that its pages reported. */
export class ConsoleBrowser implements AsyncDisposable {
  readonly page: Page
  readonly url: string
  readonly problems: string[] = []

  private constructor(page: Page, url: string) {
    this.page = page
    this.url = url
    const { host } = new URL(url)
    page.on('console', (message) => {
      // A denied or invalid call is an HTTP error, which the browser also reports.
      const isCall = /Failed to load resource/.test(message.text())
      if (message.type() === 'error' && !isCall) this.problems.push(message.text())
    })
    page.on('pageerror', (error) => this.problems.push(String(error)))
    page.on('request', (request) => {
      const { protocol, host: other } = new URL(request.url())
      if (protocol.startsWith('http') && other !== host)
        this.problems.push(`request to ${request.url()}`)
    })
  }

  static async open(browser: Browser, options: ConsoleOptions): Promise<ConsoleBrowser> {
    const { url, width = 1440, height = 900, theme = 'light' } = options
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
      acceptDownloads: true,
    })
    context.setDefaultTimeout(10_000)
    await context.addInitScript(
      `addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error('Content-Security-Policy: ' + violatedDirective + ' ' + blockedURI))`,
    )
    return new ConsoleBrowser(await context.newPage(), url)
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.url}/console/${path}`)
  }

  /** Signs in on the page that is shown. */
  async signIn({ accessKeyId, secretAccessKey }: Credentials, region: string): Promise<void> {
    const { page } = this
    await page.getByLabel('Access key ID').fill(accessKeyId)
    await page.getByLabel('Secret access key').fill(secretAccessKey)
    await page.getByLabel('Region').fill(region)
    await page.getByLabel('Stay signed in').check()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: /^Principal / }).waitFor()
  }

  /** Waits until the page has no loading indicators and no pending requests. */
  async settle(): Promise<void> {
    await this.page.waitForLoadState('networkidle')
    await this.page.getByText(/^Loading/).first().waitFor({ state: 'hidden' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
    assert.deepEqual(this.problems, [])
  }
}
