/**
 * Tests of revocation and audit reports with boto3, the AWS CLI and the AWS SDK for JavaScript. The reports are parsed in Python.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import {
  ACMPCAClient,
  CreateCertificateAuthorityAuditReportCommand,
  DescribeCertificateAuthorityAuditReportCommand,
  RequestAlreadyProcessedException,
  RequestInProgressException,
  ResourceNotFoundException,
  InvalidRequestException,
  RevokeCertificateCommand,
  waitUntilAuditReportCreated,
} from '@aws-sdk/client-acm-pca'
import { BucketError, type ObjectStore } from '../../src/objects/object-store.ts'
import { csr } from '../support/csrs.ts'
import { clientEnvironment, clients, tool } from '../support/foreign-tools.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { eventually, revoke } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const run = promisify(execFile)
const bucket = 'my-reports'
/** An existing bucket that rejects audit reports. */
const rejectingBucket = 'rejecting-reports'
let service: TestService
let folder: string
before(async () => {
  service = await TestService.start({}, { wrapObjects: rejectReports })
  await service.createBucket(bucket)
  await service.createBucket(rejectingBucket)
  folder = await mkdtemp(join(tmpdir(), 'signet-reports-'))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

function rejectReports(objects: ObjectStore): ObjectStore {
  return {
    ...objects,
    put: async (at, body, options) => {
      if (at.bucket === rejectingBucket && at.key.startsWith('audit-report/'))
        throw new BucketError('refused', 'the bucket rejects reports')
      return objects.put(at, body, options)
    },
  }
}

/** Returns the environment for a foreign client, without the machine's own AWS configuration. */
function environment(): NodeJS.ProcessEnv {
  const { dataDirectory } = service.config
  return clientEnvironment(folder, { dataDirectory, region: 'eu-west-1' })
}

interface Authority {
  readonly arn: string
  /** Hexadecimal serial number of the leaf certificate that the client revokes. */
  readonly leafSerial: string
  readonly rootSerial: string
}

async function prepare(): Promise<Authority> {
  const root = await createRoot(service)
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  return {
    arn: root.arn,
    leafSerial: new X509Certificate(leaf.certificate).serialNumber,
    rootSerial: new X509Certificate(root.certificate).serialNumber,
  }
}

/** Asserts that the audit report at `key` contains the revocation. */
async function assertReported(key: string, { arn, leafSerial }: Authority): Promise<void> {
  const body = await service.readObject(bucket, key)
  assert.ok(body !== undefined, key)
  const rows = JSON.parse(body.toString()) as Record<string, string>[]
  assert.equal(rows.length, 2)
  const row = rows.find(({ revokedAt }) => revokedAt !== undefined)
  assert.equal(row?.['revocationReason'], 'SUPERSEDED')
  assert.equal(
    row['certificateArn'],
    `${arn}/certificate/${leafSerial.toLowerCase().padStart(32, '0')}`,
  )
}

const boto3Program = `
import sys
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

endpoint, arn, other_arn, bucket, rejecting_bucket, leaf, root = sys.argv[1:]
pca = boto3.client('acm-pca', endpoint_url=endpoint, config=Config(retries={'max_attempts': 1}))
of_ca = dict(CertificateAuthorityArn=arn)

def expect_error(expected, call, **arguments):
    try:
        call(**arguments)
    except expected as error:
        return error
    raise AssertionError('the call succeeded')

def revoke(serial, reason='SUPERSEDED'):
    return pca.revoke_certificate(CertificateSerial=serial, RevocationReason=reason, **of_ca)

# boto3 does not validate enumerations, so the service must.
error = expect_error(ClientError, revoke, serial=leaf, reason='NO_REASON')
assert error.response['Error']['Code'] == 'ValidationException', error
expect_error(pca.exceptions.ResourceNotFoundException, revoke, serial='12:34')
expect_error(pca.exceptions.InvalidRequestException, revoke, serial='no serial')
error = expect_error(pca.exceptions.InvalidRequestException, revoke, serial=root)
assert 'Self-signed' in str(error), error
answer = revoke(':'.join(leaf[i:i + 2] for i in range(0, len(leaf), 2)).lower())
assert set(answer) == {'ResponseMetadata'} and answer['ResponseMetadata']['HTTPStatusCode'] == 200, answer
expect_error(pca.exceptions.RequestAlreadyProcessedException, revoke, serial=leaf)

def create(bucket_name=bucket, form='JSON', ca=arn):
    return pca.create_certificate_authority_audit_report(
        CertificateAuthorityArn=ca, S3BucketName=bucket_name, AuditReportResponseFormat=form)

waiter = pca.get_waiter('audit_report_created')
waiter.config.delay = 0.05
expect_error(pca.exceptions.ResourceNotFoundException, create, bucket_name='no-such-bucket')
report = create()
expect_error(pca.exceptions.RequestInProgressException, create, form='CSV')
waiter.wait(AuditReportId=report['AuditReportId'], **of_ca)
described = pca.describe_certificate_authority_audit_report(AuditReportId=report['AuditReportId'], **of_ca)
assert described['AuditReportStatus'] == 'SUCCESS', described
assert (described['S3BucketName'], described['S3Key']) == (bucket, report['S3Key']), described
assert described['CreatedAt'].tzinfo is not None, described

absent = dict(AuditReportId='00000000-0000-0000-0000-000000000000', **of_ca)
expect_error(pca.exceptions.ResourceNotFoundException, pca.describe_certificate_authority_audit_report, **absent)
error = expect_error(WaiterError, waiter.wait, **absent)
assert 'ResourceNotFoundException' in str(error), error
failing = create(bucket_name=rejecting_bucket, ca=other_arn)['AuditReportId']
error = expect_error(WaiterError, waiter.wait, CertificateAuthorityArn=other_arn, AuditReportId=failing)
assert error.last_response['AuditReportStatus'] == 'FAILED', error
print(report['S3Key'])
`

describe('clients', { concurrency: true }, () => {
  for (const { command, optional } of clients('python3'))
    test(`boto3 with ${command} revokes a certificate, and creates and awaits a report`, async (t) => {
      const python = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
      if (python === undefined) return
      const authority = await prepare()
      const { arn, leafSerial, rootSerial } = authority
      const { arn: other } = await prepare()
      const args = [service.url, arn, other, bucket, rejectingBucket, leafSerial, rootSerial]
      const { stdout } = await run(python, ['-c', boto3Program, ...args], { env: environment() })
      await assertReported(stdout.trim(), authority)
    })

  for (const { command, optional } of clients('aws'))
    test(`the AWS CLI ${command} revokes a certificate, and creates and awaits a report`, async (t) => {
      const aws = await tool(t, command, { optional })
      if (aws === undefined) return
      const authority = await prepare()
      const { arn, leafSerial, rootSerial } = authority
      const args = [aws, service.url, arn, bucket, leafSerial, rootSerial]
      const { stdout } = await run('sh', ['-c', cliProgram, 'sh', ...args], { env: environment() })
      await assertReported(stdout.trim(), authority)
    })

  test('the AWS SDK for JavaScript revokes a certificate, and creates and awaits a report', async () => {
    const authority = await prepare()
    await revokeBySdk(authority)
    await reportBySdk(authority)
  })

  test('the waiter of the AWS SDK for JavaScript fails if the bucket rejects the report', async () => {
    const { arn: CertificateAuthorityArn } = await prepare()
    const client = sdkClient()
    const { AuditReportId } = await client.send(
      new CreateCertificateAuthorityAuditReportCommand({
        CertificateAuthorityArn,
        S3BucketName: rejectingBucket,
        AuditReportResponseFormat: 'CSV',
      }),
    )
    const identifiers = { CertificateAuthorityArn, AuditReportId }
    const waiting = waitUntilAuditReportCreated(
      { client, maxWaitTime: 30, minDelay: 1 },
      identifiers,
    )
    await assert.rejects(waiting, /"AuditReportStatus":"FAILED"/)
  })
})

const cliProgram = `
set -eu
aws=$1 endpoint=$2 arn=$3 bucket=$4 leaf=$5 root=$6
pca() { command=$1; shift; "$aws" acm-pca --endpoint-url "$endpoint" --output text "$command" "$@"; }
revoke() { pca revoke-certificate --certificate-authority-arn "$arn" --certificate-serial "$1" --revocation-reason SUPERSEDED; }
create() {
  pca create-certificate-authority-audit-report --certificate-authority-arn "$arn" --s3-bucket-name "$bucket" \
    --audit-report-response-format "$1" --query "[AuditReportId,S3Key]"
}
expect_error() { # CODE COMMAND...
  code=$1; shift
  if text=$("$@" 2>&1); then echo "the command succeeded: $*" >&2; exit 1; fi
  case $text in *"$code"*) ;; *) echo "$text" >&2; exit 1 ;; esac
}

expect_error InvalidRequestException revoke "$root"
test -z "$(revoke "$leaf")"
expect_error RequestAlreadyProcessedException revoke "$leaf"
created=$(create JSON)
id=\${created%%[!0-9a-f-]*}
expect_error RequestInProgressException create CSV
pca wait audit-report-created --certificate-authority-arn "$arn" --audit-report-id "$id"
test "$(pca describe-certificate-authority-audit-report --certificate-authority-arn "$arn" --audit-report-id "$id" \
  --query AuditReportStatus)" = SUCCESS
echo "\${created##*[!0-9a-z/.-]}"
`

function sdkClient(): ACMPCAClient {
  const { url: endpoint, credentials } = service
  return new ACMPCAClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 })
}

async function revokeBySdk({ arn, leafSerial, rootSerial }: Authority): Promise<void> {
  const client = sdkClient()
  const send = (CertificateSerial: string) =>
    client.send(
      new RevokeCertificateCommand({
        CertificateAuthorityArn: arn,
        CertificateSerial,
        RevocationReason: 'SUPERSEDED',
      }),
    )
  await assert.rejects(send('1234'), ResourceNotFoundException)
  await assert.rejects(send(rootSerial), InvalidRequestException)
  const { $metadata, ...rest } = await send(leafSerial)
  assert.deepEqual([$metadata.httpStatusCode, rest], [200, {}])
  await assert.rejects(send(leafSerial), RequestAlreadyProcessedException)
}

async function reportBySdk(authority: Authority): Promise<void> {
  const client = sdkClient()
  const { arn: CertificateAuthorityArn } = authority
  const create = () =>
    client.send(
      new CreateCertificateAuthorityAuditReportCommand({
        CertificateAuthorityArn,
        S3BucketName: bucket,
        AuditReportResponseFormat: 'JSON',
      }),
    )
  const { AuditReportId, S3Key = '' } = await create()
  await assert.rejects(create(), RequestInProgressException)
  const identifiers = { CertificateAuthorityArn, AuditReportId }
  const waited = await waitUntilAuditReportCreated(
    { client, maxWaitTime: 30, minDelay: 1 },
    identifiers,
  )
  assert.equal(waited.state, 'SUCCESS')
  const described = await client.send(
    new DescribeCertificateAuthorityAuditReportCommand(identifiers),
  )
  assert.deepEqual(
    [described.AuditReportStatus, described.S3BucketName, described.S3Key],
    ['SUCCESS', bucket, S3Key],
  )
  assert.ok(Math.abs((described.CreatedAt?.getTime() ?? 0) - Date.now()) < 60_000)
  await assertReported(S3Key, authority)
}

const readProgram = `
import csv, json, sys, warnings
from cryptography import x509
warnings.simplefilter('ignore')
with open(sys.argv[1], encoding='utf-8', newline='') as file:
    rows = json.load(file)
with open(sys.argv[2], encoding='utf-8', newline='') as file:
    table = list(csv.reader(file, strict=True))
header, lines = table[0], table[1:]
assert all(len(line) == len(header) for line in lines), lines
# A key without a value is missing in the JSON and an empty cell in the CSV.
assert [[row.get(column, '') for column in header] for row in rows] == lines, (rows, lines)
assert all(set(row) <= set(header) and '' not in row.values() for row in rows), rows

def when(date):
    return date.strftime('%Y-%m-%dT%H:%M:%S+0000')

def attributes(name):
    return sorted((a.oid.dotted_string, a.value) for a in name)

certificates = {}
for path in sys.argv[3:]:
    with open(path, 'rb') as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    certificates[certificate.serial_number] = certificate
assert len(certificates) == len(rows)
for row in rows:
    serial = int(row['serial'].replace(':', ''), 16)
    certificate = certificates[serial]
    assert int(row['certificateArn'].split('/')[-1], 16) == serial, row
    assert row['notBefore'] == when(certificate.not_valid_before), row
    assert row['notAfter'] == when(certificate.not_valid_after), row
    # pyca does not decode values in the hex form of RFC 4514.
    if '=#' not in row['subject']:
        read = x509.Name.from_rfc4514_string(row['subject'])
        assert attributes(read) == attributes(certificate.subject), row
print(json.dumps(rows))
`

test('JSON and CSV reports contain the same values in Python, and they match the certificates as parsed by pyca', async (t) => {
  const python = await tool(t, '/usr/bin/python3', { probe: ['-c', 'import cryptography'] })
  if (python === undefined) return
  // These audit reports contain hostile names, which the linter would reject by default.
  const own = await TestService.start({ auditReportInterval: '0', lint: 'warn' })
  t.after(() => own.close())
  await own.createBucket(bucket)
  const root = await createRoot(own)
  const requests = [csr('odd-subject'), ...(await Promise.all(subjects.map(requestFor)))]
  const paths: string[] = []
  for (const request of [undefined, ...requests]) {
    const path = join(folder, `reported${paths.length}.pem`)
    const leaf =
      request === undefined ? undefined : await issue(own, { arn: root.arn, csr: request })
    await writeFile(path, leaf?.certificate ?? root.certificate)
    paths.push(path)
    if (paths.length === 3 && leaf) await revoke(own, leaf.arn, 'A_A_COMPROMISE')
  }
  const json = await report(own, root.arn, 'JSON')
  const table = await report(own, root.arn, 'CSV')
  const { stdout } = await run(python, ['-c', readProgram, json, table, ...paths])
  const rows = JSON.parse(stdout) as Record<string, string>[]
  const reasons = rows.map(({ revocationReason }) => revocationReason)
  assert.deepEqual(reasons.filter(Boolean), ['A_A_COMPROMISE'])
})

/** Subjects of CSRs, in OpenSSL's syntax. */
const subjects = [
  '/CN=plain',
  '/CN=a,b;"c" \\\\ <d>/O=#x',
  "/CN= Zo\u00eb\t /O='q'",
  '/CN=two\nlines',
  '/CN==1\\+1',
]

/** Creates a CSR with OpenSSL. */
async function requestFor(subject: string, index: number): Promise<string> {
  const path = join(folder, `subject${index}.pem`)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const more = ['-utf8', '-config', '/dev/null', '-keyout', '/dev/null', '-out', path]
  await run('openssl', ['req', '-new', ...key, ...more, '-subj', subject])
  return readFile(path, 'utf8')
}

/** Creates an audit report, saves it to a file and returns the path. */
async function report(own: TestService, arn: string, format: string): Promise<string> {
  const { AuditReportId, S3Key } = await own.must('CreateCertificateAuthorityAuditReport', {
    CertificateAuthorityArn: arn,
    S3BucketName: bucket,
    AuditReportResponseFormat: format,
  })
  const identifiers = { CertificateAuthorityArn: arn, AuditReportId }
  const look = async () => {
    const described = await own.must('DescribeCertificateAuthorityAuditReport', identifiers)
    return described.AuditReportStatus === 'SUCCESS' ? own.readObject(bucket, S3Key) : undefined
  }
  const path = join(folder, `report.${format}`)
  await writeFile(path, await eventually(look, `the report ${S3Key}`))
  return path
}
