/**
 * `node tools/console-pictures.ts` writes the screenshots of the web console for the README and the docs. With a folder as its
 * argument, the program instead writes screenshots of every page to that folder, in both themes and two widths.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { startChromium, withConsole } from '../test/support/browser.ts'
import { createConsoleData, type ConsoleData } from '../test/support/console-data.ts'
import { csr } from '../test/support/csrs.ts'
import { utcDayOf } from '../src/store/certificate-days.ts'
import { TestService } from '../test/support/service.ts'

const region = 'eu-west-1'
const documents = resolve(import.meta.dirname, '../docs')

/** Returns the addresses of all pages, keyed by the name of the screenshot. */
export function consolePages(data: ConsoleData): Readonly<Record<string, string>> {
  const { issuingArn, certificateArn, hostileArn } = data
  const tabs = ['certificate', 'revocation', 'policy', 'permissions', 'tags', 'reports']
  return {
    dashboard: '',
    authorities: 'authorities',
    'authorities-empty': 'authorities?find=nothing',
    'authority-create': 'authorities/create',
    ...Object.fromEntries(
      tabs.map((tab) => [`authority-${tab}`, `authorities/${issuingArn}?tab=${tab}`]),
    ),
    'authority-renew': `authorities/${issuingArn}/renew`,
    certificates: 'certificates',
    'certificates-empty': 'certificates?san=nothing',
    certificate: `certificates/${certificateArn}`,
    'certificate-hostile': `certificates/${hostileArn}`,
    issue: 'certificates/issue',
    approvals: 'approvals',
    enrollment: 'enrollment',
    'enrollment-empty': 'enrollment?find=nothing',
    'acme-endpoint': 'enrollment/acme/web',
    ...Object.fromEntries(
      ['keys', 'accounts', 'orders'].map((tab) => [
        `acme-endpoint-${tab}`,
        `enrollment/acme/web?tab=${tab}`,
      ]),
    ),
    'est-endpoint': 'enrollment/est/devices',
    'est-endpoint-passwords': 'enrollment/est/devices?tab=passwords',
    users: 'access/users',
    user: 'access/users/monitoring',
    roles: 'access/roles',
    role: 'access/roles/deployment',
    'access-keys': 'access/keys?status=Active&sort=-used',
    'identity-providers': 'access/providers',
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

/** Writes the screenshots that README.md and docs/tasks/console.md show. */
async function takeForDocuments(browser: Browser, service: TestService): Promise<void> {
  const { certificateArn } = await createConsoleData(service)
  await countEarlierDays(service)
  await withConsole(browser, { url: service.url, width: 1280, height: 800 }, async (shown) => {
    const { page } = shown
    const take = async (name: string): Promise<void> => {
      await shown.settle()
      await page.screenshot({ path: join(documents, `${name}.png`) })
    }
    await shown.goto('')
    await shown.signIn(service.credentials, region)
    await take('console-dashboard')
    await shown.goto(`certificates/${certificateArn}`)
    await take('console')
    await shown.goto('certificates/issue')
    await shown.settle()
    await page.getByRole('radio', { name: /^Certificate signing request/ }).check()
    await page.getByLabel('CSR (PEM)').fill(csr('asks-as-entity'))
    await page.getByRole('heading', { name: 'Extensions' }).scrollIntoViewIfNeeded()
    await take('console-issue')
  })
}

/** Adds numbers for the last 30 days and the coming weeks, because all certificates in the data were issued today. */
async function countEarlierDays(service: TestService): Promise<void> {
  const today = utcDayOf(service.clock.now())
  for (let day = today - 29; day < today + 90; day += 1) {
    const wave = 20 + ((day * 7) % 23) - (day % 7 >= 5 ? 15 : 0)
    const [issued, revoked, expiring] = day < today ? [wave, day % 5, 0] : [0, 0, wave]
    await service.inDatabase(
      `insert into certificate_days values (2, ?, ?, ?, ?) on conflict do nothing`,
      day,
      issued,
      revoked,
      expiring,
    )
  }
}

if (import.meta.main) {
  const folder = process.argv[2]
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const service = await TestService.start()
  const browser = await startChromium()
  try {
    if (folder === undefined) await takeForDocuments(browser, service)
    else await takeAll(browser, service, folder)
  } finally {
    await browser.close()
    await service.close()
  }
}
