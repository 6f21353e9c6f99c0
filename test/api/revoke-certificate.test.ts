/** RevokeCertificate: what it takes, whom it refuses, and what the CRL says of it afterwards. */
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

interface Asked {
  readonly CertificateAuthorityArn?: string
  readonly CertificateSerial?: string
  readonly RevocationReason?: string
}

const input = (serial: string, more: Asked = {}): Asked => ({
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

/** Code of the refusal. */
async function codeOf(asked: Asked, options = {}): Promise<string> {
  return (await service.refusal('RevokeCertificate', asked, options)).split(': ')[0] ?? ''
}

/** The serial number, 32 hexadecimal digits, of a new certificate; its first octet is given. */
async function serialThatBeginsWith(octet: number): Promise<string> {
  using _ = service.random.beginWith(octet)
  const serial = lastOf((await leaf()).arn)
  assert.ok(serial.startsWith(Buffer.of(octet).toString('hex')), serial)
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
    'zeros before': (serial) => `00${serial}`,
    'zeros before, as OpenSSL with colons': (serial) => `00:${colons(serial)}`,
    'zeros before, to the longest text': (serial) => serial.padStart(128, '0'),
    '0x and colons': (serial) => `0x${colons(serial)}`,
  }
  for (const [name, form] of Object.entries(forms))
    test(`RevokeCertificate takes a serial number written with ${name}`, async () => {
      const serial = lastOf((await leaf()).arn)
      const answer = await service.call('RevokeCertificate', input(form(serial)))
      assert.deepEqual([answer.status, answer.text], [200, ''])
      assert.equal(await codeOf(input(serial)), 'RequestAlreadyProcessedException')
    })

  test('without leading zeros, so of odd length, as Terraform sends it', async () => {
    const serial = await serialThatBeginsWith(0x0b)
    await service.must('RevokeCertificate', input(serial.slice(1)))
    assert.equal(await codeOf(input(serial)), 'RequestAlreadyProcessedException')
    const other = await serialThatBeginsWith(0x0b)
    await service.must('RevokeCertificate', input(colons(other).slice(1)))
    assert.equal(await codeOf(input(other)), 'RequestAlreadyProcessedException')
  })

  test('RevokeCertificate takes a serial number with the top bit set', async () => {
    await service.must('RevokeCertificate', input(await serialThatBeginsWith(0x9c)))
  })

  test('texts that are none are refused', async () => {
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

  test('numbers that the CA never gave are not found', async () => {
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

/** CRLReason of each reason (RFC 5280 §5.3.1). */
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

test('each reason has its code in the CRL, and no reason has none', async () => {
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
  // id-ce-cRLReasons with an ENUMERATED in it: once for every reason but UNSPECIFIED.
  const extension = (code: number): Buffer =>
    Buffer.from(`0603551d150403 0a01 0${code.toString(16)}`.replaceAll(' ', ''), 'hex')
  for (const code of Object.values(reasonCodes))
    assert.equal(der.includes(extension(code)), code !== 0, `code ${code}`)
  assert.equal(der.toString('hex').split('0603551d15').length - 1, 7)
})

test('reasons that the API does not have are refused', async () => {
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
  const whole: Record<string, unknown> = { ...input(lastOf((await leaf()).arn)) }
  for (const name of Object.keys(whole))
    assert.match(
      await service.refusal('RevokeCertificate', { ...whole, [name]: undefined }),
      /^ValidationException: /,
      name,
    )
  await service.must('RevokeCertificate', whole)
})

test('the first reason and date count, also over a restart', async () => {
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

test('what was issued before CRLs were on is on the CRL once it is revoked', async () => {
  const authority = await createRoot(service)
  const { arn } = await issue(service, { arn: authority.arn, csr: csr('ec-server') })
  await service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: authority.arn,
    ...revocationOptions(),
  })
  await revoke(service, arn)
  assert.equal((await crlWith(service, arn)).entries.size, 1)
})

describe('whose certificates', () => {
  test('RevokeCertificate refuses an expired certificate', async () => {
    const [soon, later] = [lastOf((await leaf(1)).arn), lastOf((await leaf(1)).arn)]
    service.clock.advance({ seconds: 86_400 - 120 })
    await service.must('RevokeCertificate', input(soon))
    service.clock.advance({ seconds: 240 })
    assert.equal(await codeOf(input(later)), 'InvalidRequestException')
    assert.equal(await codeOf(input(soon)), 'InvalidRequestException')
  })

  test('not the certificate of a root itself, in AWS’s words', async () => {
    const pending = await createAuthority(service)
    const own = await issue(service, pending, { template: 'RootCACertificate' })
    const importing = { CertificateAuthorityArn: pending.arn, Certificate: base64(own.certificate) }
    await service.must('ImportCertificateAuthorityCertificate', importing)
    const asked = input(lastOf(own.arn), { CertificateAuthorityArn: pending.arn })
    assert.equal(
      await service.refusal('RevokeCertificate', asked),
      'InvalidRequestException: Self-signed certificate can not be revoked',
    )
  })

  test('RevokeCertificate refuses a certificate of another CA', async () => {
    const other = await createRoot(service)
    const serial = lastOf((await leaf()).arn)
    const asked = input(serial, { CertificateAuthorityArn: other.arn })
    assert.equal(await codeOf(asked), 'ResourceNotFoundException')
    await service.must('RevokeCertificate', input(serial))
  })

  test('the certificate of a subordinate CA, which goes on working, but not by itself', async () => {
    const subordinate = await createSubordinate(service, root)
    const { serialNumber } = new X509Certificate(subordinate.certificate)
    const own = input(serialNumber, { CertificateAuthorityArn: subordinate.arn })
    assert.equal(await codeOf(own), 'ResourceNotFoundException')
    await service.must('RevokeCertificate', input(serialNumber))
    await issue(service, { arn: subordinate.arn, csr: csr('ec-server') })
  })

  test('not for another account, and of no CA', async () => {
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
    // Another account's ARN is refused before anything is looked up; its own account has no such CA.
    assert.equal(await codeOf(input(serial), { credentials }), 'AccessDeniedException')
    const owned = root.arn.replace(service.config.accountId, '210987654321')
    assert.equal(
      await codeOf(input(serial, { CertificateAuthorityArn: owned }), { credentials }),
      'ResourceNotFoundException',
    )
    const absent = root.arn.replace(/[^/]+$/, '00000000-0000-0000-0000-000000000000')
    const asked = input(serial, { CertificateAuthorityArn: absent })
    assert.equal(await codeOf(asked), 'ResourceNotFoundException')
    const ofCertificate = input(serial, { CertificateAuthorityArn: `${root.arn}/certificate/1` })
    assert.equal(await codeOf(ofCertificate), 'InvalidArnException')
    await service.must('RevokeCertificate', input(serial))
  })
})

/** States that last for a moment, or only after a fault, are written into the database. */
async function force(arn: string, status: string): Promise<void> {
  const text = 'update authorities set status = ?, revision = revision + 1 where id = ?'
  await service.inDatabase(text, status, lastOf(arn))
}

test('a CA revokes when it is ACTIVE or DISABLED, and in no other state', async () => {
  const authority = await createRoot(service, { validity: { Value: 400, Type: 'DAYS' } })
  const serials: string[] = []
  for (let count = 0; count < 3; count += 1)
    serials.push(lastOf((await issue(service, { arn: authority.arn, csr: csr('ec-server') })).arn))
  const [one = '', two = '', three = ''] = serials
  const CertificateAuthorityArn = authority.arn
  const asked = (serial: string): Asked => input(serial, { CertificateAuthorityArn })
  await service.must('RevokeCertificate', asked(one))
  await service.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status: 'DISABLED' })
  await service.must('RevokeCertificate', asked(two))
  for (const state of ['CREATING', 'PENDING_CERTIFICATE', 'FAILED', 'EXPIRED']) {
    await force(CertificateAuthorityArn, state)
    assert.equal(await codeOf(asked(three)), 'InvalidStateException', state)
    // What is wrong with the CA comes before what is wrong with the certificate.
    assert.equal(await codeOf(asked(one)), 'InvalidStateException', state)
  }
  await force(CertificateAuthorityArn, 'DISABLED')
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
  assert.equal(await codeOf(asked(three)), 'InvalidStateException')
  await service.must('RestoreCertificateAuthority', { CertificateAuthorityArn })
  await service.must('RevokeCertificate', asked(three))
})

test('a CA that has expired revokes nothing', async () => {
  const authority = await createRoot(service, { validity: { Value: 2, Type: 'DAYS' } })
  const request = { validity: { Value: 1, Type: 'DAYS' } }
  const { arn } = await issue(service, { arn: authority.arn, csr: csr('ec-server') }, request)
  service.clock.advance({ days: 3 })
  const asked = input(lastOf(arn), { CertificateAuthorityArn: authority.arn })
  assert.equal(await codeOf(asked), 'InvalidStateException')
})

describe('at the same time', () => {
  test('of fifty revocations of one certificate exactly one succeeds', async () => {
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

  test('sixty of different certificates all succeed, and the CRL has them all', async () => {
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

  test('while the CA is issuing and being changed none is lost', async () => {
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

describe('the quota of revocations', () => {
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

  test('holds with a complete CRL, until what is revoked expires, over a restart too', async () => {
    const [one = '', two = '', three = '', four = ''] = await leavesOf(
      revocationOptions(),
      [1, 30, 30, 30],
    )
    await revoke(small, one)
    await revoke(small, two)
    const full = /LimitExceededException: 2 certificates that have not expired are revoked/
    const refusal = (arn: string): Promise<string> =>
      small.refusal('RevokeCertificate', {
        CertificateAuthorityArn: arn.split('/certificate/')[0],
        CertificateSerial: lastOf(arn),
        RevocationReason: 'SUPERSEDED',
      })
    assert.match(await refusal(three), full)
    await small.restart()
    assert.match(await refusal(three), full)
    // Revoked already is said before that there is no room.
    assert.match(await refusal(two), /^(RequestAlreadyProcessed|LimitExceeded)Exception/)
    small.clock.advance({ days: 2 })
    await revoke(small, three)
    assert.match(await refusal(four), full)
  })

  test('is never overrun by revocations at the same time', async () => {
    const leaves = await leavesOf(revocationOptions(), Array<number>(12).fill(30))
    const done = await Promise.allSettled(leaves.map((arn) => revoke(small, arn)))
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 2)
    for (const one of done)
      if (one.status === 'rejected') assert.match(String(one.reason), /LimitExceededException/)
  })

  test('does not hold without CRLs, and with partitions', async () => {
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
