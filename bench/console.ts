/**
 * `node bench/console.ts` measures the web console with 200 CAs and 100,000 certificates. The results for each page are the time
 * from navigation to content, the number of elements, the longest task and the layout shift.
 */
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { startChromium, withConsole, type ConsoleBrowser } from '../test/support/browser.ts'
import { csr } from '../test/support/csrs.ts'
import { createRoot, createSubordinate, issueInput } from '../test/support/hierarchy.ts'
import { TestService } from '../test/support/service.ts'
import { sampleInput, seedCertificates } from './seed.ts'
import { markdownTable } from './table.ts'
import { median } from './turns.ts'

const region = 'eu-west-1'
const { values: flags } = parseArgs({
  options: {
    authorities: { type: 'string', default: '200' },
    certificates: { type: 'string', default: '100000' },
    turns: { type: 'string', default: '5' },
    width: { type: 'string', default: '1440' },
    height: { type: 'string', default: '900' },
    /** Folder for the screenshots, one for each page. */
    pictures: { type: 'string' },
  },
})

/**
 * Creates a root CA with subordinate CAs. All of these CAs issue certificates. Resolves to the CAs' ARNs, starting with the root.
 */
async function fill(service: TestService): Promise<string[]> {
  const subject = (CommonName: string) => ({ Organization: 'Example', CommonName })
  const more = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }
  const root = await createRoot(service, { subject: subject('Example Root CA'), more })
  const arns = [root.arn]
  for (let index = 1; index < Number(flags.authorities); index += 1) {
    const options = { subject: subject(`Example Issuing CA ${index}`), more }
    arns.push((await createSubordinate(service, root, options)).arn)
  }
  const issuer = arns[1] ?? root.arn
  const target = { issueInput: (request: string) => issueInput(issuer, request) }
  await service.must('IssueCertificate', sampleInput(target, csr('ec-server')))
  return arns
}

interface Measured {
  readonly milliseconds: number
  readonly elements: number
  readonly longestTask: number
  readonly layoutShift: number
}

const observe = `
  window.longest = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration)
  }).observe({ type: 'longtask', buffered: true })`

/** Time to wait for late layout shifts. */
const restMilliseconds = 500

async function measure(shown: ConsoleBrowser, path: string): Promise<Measured> {
  const startedAt = performance.now()
  await shown.goto(path)
  await shown.settle()
  const milliseconds = performance.now() - startedAt
  await shown.page.waitForTimeout(restMilliseconds)
  const read = (expression: string): Promise<number> => shown.page.evaluate<number>(expression)
  return {
    milliseconds,
    elements: await read("document.querySelectorAll('*').length"),
    longestTask: await read('window.longest'),
    layoutShift: await shown.layoutShift(),
  }
}

/** The console pages by name. */
function pagesOf(authorityArn: string, certificateArn: string): Readonly<Record<string, string>> {
  return {
    dashboard: '',
    authorities: 'authorities',
    authority: `authorities/${authorityArn}`,
    certificates: 'certificates',
    'certificates, filtered': 'certificates?san=.example.com&status=VALID&expiring=90',
    certificate: `certificates/${certificateArn}`,
    issue: 'certificates/issue',
    approvals: 'approvals',
  }
}

async function picture(page: Page, name: string): Promise<void> {
  if (flags.pictures === undefined) return
  const file = `${name.replaceAll(/\W+/g, '-')}-${flags.width}.png`
  await page.screenshot({ path: `${flags.pictures}/${file}` })
}

async function run(service: TestService, authorityArns: readonly string[]): Promise<void> {
  const browser = await startChromium()
  try {
    const { Certificates } = await service.must('ListCertificates', { MaxResults: 1 })
    const [{ CertificateArn }] = Certificates
    const pages = pagesOf(authorityArns[1] ?? '', CertificateArn as string)
    const size = { width: Number(flags.width), height: Number(flags.height) }
    await withConsole(browser, { url: service.url, ...size }, async (shown) => {
      await shown.page.addInitScript(observe)
      await shown.goto('')
      await shown.signIn(service.credentials, region)
      const rows: string[][] = []
      for (const [name, path] of Object.entries(pages)) {
        const turns: Measured[] = []
        for (let turn = 0; turn < Number(flags.turns); turn += 1)
          turns.push(await measure(shown, path))
        await picture(shown.page, name)
        const of = (key: keyof Measured): number => median(turns.map((one) => one[key]))
        rows.push([
          name,
          of('milliseconds').toFixed(0),
          of('elements').toFixed(0),
          of('longestTask').toFixed(0),
          of('layoutShift').toFixed(3),
        ])
      }
      const header = ['page', 'content after, ms', 'elements', 'longest task, ms', 'layout shift']
      console.log(markdownTable(header, rows))
    })
  } finally {
    await browser.close()
  }
}

const empty = await TestService.start({ quotaAuthorities: '1000000' })
const authorityArns = await fill(empty)
await empty.stop()
const data = empty.config.dataDirectory
seedCertificates({
  data,
  authorityArns: authorityArns.slice(1),
  count: Number(flags.certificates),
})
const service = await TestService.start({ data })
try {
  await service.runJob('index-certificates')
  await run(service, authorityArns)
} finally {
  await service.close()
}
