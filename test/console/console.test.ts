/** Tests of each web console workflow in Chromium, from sign-in to the result. The result is compared with the API. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { createAccount, sharingStatements } from '../support/accounts.ts'
import { ConsoleBrowser, hasChromium, startChromium } from '../support/browser.ts'
import { TestService, type Members } from '../support/service.ts'

const region = 'eu-west-1'
let service: TestService
let browser: Browser
let console_: ConsoleBrowser
let page: Page

before(async (t) => {
  if (!hasChromium(t as never)) return
  service = await TestService.start()
  browser = await startChromium()
  console_ = await ConsoleBrowser.open(browser, { url: service.url })
  page = console_.page
})
after(async () => {
  await console_?.close()
  await browser?.close()
  await service?.close()
})

/** Waits until a button is displayed, and then clicks it. */
async function press(name: string | RegExp): Promise<void> {
  await page
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click()
}

async function choose(label: string, option: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${label}`) }).click()
  await page.getByRole('option', { name: option }).click()
}

async function authorities(): Promise<Members[]> {
  const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {})
  return CertificateAuthorities as Members[]
}

async function certificates(input: object = {}): Promise<Members[]> {
  await service.runJob('index-certificates')
  return (await service.must('ListCertificates', input)).Certificates as Members[]
}

test('a browser at the address of the API is redirected to the sign-in page', async () => {
  await page.goto(service.url)
  assert.equal(new URL(page.url()).pathname, '/console/')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

test('sign-in with a wrong secret shows the error of the API with its request ID', async () => {
  await page.getByLabel('Access key ID').fill(service.credentials.accessKeyId)
  await page.getByLabel('Secret access key').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(/SignatureDoesNotMatch/).waitFor()
  await page.getByText(/Request ID [0-9a-f-]{36}/).waitFor()
})

test('after sign-in, the page without CAs says what to do', async () => {
  await console_.signIn(service.credentials, region)
  await page.getByText(`No CAs in ${region}`).waitFor()
  assert.equal(await page.evaluate('document.cookie'), '')
})

test('the wizard creates a root CA that is active', async () => {
  await page.getByRole('link', { name: 'Certificate authorities' }).click()
  await page.getByRole('columnheader', { name: 'Revocation' }).waitFor()
  await page.getByRole('link', { name: 'Create CA' }).first().click()
  await page.getByRole('radio', { name: /^Root CA/ }).check()
  await press('Next')
  await press('Next')
  await page.getByText('Enter a common name').waitFor()
  await page.getByLabel('Common name').fill('Console Root')
  await page.getByLabel('Organization', { exact: true }).fill('Example')
  await press('Next')
  await press('Next')
  await page.getByText('O=Example, CN=Console Root').first().waitFor()
  assert.deepEqual(await authorities(), [])
  await page.getByRole('button', { name: 'Create CA' }).click()
  await page.getByRole('heading', { name: 'Console Root', level: 1 }).waitFor()
  const [root] = await authorities()
  assert.deepEqual([root.Type, root.Status], ['ROOT', 'ACTIVE'])
  assert.equal(root.RevocationConfiguration.OcspConfiguration.Enabled, true)
  assert.ok(page.url().endsWith(encodeURI(root.Arn as string)))
})

test('the wizard creates a subordinate CA that a CA here signs, below its issuer in the list', async () => {
  await page.goto(`${service.url}/console/authorities/create`)
  await page.getByRole('radio', { name: /signed by a CA on this server/ }).check()
  await choose('Issuer', /Console Root/)
  await press('Next')
  await page.getByLabel('Common name').fill('Console Issuing')
  await press('Next')
  await press('Next')
  await page.getByRole('button', { name: 'Create CA' }).click()
  await page.getByRole('heading', { name: 'Console Issuing', level: 1 }).waitFor()
  const issuing = (await authorities()).find(({ Type }) => Type === 'SUBORDINATE')
  assert.equal(issuing.Status, 'ACTIVE')
  const output = await service.must('GetCertificateAuthorityCertificate', {
    CertificateAuthorityArn: issuing.Arn,
  })
  const certificate = new X509Certificate(output.Certificate as string)
  assert.ok(certificate.checkIssued(new X509Certificate(output.CertificateChain as string)))
  await page.goto(`${service.url}/console/authorities`)
  const row = page.getByRole('row', { name: /Console Issuing/ })
  assert.equal(await row.getAttribute('aria-level'), '2')
})

test('a subordinate CA that is signed elsewhere gets its certificate by upload', async () => {
  await page.goto(`${service.url}/console/authorities/create`)
  await page.getByRole('radio', { name: /signed elsewhere/ }).check()
  await press('Next')
  await page.getByLabel('Common name').fill('Foreign CA')
  await press('Next')
  await press('Next')
  await page.getByRole('button', { name: 'Create CA' }).click()
  await page.getByRole('heading', { name: 'Foreign CA', level: 1 }).waitFor()
  const saved = page.waitForEvent('download')
  await press('Download CSR')
  const csr = await readFile(await (await saved).path(), 'utf8')
  const all = await authorities()
  const root = all.find(({ Type }) => Type === 'ROOT')
  const { CertificateArn } = await service.must('IssueCertificate', {
    CertificateAuthorityArn: root.Arn,
    Csr: Buffer.from(csr).toString('base64'),
    SigningAlgorithm: 'SHA256WITHECDSA',
    TemplateArn: 'arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1',
    Validity: { Type: 'DAYS', Value: 100 },
  })
  const issued = await service.must('GetCertificate', {
    CertificateAuthorityArn: root.Arn,
    CertificateArn,
  })
  await page.getByLabel('Certificate (PEM)', { exact: true }).fill(issued.Certificate as string)
  await page
    .locator('input[type=file]')
    .last()
    .setInputFiles({
      name: 'chain.pem',
      mimeType: 'text/plain',
      buffer: Buffer.from(issued.CertificateChain as string),
    })
  await press('Import certificate')
  await page.getByText('The CA certificate is installed.').waitFor()
  const foreign = (await authorities()).find(
    ({ CertificateAuthorityConfiguration: { Subject } }) => Subject.CommonName === 'Foreign CA',
  )
  assert.equal(foreign.Status, 'ACTIVE')
})

test('a CA is disabled, deleted and restored after typed confirmations', async () => {
  const act = async (name: string, confirmation?: string): Promise<void> => {
    await press('Actions')
    await page.getByRole('menuitem', { name }).click()
    const dialog = page.getByRole('dialog')
    const button = dialog.getByRole('button', { name, exact: true })
    if (confirmation !== undefined) {
      assert.equal(await button.isDisabled(), true)
      await dialog.getByLabel(/^To confirm/).fill(confirmation)
    }
    await button.click()
    await dialog.waitFor({ state: 'hidden' })
  }
  await act('Disable', 'disable')
  await page.getByText('Disabled', { exact: true }).waitFor()
  await act('Delete', 'delete')
  await page.getByText('Can be restored until').waitFor()
  await act('Restore')
  await page.getByText('Disabled', { exact: true }).waitFor()
  await act('Enable')
  await page.getByText('Active', { exact: true }).waitFor()
})

test('tags, policy, permissions and revocation of a CA are changed in its tabs', async () => {
  const [first] = (await authorities()).filter(({ Type }) => Type === 'ROOT')
  const arn = first.Arn as string
  await page.goto(`${service.url}/console/authorities/${arn}?tab=tags`)
  await press('Add new tag')
  await page.getByRole('combobox', { name: 'Key' }).fill('owner')
  await page.getByRole('combobox', { name: /^Value/ }).fill('platform team')
  await press('Save')
  await page.getByText('The tags are saved.').waitFor()
  const { Tags } = await service.must('ListTags', { CertificateAuthorityArn: arn })
  assert.deepEqual(Tags, [{ Key: 'owner', Value: 'platform team' }])

  await page.getByRole('tab', { name: 'Permissions' }).click()
  await press('Create permission')
  await page.getByRole('dialog').getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('rowheader', { name: 'acm.amazonaws.com' }).waitFor()

  await page.getByRole('tab', { name: 'Policy' }).click()
  const policy = {
    Version: '2012-10-17',
    Statement: sharingStatements({ arn, principal: await createAccount(service) }),
  }
  await page.getByLabel('Policy (JSON)').fill('{')
  await page.getByText(/Not valid JSON/).waitFor()
  await page.getByLabel('Policy (JSON)').fill(JSON.stringify(policy))
  await press('Save')
  await page.getByText('The policy is saved.').waitFor()
  const { Policy } = await service.must('GetPolicy', { ResourceArn: arn })
  assert.deepEqual(JSON.parse(Policy as string), policy)

  await service.createBucket('console-crls')
  await page.getByRole('tab', { name: 'Revocation' }).click()
  await press('Edit')
  await page.getByRole('checkbox', { name: /^CRL/ }).check()
  await page.getByLabel('Bucket').fill('console-crls')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByText('The revocation configuration is saved.').waitFor()
  const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
    CertificateAuthorityArn: arn,
  })
  assert.equal(
    CertificateAuthority.RevocationConfiguration.CrlConfiguration.S3BucketName,
    'console-crls',
  )

  await page.getByRole('tab', { name: 'Audit reports' }).click()
  await page.getByLabel('Bucket').fill('console-crls')
  await press('Create report')
  await page.getByText('Being written').waitFor()
  await service.runJob('write-audit-reports')
  await page.getByText('Written', { exact: true }).waitFor()
})

test('a certificate for a key of the browser is issued, and the downloaded key matches it', async () => {
  await page.goto(`${service.url}/console/certificates/issue`)
  await choose('CA', /Console Issuing/)
  await page.getByLabel('Names').fill('https://web.example.com')
  await page.getByText(/use 'web\.example\.com'/).waitFor()
  await page.getByLabel('Names').fill('web.example.com\n192.0.2.7')
  await press('Issue certificate')
  const keySaved = page.waitForEvent('download')
  await press('Private key')
  const key = createPrivateKey(await readFile(await (await keySaved).path(), 'utf8'))
  const chainSaved = page.waitForEvent('download')
  await press('Certificate and chain')
  const pem = await readFile(await (await chainSaved).path(), 'utf8')
  const certificate = new X509Certificate(pem)
  assert.ok(certificate.checkPrivateKey(key))
  assert.equal(certificate.subjectAltName, 'DNS:web.example.com, IP Address:192.0.2.7')
  assert.ok(createPublicKey(key).asymmetricKeyType === 'ec')
  await page.getByRole('heading', { name: 'web.example.com', level: 1 }).waitFor()
  const [row] = await certificates({ SubjectAlternativeName: 'web.example.com' })
  assert.ok(decodeURIComponent(page.url()).endsWith(row.CertificateArn as string))
})

test('certificates are found by name, exported as CSV, and revoked with a reason', async () => {
  await certificates()
  await page.goto(`${service.url}/console/certificates`)
  await page.getByLabel('Alternative name').fill('.example.com')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await page.waitForURL(/san=\.example\.com/)
  await page.getByRole('link', { name: 'CN=web.example.com' }).waitFor()
  const saved = page.waitForEvent('download')
  await press('Export CSV')
  const csv = await readFile(await (await saved).path(), 'utf8')
  assert.match(csv, /^"serial_number","subject"/)
  assert.equal(csv.trim().split('\r\n').length, 2)
  await page.getByRole('link', { name: 'CN=web.example.com' }).click()
  await page.getByRole('button', { name: 'Revoke' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: /^Reason/ }).click()
  await page.getByRole('option', { name: /^Superseded/ }).click()
  await dialog.getByLabel(/^To confirm/).fill('revoke')
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByText('Reason: Superseded.').waitFor()
  const [row] = await certificates({ Status: 'REVOKED' })
  assert.equal(row.RevocationReason, 'SUPERSEDED')
})

test('a session that was kept for the tab, and the address of a page, survive a reload', async () => {
  await page.reload()
  await page.getByText('Reason: Superseded.').waitFor()
})

test('sign-out removes the credentials from the tab', async () => {
  await press(/^Principal /)
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.equal(await page.evaluate('sessionStorage.length'), 0)
})

test('sign-in with a pasted credentials file leads to the address that was opened', async () => {
  await page.goto(`${service.url}/console/certificates?status=REVOKED`)
  await page.getByText('Credentials file', { exact: true }).click()
  const { accessKeyId, secretAccessKey } = service.credentials
  const input = page.getByLabel('Content of a credentials file')
  const profile = (endpoint: string): string =>
    `[ops]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\nregion=${region}\nendpoint_url=${endpoint}\n`
  await input.fill(profile('https://ca.example.com'))
  await page.getByText(/The profile is for https:\/\/ca\.example\.com/).waitFor()
  await input.fill(profile(service.url))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: 'CN=web.example.com' }).waitFor()
  assert.equal(await page.evaluate('sessionStorage.length'), 0)
})
