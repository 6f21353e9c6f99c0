/** Tests of the web console's pages for ACME and EST endpoints, in Chromium. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { allow, createUser } from '../support/accounts.ts'
import { accessibilityProblems } from '../support/accessibility.ts'
import { hasChromium, startChromium, withConsole, type ConsoleBrowser } from '../support/browser.ts'
import { createConsoleData, type ConsoleData } from '../support/console-data.ts'
import { addAcmeAccount, addAcmeOrder } from '../support/enrollment-data.ts'
import { freePort } from '../support/free-port.ts'
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

/** Opens a page with the administrator's credentials. */
async function shows(path: string, work: (shown: ConsoleBrowser) => Promise<void>): Promise<void> {
  await withConsole(browser, { url: service.url }, async (shown) => {
    await shown.goto(path)
    await shown.signIn(service.credentials, region)
    await work(shown)
  })
}

test('the navigation leads to an endpoint, its configuration, its accounts and its orders', async () => {
  await shows('', async ({ page }) => {
    await page.getByRole('link', { name: 'Enrollment', exact: true }).click()
    await page.getByRole('row', { name: /web.*ACME.*\*\.example\.com.*http-01/ }).waitFor()
    await page.getByRole('row', { name: /internal.*ACME.*No challenges; EAB required/ }).waitFor()
    await page
      .getByRole('row', { name: /devices.*EST.*Client certificate or one-time password/ })
      .waitFor()
    await page.getByRole('link', { name: 'web', exact: true }).click()
    await page.getByRole('heading', { name: 'ACME endpoint web', level: 1 }).waitFor()
    await page.getByText('/acme/web/directory').waitFor()
    await page.getByRole('link', { name: 'Example Issuing CA' }).waitFor()
    await page.getByRole('row', { name: /short.*7 days/ }).waitFor()
    await page.getByRole('tab', { name: 'EAB keys' }).click()
    await page
      .getByRole('row', { name: /Usable.*Several accounts.*\*\.shop\.example\.com/ })
      .waitFor()
    await page.getByRole('tab', { name: 'Accounts (2)' }).click()
    const account = page.getByRole('row', { name: /mailto:web-team@example\.com/ })
    await account.getByText('Valid').waitFor()
    await page.getByRole('row', { name: /Deactivated/ }).waitFor()
    await account.getByRole('link', { name: 'Show orders' }).click()
    await page.getByText(/^Account HqVzq2mF/).waitFor()
    await page
      .getByText('http-01 for build.example.com: connection: Cannot connect to 10.1.2.3 port 80')
      .waitFor()
    await page
      .getByRole('row', { name: /shop\.example\.com/ })
      .getByRole('link')
      .click()
    await page.getByRole('heading', { name: 'shop.example.com', level: 1 }).waitFor()
    assert.ok(decodeURIComponent(page.url()).endsWith(`certificates/${data.certificateArn}`))
  })
})

test('the address of the orders contains their filters', async () => {
  await shows('enrollment/acme/web?tab=orders', async (shown) => {
    const { page } = shown
    await page.getByRole('row', { name: /new\.example\.com/ }).waitFor()
    await page.getByRole('button', { name: /^Status/ }).click()
    await page.getByRole('option', { name: 'Invalid' }).click()
    await page.waitForURL(/tab=orders&status=INVALID/)
    await page.getByRole('row', { name: /build\.example\.com/ }).waitFor()
    assert.equal(await page.getByRole('row', { name: /new\.example\.com/ }).count(), 0)
    await shown.goto('enrollment/acme/web?tab=orders&account=deactivated')
    await page.getByText('No orders match the filters').waitFor()
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await page.getByRole('row', { name: /new\.example\.com/ }).waitFor()
    await shown.goto('enrollment/acme/web?tab=orders&account=unknown')
    await page.getByText('The ACME endpoint web has no account unknown.').waitFor()
  })
})

test('a list with several pages of the API shows each page, and its first page after the filters change', async () => {
  const account = 'account-with-many-orders'
  await addAcmeAccount(service, { id: account, endpointName: 'internal' })
  for (let number = 1; number <= 65; number += 1)
    await addAcmeOrder(service, {
      account,
      status: number <= 35 ? 'invalid' : 'pending',
      identifiers: [{ type: 'dns', value: `host-${number}.example.com` }],
    })
  await shows('enrollment/acme/internal?tab=orders', async ({ page }) => {
    const names = page.getByRole('rowheader')
    const shown = async (first: string, last: string, count: number): Promise<void> => {
      await page.getByRole('rowheader', { name: first, exact: true }).waitFor()
      await page.getByRole('rowheader', { name: last, exact: true }).waitFor()
      assert.equal(await names.count(), count)
    }
    const open = (number: number): Promise<void> =>
      page.getByRole('button', { name: new RegExp(`^Page ${number}\\b`) }).click()
    await shown('host-65.example.com', 'host-36.example.com', 30)
    await open(2)
    await shown('host-35.example.com', 'host-6.example.com', 30)
    await open(3)
    await shown('host-5.example.com', 'host-1.example.com', 5)
    await open(1)
    await shown('host-65.example.com', 'host-36.example.com', 30)
    await open(3)
    await shown('host-5.example.com', 'host-1.example.com', 5)
    await page.getByRole('button', { name: /^Status/ }).click()
    await page.getByRole('option', { name: 'Invalid' }).click()
    await shown('host-35.example.com', 'host-6.example.com', 30)
    await open(2)
    await shown('host-5.example.com', 'host-1.example.com', 5)
  })
})

test('the list of endpoints shows the commands that create an endpoint for the selected CA', async () => {
  await shows('enrollment?protocol=EST', async ({ page }) => {
    await page.getByRole('row', { name: /devices/ }).waitFor()
    assert.equal(await page.getByRole('row', { name: /internal/ }).count(), 0)
    await page.getByText('Clients cannot reach endpoints').waitFor()
    await page.getByRole('button', { name: 'Create endpoint' }).click()
    const dialog = page.getByRole('dialog')
    await dialog
      .getByText(`signet acme create web --names '*.corp.example' --ca ${data.issuingArn}`)
      .waitFor()
    await dialog.getByRole('button', { name: /Example Issuing CA/ }).click()
    await page.getByRole('option', { name: /Example Root CA/ }).click()
    await dialog.getByText(`signet est create devices --ca ${data.rootArn}`).waitFor()
  })
})

test('a certificate of an endpoint shows the endpoint as its requester', async () => {
  await shows('certificates?san=mail.example.com', async ({ page }) => {
    const requester = page.getByRole('link', { name: 'acme/web' })
    await requester.click()
    await page.getByRole('heading', { name: 'ACME endpoint web', level: 1 }).waitFor()
  })
})

test('an unknown endpoint and a user without permissions see what is wrong', async () => {
  await shows('enrollment/est/nothing', async ({ page }) => {
    await page.getByText('Read the endpoint: failed').waitFor()
    await page.getByText(/The account has no EST endpoint nothing/).waitFor()
  })
  const narrow = await createUser(service, { userName: 'narrow', statements: [allow('*')] })
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto('enrollment')
    await shown.signIn(narrow.credentials, region)
    await page.getByText('List endpoints: denied').waitFor()
    await page
      .getByText(/user\/narrow is not authorized to perform: signet:ListEnrollmentEndpoints/)
      .waitFor()
    await shown.goto('enrollment/acme/web')
    await page.getByText('Read the endpoint: denied').waitFor()
  })
})

test('on a phone, axe finds nothing serious in either theme, and no page is wider than the window', async () => {
  await withConsole(browser, { url: service.url, width: 375 }, async (shown) => {
    const { page } = shown
    await shown.goto('enrollment')
    await shown.signIn(service.credentials, region)
    for (const path of [
      'enrollment',
      ...['', '?tab=keys', '?tab=accounts', '?tab=orders'].map(
        (tab) => `enrollment/acme/web${tab}`,
      ),
      'enrollment/est/devices?tab=passwords',
    ]) {
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

test('the URL of an endpoint has the first name and the port of the enrollment listener', async () => {
  const port = await freePort()
  await service.restartWith({
    enrollListen: `127.0.0.1:${port}`,
    enrollNames: '*.example.com,ca.example.com',
  })
  await shows('enrollment', async (shown) => {
    const { page } = shown
    await page.getByText(`https://ca.example.com:${port}/acme/web/directory`).waitFor()
    await page.getByText(`https://ca.example.com:${port}/.well-known/est/devices`).waitFor()
    assert.equal(await page.getByText('Clients cannot reach endpoints').count(), 0)
    await shown.goto('enrollment/acme/web')
    await page.getByText(`https://ca.example.com:${port}/acme/web/directory`).waitFor()
  })
})
