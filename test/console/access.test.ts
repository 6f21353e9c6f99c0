/** Tests of the web console's pages for users, roles, access keys and identity providers, in Chromium. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import {
  allow,
  createAccount,
  createUser,
  otherAccountId,
  type Statement,
} from '../support/accounts.ts'
import { accessibilityProblems } from '../support/accessibility.ts'
import { hasChromium, startChromium, withConsole } from '../support/browser.ts'
import { createPrincipals } from '../support/console-data.ts'
import { TestService } from '../support/service.ts'

const region = 'eu-west-1'
const everything: Statement = { Effect: 'Allow', Action: 'signet:*', Resource: '*' }
const paths = [
  'access/users',
  'access/users/monitoring',
  'access/roles/deployment',
  'access/keys',
  'access/providers',
]

let service: TestService
let browser: Browser

before(async (t) => {
  if (!hasChromium(t as never)) return
  service = await TestService.start()
  browser = await startChromium()
  await createPrincipals(service)
})
after(async () => {
  await browser?.close()
  await service?.close()
})

// pages.test.ts tests these pages in a wide window.
test('on a phone, axe finds nothing serious in either theme, and no page is wider than the window', async () => {
  await withConsole(browser, { url: service.url, width: 375 }, async (shown) => {
    const { page } = shown
    await shown.goto('access/users')
    await shown.signIn(service.credentials, region)
    for (const path of paths) {
      await shown.goto(path)
      await shown.settle()
      assert.deepEqual(await accessibilityProblems(page), [], path)
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      assert.equal(overflow, 0, path)
    }
  })
})

test('the navigation leads to a user, whose policies and access keys are shown without secrets', async () => {
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto('')
    await shown.signIn(service.credentials, region)
    await page.getByRole('link', { name: 'Users', exact: true }).click()
    await page.getByRole('link', { name: 'monitoring' }).click()
    await page.getByRole('heading', { name: 'monitoring', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/console/access/users/monitoring')
    await page.getByText('"acm-pca:IssueCertificate"').waitFor()
    const { AccessKeys } = await service.must('ListAccessKeys', { UserName: 'monitoring' })
    const id = AccessKeys[0].AccessKeyId as string
    await page.getByRole('row', { name: new RegExp(`${id}.*Active.*never`) }).waitFor()
    await page.getByRole('button', { name: `Additional policy of ${id}` }).click()
    await page.getByText('"acm-pca:ListCertificateAuthorities"').waitFor()
    await page.getByRole('link', { name: 'Roles', exact: true }).click()
    await page.getByRole('link', { name: 'deployment' }).click()
    await page.getByText('1 hour 30 minutes').waitFor()
    await page.getByText('"arn:aws:iam::123456789012:user/ci-renewal"').waitFor()
    await page.getByRole('link', { name: 'Identity providers' }).click()
    await page.getByText('key-2026 (EC)').waitFor()
    await page.getByText('Fetched from the issuer').waitFor()
  })
})

test('the address of the access keys contains the filters and the sort order', async () => {
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    const owners = (): Promise<string[]> =>
      page.locator('tbody tr td:nth-of-type(1)').allInnerTexts()
    await shown.goto('access/keys')
    await shown.signIn(service.credentials, region)
    await page.getByRole('row', { name: /acm\.amazonaws\.com/ }).waitFor()
    await page.getByRole('searchbox').fill('renewal')
    await page.getByRole('button', { name: /^Status All/ }).click()
    await page.getByRole('option', { name: 'Inactive' }).click()
    await page.waitForURL(/find=renewal&status=Inactive/)
    await page.getByText('1 of ').first().waitFor()
    assert.deepEqual(await owners(), ['ci-renewal'])
    await page.reload()
    await page.getByText('1 of ').first().waitFor()
    assert.deepEqual(await owners(), ['ci-renewal'])
    await page.getByRole('button', { name: /^Last use Any/ }).click()
    await page.getByRole('option', { name: 'Not used for 30 days' }).click()
    await page.getByText('No access keys match the filter').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await page.waitForURL(/access\/keys$/)
    await service.runJob('record-key-uses')
    await shown.goto('access/keys?unused=never&sort=-owner')
    await page.getByRole('row', { name: /monitoring/ }).waitFor()
    assert.deepEqual(await owners(), ['monitoring', 'ci-renewal', 'acm.amazonaws.com'])
    // The sticky header covers the table's own header and precedes it in the document.
    await page.getByText('Owner', { exact: true }).first().click()
    await page.waitForURL(/sort=owner/)
    assert.deepEqual(await owners(), ['acm.amazonaws.com', 'ci-renewal', 'monitoring'])
  })
})

test('a principal with a narrow policy sees that each call is denied, and why', async () => {
  const narrow = await createUser(service, { userName: 'narrow', statements: [allow('*')] })
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto('access/users')
    await shown.signIn(narrow.credentials, region)
    for (const [path, text, action] of [
      ['access/users', 'List users', 'ListUsers'],
      ['access/users/monitoring', 'Read the user', 'GetUser'],
      ['access/roles', 'List roles', 'ListRoles'],
      ['access/roles/deployment', 'Read the role', 'GetRole'],
      ['access/keys', 'List access keys', 'ListAccessKeys'],
      ['access/providers', 'List identity providers', 'ListIdentityProviders'],
    ] as const) {
      await shown.goto(path)
      await page.getByText(`${text}: denied`).waitFor()
      await page
        .getByText(new RegExp(`user/narrow is not authorized to perform: signet:${action}`))
        .waitFor()
    }
  })
})

test('an empty list shows the command that creates its first row', async () => {
  await createAccount(service)
  const stranger = await createUser(service, {
    accountId: otherAccountId,
    userName: 'stranger',
    statements: [everything],
  })
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto('access/users')
    await shown.signIn(stranger.credentials, region)
    await page.getByRole('link', { name: 'stranger' }).waitFor()
    assert.equal(await page.getByText('monitoring').count(), 0)
    await shown.goto('access/roles')
    await page.getByText('No roles').waitFor()
    await page.getByText('signet role create NAME --trust-policy trust.json').waitFor()
    await shown.goto('access/providers')
    await page.getByText('signet oidc-provider create https://ISSUER --audience signet').waitFor()
    await shown.goto('access/users/nobody')
    await page.getByText('Read the user: failed').waitFor()
    await page.getByText('The account has no user nobody.').waitFor()
  })
})
