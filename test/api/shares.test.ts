import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addAccessKey } from '../../src/admin-commands/access-keys.ts'
import { addAccount, moveAccount } from '../../src/admin-commands/accounts.ts'
import { addShare, listAllShares, removeShare } from '../../src/admin-commands/shares.ts'
import {
  allow,
  createUser,
  notAllowed,
  otherAccountId,
  share as putSharingPolicy,
  type User,
} from '../support/accounts.ts'
import {
  createAuthority,
  createRoot,
  issue,
  issueInput,
  templateArn,
} from '../support/hierarchy.ts'
import { eventually } from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'

const organization = 'o-exampleorgid'
const defaultPermission = 'AWSRAMDefaultPermissionCertificateAuthority'
const revokePermission = 'AWSRAMRevokeCertificateCertificateAuthority'

let service: TestService
let root: { arn: string; csr: string }
let other: User
before(async () => {
  service = await TestService.start()
  await addAccount(service.config, otherAccountId)
  root = await createRoot(service)
  other = await createUser(service, {
    accountId: otherAccountId,
    userName: 'other',
    statements: [allow('*')],
  })
})
after(() => service.close())

async function createShare(
  permission: string,
  principals: readonly string[] = [otherAccountId],
): Promise<string> {
  const options = { name: 'tests', authorities: [root.arn], principals, permission }
  return (await addShare(service.config, options)).ShareId
}

const codes = async (calls: Readonly<Record<string, object>>): Promise<string[]> => {
  const found: string[] = []
  for (const [operation, input] of Object.entries(calls)) {
    const { status, json } = await service.call(operation, input, other)
    found.push(status === 200 ? '200' : String(json['__type']))
  }
  return found
}

const describe = (): Promise<string[]> =>
  codes({ DescribeCertificateAuthority: { CertificateAuthorityArn: root.arn } })

const issueWith = (template: string): Promise<string[]> =>
  codes({
    IssueCertificate: {
      ...issueInput(root.arn, root.csr),
      TemplateArn: templateArn(template),
      ...(template.includes('Passthrough') && { ApiPassthrough: {} }),
    },
  })

async function listSharedArns(): Promise<string[]> {
  const { CertificateAuthorities } = await service.must(
    'ListCertificateAuthorities',
    { ResourceOwner: 'OTHER_ACCOUNTS' },
    other,
  )
  return CertificateAuthorities.map(({ Arn }: Members) => Arn)
}

const denied = ['AccessDeniedException']

test('a share lets another account read and issue with its template, until it is deleted', async () => {
  assert.deepEqual(await describe(), denied)
  for (const [permission, template] of [
    [defaultPermission, 'EndEntityCertificate'],
    [
      'AWSRAMBlankEndEntityCertificateAPIPassthroughIssuanceCertificateAuthority',
      'BlankEndEntityCertificate_APIPassthrough',
    ],
    [
      'AWSRAMBlankEndEntityCertificateAPICSRPassthroughIssuanceCertificateAuthority',
      'BlankEndEntityCertificate_APICSRPassthrough',
    ],
    [
      'AWSRAMSubordinateCACertificatePathLen0IssuanceCertificateAuthority',
      'SubordinateCACertificate_PathLen0',
    ],
  ] as const) {
    const id = await createShare(permission)
    assert.deepEqual(await describe(), ['200'])
    assert.deepEqual(await listSharedArns(), [root.arn])
    assert.deepEqual(await issueWith(template), ['200'], template)
    assert.deepEqual(await issueWith('EndEntityClientAuthCertificate'), denied)
    await removeShare(service.config, id)
    assert.deepEqual([await describe(), await issueWith(template)], [denied, denied])
    assert.deepEqual(await listSharedArns(), [])
  }
})

test('issued certificates can be revoked only with a share that permits revocation', async () => {
  const first = await createShare(defaultPermission)
  const { arn } = await issue(service, root, { options: other })
  const revoke = {
    RevokeCertificate: {
      CertificateAuthorityArn: root.arn,
      CertificateSerial: arn.split('/').at(-1) ?? '',
      RevocationReason: 'SUPERSEDED',
    },
  }
  assert.deepEqual(await codes(revoke), denied)
  await removeShare(service.config, first)
  const second = await createShare(revokePermission)
  assert.deepEqual(
    [await describe(), await listSharedArns()],
    [denied, []],
    'this share does not permit reading',
  )
  assert.deepEqual(await codes(revoke), ['200'])
  await removeShare(service.config, second)
})

test('a share with an organization applies to the accounts that are currently in it', async () => {
  const id = await createShare(defaultPermission, [organization])
  assert.deepEqual([await describe(), await listSharedArns()], [denied, []])
  await moveAccount(service.config, otherAccountId, organization)
  service.clock.advance({ seconds: 1 })
  assert.deepEqual([await describe(), await listSharedArns()], [['200'], [root.arn]])
  assert.deepEqual(await issueWith('EndEntityCertificate'), ['200'])
  await moveAccount(service.config, otherAccountId, 'o-anotherorgid')
  service.clock.advance({ seconds: 1 })
  assert.deepEqual([await describe(), await listSharedArns()], [denied, []])
  await moveAccount(service.config, otherAccountId, undefined)
  service.clock.advance({ seconds: 1 })
  assert.deepEqual(await describe(), denied)
  await removeShare(service.config, id)
})

test('a policy for an organization applies to the accounts in it', async () => {
  await putSharingPolicy(service, { arn: root.arn })
  const { Policy } = await service.must('GetPolicy', { ResourceArn: root.arn })
  const policy = JSON.parse(Policy)
  for (const statement of policy.Statement) {
    statement.Principal = '*'
    statement.Condition ??= {}
    statement.Condition.StringEquals = {
      ...statement.Condition.StringEquals,
      'aws:PrincipalOrgID': organization,
    }
  }
  await service.must('PutPolicy', { ResourceArn: root.arn, Policy: JSON.stringify(policy) })
  assert.deepEqual([await describe(), await listSharedArns()], [denied, []])
  await moveAccount(service.config, otherAccountId, organization)
  service.clock.advance({ seconds: 1 })
  assert.deepEqual([await describe(), await listSharedArns()], [['200'], [root.arn]])
  await moveAccount(service.config, otherAccountId, undefined)
  service.clock.advance({ seconds: 1 })
  await service.must('DeletePolicy', { ResourceArn: root.arn })
})

test('GetPolicy returns the statements of shares, and DeletePolicy removes the CA from them', async () => {
  const { arn: ResourceArn } = root
  const ids = [
    await createShare(defaultPermission, [otherAccountId, organization]),
    await createShare(revokePermission),
  ]
  const { Policy } = await service.must('GetPolicy', { ResourceArn })
  const statements: Members[] = JSON.parse(Policy).Statement
  assert.deepEqual(
    statements
      .map(({ Principal, Action }) => `${JSON.stringify(Principal)} ${Action.length}`)
      .toSorted(),
    [
      '"*" 1',
      '"*" 5',
      `{"AWS":["${otherAccountId}"]} 1`,
      `{"AWS":["${otherAccountId}"]} 1`,
      `{"AWS":["${otherAccountId}"]} 5`,
    ],
  )
  await putSharingPolicy(service, { arn: root.arn, principal: '333333333333' })
  assert.deepEqual(await describe(), ['200'], 'the policy and the share both apply')
  assert.match((await service.must('GetPolicy', { ResourceArn })).Policy, /333333333333/)
  await service.must('DeletePolicy', { ResourceArn })
  assert.deepEqual([await describe(), await listSharedArns()], [denied, []])
  assert.match(await service.refusal('GetPolicy', { ResourceArn }), /^ResourceNotFoundException/)
  const remaining = await listAllShares(service.config, undefined)
  assert.deepEqual(
    remaining.map(({ ShareId, ResourceArns }) => `${ShareId} ${ResourceArns.length}`).toSorted(),
    ids.map((id) => `${id} 0`).toSorted(),
  )
  for (const id of ids) await removeShare(service.config, id)
})

test('a share with nonexistent CAs, without principals or with other invalid options is refused', async () => {
  const options = {
    name: 'tests',
    authorities: [root.arn],
    principals: [otherAccountId],
    permission: defaultPermission,
  }
  const deleted = await createAuthority(service)
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn: deleted.arn })
  const foreign = root.arn.replace(service.config.accountId, otherAccountId)
  for (const [change, message] of [
    [{ authorities: [] }, /at least one --authority is required/],
    [{ principals: [] }, /at least one --principal is required/],
    [{ principals: ['12'] }, /--principal must be an account ID/],
    [{ permission: 'x' }, /--permission must be one of AWSRAMDefault.*, not 'x'/],
    [{ name: '' }, /the name must be/],
    [{ authorities: ['x'] }, /x is not the ARN of a certificate authority/],
    [{ authorities: [foreign] }, /certificate authority arn:.* does not exist/],
    [{ authorities: [root.arn, foreign] }, /must belong to one account/],
    [{ authorities: [deleted.arn] }, /certificate authority arn:.* does not exist/],
  ] as const)
    await assert.rejects(addShare(service.config, { ...options, ...change }), message)
  await assert.rejects(removeShare(service.config, crypto.randomUUID()), /share \S+ does not exist/)
  assert.deepEqual(await listAllShares(service.config, undefined), [])
})

test('a service principal can do exactly what its permission grants, and the audit report names it', async () => {
  const key = await addAccessKey(service.config, { servicePrincipal: 'acm.amazonaws.com' })
  const foreign = await addAccessKey(service.config, {
    servicePrincipal: 'acm.amazonaws.com',
    accountId: otherAccountId,
  })
  const credentials = {
    accessKeyId: key.AccessKeyId,
    secretAccessKey: key.SecretAccessKey ?? '',
  }
  const elsewhere = {
    accessKeyId: foreign.AccessKeyId,
    secretAccessKey: foreign.SecretAccessKey ?? '',
  }
  const ofAuthority = { CertificateAuthorityArn: root.arn }
  const acm = { arn: 'acm.amazonaws.com' }
  const refused = (operation: string): string =>
    notAllowed(acm, operation, { resource: root.arn, kind: 'resource' })
  const input = issueInput(root.arn, root.csr)
  assert.equal(
    await service.refusal('IssueCertificate', input, { credentials }),
    refused('IssueCertificate'),
  )
  await service.must('CreatePermission', {
    ...ofAuthority,
    Principal: 'acm.amazonaws.com',
    Actions: ['IssueCertificate', 'GetCertificate'],
  })
  const { arn: CertificateArn } = await issue(service, root, { options: { credentials } })
  await service.must('GetCertificate', { ...ofAuthority, CertificateArn }, { credentials })
  for (const operation of ['ListPermissions', 'DescribeCertificateAuthority', 'ListTags'])
    assert.equal(await service.refusal(operation, ofAuthority, { credentials }), refused(operation))
  assert.match(
    await service.refusal('ListCertificateAuthorities', {}, { credentials }),
    /^AccessDeniedException: User: acm\.amazonaws\.com is not authorized/,
  )
  assert.equal(
    await service.refusal('IssueCertificate', input, { credentials: elsewhere }),
    refused('IssueCertificate'),
    'the permission is for another account',
  )
  const permission = { ...ofAuthority, Principal: 'acm.amazonaws.com' }
  await service.must('CreatePermission', {
    ...permission,
    SourceAccount: otherAccountId,
    Actions: ['IssueCertificate'],
  })
  await service.must('IssueCertificate', input, { credentials: elsewhere })
  await assertReported(CertificateArn)
  await service.must('DeletePermission', permission)
  assert.equal(
    await service.refusal('IssueCertificate', input, { credentials }),
    refused('IssueCertificate'),
  )
})

/**
 * Asserts that the audit report lists ACM as the requester of the given certificate and of the report's last
 * certificate.
 */
async function assertReported(certificateArn: string): Promise<void> {
  await service.createBucket('reports')
  const authority = { CertificateAuthorityArn: root.arn }
  const { AuditReportId, S3Key } = await service.must('CreateCertificateAuthorityAuditReport', {
    ...authority,
    S3BucketName: 'reports',
    AuditReportResponseFormat: 'JSON',
  })
  await eventually(async () => {
    const input = { ...authority, AuditReportId }
    const found = await service.must('DescribeCertificateAuthorityAuditReport', input)
    return found.AuditReportStatus === 'SUCCESS' ? found : undefined
  }, 'the report')
  const rows: Members[] = JSON.parse(String(await service.readObject('reports', S3Key)))
  const byAcm = rows.find((row) => row.certificateArn === certificateArn)
  assert.equal(byAcm.requestedByServicePrincipal, 'acm.amazonaws.com')
  assert.equal(byAcm.awsAccountId, service.config.accountId)
  assert.equal(rows.at(-1).requestedByServicePrincipal, 'acm.amazonaws.com')
  assert.equal(rows.at(-1).awsAccountId, otherAccountId)
  assert.equal(rows[0].requestedByServicePrincipal, undefined)
}
