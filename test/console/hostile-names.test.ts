/** Tests that console pages display hostile text from certificates, requests and tags as plain text. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { setApprovalPolicy } from '../../src/admin-commands/approval-policies.ts'
import { allow, createUser } from '../support/accounts.ts'
import { ConsoleBrowser, hasChromium, startChromium } from '../support/browser.ts'
import { csr } from '../support/csrs.ts'
import { issueInput } from '../support/hierarchy.ts'
import { createHostileData, markup, type HostileData } from '../support/hostile-data.ts'
import { TestService } from '../support/service.ts'

const region = 'eu-west-1'
let service: TestService
let browser: Browser
let shown: ConsoleBrowser
let page: Page
let data: HostileData
let approvalId: string

before(async (t) => {
  if (!hasChromium(t as never)) return
  service = await TestService.start({ lint: 'warn' })
  browser = await startChromium()
  data = await createHostileData(service)
  approvalId = await requestApproval()
  shown = await ConsoleBrowser.open(browser, { url: service.url })
  page = shown.page
  await shown.goto('')
  await shown.signIn(service.credentials, region)
})
after(async () => {
  await shown?.close()
  await browser?.close()
  await service?.close()
})

/** Makes a request that has hostile parameters and needs a second person's approval. */
async function requestApproval(): Promise<string> {
  const { credentials } = await createUser(service, {
    statements: [allow('*'), { Effect: 'Allow', Action: 'signet:*', Resource: '*' }],
  })
  const policy = { actions: ['issue-ca-certificate'], windowSeconds: 86_400 }
  await setApprovalPolicy(service.config, undefined, policy)
  const input = issueInput(data.authorityArn, csr('ec-server'), {
    template: 'SubordinateCACertificate_PathLen0_APIPassthrough',
    more: { ApiPassthrough: { Subject: { CommonName: `${markup}\u202E` } } },
  })
  const refusal = await service.refusal('IssueCertificate', input, { credentials })
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\D*$)/.exec(refusal)?.[0] ?? refusal
}

interface Case {
  readonly name: string
  readonly path: () => string
  /** Text that the page must show. */
  readonly text: string
  readonly prepare?: () => Promise<void>
}

const certificate = (name: keyof HostileData['certificates']) => (): string =>
  `certificates/${data.certificates[name]}`
const endpoint = (name: string) => (): string => `enrollment/acme/hostile?tab=${name}`
const tab = (name: string) => (): string => `authorities/${data.authorityArn}?tab=${name}`

const cases: readonly Case[] = [
  { name: 'the dashboard', path: () => '', text: markup },
  { name: 'the tree of CAs', path: () => 'authorities', text: markup },
  { name: 'a CA', path: tab('certificate'), text: markup },
  { name: 'the tags of a CA', path: tab('tags'), text: '' },
  { name: 'the policy of a CA', path: tab('policy'), text: '' },
  { name: 'the audit reports of a CA', path: tab('reports'), text: '' },
  { name: 'the list of certificates', path: () => 'certificates', text: markup },
  { name: 'a certificate with markup', path: certificate('markup'), text: markup },
  {
    name: 'a certificate with invisible characters',
    path: certificate('bidirectional'),
    text: String.raw`safe\u{202e}gnp.exe\u{2066}\u{200b}\u{ad}`,
  },
  { name: 'a certificate with NUL', path: certificate('nul'), text: String.raw`before\u{0}after` },
  { name: 'a certificate with a formula', path: certificate('formula'), text: '=cmd|' },
  {
    name: 'a revoked certificate with a script',
    path: certificate('script'),
    text: String.raw`window.hostile=1\</script\>`,
  },
  {
    name: 'a certificate with as many names as fit',
    path: certificate('large'),
    text: '80 more names',
  },
  {
    name: 'the preview of a CSR',
    path: () => 'certificates/issue',
    text: `DNS:${markup}.example`,
    async prepare() {
      await page.getByRole('radio', { name: /^Certificate signing request/ }).check()
      await page.getByLabel('CSR (PEM)').fill(data.csr)
      await page.getByText('Subject alternative names (2)').waitFor()
    },
  },
  {
    name: 'the dialog that revokes',
    path: () => 'certificates?status=VALID',
    text: markup,
    async prepare() {
      await page.getByRole('checkbox', { name: 'Select all certificates of this page' }).check()
      await page.getByRole('button', { name: 'Revoke' }).click()
      await page.getByRole('dialog').getByText('A revocation cannot be undone.').waitFor()
    },
  },
  { name: 'the accounts of an ACME endpoint', path: endpoint('accounts'), text: markup },
  { name: 'the orders of an ACME endpoint', path: endpoint('orders'), text: markup },
  { name: 'the list of approvals', path: () => 'approvals', text: '' },
  { name: 'an approval', path: () => `approvals/${approvalId}`, text: markup },
]

for (const { name, path, text, prepare } of cases)
  test(`${name}: hostile text is displayed as text`, async () => {
    await shown.goto(path())
    await shown.settle()
    await prepare?.()
    if (text !== '') await page.getByText(text).first().waitFor()
    assert.equal(await page.locator('img').count(), 0)
    assert.equal(await page.evaluate('window.hostile'), undefined)
    const body = await page.locator('body').innerText()
    // oxlint-disable-next-line no-control-regex -- the page must not contain these characters
    assert.doesNotMatch(body, /[\0\u00AD\u200B\u202E\u2066\u2028]/)
    assert.deepEqual(shown.problems, [])
  })

test('the CSV export has no cell that a spreadsheet runs as a formula, and no invisible character', async () => {
  await shown.goto('certificates')
  await shown.settle()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export CSV' }).click()
  const csv = await readFile(await (await saved).path(), 'utf8')
  assert.ok(csv.includes(`"'=cmd()\n`), csv.slice(0, 500))
  assert.doesNotMatch(csv, /(?:^|,)"?\s*[=+@-]/m)
  // oxlint-disable-next-line no-control-regex -- the file must not contain these characters
  assert.doesNotMatch(csv, /[\0\u00AD\u200B\u202E\u2066]/)
  assert.match(csv, /before\\u\{0\}after/)
})
