/** Tests of audit reports: their exact bytes, rejected requests, and bucket failures. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
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
  // The linter would reject the hostile subject names in this file.
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

/** Waits until an audit report is no longer CREATING. */
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

/** Creates an audit report and returns its text. */
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
  /** The reason and date of the revocation, as stated in the CRL. */
  readonly revoked?: { readonly reason: string; readonly at: Date }
}

/** A time in AWS's format: without milliseconds, and with +0000. */
const time = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, '+0000')

/** The values in a row, in column order, as read from the certificate itself. */
function rowOf({ arn, certificate }: Issued, { subject, template, revoked }: Expected): string[] {
  const { serialNumber, validFromDate, validToDate } = new X509Certificate(certificate)
  const pairs = serialNumber.toLowerCase().padStart(32, '0').match(/../g) ?? []
  assert.equal(pairs.join(''), lastOf(arn))
  return [
    '123456789012',
    '',
    arn,
    pairs.join(':'),
    subject,
    time(validFromDate),
    time(validToDate),
    // A certificate's validity begins one hour before its issuance.
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

/** A CSR with the given subject, in PEM. */
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

/** Subjects that require escaping, with their string representations (RFC 2253 §2). */
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
  // If an attribute type has no keyword, its values are shown as DER in hexadecimal. In this test, the values are a UTF8String
  // and a PrintableString.
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

describe('the content of an audit report', () => {
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
    // Certificates are revoked in reverse order of issuance. The expected dates come from the CRL.
    const revoked = new Map<string, Issued>()
    for (const reason of ['UNSPECIFIED', 'KEY_COMPROMISE', 'A_A_COMPROMISE'])
      revoked.set(reason, await issue(service, { arn, csr: csr('ec-server') }))
    for (const [reason, issued] of [...revoked].toReversed()) {
      service.clock.advance({ seconds: 20 })
      await revoke(service, issued.arn, reason)
    }
    const { entries } = await crlWith(service, revoked.get('UNSPECIFIED')?.arn ?? '')
    for (const [reason, issued] of revoked) {
      const at = entries.get(lastOf(issued.arn).replace(/^0+/, ''))?.revocationDate ?? new Date(0)
      const expected = { subject: serverSubject(), template: 'EndEntityCertificate' }
      rows.push(rowOf(issued, { ...expected, revoked: { reason, at } }))
    }
  })

  test('an audit report in JSON has one object per certificate, without empty members', async () => {
    const text = await reportOf(arn, 'JSON')
    assert.equal(text, jsonOf(rows))
  })

  test('an audit report in CSV has one row per certificate', async () => {
    assert.equal(await reportOf(arn, 'CSV'), csvOf(rows))
  })

  test('a later audit report has the same rows, even for expired certificates', async () => {
    const text = await reportOf(arn, 'CSV')
    service.clock.advance({ days: 31 })
    await service.restart()
    assert.equal(await reportOf(arn, 'CSV'), text)
  })
})

/** The subject of the CSR `ec-server` in RFC 2253 form, as read by an independent parser. */
function serverSubject(): string {
  return new peculiar.Pkcs10CertificateRequest(csr('ec-server')).subjectName
    .toJSON()
    .toReversed()
    .map((rdn) => Object.entries(rdn).map(([type, [value]]) => `${type}=${value}`)[0])
    .join(',')
}

describe('the rows of an audit report', () => {
  test('a CA that has issued nothing has a report without rows', async () => {
    const subordinate = await createSubordinate(service, await createRoot(service))
    assert.equal(await reportOf(subordinate.arn, 'JSON'), '[]\n')
  })

  test('a CSV report without rows consists of the header only', async () => {
    const subordinate = await createSubordinate(service, await createRoot(service))
    assert.equal(await reportOf(subordinate.arn, 'CSV'), `${columns}\n`)
  })

  test('an audit report of a new root has one row, for the root certificate', async () => {
    const { arn, certificate } = await createRoot(service)
    const serial = new X509Certificate(certificate).serialNumber.toLowerCase().padStart(32, '0')
    const own = { arn: `${arn}/certificate/${serial}`, certificate, chain: undefined }
    const rows = [rowOf(own, { subject: rootSubject, template: 'RootCACertificate' })]
    assert.equal(await reportOf(arn, 'JSON'), jsonOf(rows))
    assert.equal(await reportOf(arn, 'CSV'), csvOf(rows))
  })

  test('an audit report lists only certificates that the CA issued, including those of subordinate CAs', async () => {
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

  test('an audit report of 999, 1000, 1001 and 2001 certificates lists each certificate once and in order', async () => {
    const { arn } = await createRoot(service)
    const issued: string[] = []
    for (const count of [999, 1000, 1001, 2001]) {
      // The root's own certificate is the first row.
      await issueMany(arn, count - 1 - issued.length, issued)
      const rows = JSON.parse(await reportOf(arn, 'JSON')) as Record<string, string>[]
      const arns = rows.map(({ certificateArn }) => certificateArn ?? '')
      assert.equal(arns.length, count)
      assert.deepEqual(arns.slice(1).toSorted(), issued.toSorted())
      // Certificates from 25 concurrent requests are stored in arbitrary order, so `issuedAt` may decrease within 25 rows.
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

/** Issues certificates, 25 at a time, and appends their ARNs to `arns`. */
async function issueMany(arn: string, count: number, arns: string[]): Promise<void> {
  const input = issueInput(arn, csr('ec-server'))
  for (let remaining = count; remaining > 0; remaining -= 25)
    await Promise.all(
      Array.from({ length: Math.min(remaining, 25) }, async () => {
        arns.push((await service.must('IssueCertificate', input)).CertificateArn as string)
      }),
    )
}

describe('responses about audit reports', () => {
  const code = async (operation: string, input: object): Promise<string> =>
    (await service.refusal(operation, input)).split(': ')[0] ?? ''
  const createCode = (input: object): Promise<string> =>
    code('CreateCertificateAuthorityAuditReport', input)
  const describeCode = (arn: string, AuditReportId: string): Promise<string> =>
    code('DescribeCertificateAuthorityAuditReport', { CertificateAuthorityArn: arn, AuditReportId })

  test('DescribeCertificateAuthorityAuditReport returns the location of the report and the time of the request', async () => {
    const { arn } = await createRoot(service)
    for (const format of ['JSON', 'CSV'] as const) {
      const requested = Math.floor(service.clock.now().getTime() / 1000)
      const report = await create(arn, format)
      assert.deepEqual(Object.keys(report).toSorted(), ['AuditReportId', 'S3Key'])
      const { AuditReportId, S3Key } = report
      assert.match(AuditReportId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.equal(S3Key, `audit-report/${lastOf(arn)}/${AuditReportId}.${format.toLowerCase()}`)
      const { CreatedAt, ...found } = await finished(arn, report)
      assert.deepEqual(found, { AuditReportStatus: 'SUCCESS', S3BucketName: bucket, S3Key })
      assert.ok(CreatedAt >= requested && CreatedAt < requested + 5, String(CreatedAt))
    }
  })

  test('the public listener does not serve audit reports', async () => {
    const { arn } = await createRoot(service)
    const report = await create(arn)
    await finished(arn, report)
    assert.ok(await service.readObject(bucket, report.S3Key))
    for (const path of [`/${bucket}/${report.S3Key}`, `/${report.S3Key}`, `/${bucket}/`]) {
      const response = await fetch(`${service.publicUrl}${path}`)
      assert.equal(response.status, 404, path)
    }
  })

  test('a nonexistent bucket, CA or report is reported as not found', async () => {
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

  test('an invalid bucket name, format or report ID is refused', async () => {
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

  test('CreateCertificateAuthorityAuditReport refuses CAs that are CREATING, PENDING_CERTIFICATE, FAILED or DELETED', async () => {
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

  test('CreateCertificateAuthorityAuditReport accepts an expired CA', async () => {
    const { arn } = await createRoot(service, { validity: { Value: 1, Type: 'DAYS' } })
    service.clock.advance({ days: 2 })
    assert.equal((JSON.parse(await reportOf(arn, 'JSON')) as unknown[]).length, 1)
  })
})

describe('the interval between audit reports', () => {
  let slow: TestService
  before(async () => {
    slow = await TestService.start()
    await slow.createBucket(bucket)
    await slow.createBucket('strange-reports', '210987654321')
  })
  after(() => slow.close())

  const request = async (arn: string, format?: Format, name?: string): Promise<unknown> => {
    const input = reportInput(arn, format, name)
    const { status, json } = await slow.call('CreateCertificateAuthorityAuditReport', input)
    return status === 200 ? 200 : json['__type']
  }

  test('a CA has one audit report per half hour, in either format, and across a restart', async () => {
    const { arn } = await createRoot(slow)
    const other = await createRoot(slow)
    assert.equal(await request(arn), 200)
    assert.equal(await request(arn), 'RequestInProgressException')
    assert.equal(await request(other.arn), 200)
    await eventually(
      async () =>
        (await statusesOf(slow)).every((status) => status === 'SUCCESS') ? true : undefined,
      'both reports',
    )
    assert.equal(await request(arn, 'CSV'), 'RequestInProgressException')
    slow.clock.advance({ seconds: 1780 })
    await slow.restart()
    assert.equal(await request(arn, 'CSV'), 'RequestInProgressException')
    slow.clock.advance({ seconds: 21 })
    assert.equal(await request(arn, 'CSV'), 200)
  })

  test('one of ten concurrent requests creates a report, and the others are refused', async () => {
    const { arn } = await createRoot(slow)
    const answers = await Promise.all(Array.from({ length: 10 }, () => request(arn)))
    assert.deepEqual(answers.filter((answer) => answer === 200).length, 1)
    assert.equal(answers.filter((answer) => answer === 'RequestInProgressException').length, 9)
  })

  test('a refused or failed report does not start the interval', async () => {
    const { arn } = await createRoot(slow)
    assert.equal(await request(arn, 'JSON', 'no-such-bucket'), 'ResourceNotFoundException')
    assert.equal(await request(arn, 'JSON', 'strange-reports'), 'RequestFailedException')
    assert.equal(await request(arn), 200)
  })
})

describe('a failing bucket', () => {
  test('a report fails if its bucket is missing or refuses it, and is retried after other errors, across a restart', async () => {
    const objects = new FailingObjects()
    objects.affects = ({ key }) => key.startsWith('audit-report/')
    const faulty = await TestService.start(
      { auditReportInterval: '0' },
      { wrapObjects: objects.wrap },
    )
    await faulty.createBucket(bucket)
    const { arn } = await createRoot(faulty)
    const createReport = async (): Promise<string> => {
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
    const waitForStatus = (id: string, expected: string): Promise<true> =>
      eventually(async () => ((await status(id)) === expected ? true : undefined), expected)
    for (const mode of ['missing', 'refuse'] as const) {
      objects.mode = mode
      await waitForStatus(await createReport(), 'FAILED')
    }
    objects.mode = 'error'
    const { failures } = objects
    const id = await createReport()
    await eventually(async () => (objects.failures > failures ? true : undefined), 'a failure')
    assert.equal(await status(id), 'CREATING')
    assert.match(
      await faulty.refusal('CreateCertificateAuthorityAuditReport', reportInput(arn)),
      /^RequestInProgressException: /,
    )
    objects.mode = 'works'
    faulty.clock.advance({ seconds: 60 })
    await faulty.restart()
    await waitForStatus(id, 'SUCCESS')
    const body = await faulty.readObject(bucket, `audit-report/${lastOf(arn)}/${id}.json`)
    assert.equal((JSON.parse(String(body)) as unknown[]).length, 1)
    await faulty.close()
  })
})

/** Sets a CA's status in the database. Some statuses are short-lived or occur only after a failure. */
async function force(arn: string, status: string): Promise<void> {
  const text = 'update authorities set status = ?, revision = revision + 1 where id = ?'
  await service.inDatabase(text, status, lastOf(arn))
}

/** The status of every audit report in a service. */
async function statusesOf(target: TestService): Promise<string[]> {
  const rows = await target.inDatabase('select status from audit_reports')
  return rows.map(({ status }) => String(status))
}
