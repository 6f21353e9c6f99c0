import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  allow,
  createAccount,
  createUser,
  notAllowed,
  otherAccountId,
  share,
} from '../support/accounts.ts'
import { createAuthority, createRoot } from '../support/hierarchy.ts'
import { TestService, type Members } from '../support/service.ts'

const Principal = 'acm.amazonaws.com'
const Actions = ['IssueCertificate', 'GetCertificate', 'ListPermissions']

let service: TestService
let ownAccountId: string
before(async () => {
  service = await TestService.start()
  ownAccountId = service.config.accountId
  await createAccount(service)
})
after(() => service.close())

async function create(arn: string, more: object = {}): Promise<void> {
  const input = { CertificateAuthorityArn: arn, Principal, Actions, ...more }
  const { status, text } = await service.call('CreatePermission', input)
  assert.deepEqual([status, text], [200, ''])
}

async function permissionsOf(arn: string): Promise<Members[]> {
  return (await service.must('ListPermissions', { CertificateAuthorityArn: arn })).Permissions
}

test("a permission applies to the caller's account by default, and is listed with its policy", async () => {
  const { arn } = await createAuthority(service)
  assert.deepEqual(await permissionsOf(arn), [])
  const from = service.clock.now().getTime() / 1000
  await create(arn)
  const [found, ...others] = await permissionsOf(arn)
  assert.deepEqual(others, [])
  const { CreatedAt, Policy, ...rest } = found
  assert.deepEqual(rest, {
    CertificateAuthorityArn: arn,
    Principal,
    SourceAccount: ownAccountId,
    Actions,
  })
  assert.ok(CreatedAt >= from - 0.001 && CreatedAt <= service.clock.now().getTime() / 1000)
  assert.deepEqual(JSON.parse(Policy), {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: Principal },
        Action: Actions.map((action) => `acm-pca:${action}`),
        Resource: arn,
        Condition: { StringEquals: { 'aws:SourceAccount': ownAccountId } },
      },
    ],
  })
})

test('an account has at most one permission for each CA, whatever its actions', async () => {
  const { arn } = await createAuthority(service)
  const other = await createAuthority(service)
  await create(arn, { Actions: ['GetCertificate'] })
  const again = { CertificateAuthorityArn: arn, Principal }
  const message = `PermissionAlreadyExistsException: A permission for ${Principal} and the account ${ownAccountId} already exists.`
  for (const more of [
    { Actions: ['GetCertificate'] },
    { Actions },
    { Actions, SourceAccount: ownAccountId },
  ])
    assert.equal(await service.refusal('CreatePermission', { ...again, ...more }), message)
  assert.deepEqual((await permissionsOf(arn))[0].Actions, ['GetCertificate'])
  await create(arn, { SourceAccount: otherAccountId })
  await create(other.arn)
  assert.deepEqual(
    new Set((await permissionsOf(arn)).map(({ SourceAccount }) => SourceAccount)),
    new Set([ownAccountId, otherAccountId]),
  )
})

test('exactly one of several concurrent creations succeeds', async () => {
  const { arn } = await createAuthority(service)
  const input = { CertificateAuthorityArn: arn, Principal, Actions }
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => service.call('CreatePermission', input)),
  )
  const codes = answers.map(({ status, json }) =>
    json['__type'] === undefined ? String(status) : (json['__type'] as string),
  )
  assert.deepEqual(codes.toSorted(), [
    '200',
    ...Array<string>(4).fill('PermissionAlreadyExistsException'),
  ])
  assert.equal((await permissionsOf(arn)).length, 1)
})

test('a repeated action is stored once', async () => {
  const { arn } = await createAuthority(service)
  await create(arn, { Actions: ['GetCertificate', 'IssueCertificate', 'GetCertificate'] })
  assert.deepEqual((await permissionsOf(arn))[0].Actions, ['GetCertificate', 'IssueCertificate'])
})

test('invalid principals, actions and accounts are refused, and no permission is created', async () => {
  const { arn } = await createAuthority(service)
  const refusal = (more: object): Promise<string> =>
    service.refusal('CreatePermission', {
      CertificateAuthorityArn: arn,
      Principal,
      Actions,
      ...more,
    })
  for (const wrong of ['ec2.amazonaws.com', 'ACM.amazonaws.com', otherAccountId, Principal + ' '])
    assert.equal(
      await refusal({ Principal: wrong }),
      'ValidationException: Principal must be acm.amazonaws.com.',
    )
  const detected = /^ValidationException: 1 validation error detected: /
  for (const more of [
    { Principal: '*' },
    { Principal: undefined },
    { Principal: 'a'.repeat(129) },
    { Actions: undefined },
    { Actions: [] },
    { Actions: [...Actions, 'GetCertificate'] },
    { Actions: ['RevokeCertificate'] },
    { SourceAccount: '12345678901' },
    { SourceAccount: 'abcdefghijkl' },
    { CertificateAuthorityArn: undefined },
  ])
    assert.match(await refusal(more), detected, JSON.stringify(more))
  assert.deepEqual(await permissionsOf(arn), [])
})

test('a permission is deleted by principal and account; a nonexistent permission is reported', async () => {
  const { arn: CertificateAuthorityArn } = await createAuthority(service)
  await create(CertificateAuthorityArn)
  await create(CertificateAuthorityArn, { SourceAccount: otherAccountId })
  const own = { CertificateAuthorityArn, Principal }
  const { status, text } = await service.call('DeletePermission', own)
  assert.deepEqual([status, text], [200, ''])
  const missing = (account: string): string =>
    `ResourceNotFoundException: No permission for ${Principal} and the account ${account} exists.`
  assert.equal(await service.refusal('DeletePermission', own), missing(ownAccountId))
  const third = { ...own, SourceAccount: '333333333333' }
  assert.equal(await service.refusal('DeletePermission', third), missing('333333333333'))
  const otherPrincipal = { ...own, SourceAccount: otherAccountId, Principal: 'ec2.amazonaws.com' }
  assert.equal(
    await service.refusal('DeletePermission', otherPrincipal),
    `ResourceNotFoundException: No permission for ec2.amazonaws.com and the account ${otherAccountId} exists.`,
  )
  assert.deepEqual(
    (await permissionsOf(CertificateAuthorityArn)).map(({ SourceAccount }) => SourceAccount),
    [otherAccountId],
  )
  await create(CertificateAuthorityArn)
  assert.equal((await permissionsOf(CertificateAuthorityArn)).length, 2)
})

test('ListPermissions returns each account once, and its page token is bound to the CA and the caller', async () => {
  const { arn: CertificateAuthorityArn } = await createAuthority(service)
  const other = await createAuthority(service)
  const accounts = Array.from({ length: 7 }, (_, index) => `${index}`.repeat(12)).toReversed()
  for (const SourceAccount of accounts) await create(CertificateAuthorityArn, { SourceAccount })
  const sizes: number[] = []
  const seen: string[] = []
  const tokens: string[] = []
  do {
    const more = tokens.length === 0 ? {} : { NextToken: tokens.at(-1) }
    const page = await service.must('ListPermissions', {
      CertificateAuthorityArn,
      MaxResults: 3,
      ...more,
    })
    sizes.push(page.Permissions.length)
    seen.push(...page.Permissions.map((permission: Members) => permission.SourceAccount))
    if (page.NextToken === undefined) break
    tokens.push(page.NextToken)
  } while (tokens.length < 5)
  assert.deepEqual(sizes, [3, 3, 1])
  assert.deepEqual(seen, accounts.toSorted())
  const message = 'InvalidNextTokenException: NextToken was not issued by this operation.'
  const [NextToken] = tokens
  const foreign = { CertificateAuthorityArn: other.arn, NextToken }
  assert.equal(await service.refusal('ListPermissions', foreign), message)
  const invented = { CertificateAuthorityArn, NextToken: 'x' }
  assert.equal(await service.refusal('ListPermissions', invented), message)
  const { credentials } = await createUser(service, { statements: [allow('*')] })
  const own = { CertificateAuthorityArn, NextToken }
  assert.equal(await service.refusal('ListPermissions', own, { credentials }), message)
})

test('a last page that is full has no page token, and MaxResults has limits', async () => {
  const { arn: CertificateAuthorityArn } = await createAuthority(service)
  for (const SourceAccount of [otherAccountId, ownAccountId])
    await create(CertificateAuthorityArn, { SourceAccount })
  const page = await service.must('ListPermissions', { CertificateAuthorityArn, MaxResults: 2 })
  assert.deepEqual([page.Permissions.length, page.NextToken], [2, undefined])
  await service.must('ListPermissions', { CertificateAuthorityArn, MaxResults: 1000 })
  for (const MaxResults of [0, 1001])
    assert.match(
      await service.refusal('ListPermissions', { CertificateAuthorityArn, MaxResults }),
      /^ValidationException: 1 validation error detected: Value '\d+' at 'maxResults'/,
    )
})

const calls: [operation: string, input: object][] = [
  ['CreatePermission', { Principal, Actions }],
  ['DeletePermission', { Principal }],
  ['ListPermissions', {}],
]

test('permissions apply to a pending CA, and not to a deleted or unknown CA', async () => {
  const { arn: CertificateAuthorityArn } = await createAuthority(service)
  await create(CertificateAuthorityArn)
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
  const unknown = CertificateAuthorityArn.replace(/[0-9a-f-]{36}$/, crypto.randomUUID())
  const certificate = `${CertificateAuthorityArn}/certificate/00`
  for (const [operation, input] of calls) {
    const refusal = (arn: string): Promise<string> =>
      service.refusal(operation, { ...input, CertificateAuthorityArn: arn })
    assert.equal(
      await refusal(CertificateAuthorityArn),
      'InvalidStateException: The certificate authority is in the DELETED state',
    )
    assert.equal(
      await refusal(unknown),
      `ResourceNotFoundException: Could not find certificate authority ${unknown}.`,
    )
    assert.equal(
      await refusal(certificate),
      `InvalidArnException: ${certificate} is not the ARN of a certificate authority.`,
    )
    assert.match(
      await refusal(CertificateAuthorityArn.replace('eu-west-1', 'eu-west-2')),
      /^InvalidArnException: .* is not in the partition aws and the Region eu-west-1 of the request\.$/,
    )
  }
  await service.must('RestoreCertificateAuthority', { CertificateAuthorityArn })
  assert.equal((await permissionsOf(CertificateAuthorityArn)).length, 1)
})

test('a permission grants nothing to principals of its source account, and survives a restart', async () => {
  const { arn } = await createRoot(service)
  await create(arn, { SourceAccount: otherAccountId })
  await service.restart()
  assert.equal((await permissionsOf(arn)).length, 1)
  const user = await createUser(service, { accountId: otherAccountId, statements: [allow('*')] })
  const input = { CertificateAuthorityArn: arn }
  const { credentials } = user
  assert.equal(
    await service.refusal('ListPermissions', input, { credentials }),
    notAllowed(user, 'ListPermissions', { resource: arn, kind: 'resource' }),
  )
  await share(service, { arn })
  const shared = await service.must('ListPermissions', input, { credentials })
  assert.equal(shared.Permissions[0].CertificateAuthorityArn, arn)
  for (const [operation, more] of calls.slice(0, 2))
    assert.equal(
      await service.refusal(operation, { ...input, ...more }, { credentials }),
      notAllowed(user, operation, { resource: arn, kind: 'resource' }),
    )
})
