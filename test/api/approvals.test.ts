/**
 * Tests of two-person approval: critical calls and commands are denied until another person has approved the identical request.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  setApprovalPolicy,
  removeApprovalPolicy,
} from '../../src/admin-commands/approval-policies.ts'
import {
  removeAccessKey,
  addAccessKey,
  switchAccessKey,
} from '../../src/admin-commands/access-keys.ts'
import { putPolicy } from '../../src/admin-commands/policies.ts'
import { addAccount, moveAccount } from '../../src/admin-commands/accounts.ts'
import { addUser } from '../../src/admin-commands/users.ts'
import { listApprovalRows } from '../../src/store/approvals.ts'
import { resetAfterRestore } from '../../src/store/after-restore.ts'
import { withData } from '../../src/data-folder/data-folder.ts'
import {
  createAccount,
  otherAccountId,
  allow,
  createUser,
  policyOf,
  sharingStatements,
  type User,
} from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { base64, createAuthority, createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService, type CallOptions, type Members } from '../support/service.ts'
import { callSts, createRole, credentialsOf, trusting } from '../support/sts.ts'

const approving = { Effect: 'Allow', Action: 'signet:*', Resource: '*' }
const everything = [allow('*'), approving, { Effect: 'Allow', Action: 'sts:*', Resource: '*' }]

const allActions = ['issue-ca-certificate', 'import-ca-certificate', 'delete-ca', 'put-policy']

interface Office {
  readonly service: TestService
  readonly root: { readonly arn: string; readonly csr: string }
  readonly alice: User
  readonly bob: User
  /** An IssueCertificate call for a CA certificate. */
  readonly input: Record<string, unknown>
}

/** A service with a root, an approval policy, and two people who are allowed to do everything. */
async function office(t: TestContext, actions: readonly string[] = allActions): Promise<Office> {
  const service = await TestService.start()
  t.after(() => service.close())
  const root = await createRoot(service)
  const alice = await createUser(service, { userName: 'alice', statements: everything })
  const bob = await createUser(service, { userName: 'bob', statements: everything })
  const subordinate = await createAuthority(service, { type: 'SUBORDINATE' })
  const template = 'SubordinateCACertificate_PathLen0'
  const input = issueInput(root.arn, subordinate.csr, { template })
  await setApprovalPolicy(service.config, undefined, { actions, windowSeconds: 86_400 })
  return { service, root, alice, bob, input }
}

/** Calls an operation that must be denied, and returns the approval ID. */
async function denied(
  service: TestService,
  operation: string,
  { input, by }: { readonly input: object; readonly by: CallOptions },
): Promise<string> {
  const text = await service.refusal(operation, input, by)
  assert.match(text, /^AccessDeniedException: User: .* is not authorized to perform: acm-pca:/)
  const id = /The approval ID is ([0-9a-f-]{36})\./.exec(text)?.[1]
  assert.ok(id, text)
  return id
}

async function approve(service: TestService, id: string, by: CallOptions): Promise<Members> {
  return service.must('ApproveRequest', { ApprovalId: id }, by)
}

async function statusOf({ service, bob }: Office, id: string): Promise<string> {
  const { Approval } = await service.must('GetApproval', { ApprovalId: id }, bob)
  return Approval.Status
}

test('a CA certificate is issued once after another person has approved the identical call', async (t) => {
  const all = await office(t)
  const { service, input, alice, bob, root } = all
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  assert.equal(await denied(service, 'IssueCertificate', { input, by: alice }), id)
  assert.equal(await statusOf(all, id), 'PENDING')
  const { Approval } = await approve(service, id, bob)
  assert.deepEqual(
    [
      Approval.Status,
      Approval.Requester,
      Approval.DecidedBy,
      Approval.Action,
      Approval.ResourceArn,
    ],
    ['APPROVED', alice.arn, bob.arn, 'issue-ca-certificate', root.arn],
  )
  const { CertificateArn } = await service.must('IssueCertificate', input, alice)
  assert.match(CertificateArn, /certificate\/[0-9a-f]{32}$/)
  assert.equal(await statusOf(all, id), 'USED')
  assert.notEqual(await denied(service, 'IssueCertificate', { input, by: alice }), id)
})

test('the idempotency token is not part of the call, and a retry with it returns the certificate', async (t) => {
  const { service, input, alice, bob } = await office(t)
  const first = { ...input, IdempotencyToken: 'one' }
  const id = await denied(service, 'IssueCertificate', { input: first, by: alice })
  await approve(service, id, bob)
  const second = { ...input, IdempotencyToken: 'two' }
  const issued = await service.must('IssueCertificate', second, alice)
  assert.deepEqual(await service.must('IssueCertificate', second, alice), issued)
  await denied(service, 'IssueCertificate', { input: first, by: alice })
})

test('certificates of end entities and accounts without a policy need no approval', async (t) => {
  const { service, root, input, alice } = await office(t)
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await service.refusal('IssueCertificate', input, alice)
  await assert.rejects(removeApprovalPolicy(service.config, undefined), /needs approval/)
  const other = await TestService.start()
  t.after(() => other.close())
  await createRoot(other)
})

test('an approval does not cover another input, another requester or another CA', async (t) => {
  const all = await office(t)
  const { service, input, alice, bob } = all
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  await approve(service, id, bob)
  const longer = { ...input, Validity: { Value: 31, Type: 'DAYS' } }
  const others = [
    await denied(service, 'IssueCertificate', { input: longer, by: alice }),
    await denied(service, 'IssueCertificate', { input, by: bob }),
  ]
  const root = await createAuthority(service)
  const certificate = { arn: root.arn, csr: root.csr }
  others.push(
    await denied(service, 'IssueCertificate', {
      input: issueInput(certificate.arn, certificate.csr, { template: 'RootCACertificate' }),
      by: alice,
    }),
  )
  assert.equal(new Set([id, ...others]).size, 4)
  assert.equal(await statusOf(all, id), 'APPROVED')
  await service.must('IssueCertificate', input, alice)
})

test('the requester cannot approve, with another access key or in a session either', async (t) => {
  const { service, input, alice, bob } = await office(t)
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  const refused =
    /^AccessDeniedException: User: .* made request .*, so another person must approve the request/
  const approval = { ApprovalId: id }
  assert.match(await service.refusal('ApproveRequest', approval, alice), refused)
  const second = await createUser(service, { userName: 'alice', statements: everything })
  assert.notEqual(second.credentials.accessKeyId, alice.credentials.accessKeyId)
  assert.match(await service.refusal('ApproveRequest', approval, second), refused)
  const role = await createRole(service, {
    trust: [trusting({ AWS: alice.arn }), trusting({ AWS: bob.arn })],
    statements: [...everything],
  })
  const sessionOf = async ({ credentials }: CallOptions) => {
    const parameters = { Action: 'AssumeRole', RoleArn: role, RoleSessionName: 'shift' }
    return {
      credentials: credentialsOf(await callSts(service, parameters, { credentials: credentials! })),
    }
  }
  const session = await sessionOf(alice)
  assert.match(await service.refusal('ApproveRequest', approval, session), refused)
  const ofSession = await denied(service, 'IssueCertificate', { input, by: session })
  assert.match(await service.refusal('ApproveRequest', { ApprovalId: ofSession }, alice), refused)
  // A second session of the same person is the same requester.
  const again = await sessionOf(alice)
  assert.equal(await denied(service, 'IssueCertificate', { input, by: again }), ofSession)
  await approve(service, ofSession, await sessionOf(bob))
  await service.must('IssueCertificate', input, again)
  await approve(service, id, bob)
})

test('approving requires signet:ApproveRequest, which acm-pca:* does not include', async (t) => {
  const { service, input, alice } = await office(t)
  const carol = await createUser(service, { userName: 'carol', statements: [allow('*')] })
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  for (const operation of ['ApproveRequest', 'RejectRequest', 'GetApproval'])
    assert.match(
      await service.refusal(operation, { ApprovalId: id }, carol),
      new RegExp(`not authorized to perform: signet:${operation} on resource`),
    )
  assert.match(await service.refusal('ListApprovals', {}, carol), /signet:ListApprovals/)
})

test('a rejected call stays denied until its window ends, and can then be requested again', async (t) => {
  const all = await office(t)
  const { service, input, alice, bob } = all
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  await service.must('RejectRequest', { ApprovalId: id }, bob)
  assert.match(
    await service.refusal('IssueCertificate', input, alice),
    new RegExp(`because ${bob.arn} rejected approval ${id}`),
  )
  assert.match(
    await service.refusal('ApproveRequest', { ApprovalId: id }, bob),
    /^InvalidStateException: Approval .* is REJECTED by arn:aws:iam::123456789012:user\/bob/,
  )
  service.clock.advance({ seconds: 86_400 })
  assert.notEqual(await denied(service, 'IssueCertificate', { input, by: alice }), id)
  assert.equal(await statusOf(all, id), 'REJECTED')
})

test('an approval that was given can be rejected before it is used', async (t) => {
  const { service, input, alice, bob } = await office(t)
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  await approve(service, id, bob)
  await service.must('RejectRequest', { ApprovalId: id }, bob)
  assert.match(await service.refusal('IssueCertificate', input, alice), /rejected approval/)
})

test('a request and an approval expire after the window', async (t) => {
  const all = await office(t)
  const { service, input, alice, bob } = all
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  service.clock.advance({ seconds: 86_399 })
  assert.equal(await statusOf(all, id), 'PENDING')
  service.clock.advance({ seconds: 1 })
  assert.equal(await statusOf(all, id), 'EXPIRED')
  assert.match(
    await service.refusal('ApproveRequest', { ApprovalId: id }, bob),
    /^InvalidStateException: Approval .* is EXPIRED/,
  )
  const next = await denied(service, 'IssueCertificate', { input, by: alice })
  service.clock.advance({ seconds: 86_000 })
  await approve(service, next, bob)
  service.clock.advance({ seconds: 86_400 })
  assert.equal(await statusOf(all, next), 'EXPIRED')
  await denied(service, 'IssueCertificate', { input, by: alice })
})

test('of concurrent identical calls, exactly one uses the approval', async (t) => {
  const { service, input, alice, bob } = await office(t)
  const calls = 12
  const ask = () =>
    Promise.all(
      Array.from({ length: calls }, async () => service.call('IssueCertificate', input, alice)),
    )
  const first = await ask()
  assert.ok(first.every(({ status }) => status === 400))
  const ids = new Set(first.map(({ text }) => /approval ID is ([0-9a-f-]{36})/.exec(text)?.[1]))
  assert.equal(ids.size, 1)
  await approve(service, [...ids][0] ?? '', bob)
  const second = await ask()
  assert.equal(second.filter(({ status }) => status === 200).length, 1)
  assert.ok(
    second.every(({ status, text }) => status === 200 || text.includes('AccessDeniedException')),
  )
})

test('importing and deleting CAs and changes of resource policies need an approval each', async (t) => {
  const { service, root, input, alice, bob } = await office(t)
  const twice = async (operation: string, given: object): Promise<Members> => {
    await approve(service, await denied(service, operation, { input: given, by: alice }), bob)
    const answer = await service.must(operation, given, alice)
    return answer
  }
  const { CertificateArn } = await twice('IssueCertificate', input)
  const { Certificate, CertificateChain } = await service.must('GetCertificate', {
    CertificateAuthorityArn: root.arn,
    CertificateArn,
  })
  const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {})
  const [subordinate] = CertificateAuthorities.filter(
    ({ Status }: Members) => Status === 'PENDING_CERTIFICATE',
  )
  const CertificateAuthorityArn = subordinate.Arn
  await twice('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn,
    Certificate: base64(Certificate),
    CertificateChain: base64(CertificateChain),
  })
  const sharing = {
    ResourceArn: root.arn,
    Policy: policyOf(...sharingStatements({ arn: root.arn })),
  }
  await twice('PutPolicy', sharing)
  await denied(service, 'PutPolicy', { input: sharing, by: alice })
  await twice('DeletePolicy', { ResourceArn: root.arn })
  const Policy = policyOf({
    Effect: 'Allow',
    Principal: { AWS: '210987654321' },
    Action: ['acm-pca:GetCertificate'],
    Resource: root.arn,
  })
  const refused = await service.refusal('PutPolicy', { ResourceArn: root.arn, Policy }, alice)
  // An invalid policy is rejected because of its error, and no approval request is created.
  assert.match(refused, /^InvalidPolicyException/)
  const state = { CertificateAuthorityArn, Status: 'DISABLED' }
  await service.must('UpdateCertificateAuthority', state, alice)
  await twice('DeleteCertificateAuthority', { CertificateAuthorityArn })
})

test('ListApprovals returns the newest first, with filters and pages', async (t) => {
  const { service, input, alice, bob } = await office(t)
  const ids: string[] = []
  for (let days = 1; days <= 5; days += 1) {
    const one = { ...input, Validity: { Value: days, Type: 'DAYS' } }
    ids.unshift(await denied(service, 'IssueCertificate', { input: one, by: alice }))
    service.clock.advance({ seconds: 1 })
  }
  await approve(service, ids[2] ?? '', bob)
  const found: string[] = []
  let NextToken: string | undefined
  do {
    const page = await service.must('ListApprovals', { MaxResults: 2, NextToken }, bob)
    found.push(...page.Approvals.map(({ ApprovalId }: Members) => ApprovalId))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  assert.deepEqual(found, ids)
  const { Approvals } = await service.must('ListApprovals', { Status: 'APPROVED' }, bob)
  assert.deepEqual(
    Approvals.map(({ ApprovalId }: Members) => ApprovalId),
    [ids[2]],
  )
  const { Approval } = await service.must('GetApproval', { ApprovalId: ids[0] }, bob)
  assert.deepEqual(JSON.parse(Approval.Input).Validity, { Value: 5, Type: 'DAYS' })
  assert.match(Buffer.from(JSON.parse(Approval.Input).Csr, 'base64').toString(), /BEGIN CERT/)
  const unknown = { ApprovalId: '00000000-0000-4000-8000-000000000000' }
  assert.match(await service.refusal('GetApproval', unknown, bob), /^ResourceNotFoundException/)
})

test('the number of requests that wait for a decision is limited for each person', async (t) => {
  const { service, input, alice, bob } = await office(t)
  for (let days = 1; days <= 50; days += 1)
    await denied(service, 'IssueCertificate', {
      input: { ...input, Validity: { Value: days, Type: 'DAYS' } },
      by: alice,
    })
  const more = { ...input, Validity: { Value: 51, Type: 'DAYS' } }
  assert.match(
    await service.refusal('IssueCertificate', more, alice),
    /^AccessDeniedException: .* too many requests are already waiting for approval/,
  )
  await denied(service, 'IssueCertificate', { input: more, by: bob })
  service.clock.advance({ days: 1 })
  await denied(service, 'IssueCertificate', { input: more, by: alice })
})

test('a call of another account needs the approval of the account that owns the CA', async (t) => {
  const { service, root, input, bob } = await office(t)
  await createAccount(service)
  const mallory = await createUser(service, {
    accountId: otherAccountId,
    userName: 'mallory',
    statements: everything,
  })
  const template = 'SubordinateCACertificate_PathLen0'
  const sharing = sharingStatements({ arn: root.arn, template })
  const policy = { ResourceArn: root.arn, Policy: policyOf(...sharing) }
  await approve(service, await denied(service, 'PutPolicy', { input: policy, by: bob }), service)
  await service.must('PutPolicy', policy, bob)
  const id = await denied(service, 'IssueCertificate', { input, by: mallory })
  const approval = { ApprovalId: id }
  assert.match(
    await service.refusal('ApproveRequest', approval, mallory),
    /^ResourceNotFoundException/,
  )
  const { Approvals } = await service.must('ListApprovals', {}, mallory)
  assert.deepEqual(Approvals, [])
  await approve(service, id, bob)
  await service.must('IssueCertificate', input, mallory)
})

test('a chain of sessions is the person who started the first one', async (t) => {
  const { service, input, alice, bob } = await office(t)
  const { credentials } = alice
  const first = await createRole(service, {
    roleName: 'first',
    trust: [trusting({ AWS: alice.arn })],
    statements: everything,
  })
  const second = await createRole(service, {
    roleName: 'second',
    trust: [trusting({ AWS: first })],
    statements: everything,
  })
  const assume = async (RoleArn: string, by: CallOptions) => {
    const parameters = { Action: 'AssumeRole', RoleArn, RoleSessionName: 'chain' }
    const signer = { credentials: by.credentials ?? credentials }
    return { credentials: credentialsOf(await callSts(service, parameters, signer)) }
  }
  const chained = await assume(second, await assume(first, alice))
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  assert.match(
    await service.refusal('ApproveRequest', { ApprovalId: id }, chained),
    /another person must approve the request/,
  )
  await approve(service, id, bob)
})

/** A policy change that a test makes during a call, between the read of the policy and the transaction. */
async function withPolicyChange(
  t: TestContext,
  change: (service: TestService) => Promise<unknown>,
) {
  let pending: (() => Promise<unknown>) | undefined
  const service = await TestService.start(
    {},
    {
      wrapDatabase: (db) => ({
        ...db,
        async transaction(statements) {
          const isEffect = statements.some(({ text }) =>
            /^\s*(?:update|insert into) authorities|insert into certificates/.test(text),
          )
          const work = isEffect ? pending : undefined
          if (isEffect) pending = undefined
          await work?.()
          return db.transaction(statements)
        },
      }),
    },
  )
  t.after(() => service.close())
  const root = await createRoot(service)
  const alice = await createUser(service, { userName: 'alice', statements: everything })
  const bob = await createUser(service, { userName: 'bob', statements: everything })
  return { service, root, alice, bob, arm: () => (pending = () => change(service)) }
}

test('a policy that comes into effect between the check and the transaction of a call is not circumvented', async (t) => {
  const { service, root, alice, arm } = await withPolicyChange(t, ({ config }) =>
    setApprovalPolicy(config, undefined, { actions: allActions, windowSeconds: 86_400 }),
  )
  const CertificateAuthorityArn = root.arn
  await service.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status: 'DISABLED' })
  arm()
  const input = { CertificateAuthorityArn }
  assert.match(
    await service.refusal('DeleteCertificateAuthority', input, alice),
    /^AccessDeniedException: .* or the approval policy has changed\. Send the request again/,
  )
  await denied(service, 'DeleteCertificateAuthority', { input, by: alice })
})

test('an approval is not used up if the policy is deleted between the check and the transaction', async (t) => {
  const { service, root, alice, bob, arm } = await withPolicyChange(t, (running) =>
    running.inDatabase('delete from approval_policies'),
  )
  await setApprovalPolicy(service.config, undefined, { actions: allActions, windowSeconds: 86_400 })
  const subordinate = await createAuthority(service, { type: 'SUBORDINATE' })
  const template = 'SubordinateCACertificate_PathLen0'
  const input = issueInput(root.arn, subordinate.csr, { template })
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  await approve(service, id, bob)
  arm()
  assert.match(await service.refusal('IssueCertificate', input, alice), /^AccessDeniedException: /)
  assert.equal(
    (await service.must('GetApproval', { ApprovalId: id }, bob)).Approval.Status,
    'APPROVED',
  )
  await service.must('IssueCertificate', input, alice)
})

test('two concurrent first policies of an account are not both stored', async (t) => {
  const { service } = await withPolicyChange(t, () => Promise.resolve())
  const results = await Promise.allSettled(
    allActions.map((action) =>
      setApprovalPolicy(service.config, undefined, { actions: [action], windowSeconds: 3600 }),
    ),
  )
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('a change of an organization needs the approval of the account and of the others in the organization', async (t) => {
  const { service, bob } = await office(t, ['change-principals'])
  const { config } = service
  service.clock.catchUp()
  const organization = 'o-exampleorgid'
  const own = config.accountId
  const move = (id: string, to: string | undefined) => () => moveAccount(config, id, to)
  const id = await refusedCommand(move(own, organization))
  await approve(service, id, bob)
  await move(own, organization)()
  for (const work of [
    () => addAccount(config, otherAccountId, organization),
    move(own, undefined),
  ]) {
    const next = await refusedCommand(work)
    await approve(service, next, bob)
    await work()
  }
  await addAccount(config, '333333333333')
  await moveAccount(config, '333333333333', organization)
})

test('after a restore, an approval of the backup cannot be used again', async (t) => {
  const all = await office(t)
  const { service, input, alice, bob } = all
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  await approve(service, id, bob)
  await withData(service.config, ({ db }) =>
    db.transaction(resetAfterRestore(service.clock.now(), undefined)),
  )
  assert.equal(await statusOf(all, id), 'EXPIRED')
  assert.notEqual(await denied(service, 'IssueCertificate', { input, by: alice }), id)
})

test('signet approval lists, shows and rejects requests, and describes their CSRs', async (t) => {
  const { service, input, alice, bob } = await office(t)
  service.clock.catchUp()
  const id = await denied(service, 'IssueCertificate', { input, by: alice })
  const environment = {
    AWS_ACCESS_KEY_ID: bob.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bob.credentials.secretAccessKey,
  }
  const flags = ['--endpoint', service.url, '--region', 'eu-west-1']
  const run = async (...argv: string[]) => {
    const { code, stdout, stderr } = await command(['approval', ...argv, ...flags], environment)
    assert.equal(code, 0, stderr)
    return stdout
  }
  const [listed] = JSON.parse(await run('list', '--status', 'PENDING', '--output', 'json'))
  assert.deepEqual([listed.ApprovalId, listed.Operation], [id, 'IssueCertificate'])
  const shown = JSON.parse(await run('show', id, '--output', 'json'))
  assert.equal(shown.Input.Validity.Type, 'DAYS')
  assert.match(
    await run('show', id),
    /CSR +described below[^]*Certificate signing request[^]*CN=SUBORDINATE/,
  )
  await run('reject', id)
  assert.deepEqual(JSON.parse(await run('list', '--status', 'PENDING', '--output', 'json')), [])
})

/** Runs a command that must be rejected, and returns the approval ID. */
async function refusedCommand(work: () => Promise<unknown>): Promise<string> {
  let id: string | undefined
  await assert.rejects(work, (error: Error) => {
    assert.equal(error.name, 'ConfigurationError')
    id = /The approval ID is ([0-9a-f-]{36})\./.exec(error.message)?.[1]
    return id !== undefined
  })
  return id ?? ''
}

test('commands that change users, roles, policies and access keys need the approval of a principal', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  service.clock.catchUp()
  const { config } = service
  const bob = await createUser(service, { userName: 'bob', statements: everything })
  const carol = await createUser(service, { userName: 'carol' })
  await setApprovalPolicy(config, undefined, {
    actions: ['change-principals'],
    windowSeconds: 3600,
  })
  const mallory = { accountId: undefined, userName: 'mallory' }
  const owner = { ...mallory, roleName: undefined }
  const commands: (() => Promise<unknown>)[] = [
    () => addUser(config, mallory, {}),
    () => putPolicy(config, owner, { name: 'all', policy: policyOf(allow('*')) }),
    () => addAccessKey(config, { userName: 'mallory' }),
  ]
  for (const work of commands) {
    const id = await refusedCommand(work)
    assert.equal(await refusedCommand(work), id)
    await approve(service, id, bob)
    await work()
  }
  assert.notEqual(await refusedCommand(commands[2]!), '')
  const { accessKeyId } = carol.credentials
  // A single person must be able to disable a stolen key.
  await switchAccessKey(config, accessKeyId, false)
  await refusedCommand(() => switchAccessKey(config, accessKeyId, true))
  await removeAccessKey(config, accessKeyId)
  const rows = await withData(config, ({ db }) =>
    listApprovalRows(db, config.accountId, { after: undefined, limit: 100 }),
  )
  assert.ok(rows.every(({ requester }) => requester.arn.startsWith('operating system user ')))
})

test('the approval policy needs two approvers, and its change needs an approval', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  service.clock.catchUp()
  const policy = { actions: ['delete-ca'], windowSeconds: 3600 }
  const set = (options = policy) => setApprovalPolicy(service.config, undefined, options)
  await assert.rejects(
    set(),
    /at least 2 users or roles .* the following are allowed: .*user\/administrator\./,
  )
  await assert.rejects(set({ ...policy, actions: ['fly'] }), /--action must be one of .* not 'fly'/)
  await assert.rejects(set({ ...policy, windowSeconds: 1 }), /--window must be/)
  const bob = await createUser(service, { userName: 'bob', statements: everything })
  const { Approvers } = await set()
  assert.equal(Approvers.length, 2)
  const id = await refusedCommand(() => set({ ...policy, windowSeconds: 7200 }))
  await refusedCommand(() => removeApprovalPolicy(service.config, undefined))
  await approve(service, id, bob)
  await set({ ...policy, windowSeconds: 7200 })
})
