/**
 * Tests of every web console page in Chromium: accessibility in both themes, hostile names, and a principal with a narrow
 * policy.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { consolePages } from '../../tools/console-pictures.ts'
import { setApprovalPolicy } from '../../src/admin-commands/approval-policies.ts'
import {
  allow,
  createAccount,
  createUser,
  policyOf,
  sharingStatements,
} from '../support/accounts.ts'
import { accessibilityProblems } from '../support/accessibility.ts'
import { hasChromium, startChromium, withConsole } from '../support/browser.ts'
import { createConsoleData, hostileName, type ConsoleData } from '../support/console-data.ts'
import { TestService } from '../support/service.ts'

const region = 'eu-west-1'

let service: TestService
let browser: Browser
let data: ConsoleData

before(async (t) => {
  if (!hasChromium(t as never)) return
  service = await TestService.start()
  browser = await startChromium()
  data = await createConsoleData(service)
})
after(async () => {
  await browser?.close()
  await service?.close()
})

/** Layout shift above which a page needs improvement according to Core Web Vitals. */
const layoutShiftMax = 0.1

test('axe finds nothing serious on any page in either theme, and no page moves while it is loaded', async () => {
  await withConsole(browser, { url: service.url }, async (shown) => {
    await shown.goto('')
    await shown.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    const found: Record<string, string[]> = { 'sign-in': await accessibilityProblems(shown.page) }
    await shown.signIn(service.credentials, region)
    for (const [name, path] of Object.entries(consolePages(data))) {
      await shown.goto(path)
      await shown.settle()
      const shift = await shown.layoutShift()
      const shifts = shift > layoutShiftMax ? [`layout shift ${shift.toFixed(3)}`] : []
      found[name] = [...shifts, ...(await accessibilityProblems(shown.page))]
    }
    assert.deepEqual(
      Object.entries(found).filter(([, problems]) => problems.length > 0),
      [],
    )
  })
})

test('a hostile subject is displayed as text, with its invisible characters escaped', async () => {
  await withConsole(browser, { url: service.url }, async (shown) => {
    await shown.goto(`certificates/${data.hostileArn}`)
    await shown.signIn(service.credentials, region)
    const heading = shown.page.getByRole('heading', { level: 1 })
    await heading
      .getByText(/<img src=x onerror=alert/)
      .or(heading.getByText(/img src/))
      .waitFor()
    assert.match((await heading.textContent()) ?? '', /\\u\{202e\}/)
    assert.equal(await shown.page.locator('img').count(), 0)
    assert.ok(hostileName.includes('\u202E'))
    await shown.goto('certificates')
    await shown.settle()
    assert.equal(await shown.page.locator('img').count(), 0)
    assert.doesNotMatch(await shown.page.locator('body').innerText(), /[\u202E\u200B]/)
  })
})

test('a principal with a narrow policy sees which calls are denied, and why', async () => {
  const user = await createUser(service, {
    userName: 'narrow',
    statements: [allow('DescribeCertificateAuthority', 'GetCertificateAuthorityCertificate')],
  })
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto('')
    await shown.signIn(user.credentials, region)
    await page.getByText('List CAs: denied').waitFor()
    await page
      .getByText(/user\/narrow is not authorized to perform: acm-pca:ListCertificateAuthorities/)
      .waitFor()
    await shown.goto('certificates')
    await page.getByText('Search certificates: denied').waitFor()
    await shown.goto(`authorities/${data.issuingArn}`)
    await page.getByRole('heading', { name: 'Example Issuing CA', level: 1 }).waitFor()
    for (const [tab, text] of [
      ['Revocation', 'Read the state of CRLs and OCSP: denied'],
      ['Policy', 'Read the policy: denied'],
      ['Permissions', 'List permissions: denied'],
      ['Tags', 'List tags: denied'],
    ] as const) {
      await page.getByRole('tab', { name: tab }).click()
      await page.getByText(text).waitFor()
    }
    await shown.goto(`certificates/${data.certificateArn}`)
    await page.getByText('Read the certificate: denied').waitFor()
  })
})

test('a page of another origin over plain HTTP explains why sign-in is not possible', async () => {
  const url = service.url.replace('127.0.0.1', 'signet.test')
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(`${url}/console/`)
    await page.getByText('Sign-in is not possible on this page').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Sign in' }).isDisabled(), true)
  } finally {
    await context.close()
  }
})

test('the keyboard alone signs in and opens a CA', async () => {
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto('authorities')
    await page.getByLabel('Access key ID').waitFor()
    await page.keyboard.type(service.credentials.accessKeyId)
    await page.keyboard.press('Tab')
    await page.keyboard.type(service.credentials.secretAccessKey)
    await page.getByLabel('Region').fill(region)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Example Issuing CA' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Example Issuing CA', level: 1 }).waitFor()
  })
})

test('an action that needs a second person shows the approval, and succeeds after that person approved it', async () => {
  const everything = [allow('*'), { Effect: 'Allow', Action: 'signet:*', Resource: '*' }]
  const alice = await createUser(service, { userName: 'alice', statements: everything })
  const bob = await createUser(service, { userName: 'bob', statements: everything })
  const policy = { actions: ['put-policy'], windowSeconds: 86_400 }
  await setApprovalPolicy(service.config, undefined, policy)
  const text = policyOf(
    ...sharingStatements({ arn: data.rootArn, principal: await createAccount(service) }),
  )
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto(`authorities/${data.rootArn}?tab=policy`)
    await shown.signIn(alice.credentials, region)
    const save = page.getByRole('button', { name: 'Save', exact: true })
    await page.getByLabel('Policy (JSON)').fill(text)
    await save.click()
    await page.getByText('Save the policy: denied').waitFor()
    const link = page.getByRole('link', { name: 'Open the approval' })
    const path = new URL((await link.getAttribute('href')) ?? '', service.url).pathname
    await withConsole(browser, { url: service.url }, async (other) => {
      await other.page.goto(`${service.url}${path}`)
      await other.signIn(bob.credentials, region)
      await other.page.getByText(/"ResourceArn"/).waitFor()
      await other.page.getByRole('button', { name: 'Approve' }).click()
      const dialog = other.page.getByRole('dialog')
      await dialog.getByLabel(/^To confirm/).fill('approve')
      await dialog.getByRole('button', { name: 'Approve' }).click()
      await other.page.getByText('The request is approved.').waitFor()
    })
    await save.click()
    await page.getByText('The policy is saved.').waitFor()
  })
  const { Policy } = await service.must('GetPolicy', { ResourceArn: data.rootArn })
  assert.deepEqual(JSON.parse(Policy as string), JSON.parse(text))
})
