import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../errors.ts'
import { requireSharingPolicy } from './sharing-policy.ts'

const arn =
  'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555'
const template = 'arn:aws:acm-pca:::template/EndEntityCertificate/V1'
const organization = 'o-a1b2c3d4e5'

type Statement = Record<string, unknown>

const read: Statement = {
  Sid: '1',
  Effect: 'Allow',
  Principal: { AWS: '210987654321' },
  Action: [
    'acm-pca:DescribeCertificateAuthority',
    'acm-pca:GetCertificate',
    'acm-pca:GetCertificateAuthorityCertificate',
    'acm-pca:ListPermissions',
    'acm-pca:ListTags',
  ],
  Resource: arn,
}
const issue: Statement = {
  Sid: '1',
  Effect: 'Allow',
  Principal: { AWS: '210987654321' },
  Action: ['acm-pca:IssueCertificate'],
  Resource: arn,
  Condition: { StringEquals: { 'acm-pca:TemplateArn': template } },
}
const readActions = read['Action'] as string[]

function document(Statement: unknown, more: Statement = {}): string {
  return JSON.stringify({ Version: '2012-10-17', Statement, ...more })
}

function accept(text: string, partition = 'aws'): string[] {
  return requireSharingPolicy(text, { arn, partition })
}

function refuse(text: string, message: string): void {
  assert.throws(
    () => accept(text),
    (error) => {
      assert.ok(error instanceof ServiceError)
      assert.deepEqual([error.code, error.message], ['InvalidPolicyException', message], text)
      return true
    },
  )
}

/** Applies the same change to both statements. */
function both(change: Statement): Statement[] {
  return [
    { ...read, ...change },
    { ...issue, ...change },
  ]
}

function conditioned(condition: Record<string, Record<string, unknown>>): Statement[] {
  const templateCondition = { 'acm-pca:TemplateArn': template }
  const StringEquals = { ...templateCondition, ...condition['StringEquals'] }
  return [
    { ...read, Condition: condition },
    { ...issue, Condition: { ...condition, StringEquals } },
  ]
}

test('the two statements are accepted in either order, and their accounts are returned', () => {
  assert.deepEqual(accept(document([read, issue])), ['210987654321'])
  assert.deepEqual(accept(document([issue, read])), ['210987654321'])
  for (const Version of ['2012-10-17', '2008-10-17', undefined])
    assert.deepEqual(accept(document([read, issue], { Version, Id: 'any' })), ['210987654321'])
  const { Sid: _read, ...unnamed } = read
  assert.deepEqual(accept(document([unnamed, issue])), ['210987654321'])
})

test('an Action can be a string or a list, in any case and order', () => {
  const Action = 'acm-pca:IssueCertificate'
  assert.equal(accept(document([read, { ...issue, Action }])).length, 1)
  assert.equal(accept(document([read, { ...issue, Action: Action.toUpperCase() }])).length, 1)
  const turned = readActions.toReversed()
  assert.equal(accept(document([{ ...read, Action: turned }, issue])).length, 1)
  assert.equal(accept(document(both({ Resource: [arn] }))).length, 1)
})

test('principals are account IDs and ARNs of root, users, roles and sessions', () => {
  const cases: [principal: unknown, accounts: string[]][] = [
    [
      ['210987654321', '333333333333', '210987654321'],
      ['210987654321', '333333333333'],
    ],
    ['arn:aws:iam::333333333333:root', ['333333333333']],
    ['arn:aws:iam::333333333333:user/path/alice', ['333333333333']],
    [
      ['arn:aws:iam::333333333333:role/issuer', '123456789012'],
      ['333333333333', '123456789012'],
    ],
    ['arn:aws:sts::333333333333:assumed-role/issuer/session', ['333333333333']],
  ]
  for (const [AWS, accounts] of cases)
    assert.deepEqual(accept(document(both({ Principal: { AWS } }))), accounts)
})

test('everyone in an organization except the owner can be the principal', () => {
  const statements = conditioned({
    StringEquals: { 'aws:PrincipalOrgID': organization },
    StringNotEquals: { 'aws:PrincipalAccount': '123456789012' },
  })
  for (const Principal of ['*', { AWS: '*' }, { AWS: ['*'] }])
    assert.deepEqual(
      accept(document(statements.map((statement) => ({ ...statement, Principal })))),
      [organization],
    )
})

test('each of the six documented templates is accepted, in the partition of the CA', () => {
  const names = [
    'EndEntityCertificate',
    'EndEntityClientAuthCertificate',
    'EndEntityServerAuthCertificate',
    'BlankEndEntityCertificate_APIPassthrough',
    'BlankEndEntityCertificate_APICSRPassthrough',
    'SubordinateCACertificate_PathLen0',
  ]
  for (const partition of ['aws', 'aws-cn'])
    for (const name of names) {
      const named = `arn:${partition}:acm-pca:::template/${name}/V1`
      const Condition = { StringEquals: { 'acm-pca:templatearn': [named] } }
      assert.equal(accept(document([read, { ...issue, Condition }]), partition).length, 1)
    }
})

test('a text that is not a policy is refused', () => {
  for (const text of ['', '{', 'null', '[]', '"x"', '1', `[${document([read, issue])}]`])
    refuse(text, 'The policy must be a JSON object.')
  refuse(document([read, issue], { Statements: [] }), "The policy has the element 'Statements'.")
  for (const Version of ['2012-10-18', 1, null, ['2012-10-17']])
    refuse(document([read, issue], { Version }), "The policy must have the Version '2012-10-17'.")
})

test('a policy without one of each statement is refused', () => {
  const missing = (kind: string): string =>
    `The policy must have exactly one statement that allows other accounts to ${kind}.`
  refuse('{}', missing('read'))
  refuse(document([]), missing('read'))
  refuse(document(issue), missing('read'))
  refuse(document([issue]), missing('read'))
  refuse(document([read]), missing('issue'))
  refuse(document([read, issue, issue]), missing('issue'))
  refuse(document([read, read, issue]), missing('read'))
})

test('a statement with another structure is refused, and the error names the statement', () => {
  for (const value of [null, 'x', 1, [read]])
    refuse(document([read, value]), 'Statement 2 must be an object.')
  for (const element of ['NotAction', 'NotPrincipal', 'NotResource', 'effect', 'Novelty'])
    refuse(
      document([{ ...read, [element]: '*' }, issue]),
      `Statement 1 has the element '${element}'.`,
    )
  for (const Effect of ['Deny', 'allow', '', undefined, ['Allow']])
    refuse(document([read, { ...issue, Effect }]), 'Statement 2 must have the Effect Allow.')
})

test('a Resource other than the CA is refused', () => {
  for (const Resource of [undefined, '*', [], `${arn}/*`, [arn, arn], [arn, '*'], { arn }, [1]])
    refuse(document([{ ...read, Resource }, issue]), `Statement 1 must have the Resource ${arn}.`)
})

test('other actions are refused', () => {
  const message =
    'Statement 1 must have only the Action acm-pca:IssueCertificate, or all of ' +
    'acm-pca:DescribeCertificateAuthority, GetCertificate, GetCertificateAuthorityCertificate, ListPermissions and ListTags.'
  const wrong: unknown[] = [
    undefined,
    [],
    '*',
    'acm-pca:*',
    'acm-pca:RevokeCertificate',
    ['acm-pca:IssueCertificate', 'acm-pca:GetCertificate'],
    [...readActions, 'acm-pca:IssueCertificate'],
    [...readActions, 'acm-pca:GetCertificateAuthorityCsr'],
    [...readActions, 1],
    { a: 'b' },
    ...readActions.map((action) => readActions.filter((other) => other !== action)),
  ]
  for (const Action of wrong) refuse(document([{ ...read, Action }, issue]), message)
})

test('principals in an unsupported form are refused', () => {
  const message = 'Statement 1: Principal must be { "AWS": … } with account IDs or ARNs.'
  const wrong: unknown[] = [
    undefined,
    null,
    '210987654321',
    ['210987654321'],
    {},
    { AWS: [] },
    { AWS: '' },
    { AWS: '21098765432' },
    { AWS: ['210987654321', '*'] },
    { AWS: ['210987654321', 1] },
    { AWS: 'arn:aws:s3:::bucket' },
    { AWS: 'arn:aws:iam::21098765432:root' },
    { Service: 'acm.amazonaws.com' },
    { AWS: '210987654321', Service: 'acm.amazonaws.com' },
  ]
  for (const Principal of wrong) refuse(document([{ ...read, Principal }, issue]), message)
})

test('an ARN that policy evaluation would not accept as a principal is refused', () => {
  const message = 'Statement 1: Principal must be { "AWS": … } with account IDs or ARNs.'
  for (const AWS of [
    'arn:aws:iam::210987654321:user/*',
    'arn:aws:iam::210987654321:group/all',
    'arn:aws:iam::210987654321:policy/x',
    'arn:aws:sts::210987654321:root',
  ])
    refuse(document([{ ...read, Principal: { AWS } }, issue]), message)
})

test('everyone as principal is refused without an organization', () => {
  for (const Principal of ['*', { AWS: '*' }])
    for (const id of [undefined, '', 'x', 'o-short', 'O-A1B2C3D4E5', `${organization}*`]) {
      const StringEquals = id === undefined ? {} : { 'aws:PrincipalOrgID': id }
      const [first, second] = conditioned({ StringEquals })
      refuse(
        document([first, { ...second, Principal }]),
        "Statement 2: the Principal '*' needs the condition StringEquals on aws:PrincipalOrgID.",
      )
    }
})

test('an issue statement must specify exactly one template', () => {
  const message =
    'Statement 2 must have the condition StringEquals on acm-pca:TemplateArn with one of '
  const wrong = [
    'arn:aws:acm-pca:::template/RootCACertificate/V1',
    'arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen1/V1',
    'arn:aws:acm-pca:::template/EndEntityCertificate/V2',
    'arn:aws-cn:acm-pca:::template/EndEntityCertificate/V1',
    'arn:aws:acm-pca:::template/*',
    template.toLowerCase(),
    '',
  ]
  const refused = (Condition: unknown): void =>
    assert.throws(
      () => accept(document([read, { ...issue, Condition }])),
      (error) =>
        error instanceof ServiceError &&
        error.code === 'InvalidPolicyException' &&
        error.message.startsWith(message),
    )
  for (const text of wrong) refused({ StringEquals: { 'acm-pca:TemplateArn': text } })
  refused(undefined)
  refused({})
})

test('other conditions are refused', () => {
  const cases: [condition: unknown, message: string][] = [
    [null, 'Statement 1: Condition must be an object.'],
    ['x', 'Statement 1: Condition must be an object.'],
    [[], 'Statement 1: Condition must be an object.'],
    [{ StringEquals: 'x' }, 'Statement 1: StringEquals must have keys.'],
    [
      { StringEquals: { 'acm-pca:TemplateArn': template } },
      'Statement 1 must not have a condition on acm-pca:TemplateArn.',
    ],
  ]
  for (const [operator, key, value] of [
    ['StringLike', 'acm-pca:TemplateArn', '*'],
    ['StringEquals', 'aws:SourceIp', '127.0.0.1'],
    ['StringEquals', 'aws:PrincipalAccount', '210987654321'],
    ['stringequals', 'aws:PrincipalOrgID', organization],
    ['StringEquals', 'aws:PrincipalOrgID', [organization, 'o-zzzzzzzzzz']],
    ['StringEquals', 'aws:PrincipalOrgID', []],
    ['StringEquals', 'aws:PrincipalOrgID', 1],
    ['StringNotEquals', 'aws:PrincipalOrgID', organization],
  ] as const)
    cases.push([
      { [operator]: { [key]: value } },
      `Statement 1 must not have the condition ${operator} on ${key} with that value.`,
    ])
  for (const [Condition, message] of cases)
    refuse(document([{ ...read, Condition }, issue]), message)
})

test('a Sid or an Id that is not a string is refused', () => {
  const refused = (text: string): void =>
    assert.throws(() => accept(text), { code: 'InvalidPolicyException' }, text)
  for (const value of [1, null, {}, ['1']]) {
    refused(document([{ ...read, Sid: value }, issue]))
    refused(document([read, issue], { Id: value }))
  }
})

test('only accounts of the read statement are returned', () => {
  const other = { ...issue, Principal: { AWS: '333333333333' } }
  assert.deepEqual(accept(document([read, other])), ['210987654321'])
})

test('a duplicate element is refused', () => {
  const sound = document([read, issue])
  refuse(
    sound.replace('"Effect"', '"Effect":"Deny","Effect"'),
    'The policy contains a duplicate element.',
  )
  refuse(sound.replace('{', '{"Statement":[],'), 'The policy contains a duplicate element.')
})
