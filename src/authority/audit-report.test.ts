/** Tests that parse the JSON and CSV of audit reports and compare the values with the certificates. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCertificate, encodeTbsCertificate } from '../x509/certificate.ts'
import { visibleJson, visibleLines } from '../text/visible-text.ts'
import { nameText } from '../x509/names/name-text.ts'
import { encodeName, parseName } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import {
  auditReportKey,
  auditReportType,
  reportForms,
  type AuditedAuthority,
  type AuditedCertificate,
  type AuditReportFormat,
} from './audit-report.ts'

const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
const spki: Uint8Array = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'der',
  type: 'spki',
})
const authority: AuditedAuthority = {
  arn: 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/4dc4c8b2-0000-4000-8000-000000000001',
  accountId: '123456789012',
  partition: 'aws',
}

interface Options {
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Uint8Array
  readonly requesterAccountId: string | undefined
  readonly requesterService: string | undefined
  readonly issuedAt: Date
  readonly revocation: AuditedCertificate['revocation']
}

const plain: Options = {
  serialNumber: Buffer.from('0ff000112233445566778899aabbccdd', 'hex'),
  notBefore: new Date('2026-03-01T08:15:30Z'),
  notAfter: new Date('2050-03-01T08:15:30Z'),
  subject: encodeName([
    { type: oids.organizationName, value: 'Example' },
    { type: oids.commonName, value: 'www.example.com' },
  ]),
  requesterAccountId: undefined,
  requesterService: undefined,
  issuedAt: new Date('2026-03-01T09:05:07.999Z'),
  revocation: undefined,
}

function audited(options: Options): AuditedCertificate {
  const { serialNumber, notBefore, notAfter, subject, ...recorded } = options
  const tbs = encodeTbsCertificate({
    serialNumber,
    signatureAlgorithm: algorithm,
    issuer: encodeName([{ type: oids.commonName, value: 'Issuer' }]),
    notBefore,
    notAfter,
    subject,
    subjectPublicKeyInfo: spki,
    extensions: [],
  })
  return {
    certificateDer: encodeCertificate(tbs, algorithm, Uint8Array.of(1)),
    serialNumber,
    templateName: 'EndEntityCertificate',
    ...recorded,
  }
}

/** Assembles an audit report from its pages. */
function reportOf(format: AuditReportFormat, certificates: readonly AuditedCertificate[]): string {
  const form = reportForms[format]
  const rows = certificates.map((one) => form.row(one, authority))
  const before = rows.length === 0 ? form.head : form.head + form.first
  return before + rows.join(form.separator) + form.tail(rows.length > 0)
}

test('a row has the same members as at AWS, in both formats', () => {
  const revocation = {
    revokedAt: new Date('2026-04-05T06:07:08.5Z'),
    reason: 'KEY_COMPROMISE',
  }
  const certificates = [audited(plain), audited({ ...plain, revocation })]
  const arn = `${authority.arn}/certificate/0ff000112233445566778899aabbccdd`
  const serial = '0f:f0:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd'
  const template = 'arn:aws:acm-pca:::template/EndEntityCertificate/V1'
  const first = {
    awsAccountId: '123456789012',
    certificateArn: arn,
    serial,
    subject: 'CN=www.example.com,O=Example',
    notBefore: '2026-03-01T08:15:30+0000',
    notAfter: '2050-03-01T08:15:30+0000',
    issuedAt: '2026-03-01T09:05:07+0000',
  }
  const second = { revokedAt: '2026-04-05T06:07:08+0000', revocationReason: 'KEY_COMPROMISE' }
  const rows = [
    { ...first, templateArn: template },
    { ...first, ...second, templateArn: template },
  ]
  assert.equal(reportOf('JSON', certificates), `${JSON.stringify(rows, undefined, 2)}\n`)
  const times = '2026-03-01T08:15:30+0000,2050-03-01T08:15:30+0000,2026-03-01T09:05:07+0000'
  const begin = `123456789012,,${arn},${serial},"CN=www.example.com,O=Example",${times}`
  assert.equal(
    reportOf('CSV', certificates),
    [
      'awsAccountId,requestedByServicePrincipal,certificateArn,serial,subject,notBefore,notAfter,' +
        'issuedAt,revokedAt,revocationReason,templateArn',
      `${begin},,,${template}`,
      `${begin},2026-04-05T06:07:08+0000,KEY_COMPROMISE,${template}`,
      '',
    ].join('\n'),
  )
})

test('a report without certificates is an empty array or a header line', () => {
  assert.equal(reportOf('JSON', []), `${JSON.stringify([], undefined, 2)}\n`)
  assert.equal(
    reportOf('CSV', []),
    'awsAccountId,requestedByServicePrincipal,certificateArn,serial,subject,notBefore,notAfter,' +
      'issuedAt,revokedAt,revocationReason,templateArn\n',
  )
})

test('templates have the partition of the CA', () => {
  const row = reportForms.JSON.row(audited(plain), { ...authority, partition: 'aws-cn' })
  assert.equal(
    (JSON.parse(row) as Record<string, string>)['templateArn'],
    'arn:aws-cn:acm-pca:::template/EndEntityCertificate/V1',
  )
})

/** Parses CSV (RFC 4180) with records that end in LF. Quotes within an unquoted cell are rejected. */
function readCsv(text: string): string[][] {
  const records: string[][] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/gy
  let record: string[] = []
  while (cell.lastIndex < text.length) {
    const [, quoted, bare, end] = cell.exec(text) ?? []
    assert.ok(end !== undefined, 'a cell of RFC 4180')
    record.push(quoted?.replaceAll('""', '"') ?? bare ?? '')
    if (end !== '\n') continue
    records.push(record)
    record = []
  }
  return records
}

const seconds = (text: string): number => Date.parse(text) / 1000
const datesUpTo = (text: string): fc.Arbitrary<Date> =>
  fc
    .integer({ min: seconds('1950-01-01T00:00:00Z'), max: seconds(text) })
    .map((second) => new Date(second * 1000))
const instants = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('2999-01-01T00:00:00Z'),
  noInvalidDate: true,
})
const values = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('"', ',', '\n', '\r', '\\', '+', '#', ' ', '\0', '\u2028', '=', '😀'),
      fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }),
    ),
    maxLength: 12,
  })
  .filter((text) => text.isWellFormed())

const wishes = fc.record({
  serialNumber: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  notBefore: datesUpTo('9999-12-31T23:59:59Z'),
  notAfter: datesUpTo('9999-12-31T23:59:59Z'),
  requesterAccountId: fc.constantFrom(undefined, '210987654321'),
  requesterService: fc.constantFrom(undefined, 'acm.amazonaws.com'),
  subject: fc
    .array(fc.record({ type: fc.constantFrom(oids.commonName, oids.surname), value: values }), {
      maxLength: 4,
    })
    .map(encodeName),
  issuedAt: instants,
  revocation: fc.option(
    fc.record({ revokedAt: instants, reason: fc.constantFrom('UNSPECIFIED', 'SUPERSEDED') }),
    { nil: undefined },
  ),
})

const timeText = (date: Date): string => `${date.toISOString().slice(0, 19)}+0000`

test('control characters and bidirectional overrides in a subject do not appear in a report', () => {
  const name = 'a\u001B[2J\u009B\u202Eb'
  const subject = encodeName([{ type: oids.commonName, value: name }])
  const json = reportOf('JSON', [audited({ ...plain, subject })])
  const csv = reportOf('CSV', [audited({ ...plain, subject })])
  for (const text of [json, csv]) assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Cf}/u)
  assert.equal((JSON.parse(json) as Record<string, string>[])[0]?.['subject'], `CN=${name}`)
  assert.ok(csv.includes(String.raw`"CN=a\u{1b}[2J\u{9b}\u{202e}b"`))
})

/**
 * Returns the value of every column, computed independently of the audit report. An absent value is represented by
 * an empty string.
 */
function expectedRow(options: Options): string[] {
  const { serialNumber, subject, revocation, requesterAccountId, requesterService, ...times } =
    options
  const hex = Buffer.from(serialNumber).toString('hex')
  return [
    requesterAccountId ?? '123456789012',
    requesterService ?? '',
    `${authority.arn}/certificate/${hex}`,
    hex.replaceAll(/(..)(?=.)/g, '$1:'),
    nameText(parseName(subject)),
    timeText(times.notBefore),
    timeText(times.notAfter),
    timeText(times.issuedAt),
    revocation === undefined ? '' : timeText(revocation.revokedAt),
    revocation?.reason ?? '',
    'arn:aws:acm-pca:::template/EndEntityCertificate/V1',
  ]
}

test('JSON and CSV of any report contain the same values', () => {
  fc.assert(
    fc.property(fc.array(wishes, { maxLength: 8 }), (list) => {
      const certificates = list.map(audited)
      const expected = list.map(expectedRow)
      const json = reportOf('JSON', certificates)
      const rows = JSON.parse(json) as Record<string, string>[]
      assert.equal(json, visibleJson(`${JSON.stringify(rows, undefined, 2)}\n`))
      const [head = [], ...records] = readCsv(reportOf('CSV', certificates))
      assert.deepEqual(
        records,
        expected.map((cells) =>
          cells.map((cell) => visibleLines(cell).replaceAll(String.raw`\t`, '\t')),
        ),
      )
      assert.deepEqual(
        rows.map((row) => Object.entries(row)),
        expected.map((cells) =>
          cells.flatMap((cell, at) => (cell === '' ? [] : [[head[at], cell]])),
        ),
      )
    }),
  )
})

test('the object key and content type of a report match its format', () => {
  assert.equal(auditReportKey('ca', 'id', 'JSON'), 'audit-report/ca/id.json')
  assert.equal(auditReportKey('ca', 'id', 'CSV'), 'audit-report/ca/id.csv')
  assert.equal(auditReportType('JSON'), 'application/json')
  assert.equal(auditReportType('CSV'), 'text/csv')
})
