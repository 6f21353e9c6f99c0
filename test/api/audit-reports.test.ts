/** Audit reports: what is in them to the octet, when they are refused, and how they fail. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs what it defines
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import { csr } from '../support/csrs.ts'
import { FailingObjects } from '../support/failing-objects.ts'
import {
  createAuthority,
  createRoot,
  createSubordinate,
  issue,
  issueInput,
  type CertificateOptions,
  type Issued,
} from '../support/hierarchy.ts'
import {
  crlBucket,
  crlWith,
  eventually,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'

const bucket = 'my-reports'
let service: TestService
before(async () => {
  // Names in reports are hostile here, and the lint refuses to issue such names.
  service = await TestService.start({ auditReportInterval: '0', crlDelay: '0', lint: 'warn' })
  await service.createBucket(bucket)
  await service.createBucket(crlBucket)
})
after(() => service.close())

type Format = 'JSON' | 'CSV'

const reportInput = (arn: string, format: Format = 'JSON', S3BucketName = bucket): object => ({
  CertificateAuthorityArn: arn,
  S3BucketName,
  AuditReportResponseFormat: format,
})

interface Report {
  readonly AuditReportId: string
  readonly S3Key: string
}

const create = async (arn: string, format?: Format): Promise<Report> =>
  service.must('CreateCertificateAuthorityAuditReport', reportInput(arn, format)) as Promise<Report>

const describeReport = (arn: string, AuditReportId: string): Promise<Members> =>
  service.must('DescribeCertificateAuthorityAuditReport', {
    CertificateAuthorityArn: arn,
    AuditReportId,
  })

/** Waits until a report is no longer CREATING. */
async function finished(arn: string, { AuditReportId }: Report, seconds = 20): Promise<Members> {
  return eventually(
    async () => {
      const found = await describeReport(arn, AuditReportId)
      return found.AuditReportStatus === 'CREATING' ? undefined : found
    },
    `report ${AuditReportId}`,
    seconds,
  )
}

/** The text of a new report. */
async function reportOf(arn: string, format: Format): Promise<string> {
  const report = await create(arn, format)
  const found = await finished(arn, report)
  assert.equal(found.AuditReportStatus, 'SUCCESS')
  const body = await service.readObject(bucket, report.S3Key)
  return (body ?? Buffer.alloc(0)).toString('utf8')
}

interface Expected {
  readonly subject: string
  readonly template: string
  /** Reason, and the date that the CRL says. */
  readonly revoked?: { readonly reason: string; readonly at: Date }
}

/** As AWS writes it: no milliseconds, and +0000. */
const time = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, '+0000')

/** The values of a row in the order of the columns, from what the certificate itself says. */
function rowOf({ arn, certificate }: Issued, { subject, template, revoked }: Expected): string[] {
  const { serialNumber, validFromDate, validToDate } = new X509Certificate(certificate)
  const octets = serialNumber.toLowerCase().padStart(32, '0').match(/../g) ?? []
  assert.equal(octets.join(''), lastOf(arn))
  return [
    '123456789012',
    '',
    arn,
    octets.join(':'),
    subject,
    time(validFromDate),
    time(validToDate),
    // A certificate begins an hour before it is issued.
    time(new Date(validFromDate.getTime() + 3_600_000)),
    revoked ? time(revoked.at) : '',
    revoked?.reason ?? '',
    `arn:aws:acm-pca:::template/${template}/V1`,
  ]
}

const columns =
  'awsAccountId,requestedByServicePrincipal,certificateArn,serial,subject,notBefore,notAfter,issuedAt,revokedAt,revocationReason,templateArn'

function csvOf(rows: readonly string[][]): string {
  const lines = rows.map((row) =>
    row.map((value, index) => (index === 4 ? `"${value.replaceAll('"', '""')}"` : value)).join(','),
  )
  return `${[columns, ...lines].join('\n')}\n`
}

function jsonOf(rows: readonly string[][]): string {
  const names = columns.split(',')
  const objects = rows.map((row) =>
    Object.fromEntries(
      row.flatMap((value, index) => (value === '' ? [] : [[names[index] ?? '', value]])),
    ),
  )
  return `${JSON.stringify(objects, null, 2)}\n`
}

/** A CSR whose subject is what it says, in PEM. */
async function requestOf(name: peculiar.JsonName): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const request = await peculiar.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm,
  })
  return request.toString('pem')
}

const passthroughTemplate = 'BlankEndEntityCertificate_APIPassthrough'
const withSubject = (Subject: object): CertificateOptions => ({
  template: passthroughTemplate,
  more: { ApiPassthrough: { Subject } },
})

/** Subjects that are hard to write, and how RFC 2253 §2 writes them. */
const hardSubjects: readonly {
  readonly options: () => Promise<Options>
  readonly subject: string
}[] = [
  {
    options: fromApi({
      Country: 'DE',
      Organization: 'Corp, "Quoted" + Co',
      OrganizationalUnit: '#1 unit',
      State: ' lead',
      CommonName: 'trail ',
      Locality: String.raw`a\b;c<d>e=f`,
    }),
    subject: String.raw`L=a\\b\;c\<d\>e=f,CN=trail\ ,ST=\ lead,OU=\#1 unit,O=Corp\, \"Quoted\" \+ Co,C=DE`,
  },
  { options: fromApi({ CommonName: ' ' }), subject: String.raw`CN=\ ` },
  { options: fromApi({ CommonName: '  ' }), subject: String.raw`CN=\ \ ` },
  { options: fromApi({ CommonName: 'in # the  middle' }), subject: 'CN=in # the  middle' },
  { options: fromApi({ CommonName: String.raw`end\ ` }), subject: String.raw`CN=end\\\ ` },
  { options: fromApi({ CommonName: 'Zoë 文 🦊' }), subject: 'CN=Zoë 文 🦊' },
  { options: fromApi({ CommonName: 'a\tb\nc' }), subject: 'CN=a\tb\nc' },
  // PrintableString and UTF8String in DER.
  {
    options: fromApi({ CommonName: 'x', SerialNumber: '42', Title: 'é' }),
    subject: '2.5.4.12=#0c02c3a9,2.5.4.5=#13023432,CN=x',
  },
  {
    options: fromApi({
      CustomAttributes: [
        { ObjectIdentifier: '1.3.6.1.4.1.37244.1.3', Value: 'FFF1' },
        { ObjectIdentifier: '2.5.4.3', Value: 'Matter, Inc' },
      ],
    }),
    subject: String.raw`CN=Matter\, Inc,1.3.6.1.4.1.37244.1.3=#0c0446464631`,
  },
  {
    options: async () => ({
      request: await requestOf([{ C: ['DE'] }, { CN: ['a'], OU: ['b+c'] }]),
      template: 'EndEntityCertificate',
    }),
    subject: String.raw`CN=a+OU=b\+c,C=DE`,
  },
  {
    options: async () => ({
      request: await requestOf([{ DC: ['test'] }, { CN: ['d'] }]),
      template: 'EndEntityClientAuthCertificate',
    }),
    subject: 'CN=d,0.9.2342.19200300.100.1.25=#160474657374',
  },
]

interface Options {
  readonly template: string
  readonly request?: string
  readonly more?: Record<string, unknown>
}

function fromApi(subject: object): () => Promise<Options> {
  return async () => ({ ...withSubject(subject), template: passthroughTemplate })
}

const rootSubject = 'CN=ROOT EC_prime256v1,O=Signet Test'

describe('the text', () => {
  const rows: string[][] = []
  let arn: string
  before(async () => {
    const root = await createAuthority(service, { more: revocationOptions() })
    arn = root.arn
    const own = await issue(service, root, {
      template: 'RootCACertificate',
      validity: { Value: 10, Type: 'YEARS' },
    })
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: arn,
      Certificate: Buffer.from(own.certificate).toString('base64'),
    })
    rows.push(rowOf(own, { subject: rootSubject, template: 'RootCACertificate' }))
    for (const { options, subject } of hardSubjects) {
      const { request = csr('ec-server'), template, more } = await options()
      const issued = await issue(
        service,
        { arn, csr: request },
        { template, ...(more && { more }) },
      )
      rows.push(rowOf(issued, { subject, template }))
    }
    // Revoked, in an order that is not that of their issuance; the dates are those of the CRL.
    const revoked = new Map<string, Issued>()
    for (const reason of ['UNSPECIFIED', 'KEY_COMPROMISE', 'A_A_COMPROMISE'])
      revoked.set(reason, await issue(service, { arn, csr: csr('ec-server') }))
    for (const [reason, one] of [...revoked].toReversed()) {
      service.clock.advance({ seconds: 20 })
      await revoke(service, one.arn, reason)
    }
    const { entries } = await crlWith(service, revoked.get('UNSPECIFIED')?.arn ?? '')
    for (const [reason, one] of revoked) {
      const at = entries.get(lastOf(one.arn).replace(/^0+/, ''))?.revocationDate ?? new Date(0)
      const expected = { subject: serverSubject(), template: 'EndEntityCertificate' }
      rows.push(rowOf(one, { ...expected, revoked: { reason, at } }))
    }
  })

  test('an audit report in JSON has a member for each fact of each certificate', async () => {
    const text = await reportOf(arn, 'JSON')
    assert.equal(text, jsonOf(rows))
  })

  test('an audit report in CSV has the same facts in its columns', async () => {
    assert.equal(await reportOf(arn, 'CSV'), csvOf(rows))
  })

  test('is the same later, also of what has expired', async () => {
    const text = await reportOf(arn, 'CSV')
    service.clock.advance({ days: 31 })
    await service.restart()
    assert.equal(await reportOf(arn, 'CSV'), text)
  })
})

/** The subject of the CSR `ec-server`, as RFC 2253 writes it, by another parser. */
function serverSubject(): string {
  return new peculiar.Pkcs10CertificateRequest(csr('ec-server')).subjectName
    .toJSON()
    .toReversed()
    .map((rdn) => Object.entries(rdn).map(([type, [value]]) => `${type}=${value}`)[0])
    .join(',')
}

describe('the rows', () => {
  test('a CA that has issued nothing has a report without rows', async () => {
    const subordinate = await createSubordinate(service, await createRoot(service))
    assert.equal(await reportOf(subordinate.arn, 'JSON'), '[]\n')
  })

  test('a report without rows is the header alone as CSV', async () => {
    const subordinate = await createSubordinate(service, await createRoot(service))
    assert.equal(await reportOf(subordinate.arn, 'CSV'), `${columns}\n`)
  })

  test('an audit report of a new root has one row, that of the root', async () => {
    const { arn, certificate } = await createRoot(service)
    const serial = new X509Certificate(certificate).serialNumber.toLowerCase().padStart(32, '0')
    const own = { arn: `${arn}/certificate/${serial}`, certificate, chain: undefined }
    const rows = [rowOf(own, { subject: rootSubject, template: 'RootCACertificate' })]
    assert.equal(await reportOf(arn, 'JSON'), jsonOf(rows))
    assert.equal(await reportOf(arn, 'CSV'), csvOf(rows))
  })

  test('only those of the CA, and the subordinate CAs that it signed', async () => {
    const root = await createRoot(service)
    const subordinate = await createSubordinate(service, root, {
      subject: { CommonName: 'Sub' },
    })
    await issue(service, { arn: subordinate.arn, csr: csr('ec-server') })
    const rows = JSON.parse(await reportOf(root.arn, 'JSON')) as { subject: string }[]
    assert.deepEqual(
      rows.map(({ subject }) => subject),
      [rootSubject, 'CN=Sub'],
    )
    assert.equal((await reportOf(subordinate.arn, 'CSV')).split('\n').length, 3)
  })

  test('more than fit into a page: 999, 1000, 1001 and 2001, each once and in order', async () => {
    const { arn } = await createRoot(service)
    const issued: string[] = []
    for (const count of [999, 1000, 1001, 2001]) {
      // The root's own certificate is the first row.
      await issueMany(arn, count - 1 - issued.length, issued)
      const rows = JSON.parse(await reportOf(arn, 'JSON')) as Record<string, string>[]
      const arns = rows.map(({ certificateArn }) => certificateArn ?? '')
      assert.equal(arns.length, count)
      assert.deepEqual(arns.slice(1).toSorted(), issued.toSorted())
      // Those that were asked for at the same time are stored in any order: a second may have passed in between.
      const times = rows.map(({ issuedAt = '' }) => Date.parse(issuedAt))
      for (const [index, issuedAt] of times.entries())
        assert.ok(issuedAt >= (times[index - 25] ?? 0), `row ${index}`)
      const csv = (await reportOf(arn, 'CSV')).split('\n')
      assert.deepEqual(
        csv.slice(1, -1).map((line) => line.split(',')[2]),
        arns,
      )
    }
  })
})

/** Issues certificates, 25 at a time, and adds their ARNs. */
async function issueMany(arn: string, count: number, arns: string[]): Promise<void> {
  const input = issueInput(arn, csr('ec-server'))
  for (let left = count; left > 0; left -= 25)
    await Promise.all(
      Array.from({ length: Math.min(left, 25) }, async () => {
        arns.push((await service.must('IssueCertificate', input)).CertificateArn as string)
      }),
    )
}

describe('the answers', () => {
  const code = async (operation: string, asked: object, where = service): Promise<string> =>
    (await where.refusal(operation, asked)).split(': ')[0] ?? ''
  const createCode = (asked: object, where = service): Promise<string> =>
    code('CreateCertificateAuthorityAuditReport', asked, where)
  const describeCode = (arn: string, AuditReportId: string): Promise<string> =>
    code('DescribeCertificateAuthorityAuditReport', { CertificateAuthorityArn: arn, AuditReportId })

  test('say where the report is, and when it was asked for', async () => {
    const { arn } = await createRoot(service)
    for (const format of ['JSON', 'CSV'] as const) {
      const asked = Math.floor(service.clock.now().getTime() / 1000)
      const report = await create(arn, format)
      assert.deepEqual(Object.keys(report).toSorted(), ['AuditReportId', 'S3Key'])
      const { AuditReportId, S3Key } = report
      assert.match(AuditReportId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.equal(S3Key, `audit-report/${lastOf(arn)}/${AuditReportId}.${format.toLowerCase()}`)
      const { CreatedAt, ...found } = await finished(arn, report)
      assert.deepEqual(found, { AuditReportStatus: 'SUCCESS', S3BucketName: bucket, S3Key })
      assert.ok(CreatedAt >= asked && CreatedAt < asked + 5, String(CreatedAt))
    }
  })

  test('the report is not served to everyone', async () => {
    const { arn } = await createRoot(service)
    const report = await create(arn)
    await finished(arn, report)
    assert.ok(await service.readObject(bucket, report.S3Key))
    for (const path of [`/${bucket}/${report.S3Key}`, `/${report.S3Key}`, `/${bucket}/`]) {
      const response = await fetch(`${service.publicUrl}${path}`)
      assert.equal(response.status, 404, path)
    }
  })

  test('what does not exist is not found', async () => {
    const { arn } = await createRoot(service)
    const other = await createRoot(service)
    const report = await create(arn)
    const absent = '00000000-0000-4000-8000-000000000000'
    const notFound = 'ResourceNotFoundException'
    assert.equal(await createCode(reportInput(arn, 'JSON', 'no-such-bucket')), notFound)
    assert.equal(await describeCode(arn, absent), notFound)
    assert.equal(await describeCode(other.arn, report.AuditReportId), notFound)
    assert.equal(await createCode(reportInput(arn.replace(lastOf(arn), absent))), notFound)
    const upper = report.AuditReportId.toUpperCase()
    const outcome = await describeCode(arn, upper === report.AuditReportId ? absent : upper)
    assert.ok([notFound, 'ValidationException'].includes(outcome), outcome)
  })

  test('what is no bucket, format or id is refused', async () => {
    const { arn } = await createRoot(service)
    for (const name of ['My_Reports', '192.0.2.1', 'a..b', '-ab'])
      assert.equal(await createCode(reportInput(arn, 'JSON', name)), 'InvalidArgsException', name)
    for (const name of ['', 'ab', 'a'.repeat(64)])
      assert.equal(await createCode(reportInput(arn, 'JSON', name)), 'ValidationException', name)
    for (const format of ['json', 'XML', ''])
      assert.equal(
        await createCode({ ...reportInput(arn), AuditReportResponseFormat: format }),
        'ValidationException',
      )
    for (const id of ['', 'x', 'z'.repeat(36), '0'.repeat(37)])
      assert.equal(await describeCode(arn, id), 'ValidationException', id)
    assert.equal(await createCode(reportInput(`${arn}/certificate/00`)), 'InvalidArnException')
  })

  test('CreateCertificateAuthorityAuditReport refuses every state of a CA that has no report', async () => {
    const { arn } = await createRoot(service)
    const report = await create(arn)
    await finished(arn, report)
    const refused: string[] = []
    for (const state of ['CREATING', 'PENDING_CERTIFICATE', 'DISABLED', 'EXPIRED', 'FAILED']) {
      await force(arn, state)
      const answer = await service.call('CreateCertificateAuthorityAuditReport', reportInput(arn))
      if (answer.status === 200) await finished(arn, answer.json as unknown as Report)
      else refused.push(`${state} ${String(answer.json['__type'])}`)
      assert.equal((await describeReport(arn, report.AuditReportId)).AuditReportStatus, 'SUCCESS')
    }
    assert.deepEqual(
      refused,
      ['CREATING', 'PENDING_CERTIFICATE', 'FAILED'].map(
        (state) => `${state} InvalidStateException`,
      ),
    )
    await force(arn, 'DISABLED')
    await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn: arn })
    assert.equal(await createCode(reportInput(arn)), 'InvalidStateException')
    assert.equal((await describeReport(arn, report.AuditReportId)).AuditReportStatus, 'SUCCESS')
  })

  test('a CA that has expired still has reports', async () => {
    const { arn } = await createRoot(service, { validity: { Value: 1, Type: 'DAYS' } })
    service.clock.advance({ days: 2 })
    assert.equal((JSON.parse(await reportOf(arn, 'JSON')) as unknown[]).length, 1)
  })
})

describe('the interval', () => {
  let slow: TestService
  before(async () => {
    slow = await TestService.start()
    await slow.createBucket(bucket)
    await slow.createBucket('strange-reports', '210987654321')
  })
  after(() => slow.close())

  const ask = async (arn: string, format?: Format, name?: string): Promise<unknown> => {
    const asked = reportInput(arn, format, name)
    const { status, json } = await slow.call('CreateCertificateAuthorityAuditReport', asked)
    return status === 200 ? 200 : json['__type']
  }

  test('is half an hour, for one CA, in whatever format, over a restart', async () => {
    const { arn } = await createRoot(slow)
    const other = await createRoot(slow)
    assert.equal(await ask(arn), 200)
    assert.equal(await ask(arn), 'RequestInProgressException')
    assert.equal(await ask(other.arn), 200)
    await eventually(
      async () =>
        (await statusesOf(slow)).every((status) => status === 'SUCCESS') ? true : undefined,
      'both reports',
    )
    assert.equal(await ask(arn, 'CSV'), 'RequestInProgressException')
    slow.clock.advance({ seconds: 1780 })
    await slow.restart()
    assert.equal(await ask(arn, 'CSV'), 'RequestInProgressException')
    slow.clock.advance({ seconds: 21 })
    assert.equal(await ask(arn, 'CSV'), 200)
  })

  test('of ten at the same time one is made', async () => {
    const { arn } = await createRoot(slow)
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(arn)))
    assert.deepEqual(answers.filter((answer) => answer === 200).length, 1)
    assert.equal(answers.filter((answer) => answer === 'RequestInProgressException').length, 9)
  })

  test('does not count a report that was refused or failed', async () => {
    const { arn } = await createRoot(slow)
    assert.equal(await ask(arn, 'JSON', 'no-such-bucket'), 'ResourceNotFoundException')
    assert.equal(await ask(arn, 'JSON', 'strange-reports'), 'RequestFailedException')
    assert.equal(await ask(arn), 200)
  })
})

describe('a bucket that fails', () => {
  test('away: the report is FAILED; out of reach: it is made later, over a restart', async () => {
    const objects = new FailingObjects()
    objects.affects = ({ key }) => key.startsWith('audit-report/')
    const faulty = await TestService.start(
      { auditReportInterval: '0' },
      { wrapObjects: objects.wrap },
    )
    await faulty.createBucket(bucket)
    const { arn } = await createRoot(faulty)
    const made = async (): Promise<string> => {
      const { AuditReportId } = await faulty.must(
        'CreateCertificateAuthorityAuditReport',
        reportInput(arn),
      )
      return AuditReportId as string
    }
    const status = async (AuditReportId: string): Promise<string> =>
      (
        await faulty.must('DescribeCertificateAuthorityAuditReport', {
          CertificateAuthorityArn: arn,
          AuditReportId,
        })
      ).AuditReportStatus as string
    const becomes = (id: string, wanted: string): Promise<true> =>
      eventually(async () => ((await status(id)) === wanted ? true : undefined), wanted)
    for (const mode of ['missing', 'refuse'] as const) {
      objects.mode = mode
      await becomes(await made(), 'FAILED')
    }
    objects.mode = 'error'
    const { failures } = objects
    const id = await made()
    await eventually(async () => (objects.failures > failures ? true : undefined), 'a failure')
    assert.equal(await status(id), 'CREATING')
    assert.match(
      await faulty.refusal('CreateCertificateAuthorityAuditReport', reportInput(arn)),
      /^RequestInProgressException: /,
    )
    objects.mode = 'works'
    faulty.clock.advance({ seconds: 60 })
    await faulty.restart()
    await becomes(id, 'SUCCESS')
    const body = await faulty.readObject(bucket, `audit-report/${lastOf(arn)}/${id}.json`)
    assert.equal((JSON.parse(String(body)) as unknown[]).length, 1)
    await faulty.close()
  })
})

/** States that last for a moment, or only after a fault, are written into the database. */
async function force(arn: string, status: string): Promise<void> {
  const text = 'update authorities set status = ?, revision = revision + 1 where id = ?'
  await service.inDatabase(text, status, lastOf(arn))
}

/** Of every report of a service. */
async function statusesOf(of: TestService): Promise<string[]> {
  const rows = await of.inDatabase('select status from audit_reports')
  return rows.map(({ status }) => String(status))
}
