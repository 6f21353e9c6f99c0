import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matchesPrincipal, namesDirectly, parsePrincipals, type Principals } from './principal.ts'

const account = '123456789012'
const alice = { arn: `arn:aws:iam::${account}:user/alice` }
const aliceAsking = { accountId: account, names: [alice.arn] }

function parse(statement: Readonly<Record<string, unknown>>) {
  const [faults, unclear]: [string[], string[]] = [[], []]
  return { faults, unclear, principals: parsePrincipals(statement, { name: 'S', faults, unclear }) }
}

function sound(value: unknown, element = 'Principal'): Principals {
  const { faults, unclear, principals } = parse({ [element]: value })
  assert.deepEqual([faults, unclear], [[], []], JSON.stringify(value))
  return principals ?? assert.fail('no principals')
}

test('`*`, account IDs and ARNs are parsed as different principals', () => {
  const everyone = { negated: false, everyone: true, accounts: [], names: [] }
  assert.deepEqual(sound('*'), everyone)
  assert.deepEqual(sound({ AWS: '*' }), everyone)
  assert.deepEqual(sound({ AWS: [account, alice.arn, 'arn:aws-cn:iam::000000000001:root'] }), {
    negated: false,
    everyone: false,
    accounts: [account, '000000000001'],
    names: [alice.arn],
  })
  assert.equal(sound({ AWS: account }, 'NotPrincipal').negated, true)
  assert.deepEqual(sound({ Service: 'acm.amazonaws.com' }).accounts, [])
})

test('a principal can be a user with a path, a role or a session', () => {
  for (const arn of [
    `arn:aws:iam::${account}:user/team/alice`,
    `arn:aws-us-gov:iam::${account}:role/issuer`,
    `arn:aws:sts::${account}:assumed-role/issuer/session`,
  ])
    assert.deepEqual(sound({ AWS: arn }).names, [arn])
})

test('an invalid principal is reported', () => {
  for (const value of [undefined, null, 1, 'alice', account, [], ['*']])
    assert.equal(parse({ Principal: value }).faults.length, 1, JSON.stringify(value))
  for (const value of [
    { AWS: 'alice' },
    { AWS: `${alice.arn}*` },
    { AWS: '12345678901' },
    { AWS: `arn:aws:iam::${account}:group/staff` },
    { AWS: 'arn:aws:iam::*:root' },
    { AWS: 5 },
    { AWS: [account, null] },
    { aws: account },
    { CanonicalUser: 'x' },
    { Service: 'acm' },
    { Service: '*' },
    { Federated: 'token.example.com' },
    { Federated: '*' },
    { toString: 'x' },
  ])
    assert.equal(parse({ Principal: value }).unclear.length, 1, JSON.stringify(value))
})

test('Principal and NotPrincipal cannot be combined', () => {
  const values = ['*', { AWS: '*' }, { AWS: account }]
  for (const principal of values)
    for (const other of values) {
      const { faults, principals } = parse({
        Effect: 'Deny',
        Principal: principal,
        NotPrincipal: other,
      })
      assert.equal(faults.length, 1, JSON.stringify([principal, other]))
      assert.equal(principals, undefined)
    }
})

test('NotPrincipal can only be combined with Effect Deny', () => {
  for (const who of ['*', { AWS: account }]) {
    assert.deepEqual(parse({ Effect: 'Deny', NotPrincipal: who }).unclear, [])
    assert.match(
      parse({ Effect: 'Allow', NotPrincipal: who }).unclear.join(),
      /NotPrincipal can only be combined with Effect Deny/,
    )
  }
})

test('a user matches its ARN, its account and everyone; only its ARN and everyone name it directly', () => {
  const cases: [value: unknown, matches: boolean, directly: boolean][] = [
    ['*', true, true],
    [{ AWS: ['*'] }, true, true],
    [{ AWS: account }, true, false],
    [{ AWS: `arn:aws:iam::${account}:root` }, true, false],
    [{ AWS: [account, alice.arn] }, true, true],
    [{ AWS: alice.arn }, true, true],
    [{ AWS: `${alice.arn}2` }, false, false],
    [{ AWS: '999999999999' }, false, false],
    [{ Service: 'acm.amazonaws.com' }, false, false],
    [{}, false, false],
  ]
  for (const [value, matches, directly] of cases) {
    assert.equal(
      matchesPrincipal(sound(value), aliceAsking, 'Allow'),
      matches,
      JSON.stringify(value),
    )
    assert.equal(namesDirectly(sound(value), aliceAsking), directly, JSON.stringify(value))
    assert.equal(namesDirectly(sound(value, 'NotPrincipal'), aliceAsking), false)
  }
})

test('NotPrincipal matches everyone except the named users', () => {
  const isMet = (value: unknown) =>
    matchesPrincipal(sound(value, 'NotPrincipal'), aliceAsking, 'Deny')
  assert.equal(isMet('*'), false)
  assert.equal(isMet({ AWS: alice.arn }), false)
  assert.equal(isMet({ AWS: [alice.arn, account] }), false)
  assert.equal(isMet({ AWS: `arn:aws:iam::${account}:user/bob` }), true)
  assert.equal(isMet({ AWS: '999999999999' }), true)
  assert.equal(isMet({ Service: 'acm.amazonaws.com' }), true)
})

test('no statement makes parsing throw, and every rejected statement has a message', () => {
  const key = fc.constantFrom('AWS', 'Service', 'Federated', '__proto__', 'constructor')
  const value = fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue()))
  fc.assert(
    fc.property(value, fc.constantFrom('Principal', 'NotPrincipal'), (principal, element) => {
      const { faults, principals } = parse({ [element]: principal })
      assert.equal(principals === undefined, faults.length > 0)
    }),
  )
})

test('a session matches its own ARN and the ARN of its role', () => {
  const names = [
    `arn:aws:sts::${account}:assumed-role/issuer/job`,
    `arn:aws:iam::${account}:role/issuer`,
  ]
  const session = { accountId: account, names }
  for (const name of names) {
    assert.equal(matchesPrincipal(sound({ AWS: name }), session, 'Allow'), true)
    assert.equal(matchesPrincipal(sound({ AWS: name }, 'NotPrincipal'), session, 'Deny'), false)
  }
  assert.equal(matchesPrincipal(sound({ AWS: `${names[0]}2` }), session, 'Allow'), false)
})

test('a caller without an account can be allowed only by name, but can be denied as part of everyone', () => {
  const provider = `arn:aws:iam::${account}:oidc-provider/token.example.com/id`
  for (const [kind, name] of [
    ['Service', 'acm.amazonaws.com'],
    ['Federated', provider],
  ] as const) {
    const asking = { accountId: undefined, names: [name] }
    const isMet = (value: unknown, effect: 'Allow' | 'Deny'): boolean =>
      matchesPrincipal(sound(value), asking, effect)
    for (const effect of ['Allow', 'Deny'] as const) {
      assert.equal(isMet({ [kind]: name }, effect), true)
      assert.equal(isMet({ AWS: account }, effect), false)
      for (const everyone of ['*', { AWS: '*' }])
        assert.equal(isMet(everyone, effect), effect === 'Deny')
    }
    assert.equal(matchesPrincipal(sound({ AWS: account }, 'NotPrincipal'), asking, 'Deny'), true)
  }
})
