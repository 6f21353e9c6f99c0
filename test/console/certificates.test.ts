/** Tests of the console's certificate pages in Chromium. OpenSSL verifies the results. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { ConsoleBrowser, hasChromium, startChromium } from '../support/browser.ts'
import { csr } from '../support/csrs.ts'
import { createConsoleData, type ConsoleData } from '../support/console-data.ts'
import { outcome } from '../support/foreign-tools.ts'
import { TestService, type Members } from '../support/service.ts'

const region = 'eu-west-1'
let service: TestService
let browser: Browser
let shown: ConsoleBrowser
let page: Page
let data: ConsoleData
let folder: string

before(async (t) => {
  if (!hasChromium(t as never)) return
  folder = await mkdtemp(join(tmpdir(), 'signet-console-'))
  service = await TestService.start()
  browser = await startChromium()
  data = await createConsoleData(service)
  shown = await ConsoleBrowser.open(browser, { url: service.url })
  page = shown.page
  await shown.goto('')
  await shown.signIn(service.credentials, region)
})
after(async () => {
  await shown?.close()
  await browser?.close()
  await service?.close()
  if (folder !== undefined) await rm(folder, { recursive: true })
})

async function press(name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).first().click()
}

async function choose(label: string, option: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${label}`) }).click()
  await page.getByRole('option', { name: option }).first().click()
}

/** Runs an action that downloads a file, saves the file in the folder, and returns its path. */
async function save(name: string, act: () => Promise<void>): Promise<string> {
  const downloaded = page.waitForEvent('download')
  await act()
  const path = join(folder, name)
  await writeFile(path, await readFile(await (await downloaded).path()))
  return path
}

async function openssl(...args: string[]): Promise<string> {
  const { ok, text } = await outcome('openssl', args)
  assert.ok(ok, text)
  return text
}

async function saveRoot(): Promise<string> {
  const { Certificate } = await service.must('GetCertificateAuthorityCertificate', {
    CertificateAuthorityArn: data.rootArn,
  })
  const path = join(folder, 'root.pem')
  await writeFile(path, Certificate as string)
  return path
}

test('a certificate for a key of the browser passes openssl verify, and its PKCS #12 file has the same key', async () => {
  await shown.goto('certificates/issue')
  await choose('CA', /Example Issuing CA/)
  await page.getByLabel('Names').fill('pkcs12.example.com')
  await press('Issue certificate')
  await page.getByText('Download the private key now').waitFor()
  await press('PKCS #12')
  const dialog = page.getByRole('dialog')
  const button = dialog.getByRole('button', { name: 'Download', exact: true })
  await dialog.getByLabel('Password', { exact: true }).fill('short')
  await dialog.getByText(/at least 8 characters/).waitFor()
  const password = 'correct horse & "battery"'
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await dialog.getByLabel('Repeat the password').fill('different')
  await dialog.getByText('The passwords do not match.').waitFor()
  assert.equal(await button.isDisabled(), true)
  await dialog.getByLabel('Repeat the password').fill(password)
  const file = await save('web.p12', () => button.click())
  const keyFile = await save('web.key', () => press('Private key'))
  const chainFile = await save('web-fullchain.pem', () => press('Certificate and chain'))
  assert.match(
    await openssl('verify', '-CAfile', await saveRoot(), '-untrusted', chainFile, chainFile),
    /OK$/m,
  )
  const pass = ['-passin', `pass:${password}`]
  const read = (...args: string[]): Promise<string> =>
    openssl('pkcs12', '-in', file, ...pass, ...args)
  const info = await read('-info', '-noout')
  assert.match(info, /PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/)
  assert.match(info, /MAC: sha256, Iteration 100000/)
  const pemIn = (text: string): string => text.slice(text.indexOf('-----BEGIN'))
  assert.equal(
    pemIn(await read('-nodes', '-nocerts')).trim(),
    (await readFile(keyFile, 'utf8')).trim(),
  )
  const certificates = (await read('-nokeys')).match(/BEGIN CERTIFICATE/g)
  assert.equal(certificates?.length, 3, 'the certificate, the issuing CA and the root')
})

test('a key of the browser stays available in its tab, and sign-out removes it', async () => {
  await page.getByText('The private key is in this browser tab').waitFor()
  const url = page.url()
  await page.getByRole('link', { name: 'Dashboard' }).click()
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor()
  await page.goBack()
  await page.getByText('Download the private key now').waitFor()
  await page.getByRole('button', { name: /^Principal / }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await shown.signIn(service.credentials, region)
  assert.equal(page.url(), url)
  await page.getByRole('heading', { name: 'pkcs12.example.com', level: 1 }).waitFor()
  assert.equal(await page.getByText('private key', { exact: false }).count(), 0)
})

test('a certificate is downloaded as PEM, DER and chain', async () => {
  await shown.goto(`certificates/${data.certificateArn}`)
  const item = (name: string) => async () => {
    await press('Download')
    await page.getByRole('menuitem', { name, exact: true }).click()
  }
  const pem = await save('a.pem', item('Certificate (PEM)'))
  const der = await save('a.cer', item('Certificate (DER)'))
  const chain = await save('chain.pem', item('Chain (PEM)'))
  const fingerprint = (...args: string[]): Promise<string> =>
    openssl('x509', '-noout', '-fingerprint', '-sha256', '-in', ...args)
  assert.equal(await fingerprint(pem), await fingerprint(der, '-inform', 'DER'))
  assert.match(
    await openssl('verify', '-CAfile', await saveRoot(), '-untrusted', chain, pem),
    /OK$/m,
  )
})

test('several certificates are revoked, and the dialog follows them until CRL and OCSP show them', async () => {
  await service.createBucket('console-crls')
  await service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: data.issuingArn,
    RevocationConfiguration: {
      CrlConfiguration: { Enabled: true, ExpirationInDays: 7, S3BucketName: 'console-crls' },
      OcspConfiguration: { Enabled: true },
    },
  })
  await shown.goto('certificates?san=.example.com&status=VALID')
  for (const name of ['CN=mail.example.com', 'CN=api.example.com'])
    await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await press('Revoke')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('CN=mail.example.com').waitFor()
  await dialog.getByLabel(/^To confirm/).fill('revoke')
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click()
  await dialog.getByText('2 certificates are revoked').waitFor()
  await dialog.getByText('2 of 2 shown as revoked').first().waitFor()
  await service.runJob('publish-crls')
  await dialog.getByText('Relying parties can see the revocation.').waitFor()
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
  const { Certificates } = await service.must('ListCertificates', { Status: 'REVOKED' })
  const names = (Certificates as Members[]).map(({ Subject }) => Subject as string)
  assert.deepEqual(names.toSorted(), [
    'CN=api.example.com',
    'CN=mail.example.com',
    'CN=old.example.com',
  ])
  await shown.goto('certificates?san=mail.example.com')
  await page.getByRole('link', { name: 'CN=mail.example.com' }).click()
  await page.getByText('Listed: Unspecified').waitFor()
  await page.getByText('Revoked: Unspecified').waitFor()
})

/** Maximum number of focusable elements on a page. */
const tabsMax = 80

/** Presses Tab until an element has the focus. */
async function tabTo(target: Locator): Promise<void> {
  await target.waitFor()
  for (let count = 0; count < tabsMax; count += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab does not reach ${String(target)}`)
}

test('the keyboard alone issues a certificate, and revokes it', async () => {
  await shown.goto('certificates/issue')
  await shown.settle()
  await tabTo(page.getByRole('button', { name: /^CA/ }))
  await page.keyboard.press('Enter')
  await page.getByRole('option', { name: /Example Issuing CA/ }).waitFor()
  await page.keyboard.type('Issuing')
  await page.keyboard.press('Enter')
  await tabTo(page.getByLabel('Names'))
  await page.keyboard.type('keyboard.example.com')
  await tabTo(page.getByRole('button', { name: 'Issue certificate' }))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'keyboard.example.com', level: 1 }).waitFor()
  await tabTo(page.getByRole('button', { name: 'Revoke' }))
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await tabTo(dialog.getByLabel(/^To confirm/))
  await page.keyboard.type('revoke')
  await tabTo(dialog.getByRole('button', { name: 'Revoke', exact: true }))
  await page.keyboard.press('Enter')
  await dialog.getByText('The certificate is revoked').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('Reason: Unspecified.').waitFor()
})

test('a draft of the issue form survives a reload, and is removed when the certificate is issued', async () => {
  await shown.goto('certificates/issue')
  await choose('CA', /Example Issuing CA/)
  await choose('Template', /^EndEntityServerAuthCertificate TLS/)
  await page.getByText('TLS servers only', { exact: true }).last().waitFor()
  await page.getByLabel('Names').fill('draft.example.com')
  await page.reload()
  await page.getByLabel('Names').waitFor()
  assert.equal(await page.getByLabel('Names').inputValue(), 'draft.example.com')
  await page.getByText('serverAuth', { exact: true }).waitFor()
  await press('Issue certificate')
  await page.getByRole('heading', { name: 'draft.example.com', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'PKCS #12' }).waitFor()
  await shown.goto('certificates/issue')
  assert.equal(await page.getByLabel('Names').inputValue(), '')
})

test('the preview of a CSR shows what happens to each of its extensions', async () => {
  await shown.goto('certificates/issue')
  await page.getByRole('radio', { name: /^Certificate signing request/ }).check()
  await page.getByLabel('CSR (PEM)').fill(csr('asks-as-entity'))
  await page.getByText('The template drops extensions of this CSR').waitFor()
  const row = (name: string): Locator => page.getByRole('row', { name: new RegExp(`^${name}`) })
  await row('keyUsage').getByText('Replaced by the template').waitFor()
  await row('subjectAltName').getByText('Copied').waitFor()
  await choose('Template', /^EndEntityCertificate_CSRPassthrough/)
  await page.getByText('The template drops extensions of this CSR').waitFor({ state: 'hidden' })
  await choose('CA', /Example Issuing CA/)
  await press('Issue certificate')
  await page.getByText('The certificate is issued.').waitFor()
})
