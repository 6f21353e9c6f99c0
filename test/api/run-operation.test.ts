/**
 * Tests of operations run on behalf of endpoints. Such operations are authorized, limited, logged and recorded like API requests.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addEndpoint } from '../../src/admin-commands/enrollment/endpoints.ts'
import { createFailureLimiter } from '../../src/access/failure-limiter.ts'
import { createRateLimiter } from '../../src/access/rate-limiter.ts'
import { createCallRecorder, type CallLogPort } from '../../src/call-log/call-recorder.ts'
import { endpointCaller } from '../../src/enrollment/endpoint-caller.ts'
import { ServiceError } from '../../src/errors.ts'
import type { ApiServices } from '../../src/http/protocol.ts'
import { runOperation } from '../../src/http/run-operation.ts'
import type { Caller } from '../../src/identity/caller.ts'
import { getCertificate } from '../../src/operations/certificate/get-certificate.ts'
import { issueCertificate } from '../../src/operations/certificate/issue-certificate.ts'
import { revokeCertificate } from '../../src/operations/certificate/revoke-certificate.ts'
import { decodeLeaf } from '../../src/record/leaf.ts'
import { createApiServices } from '../../src/server/api-services.ts'
import { createServices } from '../../src/server/create-services.ts'
import { openOwnData } from '../../src/server/open-data.ts'
import { startProcess } from '../../src/server/runtime.ts'
import { createOwnState } from '../../src/server/shared-state.ts'
import { findEndpoint } from '../../src/store/enrollment/endpoints.ts'
import { countLeaves, readLeaves } from '../../src/store/leaves.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { storable } from '../../src/text/storable-text.ts'
import { parseCertificateAuthorityArn } from '../../src/wire/arn.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, templateArn } from '../support/hierarchy.ts'
import { TestService, type Members } from '../support/service.ts'

let api: ApiServices
let close: () => Promise<void>
let device: Caller
let web: Caller
let root: string
let other: string
const lines: Members[] = []
const records: Members[] = []
let isWritable = true

/** A call log in memory. */
const callLog: CallLogPort = {
  write: (record) => void records.push(record),
  record: (record) => Promise.resolve(isWritable && records.push(record) > 0),
  isWritable: () => isWritable,
}

async function callerOf(protocol: 'acme' | 'est', name: string): Promise<Caller> {
  const endpoint = await findEndpoint(api.services.db, protocol, name)
  const authority = parseCertificateAuthorityArn(root)
  assert.ok(endpoint && authority)
  return endpointCaller(endpoint, authority)
}

before(async () => {
  const service = await TestService.start()
  root = (await createRoot(service)).arn
  other = (await createRoot(service)).arn
  const names = '*.example.com,192.0.2.0/24,2001:db8::/32'
  const template = 'EndEntityServerAuthCertificate'
  await addEndpoint(service.config, 'device', { protocol: 'est', ca: root, names, template })
  await addEndpoint(service.config, 'web', { protocol: 'acme', ca: root })
  await service.stop()
  const { config, clock, random } = service
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) })
  const onFailure = (error: Error): never => {
    throw error
  }
  const started = await startProcess(async (stack) => {
    const { runtime } = await openOwnData(config, { clock, random, log, onFailure }, stack)
    const shared = await createOwnState(runtime)
    const { services } = await createServices(runtime, { ...shared, publicUrl: 'http://ca' })
    return {
      api: createApiServices(runtime, services, {
        rateLimiter: createRateLimiter({}, clock),
        failureLimiter: createFailureLimiter(0, clock),
        callLog: createCallRecorder(callLog, { required: true }),
      }),
    }
  })
  api = started.api
  close = () => started.close()
  device = await callerOf('est', 'device')
  web = await callerOf('acme', 'web')
})
after(() => close())

const origin = { requestId: 'request-1', sourceIp: '192.0.2.7', userAgent: 'estclient/1' }

function issueInput(more: object = {}) {
  return {
    CertificateAuthorityArn: storable(root),
    Csr: Buffer.from(csr('ec-server')),
    SigningAlgorithm: 'SHA256WITHECDSA',
    TemplateArn: storable(templateArn('EndEntityServerAuthCertificate')),
    Validity: { Type: 'DAYS', Value: 30 },
    ...more,
  } as const
}

function issue(caller: Caller, more: object = {}, services: ApiServices = api) {
  const call = { operation: issueCertificate, input: issueInput(more) }
  return runOperation(services, call, { ...origin, caller })
}

/** Checks that a call fails with a ServiceError, and that it is logged and recorded with the error's code. */
async function refused(work: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })
  const [line, record] = [lines.at(-1), records.at(-1)]
  assert.equal(line?.errorCode, code)
  if (isWritable) assert.equal(record?.errorCode, code)
}

test('an endpoint issues, reads and revokes a certificate, which is logged and recorded under its ARN', async () => {
  const { CertificateArn = '' } = await issue(device)
  assert.ok(CertificateArn.startsWith(`${root}/certificate/`))
  const { db } = api.services
  const [entry] = await readLeaves(db, (await countLeaves(db)) - 1, 1)
  const leaf = decodeLeaf(entry?.data ?? new Uint8Array())
  assert.deepEqual([leaf.kind, leaf.principal], ['certificate', device.arn])
  const arns = { CertificateAuthorityArn: storable(root), CertificateArn: storable(CertificateArn) }
  const [line, record] = [lines.at(-1), records.at(-1)]
  assert.equal(device.arn, `arn:aws:signet:eu-west-1:${device.accountId}:est/device`)
  assert.deepEqual(
    [line?.msg, line?.operation, line?.caller, line?.requestId, line?.status],
    ['request', 'IssueCertificate', device.arn, 'request-1', 200],
  )
  assert.deepEqual(record?.userIdentity, {
    type: 'EnrollmentEndpoint',
    principalId: 'est/device',
    arn: device.arn,
    accountId: device.accountId,
  })
  assert.deepEqual(
    [record?.eventName, record?.sourceIPAddress, record?.userAgent, record?.requestID],
    ['IssueCertificate', '192.0.2.7', 'estclient/1', 'request-1'],
  )
  assert.deepEqual(record?.responseElements, { certificateArn: CertificateArn })
  const read = await runOperation(
    api,
    { operation: getCertificate, input: arns },
    { ...origin, caller: device },
  )
  assert.match(read.Certificate ?? '', /BEGIN CERTIFICATE/)
  const input = {
    CertificateAuthorityArn: storable(root),
    CertificateSerial: storable(CertificateArn.split('/').at(-1) ?? ''),
    RevocationReason: 'SUPERSEDED',
  } as const
  const revocation = { operation: revokeCertificate, input }
  await runOperation(api, revocation, { ...origin, caller: device })
  const again = runOperation(api, revocation, { ...origin, caller: device })
  await refused(again, 'RequestAlreadyProcessedException', /already been revoked|already/)
})

test('an endpoint is refused other names, other templates and other CAs', async () => {
  await refused(
    issue(web),
    'AccessDeniedException',
    /^User: arn:aws:signet:.*:acme\/web is not authorized to perform: acm-pca:IssueCertificate .* with signet:SubjectAttribute "C"$/,
  )
  const elsewhere = { Csr: Buffer.from(csr('ec-elsewhere')) }
  const denied = /with signet:DnsName "elsewhere\.test"$/
  await refused(issue(device, elsewhere), 'AccessDeniedException', denied)
  const template = { TemplateArn: storable(templateArn('EndEntityClientAuthCertificate')) }
  await refused(
    issue(device, template),
    'AccessDeniedException',
    /because no identity-based policy/,
  )
  await refused(
    issue(device, { CertificateAuthorityArn: storable(other) }),
    'AccessDeniedException',
    /because no identity-based policy allows the acm-pca:IssueCertificate action/,
  )
})

test('the rate of an operation applies to endpoints', async () => {
  const limited = { ...api, rateLimiter: createRateLimiter({ IssueCertificate: 1 }, api.clock) }
  await issue(device, {}, limited)
  await refused(issue(device, {}, limited), 'ThrottlingException', /^Rate exceeded$/)
})

test('a restored server that waits for an approval issues nothing', async () => {
  const waiting = new ServiceError('ServiceUnavailable', 'The server was restored from a backup.')
  const restoreGate = { isOpen: false, require: () => Promise.reject(waiting) }
  await refused(issue(device, {}, { ...api, restoreGate }), 'ServiceUnavailable', /restored/)
})

test('a call that cannot be recorded has no effect, or an error instead of its output', async () => {
  const { db } = api.services
  const count = async (): Promise<unknown> =>
    (await db.query({ text: 'select count(*) as n from certificates', values: [] }))[0]?.['n']
  const issuedBefore = await count()
  isWritable = false
  try {
    await refused(issue(device), 'ServiceUnavailable', /cannot be recorded in the call log/)
    assert.equal(await count(), issuedBefore)
  } finally {
    isWritable = true
  }
  const failing = { ...callLog, record: () => Promise.resolve(false) }
  const recorder = createCallRecorder(failing, { required: true })
  await assert.rejects(issue(device, {}, { ...api, callLog: recorder }), {
    code: 'ServiceUnavailable',
    message: /cannot be recorded in the call log/,
  })
})

test('an unexpected error is logged with its cause, which the caller does not receive', async () => {
  const clock = {
    now: () => {
      throw new Error('secret detail')
    },
  }
  const broken = { ...api, services: { ...api.services, clock } }
  await refused(issue(device, {}, broken), 'InternalFailure', /^$/)
  assert.match(JSON.stringify(lines.at(-1)), /secret detail/)
  assert.doesNotMatch(JSON.stringify(records.at(-1)), /secret detail/)
})
