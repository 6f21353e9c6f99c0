import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { authorityInput, createRoot, issueInput } from '../support/hierarchy.ts'
import { allow, createUser } from '../support/accounts.ts'
import { assume, createRole, trusting } from '../support/sts.ts'
import { TestService, type CallOptions } from '../support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ quotaAuthorities: '3', quotaCertificates: '3' })
})
after(() => service.close())

const region = (name: string) => ({ region: name })

async function count(options: { region: string }): Promise<number> {
  const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {}, options)
  return CertificateAuthorities.length as number
}

test('CreateCertificateAuthority returns the same CA for a token for five minutes, even with other input and after a restart', async () => {
  const options = region('eu-north-1')
  const input = authorityInput({ more: { IdempotencyToken: 'once' } })
  const { CertificateAuthorityArn } = await service.must(
    'CreateCertificateAuthority',
    input,
    options,
  )
  await service.restart()
  service.clock.advance({ seconds: 290 })
  const changed = { ...input, CertificateAuthorityType: 'SUBORDINATE' }
  const repeated = await service.must('CreateCertificateAuthority', changed, options)
  assert.equal(repeated.CertificateAuthorityArn, CertificateAuthorityArn)
  service.clock.advance({ seconds: 15 })
  const later = await service.must('CreateCertificateAuthority', input, options)
  assert.notEqual(later.CertificateAuthorityArn, CertificateAuthorityArn)
  assert.equal(await count(options), 2)
})

test('a token is valid in one Region', async () => {
  const input = authorityInput({ more: { IdempotencyToken: 'same' } })
  const first = await service.must('CreateCertificateAuthority', input, region('eu-west-2'))
  const second = await service.must('CreateCertificateAuthority', input, region('eu-west-3'))
  assert.notEqual(first.CertificateAuthorityArn, second.CertificateAuthorityArn)
})

/** Creates a role that has full permissions and that everyone may assume. */
function createAnyRole(roleName: string): Promise<string> {
  const trust = [trusting({ AWS: '*' })]
  return createRole(service, { roleName, trust, statements: [allow('*')] })
}

test('a token is valid for one user or role, and others do not receive the same ARN', async () => {
  const role = await createAnyRole('first')
  const user = await createUser(service, { userName: 'second', statements: [allow('*')] })
  const callers = [
    user.credentials,
    await assume(service, role, { RoleSessionName: 'one' }),
    await assume(service, await createAnyRole('other'), { RoleSessionName: 'one' }),
  ]
  const callTwice = async (
    operation: string,
    input: object,
    more: CallOptions,
  ): Promise<string> => {
    const first = await service.must(operation, input, more)
    assert.deepEqual(await service.must(operation, input, more), first)
    return String(Object.values(first))
  }
  const token = { more: { IdempotencyToken: 'shared' } }
  const authorities = new Set<string>()
  for (const credentials of callers) {
    const more = { ...region('ap-southeast-1'), credentials }
    authorities.add(await callTwice('CreateCertificateAuthority', authorityInput(token), more))
  }
  assert.equal(authorities.size, callers.length)
  const root = await createRoot(service, { options: region('ap-southeast-2') })
  const certificates = new Set<string>()
  for (const credentials of callers.slice(0, 2)) {
    const more = { ...region('ap-southeast-2'), credentials }
    const input = issueInput(root.arn, csr('ec-server'), token)
    certificates.add(await callTwice('IssueCertificate', input, more))
  }
  assert.equal(certificates.size, 2)
})

test('sessions of one role share a token, so that a retry with new credentials creates no second CA', async () => {
  const role = await createAnyRole('retrying')
  const arns = new Set<string>()
  for (const RoleSessionName of ['one', 'two']) {
    const credentials = await assume(service, role, { RoleSessionName })
    const input = authorityInput({ more: { IdempotencyToken: 'retried' } })
    const options = { ...region('ap-southeast-3'), credentials }
    const created = await service.must('CreateCertificateAuthority', input, options)
    arns.add(created.CertificateAuthorityArn)
  }
  assert.equal(arns.size, 1)
})

test('concurrent calls with one token create one CA', async () => {
  const options = region('eu-south-1')
  const input = authorityInput({ more: { IdempotencyToken: 'concurrent' } })
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => service.must('CreateCertificateAuthority', input, options)),
  )
  const arns = answers.map(({ CertificateAuthorityArn }) => CertificateAuthorityArn as string)
  assert.equal(new Set(arns).size, 1)
  assert.equal(await count(options), 1)
})

test('concurrent calls with one token issue one certificate per CA', async () => {
  const options = region('eu-south-2')
  const root = await createRoot(service, { options })
  const other = await createRoot(service, { options })
  const issueAt = (arn: string): Promise<{ CertificateArn: string }> =>
    service.must(
      'IssueCertificate',
      issueInput(arn, csr('ec-server'), {
        more: { IdempotencyToken: '0123456789abcdef0123456789abcdef0123' },
      }),
      options,
    )
  const answers = await Promise.all(Array.from({ length: 20 }, () => issueAt(root.arn)))
  assert.equal(new Set(answers.map(({ CertificateArn }) => CertificateArn)).size, 1)
  assert.ok((await issueAt(other.arn)).CertificateArn.startsWith(other.arn))
})

test('deleted CAs count toward the quota until their permanent deletion', async () => {
  const options = region('us-east-2')
  const create = () => service.call('CreateCertificateAuthority', authorityInput(), options)
  const answers = await Promise.all(Array.from({ length: 6 }, create))
  assert.equal(answers.filter(({ status }) => status === 200).length, 3)
  const refused = answers.find(({ status }) => status !== 200)
  assert.equal(refused?.json['__type'], 'LimitExceededException')
  const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {}, options)
  const CertificateAuthorityArn = CertificateAuthorities[0].Arn as string
  for (;;) {
    const csrAnswer = await service.call(
      'GetCertificateAuthorityCsr',
      { CertificateAuthorityArn },
      options,
    )
    if (csrAnswer.status === 200) break
  }
  await service.must(
    'DeleteCertificateAuthority',
    { CertificateAuthorityArn, PermanentDeletionTimeInDays: 7 },
    options,
  )
  assert.equal((await create()).json['__type'], 'LimitExceededException')
  service.clock.advance({ days: 7 })
  assert.equal((await create()).status, 200)
})

test('the certificate quota is enforced for concurrent requests, and the error states the quota', async () => {
  const options = region('us-west-1')
  const root = await createRoot(service, { options })
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      service.call('IssueCertificate', issueInput(root.arn, csr('ec-server')), options),
    ),
  )
  // The root certificate was the first of the three certificates.
  assert.equal(answers.filter(({ status }) => status === 200).length, 2)
  const refused = answers.find(({ status }) => status !== 200)
  assert.deepEqual(refused?.json, {
    __type: 'LimitExceededException',
    message: 'The certificate authority has issued 3 certificates, its quota.',
  })
})
