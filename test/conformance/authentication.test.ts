/** Tests of the errors that boto3 receives for requests that are unauthenticated, unauthorized, throttled or invalid. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import {
  allow,
  createAccount,
  createUser,
  otherAccountId,
  policyOf,
  share,
  type User,
} from '../support/accounts.ts'
import { callWithBoto3, onlyRaised, type Boto3Call } from '../support/boto3.ts'
import { clients, tool } from '../support/foreign-tools.ts'
import { createAuthority } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

const ratesFile = join(tmpdir(), `signet-rates-${crypto.randomUUID()}.json`)
let service: TestService
let arn: string
let users: Record<'nobody' | 'denied' | 'stranger' | 'foreign', User>
before(async () => {
  // The first call is allowed, and the next call is allowed only after a quarter of an hour.
  await writeFile(ratesFile, '{"RestoreCertificateAuthority": 0.001}')
  service = await TestService.start({ ratesFile })
  await createAccount(service)
  arn = (await createAuthority(service)).arn
  await share(service, { arn })
  const deny = { ...allow('ListTags'), Effect: 'Deny' }
  const accountId = otherAccountId
  users = {
    nobody: await createUser(service, { userName: 'nobody' }),
    denied: await createUser(service, { userName: 'denied', policy: policyOf(allow('*'), deny) }),
    stranger: await createUser(service, { accountId, userName: 'stranger' }),
    foreign: await createUser(service, {
      accountId,
      userName: 'foreign',
      statements: [allow('*')],
    }),
  }
})
after(async () => {
  await service.close()
  await rm(ratesFile)
})

/** A call, with the code and message of the error that it causes. */
type Refusal = Omit<Boto3Call, 'operation' | 'input'> & {
  readonly operation?: string
  readonly input?: object
  readonly code: string
  readonly message: RegExp
  /** HTTP status; 400 by default. */
  readonly status?: number
}

/**
 * Asserts that boto3 raises the expected ClientError for each call. The service model defines no class for authentication
 * error codes.
 */
async function assertRefused(
  t: TestContext,
  { command, optional }: { readonly command: string; readonly optional: boolean },
  refusals: readonly Refusal[],
): Promise<void> {
  const python = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
  if (python === undefined) return
  const calls = refusals.map(({ code: _code, message: _message, status: _status, ...call }) => ({
    operation: 'ListTags',
    input: { CertificateAuthorityArn: arn },
    ...call,
  }))
  const outcomes = await callWithBoto3(service, python, calls)
  for (const [index, { code, message, status = 400 }] of refusals.entries()) {
    const title = `${JSON.stringify(calls[index])} ${code}`
    const raised = onlyRaised(outcomes[index], title)
    assert.deepEqual([raised.code, raised.status], [code, status], title)
    assert.deepEqual([raised.type, raised.typed], ['ClientError', false], title)
    assert.match(raised.message, message, title)
    assert.match(raised.requestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, title)
  }
}

const keyOf = ({ credentials }: Pick<User, 'credentials'>): [string, string] => [
  credentials.accessKeyId,
  credentials.secretAccessKey,
]

function signatures(): Refusal[] {
  const { accessKeyId, secretAccessKey } = service.credentials
  const incomplete = { code: 'IncompleteSignatureException' }
  const invalid = { code: 'InvalidSignatureException' }
  const mismatch =
    /^The request signature we calculated does not match the signature you provided\./
  const needs = (part: string): RegExp =>
    new RegExp(`^Authorization header requires '${part}' parameter\\. Authorization=`)
  return [
    {
      tamper: 'unsigned',
      code: 'MissingAuthenticationTokenException',
      message: /^Missing Authentication Token$/,
    },
    ...['Credential', 'SignedHeaders', 'Signature'].map((part) => ({
      ...incomplete,
      tamper: `without ${part}`,
      message: needs(part),
    })),
    {
      key: ['AKIAABCDEFGHIJKLMNOP', secretAccessKey],
      code: 'UnrecognizedClientException',
      message: /^The security token included in the request is invalid$/,
    },
    { ...invalid, key: [accessKeyId, 'x'.repeat(40)], message: mismatch },
    {
      ...invalid,
      tamper: 'scope of another service',
      message: /^Credential should be scoped to correct service: 'acm-pca'\.$/,
    },
    {
      ...invalid,
      tamper: 'scope with an invalid Region',
      message:
        /^Credential should be scoped to a valid region\. 'Not A Region' is not served\. A Region has a name such as eu-central-1\./,
    },
  ]
}

function protocol(): Refusal[] {
  const unknown = { code: 'UnknownOperationException', message: /^$/ }
  const serialization = { code: 'SerializationException' }
  return [
    { ...unknown, tamper: 'unknown target' },
    { ...unknown, tamper: 'target of another service' },
    { ...serialization, tamper: 'invalid JSON body', message: /^$/ },
    { ...serialization, tamper: 'empty body', message: /^$/ },
    {
      ...serialization,
      input: { CertificateAuthorityArn: [arn] },
      message: /^Start of list found where not expected$/,
    },
    {
      ...serialization,
      input: { CertificateAuthorityArn: arn, MaxResults: 'many' },
      message: /^class java\.lang\.String can not be converted to an Integer$/,
    },
    {
      code: 'ValidationException',
      input: { CertificateAuthorityArn: arn, MaxResults: 1001 },
      message:
        /^1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000$/,
    },
    {
      code: 'ValidationException',
      input: {},
      message:
        /Value null at 'certificateAuthorityArn' failed to satisfy constraint: Member must not be null$/,
    },
  ]
}

function permissions(): Refusal[] {
  const unknown = arn.replace(/[^/]+$/, crypto.randomUUID())
  const create = 'CreateCertificateAuthority'
  const configuration = {
    KeyAlgorithm: 'EC_prime256v1',
    SigningAlgorithm: 'SHA256WITHECDSA',
    Subject: { CommonName: 'none' },
  }
  const denied = (
    user: User,
    because: string,
    { operation = 'ListTags', resource = arn } = {},
  ): Refusal => ({
    key: keyOf(user),
    code: 'AccessDeniedException',
    message: new RegExp(
      `^User: ${user.arn} is not authorized to perform: acm-pca:${operation} on resource: ` +
        `${resource.replace('*', String.raw`\*`)} ${because}$`,
    ),
  })
  const noPolicy = (kind: string, operation = 'ListTags'): string =>
    `because no ${kind}-based policy allows the acm-pca:${operation} action`
  const { nobody, stranger, foreign } = users
  const byNobody = { operation: create, resource: arn.replace(/[^/]+$/, '*') }
  const describe = { operation: 'DescribeCertificateAuthority', resource: unknown }
  return [
    denied(nobody, noPolicy('identity')),
    {
      ...denied(nobody, noPolicy('identity', create), byNobody),
      operation: create,
      input: {
        CertificateAuthorityType: 'ROOT',
        CertificateAuthorityConfiguration: configuration,
      },
    },
    denied(users.denied, 'with an explicit deny in an identity-based policy'),
    denied(stranger, noPolicy('identity')),
    {
      ...denied(foreign, noPolicy('resource', 'GetPolicy'), { operation: 'GetPolicy' }),
      operation: 'GetPolicy',
      input: { ResourceArn: arn },
    },
    {
      ...denied(foreign, noPolicy('resource', describe.operation), describe),
      operation: describe.operation,
      input: { CertificateAuthorityArn: unknown },
    },
  ]
}

for (const client of clients('python3')) {
  const { command } = client

  test(`boto3 with ${command} raises the errors of missing, incomplete and wrong signatures`, (t) =>
    assertRefused(t, client, signatures()))

  test(`boto3 with ${command} raises the errors of malformed requests`, (t) =>
    assertRefused(t, client, protocol()))

  test(`boto3 with ${command} raises AccessDeniedException with the reason for the denial`, (t) =>
    assertRefused(t, client, permissions()))

  test(`boto3 with ${command} raises ThrottlingException for a call beyond the rate`, async (t) => {
    await service.call('RestoreCertificateAuthority', { CertificateAuthorityArn: arn })
    const call = { operation: 'RestoreCertificateAuthority', code: 'ThrottlingException' }
    await assertRefused(t, client, [{ ...call, message: /^Rate exceeded$/ }])
  })

  test(`boto3 with ${command} raises the error of a clock that is more than five minutes off`, async (t) => {
    const time = String.raw`\d{8}T\d{6}Z`
    const [expired, early] = [
      `^Signature expired: ${time} is now earlier than ${time} \\(${time} - 5 min\\.\\)$`,
      `^Signature not yet current: ${time} is still later than ${time} \\(${time} \\+ 5 min\\.\\)$`,
    ]
    // The service's clock does not advance. The service's clock is ahead, and the real time comes closer to it while a slow
    // client starts. The second offset therefore has a margin of one minute.
    for (const [seconds, message] of [
      [361, expired],
      [-301, early],
    ] as const) {
      service.clock.catchUp()
      service.clock.advance({ seconds })
      const code = 'InvalidSignatureException'
      await assertRefused(t, client, [{ code, message: new RegExp(message) }])
      service.clock.catchUp()
    }
  })
}
