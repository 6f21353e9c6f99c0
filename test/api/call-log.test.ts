/** Tests of the call log: one record per call in CloudTrail's format, without secrets, CSRs or unknown input. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Flags } from '../../src/settings/config.ts'
import { allow, createUser } from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issueInput, templateArn } from '../support/hierarchy.ts'
import { eventually } from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'
import { callSts, createRole, credentialsOf, trusting } from '../support/sts.ts'

async function loggedService(
  t: TestContext,
  flags: Flags = {},
): Promise<{ service: TestService; file: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-calls-'))
  const file = join(folder, 'calls.jsonl')
  const service = await TestService.start({ callLog: file, ...flags })
  t.after(async () => {
    await service.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { service, file, folder }
}

async function recordsIn(file: string): Promise<Members[]> {
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

async function recordOf(file: string, requestId: string | null): Promise<Members> {
  const findRecord = async () =>
    (await recordsIn(file)).find(({ requestID }) => requestID === requestId)
  return eventually(findRecord, `the record of ${requestId}`)
}

test('a record contains the identity, source address, parameters and outcome of a call, but not its CSR', async (t) => {
  const { service, file } = await loggedService(t)
  const root = await createRoot(service)
  const TemplateArn = templateArn('EndEntityServerAuthCertificate')
  const input = issueInput(root.arn, csr('ec-server'), { more: { TemplateArn } })
  const { json, headers } = await service.call('IssueCertificate', input)
  const record = await recordOf(file, headers.get('x-amzn-requestid'))
  const { eventTime, eventID, userAgent, requestParameters, ...rest } = record
  assert.match(eventTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.match(eventID, /^[0-9a-f-]{36}$/)
  assert.equal(typeof userAgent, 'string')
  const { accessKeyId } = service.credentials
  const { principalId, ...userIdentity } = rest.userIdentity
  assert.match(principalId, /^AIDA[A-Z2-7]{16}$/)
  assert.deepEqual(
    { ...rest, userIdentity },
    {
      eventVersion: '1.09',
      userIdentity: {
        type: 'IAMUser',
        arn: 'arn:aws:iam::123456789012:user/administrator',
        accountId: '123456789012',
        accessKeyId,
        userName: 'administrator',
      },
      eventSource: 'acm-pca.amazonaws.com',
      eventName: 'IssueCertificate',
      awsRegion: 'eu-west-1',
      sourceIPAddress: '127.0.0.1',
      responseElements: { certificateArn: json['CertificateArn'] },
      requestID: headers.get('x-amzn-requestid'),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: '123456789012',
      eventCategory: 'Management',
    },
  )
  assert.deepEqual(requestParameters, {
    certificateAuthorityArn: root.arn,
    csr: `${(input['Csr'] as string).length} octets`,
    signingAlgorithm: 'SHA256WITHECDSA',
    templateArn: TemplateArn,
    validity: { value: 30, type: 'DAYS' },
  })
  const text = await readFile(file, 'utf8')
  assert.doesNotMatch(text, /BEGIN|LS0tLS1/)
  assert.ok(!text.includes(service.credentials.secretAccessKey))
  assert.equal((await stat(file)).mode & 0o777, 0o600)
})

test('refused calls are recorded with their error code, and read calls without response elements', async (t) => {
  const { service, file } = await loggedService(t)
  const arn = `arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`
  const input = { CertificateAuthorityArn: arn }
  const missing = await service.call('DescribeCertificateAuthority', input)
  const record = await recordOf(file, missing.headers.get('x-amzn-requestid'))
  assert.equal(record.errorCode, 'ResourceNotFoundException')
  assert.match(record.errorMessage, /Could not find/)
  assert.deepEqual([record.readOnly, record.responseElements], [true, null])
  const list = await service.call('ListCertificateAuthorities', { MaxResults: 5 })
  const read = await recordOf(file, list.headers.get('x-amzn-requestid'))
  assert.deepEqual([read.requestParameters, read.responseElements], [{ maxResults: 5 }, null])
  const nobody = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x'.repeat(40) }
  const unknown = await service.call('ListTags', input, { credentials: nobody })
  const stranger = await recordOf(file, unknown.headers.get('x-amzn-requestid'))
  assert.deepEqual(
    [stranger.userIdentity, stranger.errorCode, stranger.requestParameters, stranger.awsRegion],
    [{ type: 'Unknown' }, 'UnrecognizedClientException', null, null],
  )
  // Invalid parameters are not recorded.
  const wrong = await service.call('ListTags', { CertificateAuthorityArn: 'x'.repeat(5000) })
  const invalid = await recordOf(file, wrong.headers.get('x-amzn-requestid'))
  assert.deepEqual([invalid.errorCode, invalid.requestParameters], ['ValidationException', null])
})

test('AssumeRole is recorded with the requester, without reusable credentials', async (t) => {
  const { service, file } = await loggedService(t)
  const user = await createUser(service, { userName: 'alice' })
  const role = await createRole(service, {
    trust: [trusting({ AWS: user.arn })],
    statements: [allow('List*')],
  })
  const parameters = { Action: 'AssumeRole', RoleArn: role, RoleSessionName: 'job' }
  const answer = await callSts(service, parameters, user)
  const record = await recordOf(file, answer.get('RequestId') ?? '')
  assert.deepEqual(
    [record.eventSource, record.eventName, record.userIdentity.userName, record.readOnly],
    ['sts.amazonaws.com', 'AssumeRole', 'alice', false],
  )
  assert.deepEqual(record.requestParameters, { roleArn: role, roleSessionName: 'job' })
  const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'
  const { secretAccessKey, sessionToken, accessKeyId } = record.responseElements.credentials
  assert.deepEqual([secretAccessKey, sessionToken], [hidden, hidden])
  assert.equal(accessKeyId, answer.get('AccessKeyId'))
  const credentials = credentialsOf(answer)
  const list = await service.call('ListCertificateAuthorities', {}, { credentials })
  const { userIdentity } = await recordOf(file, list.headers.get('x-amzn-requestid'))
  assert.equal(userIdentity.type, 'AssumedRole')
  assert.match(userIdentity.principalId, /^AROA[A-Z2-7]{16}:job$/)
  assert.equal(userIdentity.accessKeyId, credentials.accessKeyId)
  assert.deepEqual(
    [
      userIdentity.sessionContext.sessionIssuer.arn,
      userIdentity.sessionContext.attributes.mfaAuthenticated,
    ],
    [role, 'false'],
  )
  const token = { Action: 'AssumeRoleWithWebIdentity', WebIdentityToken: 'very.secret.token' }
  const refused = await callSts(service, { ...parameters, ...token }, { credentials: null })
  const failed = await recordOf(file, refused.get('RequestId') ?? '')
  assert.deepEqual(
    [failed.userIdentity, failed.errorCode, failed.requestParameters.webIdentityToken],
    [{ type: 'Unknown' }, 'InvalidIdentityToken', hidden],
  )
  const text = await readFile(file, 'utf8')
  for (const secret of [credentials.secretAccessKey, credentials.sessionToken ?? '', 'very.secret'])
    assert.ok(!text.includes(secret))
})

test('every call has a record, even the last ones before a shutdown', async (t) => {
  const { service, file } = await loggedService(t)
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => service.call('ListCertificateAuthorities', {})),
  )
  await service.restart()
  const recorded = new Set((await recordsIn(file)).map(({ requestID }) => requestID as string))
  for (const { headers } of answers) assert.ok(recorded.has(headers.get('x-amzn-requestid') ?? ''))
})

test('unauthenticated calls are aggregated, so that they do not push other records out of the log', async (t) => {
  const { service, file } = await loggedService(t)
  const known = await service.call('ListCertificateAuthorities', {})
  const headers = { 'user-agent': 'x'.repeat(15_000) }
  const wrong = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x'.repeat(40) }
  for (let n = 0; n < 100; n += 1) {
    await fetch(service.url, { method: 'POST', headers, body: '' }).then((answer) => answer.text())
    await service.call('ListTags', { Unknown: 'y'.repeat(10_000) }, { credentials: wrong })
    await callSts(
      service,
      { Action: 'AssumeRoleWithWebIdentity', RoleArn: `x${n}`.repeat(100) },
      { credentials: null },
    )
  }
  await service.restart()
  const records = await recordsIn(file)
  assert.ok(records.some(({ requestID }) => requestID === known.headers.get('x-amzn-requestid')))
  const unknown = records.filter(({ userIdentity }) => userIdentity.type === 'Unknown')
  // The log contains the first call of each type, and the number of further calls of that type.
  assert.ok(unknown.length <= 8, `${unknown.length}`)
  const counted = unknown.map(
    ({ additionalEventData }) => additionalEventData?.aggregatedCalls ?? 1,
  )
  assert.equal(
    counted.reduce((sum: number, count: number) => sum + count, 0),
    300,
  )
  for (const record of records) assert.ok(JSON.stringify(record).length < 4000)
})

test('only known parameters are recorded, for JSON and for form requests', async (t) => {
  const { service, file } = await loggedService(t)
  const body = { MaxResults: 5, Unknown: 'z'.repeat(60_000), __proto__: { Other: 1 } }
  const json = await service.call('ListCertificateAuthorities', body)
  const form = { Action: 'GetCallerIdentity', Unknown: 'z'.repeat(30_000) }
  const sts = await callSts(service, form)
  const first = await recordOf(file, json.headers.get('x-amzn-requestid'))
  assert.deepEqual(first.requestParameters, { maxResults: 5 })
  const second = await recordOf(file, sts.get('RequestId') ?? '')
  assert.deepEqual(second.requestParameters, {})
  assert.ok(!(await readFile(file, 'utf8')).includes('zzz'))
})

test('the file is reopened on SIGHUP, and after another program has moved or removed it', async (t) => {
  const { service, file } = await loggedService(t)
  const call = async (): Promise<string | null> =>
    (await service.call('ListCertificateAuthorities', {})).headers.get('x-amzn-requestid')
  await recordOf(file, await call())
  await rename(file, `${file}.1`)
  await service.reload()
  const fileExists = () =>
    stat(file).then(
      () => true,
      () => undefined,
    )
  await eventually(fileExists, 'the new file')
  await recordOf(file, await call())
  await rename(file, `${file}.2`)
  const moved = await call()
  await eventually(fileExists, 'the new file, without SIGHUP')
  await recordOf(file, moved)
  await rm(file)
  const removed = await call()
  await eventually(fileExists, 'the new file after a removal')
  await recordOf(file, removed)
})

test('with --call-log-required each record precedes its response, and calls are refused while the log cannot be written', async (t) => {
  const { service, file, folder } = await loggedService(t, { callLogRequired: 'true' })
  const root = await createRoot(service)
  const { headers } = await service.call('DescribeCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
  })
  // The test does not need to wait, because the record is written before the response is sent.
  const [last] = (await recordsIn(file)).slice(-1)
  assert.equal(last.requestID, headers.get('x-amzn-requestid'))
  await rm(folder, { recursive: true })
  const required =
    'ServiceUnavailable: The call cannot be recorded in the call log, which this server requires. Try again later.'
  const input = issueInput(root.arn, csr('ec-server'), {})
  assert.equal(await service.refusal('ListCertificateAuthorities', {}), required)
  const countIssued = async (): Promise<unknown> =>
    (await service.inDatabase('select count(*) as n from certificates'))[0]?.['n']
  const countBefore = await countIssued()
  for (let n = 0; n < 5; n += 1)
    assert.equal(await service.refusal('IssueCertificate', input), required)
  assert.equal(await countIssued(), countBefore)
  const sts = await callSts(service, { Action: 'GetCallerIdentity' })
  assert.deepEqual([sts.status, sts.get('Code')], [503, 'ServiceUnavailable'])
  assert.equal((await fetch(`${service.url}/healthz`)).status, 200)
  await mkdir(folder)
  await service.reload()
  const issued = await eventually(async () => {
    const answer = await service.call('IssueCertificate', input)
    return answer.status === 200 ? answer : undefined
  }, 'a certificate')
  const ids = (await recordsIn(file)).map(({ requestID }) => requestID)
  assert.ok(ids.includes(issued.headers.get('x-amzn-requestid')))
})
