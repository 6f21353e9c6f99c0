import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ConfigurationError } from '../../errors.ts'
import { isFolderPath } from './download-certificate.ts'
import { parseReference } from './resolve-certificate.ts'
import { parseReason, parseTargets, readList } from './revoke.ts'
import { searchOf } from './search-certificates.ts'

const ca = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1111'

test('an argument is an ARN, an existing path, or a serial number', () => {
  assert.deepEqual(parseReference(`${ca}/certificate/0aFF`, undefined), {
    kind: 'id',
    id: { certificateAuthorityArn: ca, serialNumber: '0aFF' },
  })
  assert.deepEqual(parseReference('tls', 'folder'), { kind: 'folder', path: 'tls' })
  assert.deepEqual(parseReference('abcd', 'file'), { kind: 'file', path: 'abcd' })
  for (const serial of ['0x6F0A', '6F:0A', '6F0A'])
    assert.deepEqual(parseReference(serial, undefined), { kind: 'serial', serialNumber: '6F0A' })
  assert.throws(() => parseReference(ca, undefined), /is not the ARN of a certificate/)
  assert.throws(() => parseReference('no-such-file', undefined), /is not a folder, a file/)
})

test('any other argument is refused with a ConfigurationError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseReference(text, undefined)
      } catch (error) {
        assert.ok(error instanceof ConfigurationError)
      }
    }),
  )
})

test('reasons of AWS and of RFC 5280 are read in any case', () => {
  for (const [text, reason] of [
    ['KEY_COMPROMISE', 'KEY_COMPROMISE'],
    ['keyCompromise', 'KEY_COMPROMISE'],
    ['key-compromise', 'KEY_COMPROMISE'],
    ['cACompromise', 'CERTIFICATE_AUTHORITY_COMPROMISE'],
    ['aACompromise', 'A_A_COMPROMISE'],
    ['Superseded', 'SUPERSEDED'],
  ] as const)
    assert.equal(parseReason(text), reason)
  assert.throws(() => parseReason('certificateHold'), /cannot be put on hold/)
  assert.throws(() => parseReason('bored'), /'bored' is not a revocation reason; use one of UNSPEC/)
})

test('a list of targets may contain comments, or be the CSV output of a search', () => {
  assert.deepEqual(parseTargets('# stolen\n6f:0a\r\n\n  tls  \n'), [
    { text: '6f:0a', line: 2 },
    { text: 'tls', line: 4 },
  ])
  const csv =
    'CertificateArn,SerialNumber\n"arn:x/certificate/1","01"\n"arn:x/certificate/2","02"\n'
  assert.deepEqual(parseTargets(csv), [
    { text: 'arn:x/certificate/1', line: 2 },
    { text: 'arn:x/certificate/2', line: 3 },
  ])
})

test('a list with a line that does not refer to a certificate is refused as a whole', async () => {
  const arn = `${ca}/certificate/0aFF`
  const references = await readList(parseTargets(`${arn}\n6f:0a\n${arn}\n`), 'list')
  assert.deepEqual([...references.keys()], [arn, '6f:0a'])
  const document = `# Title\n\n${arn}\nA paragraph.\n${import.meta.filename}\n${ca}\n`
  await assert.rejects(readList(parseTargets(document), 'README.md'), {
    name: 'ConfigurationError',
    message:
      '--from: 3 of 4 lines in README.md do not refer to certificates, so no certificate was revoked; the first is line 4: "A paragraph." is not a folder, a file, a hexadecimal serial number or a certificate ARN',
  })
  await assert.rejects(readList(parseTargets(import.meta.filename), '-'), {
    message: /^--from: 1 of 1 lines in standard input .* line 1: .*\.test\.ts has no .*certificate/,
  })
})

const now = new Date('2026-01-01T00:00:00Z')
const search = (filters: Parameters<typeof searchOf>[0], accountId?: string) =>
  searchOf(filters, { now, accountId })

test('filters are converted to members of ListCertificates', () => {
  assert.deepEqual(search({}), {})
  assert.deepEqual(
    search({ template: 'RootCACertificate', expiringWithin: 1000, status: 'VALID', serial: '0A' }),
    {
      TemplateArn: 'arn:aws:acm-pca:::template/RootCACertificate/V1',
      ExpiresAfter: now,
      ExpiresBefore: new Date(now.getTime() + 1000),
      Status: 'VALID',
      SerialNumber: '0A',
    },
  )
  assert.deepEqual(search({ requester: 'alice' }, '123456789012'), {
    Requester: 'arn:aws:iam::123456789012:user/alice',
  })
  for (const requester of ['arn:aws:iam::1:role/ci', '123456789012', 'acm.amazonaws.com'])
    assert.deepEqual(search({ requester }), { Requester: requester })
})

test('a user name is refused if the account is unknown', () => {
  assert.throws(() => search({ requester: 'alice' }), /account of user 'alice' is unknown/)
  assert.throws(() => search({ requester: 'two words' }, '1'), /must be the ARN of a user/)
})

test('a path without a file extension is treated as a folder', () => {
  assert.ok(isFolderPath('missing-folder'))
  assert.ok(isFolderPath('missing.d/'))
  assert.ok(isFolderPath(import.meta.dirname))
  assert.ok(!isFolderPath('missing.pem'))
  assert.ok(!isFolderPath(import.meta.filename))
})
