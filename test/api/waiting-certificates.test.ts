/** Tests of IssueCertificate while the CA's key is unavailable: waiting certificates, their states and their final outcomes. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import {
  base64,
  createAuthority,
  createRoot,
  createSubordinate,
  issue,
  issueInput,
} from '../support/hierarchy.ts'
import { KmsServer, kmsEnvironment, useKmsCredentials } from '../support/kms-server.ts'
import { command } from '../support/process.ts'
import {
  crlBucket,
  crlConfiguration,
  crlWith,
  lastOf,
  revocationOptions,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'
import { hasSerialOf, request, retry } from '../support/waiting.ts'

useKmsCredentials()
let kms: KmsServer
let service: TestService
let folder: string
/** The results in events about certificates, keyed by certificate ARN. */
const results = new Map<string | undefined, string>()

before(async () => {
  kms = await KmsServer.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-waiting-'))
  const flags = { caKeys: 'kms', kmsEndpoint: kms.endpoint, kmsRegion: kms.region }
  const write = (line: string): void => {
    const { event } = JSON.parse(line) as {
      event?: { detail: { result: string }; resources: string[] }
    }
    if (event !== undefined) results.set(event.resources.at(-1), event.detail.result)
  }
  service = await TestService.start({ ...flags, logLevel: 'info' }, { logTo: { write } })
  await service.createBucket(crlBucket)
})
beforeEach(available)
after(async () => {
  await service.close()
  await kms[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

function available(): void {
  kms.fault = () => undefined
}

function unavailable(): void {
  kms.fault = (operation) => (operation === 'Sign' ? 'deny' : undefined)
}

/** Number of intents to sign a certificate. */
async function intentsOf({ CertificateArn }: { readonly CertificateArn: string }) {
  const serial = lastOf(CertificateArn)
  const rows = await service.inDatabase(
    `select 1 as one from certificate_intents where serial_number = '${serial}'`,
  )
  return rows.length
}

async function verify(): Promise<{ code: number | null; stdout: string }> {
  return command(['verify', '--data', service.config.dataDirectory], kmsEnvironment)
}

test('a certificate that is requested during an outage is issued when the key is available again', async (t) => {
  const more = revocationOptions(crlConfiguration(), { Enabled: true })
  const root = await createRoot(service, { more })
  unavailable()
  const token = { more: { IdempotencyToken: 'one' } }
  const arns = await request(service, root.arn, token)
  assert.deepEqual(await request(service, root.arn, token), arns)
  await service.runJob('finish-issuance')
  assert.match(
    await service.refusal('GetCertificate', arns),
    /^RequestInProgressException: The certificate has not been issued yet/,
  )
  const revocation = {
    CertificateAuthorityArn: root.arn,
    CertificateSerial: lastOf(arns.CertificateArn),
    RevocationReason: 'SUPERSEDED',
  }
  assert.match(
    await service.refusal('RevokeCertificate', revocation),
    /^RequestInProgressException/,
  )
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  const id = lastOf(root.arn)
  assert.match(metrics, new RegExp(`^signet_certificates_waiting{authority="${id}"} 1$`, 'm'))
  assert.match(metrics, /^signet_certificates_waiting_age_seconds\{/m)
  const jobs = await command(['jobs', 'list', '--data', service.config.dataDirectory])
  const queue = (JSON.parse(jobs.stdout) as { Name: string; Due: number }[]).find(
    ({ Name }) => Name === 'finish-issuance',
  )
  assert.equal(queue?.Due, 1)
  const waiting = await verify()
  assert.equal(waiting.code, 0, waiting.stdout)
  assert.match(waiting.stdout, /"WaitingCertificates": 1/)
  assert.equal(results.get(arns.CertificateArn), undefined)

  available()
  await retry(service)
  const { Certificate } = await service.must('GetCertificate', arns)
  assert.ok(hasSerialOf(Certificate, arns.CertificateArn))
  assert.equal(results.get(arns.CertificateArn), 'success')
  assert.equal(await intentsOf(arns), 0)
  const verified = await verify()
  assert.equal(verified.code, 0, verified.stdout)
  await service.must('RevokeCertificate', revocation)
  const { der } = await crlWith(service, arns.CertificateArn)
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const texts = { 'root.pem': root.certificate, 'leaf.pem': Certificate, 'crl.der': der }
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
  const trust = ['verify', '-CAfile', join(folder, 'root.pem')]
  const valid = await outcome(openssl, [...trust, join(folder, 'leaf.pem')])
  assert.match(valid.text, /: OK/)
  const crl = ['-crl_check', '-CRLfile', join(folder, 'crl.der')]
  const revoked = await outcome(openssl, [...trust, ...crl, join(folder, 'leaf.pem')])
  assert.match(revoked.text, /certificate revoked/)
})

test('during an outage, one attempt is made for all waiting certificates of a CA, and all are issued in the order of their requests afterwards', async () => {
  const root = await createRoot(service)
  unavailable()
  const requested: Awaited<ReturnType<typeof request>>[] = []
  for (let count = 0; count < 40; count += 1) {
    requested.push(await request(service, root.arn))
    service.clock.advance({ seconds: 1 })
  }
  await service.runJob('finish-issuance')
  service.clock.advance({ seconds: 31 })
  kms.calls.length = 0
  await service.runJob('finish-issuance')
  const attempts = kms.calls.filter((name) => name === 'Sign').length
  assert.ok(attempts >= 1 && attempts <= 4, String(attempts))
  available()
  await retry(service)
  for (const arns of requested) await service.must('GetCertificate', arns)
  const rows = await service.inDatabase(
    'select serial_number from certificates order by certificate_number desc limit 40',
  )
  const order = rows
    .map((row) => Buffer.from(row['serial_number'] as Uint8Array).toString('hex'))
    .toReversed()
    .map((serial) => requested.findIndex(({ CertificateArn }) => CertificateArn.endsWith(serial)))
  // Four certificates are signed in parallel.
  for (const [index, position] of order.entries())
    assert.ok(Math.abs(index - position) < 8, order.join(' '))
})

test('CA certificates wait too, and the CA can be used once they are issued', async () => {
  const root = await createAuthority(service)
  unavailable()
  const template = 'RootCACertificate'
  const validity = { Value: 10, Type: 'YEARS' }
  const own = await request(service, root.arn, { csr: root.csr, template, validity })
  assert.match(await service.refusal('GetCertificate', own), /^RequestInProgressException/)
  available()
  await retry(service)
  const { Certificate } = await service.must('GetCertificate', own)
  const imported = { CertificateAuthorityArn: root.arn, Certificate: base64(Certificate) }
  await service.must('ImportCertificateAuthorityCertificate', imported)
  const subordinate = await createAuthority(service, { type: 'SUBORDINATE' })
  unavailable()
  const below = await request(service, root.arn, {
    csr: subordinate.csr,
    template: 'SubordinateCACertificate_PathLen0',
  })
  available()
  await retry(service)
  const issued = await service.must('GetCertificate', below)
  assert.equal(issued.CertificateChain, Certificate)
})

test('a certificate is issued under the CA certificate that it was prepared for, after a renewal of the CA', async () => {
  const root = await createRoot(service)
  const earlier = await createSubordinate(service, root)
  unavailable()
  const arns = await request(service, earlier.arn)
  available()
  service.clock.advance({ seconds: 1 })
  const renewed = await issue(
    service,
    { arn: root.arn, csr: earlier.csr },
    { template: 'SubordinateCACertificate_PathLen0', validity: { Value: 4, Type: 'YEARS' } },
  )
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: earlier.arn,
    Certificate: base64(renewed.certificate),
    CertificateChain: base64(renewed.chain ?? ''),
  })
  await retry(service)
  const { CertificateChain } = await service.must('GetCertificate', arns)
  assert.ok(CertificateChain.startsWith(earlier.certificate))
  assert.equal((await verify()).code, 0)
})

test('a certificate that cannot be signed within 24 hours fails, and is returned to the quota', async () => {
  const root = await createRoot(service)
  unavailable()
  const arns = await request(service, root.arn)
  await service.runJob('finish-issuance')
  service.clock.advance({ seconds: 24 * 3600 })
  const failed = /^RequestFailedException: The certificate could not be signed within 24 hours\.$/
  // A waiting certificate's state depends on the time, even if the job is late.
  assert.match(await service.refusal('GetCertificate', arns), failed)
  available()
  await service.runJob('finish-issuance')
  assert.match(await service.refusal('GetCertificate', arns), failed)
  const revocation = {
    CertificateAuthorityArn: root.arn,
    CertificateSerial: lastOf(arns.CertificateArn),
    RevocationReason: 'SUPERSEDED',
  }
  assert.match(await service.refusal('RevokeCertificate', revocation), failed)
  assert.equal(results.get(arns.CertificateArn), 'failure')
  assert.equal((await verify()).code, 0)
  service.clock.advance({ days: 29 })
  await service.runJob('forget-tokens')
  assert.match(await service.refusal('GetCertificate', arns), failed)
  service.clock.advance({ days: 2 })
  await service.runJob('forget-tokens')
  assert.match(await service.refusal('GetCertificate', arns), /^ResourceNotFoundException/)
  assert.equal((await verify()).code, 0)
})

test('a disabled CA signs nothing, an enabled one signs again, and a deleted one fails its waiting certificates', async () => {
  const root = await createRoot(service)
  const authority = { CertificateAuthorityArn: root.arn }
  unavailable()
  const arns = await request(service, root.arn)
  const other = await request(service, root.arn)
  await service.must('UpdateCertificateAuthority', { ...authority, Status: 'DISABLED' })
  available()
  kms.calls.length = 0
  await retry(service)
  assert.deepEqual(kms.calls, [])
  assert.match(await service.refusal('GetCertificate', arns), /^RequestInProgressException/)
  await service.must('UpdateCertificateAuthority', { ...authority, Status: 'ACTIVE' })
  await retry(service)
  await service.must('GetCertificate', arns)
  await service.must('GetCertificate', other)
  unavailable()
  const last = await request(service, root.arn)
  await service.must('UpdateCertificateAuthority', { ...authority, Status: 'DISABLED' })
  await service.must('DeleteCertificateAuthority', authority)
  available()
  await retry(service)
  await service.must('RestoreCertificateAuthority', authority)
  assert.match(
    await service.refusal('GetCertificate', last),
    /^RequestFailedException: The certificate authority was deleted/,
  )
})

test('of a CA, 1000 certificates wait, and the next request is answered with ServiceUnavailable', async () => {
  const root = await createRoot(service)
  unavailable()
  await request(service, root.arn)
  const columns = `authority_certificate_number, template_name, signing_algorithm,
    tbs_certificate_der, not_after, requester_account_id, requester_arn, requested_at_ms, failures,
    retry_at_ms, lease_until_ms`
  await service.inDatabase(`with recursive numbers (number) as
      (select 1 union all select number + 1 from numbers where number < 999)
    insert into certificate_intents (authority_number, serial_number, ${columns})
    select authority_number, cast(number as text), ${columns} from certificate_intents, numbers
    where authority_number = (select max(authority_number) from authorities) and failed_at_ms is null`)
  const input = issueInput(root.arn, csr('ec-server'))
  assert.match(await service.refusal('IssueCertificate', input), /^ServiceUnavailable: The key/)
  await service.inDatabase('delete from certificate_intents where length(serial_number) < 32')
  await service.must('IssueCertificate', input)
})

test('the job signs no certificate that was altered in the database, and verify reports it', async () => {
  const root = await createRoot(service)
  unavailable()
  const arns = await request(service, root.arn)
  const other = await request(service, root.arn, { validity: { Value: 40, Type: 'DAYS' } })
  // A job run that began before the change could still sign the original certificate.
  await service.runJob('finish-issuance')
  const [serial, donor] = [arns, other].map(({ CertificateArn }) => lastOf(CertificateArn))
  await service.inDatabase(`update certificate_intents set tbs_certificate_der =
      (select tbs_certificate_der from certificate_intents where serial_number = '${donor}')
    where serial_number = '${serial}'`)
  available()
  await retry(service)
  await service.must('GetCertificate', other)
  assert.match(await service.refusal('GetCertificate', arns), /^RequestInProgressException/)
  const { code, stdout } = await verify()
  assert.equal(code, 1)
  assert.ok(stdout.includes(`the waiting certificate ${serial} of the CA`), stdout)
  assert.match(stdout, /of certificate_intents was changed: tbs_certificate_der/)
  await service.inDatabase(`delete from certificate_intents where serial_number = '${serial}'`)
})

test('a request that KMS does not answer is acknowledged after two seconds, and its late signature is dropped', async () => {
  const root = await createRoot(service)
  let answer: () => void = () => {}
  const until = new Promise<void>((resolve) => (answer = resolve))
  kms.fault = (operation) => (operation === 'Sign' ? { until } : undefined)
  const arns = await request(service, root.arn)
  assert.equal(await intentsOf(arns), 1)
  answer()
  await retry(service)
  await service.must('GetCertificate', arns)
  const rows = await service.inDatabase(
    'select serial_number from certificates group by authority_number, serial_number having count(*) > 1',
  )
  assert.deepEqual(rows, [])
})
