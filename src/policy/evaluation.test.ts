import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide, type Decision, type PolicyRequest } from './evaluation.ts'
import type { PrincipalIdentity } from './principal.ts'
import { parsePolicy, type PolicyKind } from './policy-document.ts'

/**
 * A caller's identifiers: a user's ARN, a session's own ARN and its role's ARN, or the name of a service or identity provider.
 */
interface CaseCaller {
  readonly accountId?: string
  readonly arn?: string
  readonly names?: readonly string[]
}

/** A row in testdata/policies, whose README describes the members. */
interface PolicyCase {
  readonly name: string
  readonly section: string
  readonly kind?: PolicyKind
  readonly policy: { readonly Version?: string; readonly Statement: unknown }
  readonly request: {
    readonly action?: string
    readonly resource?: string
    readonly caller?: CaseCaller
    readonly keys?: Readonly<Record<string, readonly string[]>>
  }
  readonly expected: Decision
  readonly worseCase?: boolean
}

const folder = new URL('../../testdata/policies/', import.meta.url)
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' }
const alice = { accountId: '123456789012', arn: 'arn:aws:iam::123456789012:user/alice' }

function requestOf({ request }: Pick<PolicyCase, 'request'>): PolicyRequest {
  const keys = new Map(Object.entries(request.keys ?? {}))
  return {
    action: request.action ?? 'acm-pca:IssueCertificate',
    resource:
      request.resource ??
      'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
    keys,
    principal: principalOf(request.caller ?? alice),
  }
}

function principalOf({ accountId, arn, names = [arn ?? ''] }: CaseCaller): PrincipalIdentity {
  return { accountId, names }
}

function decisionOf(row: PolicyCase, statements: unknown = row.policy.Statement): Decision {
  const text = JSON.stringify({ ...row.policy, Statement: statements })
  return decide(parsePolicy(text, row.kind), requestOf(row))
}

/** The decision if the statement is a Deny statement and another statement allows everything. */
function decisionWithDeny(row: PolicyCase): Decision {
  const everyone = row.kind === 'resource' ? { ...allowAll, Principal: everyoneFor(row) } : allowAll
  return decisionOf(row, [everyone, { ...(row.policy.Statement as object), Effect: 'Deny' }])
}

/**
 * The Principal element that matches any caller. `*` does not match services and identity providers, so the element also lists
 * services and identity providers.
 */
function everyoneFor({ request: { caller } }: PolicyCase): unknown {
  if (caller === undefined || caller.accountId !== undefined) return '*'
  const [name = ''] = caller.names ?? []
  return name.startsWith('arn:') ? { Federated: name } : { Service: name }
}

function isOneAllow({ policy: { Statement: statement } }: PolicyCase): boolean {
  return !Array.isArray(statement) && (statement as { Effect?: unknown }).Effect === 'Allow'
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const rows: PolicyCase[] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  test(`policies decide as documented by IAM: ${file}`, async (context) => {
    for (const row of rows)
      await context.test(`${row.section}: ${row.name}`, () => {
        assert.equal(decisionOf(row), row.expected)
        if (!isOneAllow(row)) return
        const isDenied = row.expected === 'allowed' || row.worseCase === true
        assert.equal(decisionWithDeny(row), isDenied ? 'denied' : 'allowed', 'as a Deny')
      })
  })
}

const variable = '${aws:username}'
const patternText = fc.constantFrom(
  '*',
  'acm-pca:*',
  'acm-pca:Issue*',
  's3:*',
  'bad',
  variable,
  'arn:aws:acm-pca:*:*:*',
  'arn:aws:s3:::*',
  `arn:aws:acm-pca:*:*:certificate-authority/${variable}`,
)
const conditionBlock = fc.dictionary(
  fc.constantFrom(
    'StringEquals',
    'StringNotLike',
    'ForAllValues:StringLikeIfExists',
    'Null',
    'Odd',
  ),
  fc.dictionary(fc.constantFrom('aws:k', 'aws:l'), fc.constantFrom('x', 'true', variable, 5, []), {
    maxKeys: 2,
  }),
  { maxKeys: 2 },
)
const principal = fc.constantFrom<unknown>(
  '*',
  { AWS: '123456789012' },
  { AWS: alice.arn },
  { AWS: 'bad' },
  { Odd: 'x' },
)

/** A well-formed statement, with or without unknown elements. */
function statementOf(effect: 'Allow' | 'Deny'): fc.Arbitrary<object> {
  const arbitrary = fc.record(
    {
      action: patternText,
      resource: patternText,
      principal,
      Condition: conditionBlock,
      negated: fc.record({ Action: fc.boolean(), Resource: fc.boolean(), Principal: fc.boolean() }),
    },
    { requiredKeys: ['action', 'resource', 'principal', 'negated'] },
  )
  return arbitrary.map(({ action, resource, principal: who, negated, ...more }) => ({
    Effect: effect,
    [negated.Action ? 'NotAction' : 'Action']: action,
    [negated.Resource ? 'NotResource' : 'Resource']: resource,
    [negated.Principal ? 'NotPrincipal' : 'Principal']: who,
    ...more,
  }))
}

const anyStatement = fc.oneof(statementOf('Allow'), statementOf('Deny'))
const someStatements = fc.array(anyStatement, { minLength: 1, maxLength: 5 })
const anyRequest = fc.record({
  action: fc.constantFrom('acm-pca:IssueCertificate', 's3:GetObject'),
  resource: fc.constantFrom(
    'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/alice',
    'arn:aws:s3:::bucket',
  ),
  keys: fc.dictionary(
    fc.constantFrom('aws:k', 'aws:l', 'aws:username'),
    fc.array(fc.constantFrom('x', 'alice'), { maxLength: 2 }),
  ),
})

function decided(statements: readonly unknown[], request: PolicyCase['request']): Decision {
  const row = {
    request,
    kind: 'resource' as const,
    policy: { Version: '2012-10-17', Statement: 0 },
  }
  return decisionOf({ ...row, name: '', section: '', expected: 'allowed' }, statements)
}

const runs = { numRuns: 1000 }

test('the generated requests produce every decision', () => {
  const samples = fc.sample(fc.tuple(someStatements, anyRequest), { numRuns: 500, seed: 1 })
  const found = new Set(samples.map(([statements, request]) => decided(statements, request)))
  assert.deepEqual([...found].sort(), ['allowed', 'denied', 'not-allowed'])
})

test('an additional Deny never allows a request, and never lifts another Deny', () => {
  fc.assert(
    fc.property(someStatements, statementOf('Deny'), anyRequest, (statements, deny, request) => {
      const before = decided(statements, request)
      const after = decided([...statements, deny], request)
      assert.ok(after === before || after === 'denied', `${before}, then ${after}`)
    }),
    runs,
  )
})

test('an additional Allow never denies a request, and never lifts a Deny', () => {
  fc.assert(
    fc.property(someStatements, statementOf('Allow'), anyRequest, (statements, allow, request) => {
      const before = decided(statements, request)
      const after = decided([allow, ...statements], request)
      assert.ok(after === before || (before === 'not-allowed' && after === 'allowed'))
    }),
    runs,
  )
})

test('neither the order of statements nor a repeated statement changes the decision', () => {
  const shuffled = someStatements.chain((statements) =>
    fc.tuple(
      fc.constant(statements),
      fc.shuffledSubarray([...statements, ...statements], { minLength: statements.length * 2 }),
    ),
  )
  fc.assert(
    fc.property(shuffled, anyRequest, ([statements, others], request) => {
      assert.equal(decided(others, request), decided(statements, request))
    }),
    runs,
  )
})

test('the decision of a policy combines the decisions of its single statements', () => {
  fc.assert(
    fc.property(someStatements, anyRequest, (statements, request) => {
      const each = statements.map((statement) => decided([statement], request))
      const expected = ['denied', 'allowed'].find((one) => each.includes(one as Decision))
      assert.equal(decided(statements, request), expected ?? 'not-allowed')
    }),
    runs,
  )
})

/** JSON that partially resembles a policy. */
const element = fc.constantFrom(
  'Version',
  'Statement',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
  'StringLike',
  'IpAddress',
  'aws:k',
  '__proto__',
  'AWS',
)
const leaf = fc.oneof(
  fc.constantFrom<unknown>('Allow', 'Deny', '*', '2012-10-17', variable, '::/0', null, true, 5),
  fc.string(),
)
const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
  anything: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('anything'), { maxLength: 3 }),
    fc.dictionary(element, tie('anything'), { maxKeys: 5, noNullPrototype: false }),
  ),
}))

test('no JSON makes parsing or deciding throw, and invalid policies allow nothing', () => {
  const text = fc.oneof(
    fc.json(),
    anything.map((value) => JSON.stringify(value)),
    anything.map((value) => JSON.stringify({ Version: '2012-10-17', Statement: value })),
    anything.map((value) => JSON.stringify({ Statement: { ...allowAll, Condition: value } })),
    anything.map((value) => JSON.stringify({ Statement: { ...allowAll, Principal: value } })),
  )
  fc.assert(
    fc.property(
      text,
      fc.constantFrom('identity', 'resource'),
      anyRequest,
      (json, kind, request) => {
        const policy = parsePolicy(json, kind)
        const decision = decide(policy, requestOf({ request }))
        assert.ok(policy.statements.length > 0 || decision === 'not-allowed')
        if (decision === 'allowed')
          assert.ok(policy.statements.some(({ effect }) => effect === 'Allow'))
      },
    ),
    runs,
  )
})

test('a Deny with an unknown element denies everything, and an Allow with an unknown element allows nothing', () => {
  fc.assert(
    fc.property(anyStatement, anyRequest, (statement, request) => {
      const { Effect: effect } = statement as { Effect: string }
      const expected = effect === 'Deny' ? 'denied' : 'not-allowed'
      assert.equal(decided([{ ...statement, Novelty: 1 }], request), expected)
    }),
  )
})
