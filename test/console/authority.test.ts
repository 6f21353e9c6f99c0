/** Tests of the CA page in Chromium: revocation, renewal and the policy simulator, with results that OpenSSL verifies. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { accessibilityProblems } from '../support/accessibility.ts'
import { createUser } from '../support/accounts.ts'
import { ConsoleBrowser, hasChromium, startChromium, withConsole } from '../support/browser.ts'
import { createConsoleData, type ConsoleData } from '../support/console-data.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import { issueInput } from '../support/hierarchy.ts'
import { crlBucket, lastOf, revoke } from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
let browser: Browser
let console_: ConsoleBrowser
let page: Page
let data: ConsoleData
let folder: string

before(async (t) => {
  if (!hasChromium(t as never)) return
  folder = await mkdtemp(join(tmpdir(), 'signet-console-'))
  // A revocation is published only after the clock has advanced.
  service = await TestService.start({ crlDelay: '60' })
  data = await createConsoleData(service)
  browser = await startChromium()
  console_ = await ConsoleBrowser.open(browser, { url: service.url })
  page = console_.page
  await console_.goto('')
  await console_.signIn(service.credentials, 'eu-west-1')
})
after(async () => {
  await console_?.close()
  await browser?.close()
  await service?.close()
  if (folder !== undefined) await rm(folder, { recursive: true })
})

async function chainOf(arn: string): Promise<Members> {
  return service.must('GetCertificateAuthorityCertificate', { CertificateAuthorityArn: arn })
}

async function crlState(): Promise<Members> {
  const input = { CertificateAuthorityArn: data.issuingArn }
  return (await service.must('DescribeRevocation', input)).Crls[0]
}

/** Writes a file for OpenSSL and returns its path. */
async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const seconds = (): string => String(Math.floor(service.clock.now().getTime() / 1000))

test('Publish now shows the new CRL number when the CRL is published, and OpenSSL accepts the CRL', async (t) => {
  const before_ = await crlState()
  await console_.goto(`authorities/${data.issuingArn}?tab=revocation`)
  await page.getByText(String(before_.CrlNumber)).waitFor()
  service.clock.advance({ seconds: 1 })
  await page.getByRole('button', { name: 'Publish now' }).click()
  service.clock.advance({ seconds: 1 })
  await service.runJob('publish-crls')
  await page.getByText(String(before_.CrlNumber)).waitFor({ state: 'detached' })
  const after_ = await crlState()
  assert.ok(after_.CrlNumber > before_.CrlNumber)
  await page.getByText(String(after_.CrlNumber)).waitFor()
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const der = await service.readObject(crlBucket, `crl/${lastOf(data.issuingArn)}.crl`)
  const crl = await file('ca.crl', der!)
  const ca = await file('issuing.pem', (await chainOf(data.issuingArn)).Certificate)
  const args = ['crl', '-inform', 'DER', '-in', crl, '-noout', '-text', '-CAfile', ca, '-verify']
  const { text } = await outcome(openssl, args)
  assert.match(text, /verify OK/)
  assert.match(
    text,
    new RegExp(
      `CRL Number: ?\\n? *(?:${after_.CrlNumber}|0x${after_.CrlNumber.toString(16)})`,
      'i',
    ),
  )
})

test('the check of a serial number shows the CRL behind OCSP, which OpenSSL confirms', async (t) => {
  const serial = lastOf(data.certificateArn)
  await revoke(service, data.certificateArn)
  await console_.goto(`authorities/${data.issuingArn}?tab=revocation`)
  await page.getByLabel('Serial number').fill('not a number')
  await page.getByText('Enter hexadecimal digits.').waitFor()
  await page.getByLabel('Serial number').fill(serial)
  await page.getByRole('button', { name: 'Check', exact: true }).click()
  await page.getByText('Not listed').waitFor()
  assert.equal(await page.getByText('Key compromise').count(), 2)
  service.clock.advance({ seconds: 61 })
  await service.runJob('publish-crls')
  await page.getByRole('button', { name: 'Check', exact: true }).click()
  await page.getByText('Listed as revoked').waitFor()
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const { Certificate, CertificateChain } = await chainOf(data.issuingArn)
  const ca = await file('issuing.pem', Certificate)
  const root = await file('root.pem', CertificateChain)
  const url = ['-url', `${service.publicUrl}/ocsp`, '-attime', seconds()]
  const asked = ['ocsp', ...url, '-issuer', ca, '-CAfile', root, '-serial', `0x${serial}`]
  assert.match((await outcome(openssl, asked)).text, /: revoked\n(?:.*\n)*.*keyCompromise/)
})

test('the simulator shows the deciding statement, and decides with the policy in the editor', async () => {
  const alice = await createUser(service, { userName: 'simulated' })
  await console_.goto(`authorities/${data.issuingArn}?tab=policy`)
  const principal = page.getByRole('textbox', { name: 'Principal' })
  const simulate = page.getByRole('button', { name: 'Simulate', exact: true })
  await principal.fill(`arn:aws:iam::${alice.accountId}:user/administrator`)
  await simulate.click()
  await page.getByText('Policy administrator of administrator, statement 1').waitFor()
  await principal.fill(alice.arn)
  await simulate.click()
  await page.getByText('Denied, because no statement allows it').waitFor()
  const Principal = { AWS: alice.arn }
  const draft = { Effect: 'Allow', Principal, Action: 'acm-pca:IssueCertificate', Resource: '*' }
  const editor = page.getByLabel('Policy (JSON)')
  await editor.fill(JSON.stringify({ Version: '2012-10-17', Statement: [draft] }))
  await page.getByText(/Statement 1 must have the Resource/).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled(), true)
  await simulate.click()
  await page.getByText('Unsaved resource policy, statement 1').waitFor()
  await principal.fill(`${alice.arn}-unknown`)
  await simulate.click()
  await page.getByText(/has no user simulated-unknown/).waitFor()
})

test('Renew shows the next certificate and installs it, and OpenSSL verifies it', async (t) => {
  const old = await chainOf(data.issuingArn)
  await console_.goto(`authorities/${data.issuingArn}`)
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Renew…' }).click()
  await page.getByRole('heading', { name: 'Renew Example Issuing CA', level: 1 }).waitFor()
  await page.getByText('SubordinateCACertificate_PathLen0').waitFor()
  const validity = page.getByLabel('Validity')
  await validity.fill('30y')
  await validity.fill('2099-01-01')
  await page.getByText(/but its issuer Example Root CA expires/).waitFor()
  await validity.fill('3y')
  await page.getByText('3 years from now').waitFor()
  await page.getByRole('button', { name: 'Renew', exact: true }).click()
  const dialog = page.getByRole('dialog')
  assert.equal(await dialog.getByRole('button', { name: 'Renew' }).isDisabled(), true)
  await dialog.getByLabel('To confirm, type renew').fill('renew')
  await dialog.getByRole('button', { name: 'Renew' }).click()
  await page.getByText('Example Issuing CA has its next certificate.').waitFor()
  const renewed = await chainOf(data.issuingArn)
  const [before_, after_] = [old, renewed].map(
    ({ Certificate }) => new X509Certificate(Certificate),
  )
  assert.notEqual(after_!.serialNumber, before_!.serialNumber)
  const spki = (certificate: X509Certificate): string =>
    certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  assert.equal(spki(after_!), spki(before_!))
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const root = await file('root.pem', renewed.CertificateChain)
  const ca = await file('renewed.pem', renewed.Certificate)
  const verified = await outcome(openssl, ['verify', '-attime', seconds(), '-CAfile', root, ca])
  assert.match(verified.text, /: OK/)
})

test('Renew with a new key creates an active successor, and leaves the CA unchanged', async () => {
  const before_ = await chainOf(data.issuingArn)
  await console_.goto(`authorities/${data.issuingArn}/renew`)
  await page.getByRole('radio', { name: /^New key/ }).check()
  await page.getByRole('button', { name: 'Create successor' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('To confirm, type renew').fill('renew')
  await dialog.getByRole('button', { name: 'Create successor' }).click()
  await page.getByText('The successor is active.').waitFor()
  const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {})
  const named = (CertificateAuthorities as Members[]).filter(
    ({ CertificateAuthorityConfiguration: { Subject } }) =>
      Subject.CommonName === 'Example Issuing CA',
  )
  assert.deepEqual(
    named.map(({ Status }) => Status),
    ['ACTIVE', 'ACTIVE'],
  )
  const [first, second] = named.map(({ RevocationConfiguration }) => RevocationConfiguration)
  assert.deepEqual(first, second)
  assert.deepEqual(await chainOf(data.issuingArn), before_)
})

test('Renew through an external issuer offers the CSR and imports the certificate', async () => {
  await console_.goto(`authorities/${data.issuingArn}/renew`)
  await page.getByRole('radio', { name: /^External issuer/ }).check()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSR' }).click(),
  ])
  const csr = await readFile(await download.path(), 'utf8')
  const request = issueInput(data.rootArn, csr, {
    template: 'SubordinateCACertificate_PathLen0',
    validity: { Type: 'DAYS', Value: 400 },
  })
  const { CertificateArn } = await service.must('IssueCertificate', request)
  const issued = { CertificateAuthorityArn: data.rootArn, CertificateArn }
  const { Certificate, CertificateChain } = await service.must('GetCertificate', issued)
  await page.getByLabel('Certificate (PEM)', { exact: true }).fill(Certificate)
  await page.getByLabel('Certificate chain (PEM)', { exact: true }).fill(CertificateChain)
  await page.getByRole('button', { name: 'Import certificate' }).click()
  await page.getByText('The CA certificate is installed.').waitFor()
  assert.equal((await chainOf(data.issuingArn)).Certificate, Certificate)
})

test('axe finds nothing serious in results and dialogs, in either theme and at either width', async () => {
  for (const width of [375, 1440])
    await withConsole(browser, { url: service.url, width }, async (shown) => {
      const found: string[] = []
      const check = async (name: string): Promise<void> => {
        await shown.settle()
        for (const problem of await accessibilityProblems(shown.page))
          found.push(`${name} at ${width} px: ${problem}`)
      }
      await shown.goto('')
      await shown.signIn(service.credentials, 'eu-west-1')
      await shown.goto(`authorities/${data.issuingArn}?tab=revocation`)
      await shown.page.getByLabel('Serial number').fill(lastOf(data.certificateArn))
      await shown.page.getByRole('button', { name: 'Check', exact: true }).click()
      await shown.page.getByText('Published CRL', { exact: true }).waitFor()
      await check('revocation')
      await shown.goto(`authorities/${data.issuingArn}?tab=policy`)
      const principal = shown.page.getByRole('textbox', { name: 'Principal' })
      await principal.fill(`arn:aws:iam::${service.config.accountId}:user/administrator`)
      await shown.page.getByText('Condition keys of the request').click()
      await shown.page.getByRole('button', { name: 'Simulate', exact: true }).click()
      await shown.page.getByText('Allowed', { exact: true }).waitFor()
      await check('policy')
      await shown.goto(`authorities/${data.issuingArn}/renew`)
      await shown.page.getByRole('button', { name: 'Renew', exact: true }).click()
      await shown.page.getByRole('dialog').waitFor()
      await check('renew')
      assert.deepEqual(found, [])
    })
})
