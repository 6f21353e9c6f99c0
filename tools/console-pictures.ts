/**
 * `node tools/console-pictures.ts` writes the README's screenshot of the web console. With a folder as its argument, it instead
 * writes screenshots of every page to that folder, in both themes and at phone and desktop widths.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { startChromium, withConsole } from '../test/support/browser.ts'
import { createConsoleData, type ConsoleData } from '../test/support/console-data.ts'
import { TestService } from '../test/support/service.ts'

const region = 'eu-west-1'
const readmePicture = resolve(import.meta.dirname, '../docs/console.png')

/** Returns the addresses of all pages, by the name of the screenshot. */
export function consolePages(data: ConsoleData): Readonly<Record<string, string>> {
  const { issuingArn, certificateArn, hostileArn } = data
  const tabs = ['certificate', 'revocation', 'policy', 'permissions', 'tags', 'reports']
  return {
    dashboard: '',
    authorities: 'authorities',
    'authorities-empty': 'authorities?name=nothing',
    'authority-create': 'authorities/create',
    ...Object.fromEntries(
      tabs.map((tab) => [`authority-${tab}`, `authorities/${issuingArn}?tab=${tab}`]),
    ),
    certificates: 'certificates',
    'certificates-empty': 'certificates?san=nothing',
    certificate: `certificates/${certificateArn}`,
    'certificate-hostile': `certificates/${hostileArn}`,
    issue: 'certificates/issue',
    approvals: 'approvals',
    activity: 'activity',
    'activity-empty': 'activity?principal=nobody',
    'activity-entry': 'activity/0',
    ...Object.fromEntries(
      ['health', 'configuration', 'jobs', 'backups'].map((tab) => [
        `system-${tab}`,
        `system?tab=${tab}`,
      ]),
    ),
    'not-found': 'nothing-here',
  }
}

async function takeAll(browser: Browser, service: TestService, folder: string): Promise<void> {
  const pages = consolePages(await createConsoleData(service))
  for (const theme of ['light', 'dark'] as const)
    for (const width of [375, 1440])
      await withConsole(browser, { url: service.url, width, theme }, async (shown) => {
        const take = async (name: string): Promise<void> => {
          await shown.settle()
          const path = join(folder, `${name}-${theme}-${width}.png`)
          await shown.page.screenshot({ path, fullPage: true })
        }
        await shown.goto('')
        await take('sign-in')
        await shown.signIn(service.credentials, region)
        for (const [name, path] of Object.entries(pages)) {
          await shown.goto(path)
          await take(name)
        }
      })
}

async function takeForReadme(browser: Browser, service: TestService): Promise<void> {
  const { certificateArn } = await createConsoleData(service)
  await withConsole(browser, { url: service.url, width: 1280, height: 800 }, async (shown) => {
    await shown.goto(`certificates/${certificateArn}`)
    await shown.signIn(service.credentials, region)
    await shown.settle()
    await shown.page.screenshot({ path: readmePicture })
  })
}

if (import.meta.main) {
  const folder = process.argv[2]
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const service = await TestService.start()
  const browser = await startChromium()
  try {
    if (folder === undefined) await takeForReadme(browser, service)
    else await takeAll(browser, service, folder)
  } finally {
    await browser.close()
    await service.close()
  }
}
