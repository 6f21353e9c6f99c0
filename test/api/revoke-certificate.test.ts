/** Tests of RevokeCertificate: accepted input, errors, and the resulting CRL entries. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import {
  base64,
  createAuthority,
  createRoot,
  createSubordinate,
  issue,
} from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { crlBucket, crlWith, lastOf, revocationOptions, revoke } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

let service: TestService
/** A CA with neither CRLs nor OCSP. */
let root: { readonly arn: string; readonly certificate: string }
before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
  root = await createRoot(service)
})
after(() => service.close())

interface RevocationInput {
  readonly CertificateAuthorityArn?: string
  readonly CertificateSerial?: string
  readonly RevocationReason?: string
}

const input = (serial: string, more: RevocationInput = {}): RevocationInput => ({
  CertificateAuthorityArn: root.arn,
  CertificateSerial: serial,
  RevocationReason: 'SUPERSEDED',
  ...more,
})

const leaf = (days = 30): ReturnType<typeof issue> =>
  issue(
    service,
    { arn: root.arn, csr: csr('ec-server') },
    { validity: { Value: days, Type: 'DAYS' } },
  )

/** Returns the error code of a rejected revocation. */
async function codeOf(request: RevocationInput, options = {}): Promise<string> {
  return (await service.refusal('RevokeCertificate', request, options)).split(': ')[0] ?? ''
}

/** Issues a certificate whose serial number starts with `byte`. Returns the serial number as 32 hexadecimal digits. */
async function issueWithSerialPrefix(byte: number): Promise<string> {
  using _ = service.random.beginWith(byte)
  const serial = lastOf((await leaf()).arn)
  assert.ok(serial.startsWith(Buffer.of(byte).toString('hex')), serial)
  return serial
}

const colons = (serial: string): string => serial.replaceAll(/..(?!$)/g, '$&:')

describe('serial numbers', () => {
  const forms: Record<string, (serial: string) => string> = {
    plain: (serial) => serial,
    'upper case': (serial) => serial.toUpperCase(),
    colons,
    'colons in upper case': (serial) => colons(serial).toUpperCase(),
    '0x': (serial) => `0x${serial}`,
    '0X in upper case': (serial) => `0X${serial.toUpperCase()}`,
    'leading zeros': (serial) => `00${serial}`,
    'leading zeros and colons, as OpenSSL writes them': (serial) => `00:${colons(serial)}`,
    'leading zeros up to the maximum length': (serial) => serial.padStart(128, '0'),
    '0x and colons': (serial) => `0x${colons(serial)}`,
  }
  for (const [name, form] of Object.entries(forms))
    test(`RevokeCertificate accepts a serial number in the format: ${name}`, async () => {
      const serial = lastOf((await leaf()).arn)
      const answer = await service.call('RevokeCertificate', input(form(serial)))
      assert.deepEqual([answer.status, answer.text], [200, ''])
      assert.equal(await codeOf(input(serial)), 'RequestAlreadyProcessedException')
    })

  test('RevokeCertificate accepts an odd number of digits without leading zero, as Terraform sends', async () => {
    const serial = await issueWithSerialPrefix(0x0b)
    await service.must('RevokeCertificate', input(serial.slice(1)))
    assert.equal(await codeOf(input(serial)), 'RequestAlreadyProcessedException')
    const other = await issueWithSerialPrefix(0x0b)
    await service.must('RevokeCertificate', input(colons(other).slice(1)))
    assert.equal(await codeOf(input(other)), 'RequestAlreadyProcessedException')
  })

  test('RevokeCertificate accepts a serial number with the top bit set', async () => {
    await service.must('RevokeCertificate', input(await issueWithSerialPrefix(0x9c)))
  })

  test('RevokeCertificate refuses malformed serial numbers', async () => {
    const texts = [
      '',
      '0x',
      '0X',
      ' ',
      'xyz',
      '-1',
      '+1',
      '1.5',
      'ab cd',
      ' ab',
      'ab ',
      'ab\n',
      ':',
      'ab:',
    ]
    for (const text of [...texts, ':ab', 'ab::cd', 'abc:d', 'a:b', '0x0x1', '１２', 'ab-cd', 'abh'])
      assert.equal(await codeOf(input(text)), 'InvalidRequestException', JSON.stringify(text))
    assert.equal(await codeOf(input('0'.repeat(129))), 'ValidationException')
  })

  test('RevokeCertificate does not find serial numbers that the CA never issued', async () => {
    for (const text of [
      '0',
      '1',
      'f'.repeat(32),
      '1'.repeat(33),
      'f'.repeat(128),
      `1${'0'.repeat(39)}`,
    ])
      assert.equal(await codeOf(input(text)), 'ResourceNotFoundException', text)
  })
})

/** The CRLReason for each revocation reason (RFC 5280 §5.3.1). */
const reasonCodes = {
  UNSPECIFIED: 0,
  KEY_COMPROMISE: 1,
  CERTIFICATE_AUTHORITY_COMPROMISE: 2,
  AFFILIATION_CHANGED: 3,
  SUPERSEDED: 4,
  CESSATION_OF_OPERATION: 5,
  PRIVILEGE_WITHDRAWN: 9,
  A_A_COMPROMISE: 10,
}

test('CRL entries contain the code of each reason except UNSPECIFIED', async () => {
  const authority = await createRoot(service, { more: revocationOptions() })
  let last = ''
  const expected: Record<string, number> = {}
  for (const [reason, code] of Object.entries(reasonCodes)) {
    last = (await issue(service, { arn: authority.arn, csr: csr('ec-server') })).arn
    expected[lastOf(last).replace(/^0+/, '')] = code
    await revoke(service, last, reason)
  }
  const { der, entries } = await crlWith(service, last)
  const found = Object.fromEntries(
    [...entries].map(([serial, { reasonCode }]) => [serial, reasonCode]),
  )
  assert.deepEqual(found, expected)
  // An id-ce-cRLReasons extension with an ENUMERATED value occurs once for every reason except UNSPECIFIED.
  const extension = (code: number): Buffer =>
    Buffer.from(`0603551d150403 0a01 0${code.toString(16)}`.replaceAll(' ', ''), 'hex')
  for (const code of Object.values(reasonCodes))
    assert.equal(der.includes(extension(code)), code !== 0, `code ${code}`)
  assert.equal(der.toString('hex').split('0603551d15').length - 1, 7)
})

test('RevokeCertificate refuses unknown reasons', async () => {
  const serial = lastOf((await leaf()).arn)
  for (const reason of ['CERTIFICATE_HOLD', 'REMOVE_FROM_CRL', 'key_compromise', '', '1'])
    assert.equal(
      await codeOf(input(serial, { RevocationReason: reason })),
      'ValidationException',
      reason,
    )
  await service.must('RevokeCertificate', input(serial))
})

test('RevokeCertificate requires each member', async () => {
  const complete: Record<string, unknown> = { ...input(lastOf((await leaf()).arn)) }
  for (const name of Object.keys(complete))
    assert.match(
      await service.refusal('RevokeCertificate', { ...complete, [name]: undefined }),
      /^ValidationException: /,
      name,
    )
  await service.must('RevokeCertificate', complete)
})

test('the first reason and date of a revocation are kept, even after a restart', async () => {
  const authority = await createRoot(service, { more: revocationOptions() })
  const { arn } = await issue(service, { arn: authority.arn, csr: csr('ec-server') })
  await revoke(service, arn, 'KEY_COMPROMISE')
  const first = (await crlWith(service, arn)).entries
  service.clock.advance({ seconds: 100 })
  await service.restart()
  await assert.rejects(revoke(service, arn, 'SUPERSEDED'), /RequestAlreadyProcessedException/)
  const other = (await issue(service, { arn: authority.arn, csr: csr('ec-server') })).arn
  await revoke(service, other, 'A_A_COMPROMISE')
  const { entries } = await crlWith(service, other)
  const serial = lastOf(arn).replace(/^0+/, '')
  assert.equal(entries.size, 2)
  assert.deepEqual(entries.get(serial), first.get(serial))
  assert.equal(entries.get(serial)?.reasonCode, 1)
})

test('a revoked certificate from before CRLs were enabled is on the CRL', async () => {
  const authority = await createRoot(service)
  const { arn } = await issue(service, { arn: authority.arn, csr: csr('ec-server') })
  await service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: authority.arn,
    ...revocationOptions(),
  })
  await revoke(service, arn)
  assert.equal((await crlWith(service, arn)).entries.size, 1)
})

describe('certificates that can be revoked', () => {
  test('RevokeCertificate refuses an expired certificate', async () => {
    const [soon, later] = [lastOf((await leaf(1)).arn), lastOf((await leaf(1)).arn)]
    service.clock.advance({ seconds: 86_400 - 120 })
    await service.must('RevokeCertificate', input(soon))
    service.clock.advance({ seconds: 240 })
    assert.equal(await codeOf(input(later)), 'InvalidRequestException')
    assert.equal(await codeOf(input(soon)), 'InvalidRequestException')
  })

  test('RevokeCertificate refuses the self-signed certificate of a root with the same error as AWS', async () => {
    const pending = await createAuthority(service)
    const own = await issue(service, pending, { template: 'RootCACertificate' })
    const importing = { CertificateAuthorityArn: pending.arn, Certificate: base64(own.certificate) }
    await service.must('ImportCertificateAuthorityCertificate', importing)
    const request = input(lastOf(own.arn), { CertificateAuthorityArn: pending.arn })
    assert.equal(
      await service.refusal('RevokeCertificate', request),
      'InvalidRequestException: Self-signed certificate can not be revoked',
    )
  })

  test('RevokeCertificate refuses a certificate of another CA', async () => {
    const other = await createRoot(service)
    const serial = lastOf((await leaf()).arn)
    const request = input(serial, { CertificateAuthorityArn: other.arn })
    assert.equal(await codeOf(request), 'ResourceNotFoundException')
    await service.must('RevokeCertificate', input(serial))
  })

  test('a subordinate CA can be revoked by its issuer, but not by itself, and continues to issue', async () => {
    const subordinate = await createSubordinate(service, root)
    const { serialNumber } = new X509Certificate(subordinate.certificate)
    const own = input(serialNumber, { CertificateAuthorityArn: subordinate.arn })
    assert.equal(await codeOf(own), 'ResourceNotFoundException')
    await service.must('RevokeCertificate', input(serialNumber))
    await issue(service, { arn: subordinate.arn, csr: csr('ec-server') })
  })

  test('RevokeCertificate refuses other accounts, nonexistent CAs and malformed ARNs', async () => {
    const serial = lastOf((await leaf()).arn)
    const data = ['--data', service.config.dataDirectory, '--account', '210987654321']
    assert.equal((await command(['account', 'create', ...data])).code, 0)
    const policy = join(service.config.dataDirectory, 'everything.json')
    const statement = { Effect: 'Allow', Action: '*', Resource: '*' }
    await writeFile(policy, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
    const user = ['--user', 'stranger', '--policy', policy]
    const key = await command(['access-key', 'create', ...data, ...user])
    const { AccessKeyId, SecretAccessKey } = JSON.parse(key.stdout) as Record<string, string>
    const credentials = { accessKeyId: AccessKeyId ?? '', secretAccessKey: SecretAccessKey ?? '' }
    // An ARN in another account is rejected without a lookup. In the caller's own account, the CA does not exist.
    assert.equal(await codeOf(input(serial), { credentials }), 'AccessDeniedException')
    const owned = root.arn.replace(service.config.accountId, '210987654321')
    assert.equal(
      await codeOf(input(serial, { CertificateAuthorityArn: owned }), { credentials }),
      'ResourceNotFoundException',
    )
    const absent = root.arn.replace(/[^/]+$/, '00000000-0000-0000-0000-000000000000')
    const request = input(serial, { CertificateAuthorityArn: absent })
    assert.equal(await codeOf(request), 'ResourceNotFoundException')
    const ofCertificate = input(serial, { CertificateAuthorityArn: `${root.arn}/certificate/1` })
    assert.equal(await codeOf(ofCertificate), 'InvalidArnException')
    await service.must('RevokeCertificate', input(serial))
  })
})

/** Writes a CA state to the database. Some states are short-lived or occur only after a failure. */
async function forceStatus(arn: string, status: string): Promise<void> {
  const text = 'update authorities set status = ?, revision = revision + 1 where id = ?'
  await service.inDatabase(text, status, lastOf(arn))
}

test('a CA can revoke only while it is ACTIVE or DISABLED', async () => {
  const authority = await createRoot(service, { validity: { Value: 400, Type: 'DAYS' } })
  const serials: string[] = []
  for (let count = 0; count < 3; count += 1)
    serials.push(lastOf((await issue(service, { arn: authority.arn, csr: csr('ec-server') })).arn))
  const [one = '', two = '', three = ''] = serials
  const CertificateAuthorityArn = authority.arn
  const request = (serial: string): RevocationInput => input(serial, { CertificateAuthorityArn })
  await service.must('RevokeCertificate', request(one))
  await service.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status: 'DISABLED' })
  await service.must('RevokeCertificate', request(two))
  for (const state of ['CREATING', 'PENDING_CERTIFICATE', 'FAILED', 'EXPIRED']) {
    await forceStatus(CertificateAuthorityArn, state)
    assert.equal(await codeOf(request(three)), 'InvalidStateException', state)
    // Errors about the CA take precedence over errors about the certificate.
    assert.equal(await codeOf(request(one)), 'InvalidStateException', state)
  }
  await forceStatus(CertificateAuthorityArn, 'DISABLED')
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
  assert.equal(await codeOf(request(three)), 'InvalidStateException')
  await service.must('RestoreCertificateAuthority', { CertificateAuthorityArn })
  await service.must('RevokeCertificate', request(three))
})

test('an expired CA cannot revoke', async () => {
  const authority = await createRoot(service, { validity: { Value: 2, Type: 'DAYS' } })
  const options = { validity: { Value: 1, Type: 'DAYS' } }
  const { arn } = await issue(service, { arn: authority.arn, csr: csr('ec-server') }, options)
  service.clock.advance({ days: 3 })
  const request = input(lastOf(arn), { CertificateAuthorityArn: authority.arn })
  assert.equal(await codeOf(request), 'InvalidStateException')
})

describe('concurrent revocations', () => {
  test('exactly one of fifty concurrent revocations of a certificate succeeds', async () => {
    const serial = lastOf((await leaf()).arn)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => service.call('RevokeCertificate', input(serial))),
    )
    const codes = answers.map(({ status, json }) =>
      status === 200 ? 'ok' : String(json['__type']),
    )
    assert.deepEqual(codes.toSorted(), [
      ...Array<string>(49).fill('RequestAlreadyProcessedException'),
      'ok',
    ])
  })

  test('sixty concurrent revocations of different certificates succeed and are all on the CRL', async () => {
    const authority = await createRoot(service, { more: revocationOptions() })
    const to = { arn: authority.arn, csr: csr('ec-server') }
    const leaves = await Promise.all(Array.from({ length: 60 }, () => issue(service, to)))
    await Promise.all(leaves.map(({ arn }) => revoke(service, arn)))
    await service.restart()
    for (const { arn } of leaves)
      assert.equal((await crlWith(service, arn)).entries.has(lastOf(arn).replace(/^0+/, '')), true)
    const { entries } = await crlWith(service, leaves[0]?.arn ?? '')
    assert.equal(entries.size, 60)
  })

  test('no revocation is lost while the CA issues and is updated', async () => {
    const leaves = await Promise.all(Array.from({ length: 20 }, () => leaf()))
    const update = (enabled: boolean): Promise<unknown> =>
      service.call('UpdateCertificateAuthority', {
        CertificateAuthorityArn: root.arn,
        RevocationConfiguration: { OcspConfiguration: { Enabled: enabled } },
      })
    const answers = await Promise.all([
      ...leaves.map(({ arn }) => service.call('RevokeCertificate', input(lastOf(arn)))),
      update(true),
      update(false),
    ])
    const refused = (answers as { status: number; text: string }[])
      .slice(0, leaves.length)
      .filter(({ status }) => status !== 200)
    assert.deepEqual(
      refused.map(({ text }) => text),
      [],
    )
    for (const { arn } of leaves)
      assert.equal(await codeOf(input(lastOf(arn))), 'RequestAlreadyProcessedException')
  })
})

describe('the revocation quota', () => {
  let small: TestService
  before(async () => {
    small = await TestService.start({ quotaRevocations: '2' })
    await small.createBucket(crlBucket)
  })
  after(() => small.close())

  async function leavesOf(more: Record<string, unknown>, days: number[]): Promise<string[]> {
    const { arn } = await createRoot(small, { more })
    const request = (Value: number): object => ({ validity: { Value, Type: 'DAYS' } })
    const leaves = days.map((Value) => issue(small, { arn, csr: csr('ec-server') }, request(Value)))
    return (await Promise.all(leaves)).map((one) => one.arn)
  }

  test('the quota of a complete CRL applies until revoked certificates expire, even after a restart', async () => {
    const [one = '', two = '', three = '', four = ''] = await leavesOf(
      revocationOptions(),
      [1, 30, 30, 30],
    )
    await revoke(small, one)
    await revoke(small, two)
    const full =
      /LimitExceededException: The certificate authority has 2 revoked certificates that have not expired/
    const refusal = (arn: string): Promise<string> =>
      small.refusal('RevokeCertificate', {
        CertificateAuthorityArn: arn.split('/certificate/')[0],
        CertificateSerial: lastOf(arn),
        RevocationReason: 'SUPERSEDED',
      })
    assert.match(await refusal(three), full)
    await small.restart()
    assert.match(await refusal(three), full)
    // Either error is correct for a certificate that is already revoked.
    assert.match(await refusal(two), /^(RequestAlreadyProcessed|LimitExceeded)Exception/)
    small.clock.advance({ days: 2 })
    await revoke(small, three)
    assert.match(await refusal(four), full)
  })

  test('concurrent revocations do not exceed the quota', async () => {
    const leaves = await leavesOf(revocationOptions(), Array<number>(12).fill(30))
    const results = await Promise.allSettled(leaves.map((arn) => revoke(small, arn)))
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 2)
    for (const result of results)
      if (result.status === 'rejected')
        assert.match(String(result.reason), /LimitExceededException/)
  })

  test('the quota does not apply without CRLs or with partitioned CRLs', async () => {
    const partitioned = revocationOptions({
      Enabled: true,
      ExpirationInDays: 7,
      S3BucketName: crlBucket,
      CrlType: 'PARTITIONED',
    })
    for (const more of [{}, partitioned])
      for (const arn of await leavesOf(more, [30, 30, 30])) await revoke(small, arn)
  })
})
