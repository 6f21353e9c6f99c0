import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matchesArn, operators, type Operator } from './operators.ts'

function operator(name: string): Operator {
  return operators.get(name.toLowerCase()) ?? assert.fail(name)
}

function holds(name: string, wanted: string, actual: string): boolean {
  return operator(name).holds(wanted, actual)
}

/** Operators listed in the IAM User Guide (IAM JSON policy elements: Condition operators). */
const documented = `
  StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
  NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan
  NumericGreaterThanEquals DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan
  DateGreaterThanEquals Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike
`
  .trim()
  .split(/\s+/)

test('the operators are those documented by IAM', () => {
  assert.deepEqual(
    [...operators.keys()].sort(),
    documented.map((name) => name.toLowerCase()).sort(),
  )
  for (const name of documented) assert.equal(operator(name).negated, name.includes('Not'), name)
})

/** Valid and invalid policy values for each operator. */
const accepted: [name: string, sound: string[], unsound: string[]][] = [
  ['StringEquals', ['', 'x', '*'], []],
  [
    'NumericEquals',
    ['0', '-1', '1.5', '007'],
    ['', ' ', 'x', '1,5', '1 2', 'NaN', 'Infinity', '0x10'],
  ],
  [
    'DateEquals',
    [
      '0',
      '1795608000',
      '2026-11-25',
      '2026-11-25T12:00:00Z',
      '2024-02-29',
      '2026-11-25T12:00:00+0100',
    ],
    [
      '',
      'x',
      '2026-13-01',
      '2026-11-32',
      '2026-02-30',
      '2025-02-29',
      '2026-11-25T25:00:00Z',
      '25/11/2026',
    ],
  ],
  ['Bool', ['true', 'FALSE'], ['', '1', 'yes', 'true ']],
  ['BinaryEquals', ['', 'QUI=', 'QUJD', 'QQ=='], ['QUI', '*', 'QUJD=', 'QU-_']],
  [
    'IpAddress',
    ['192.0.2.1', '192.0.2.1/0', '192.0.2.0/32', '::', '2001:db8::/128', '::ffff:192.0.2.1'],
    [
      '',
      '192.0.2',
      '192.0.2.1/',
      '192.0.2.1/33',
      '192.0.2.1/-1',
      '::/129',
      '::/1/2',
      'x/8',
      '192.0.2.256',
    ],
  ],
  [
    'ArnLike',
    ['*', 'arn:aws:iam::1:user/x', 'arn:*:*:*:*:*', 'a:b:c:d:e:f:g'],
    ['', 'arn', 'arn:aws:iam:*'],
  ],
]

for (const [name, sound, unsound] of accepted)
  test(`${name} accepts its valid values and rejects others`, () => {
    for (const text of sound) assert.equal(operator(name).accepts(text), true, text)
    for (const text of unsound) assert.equal(operator(name).accepts(text), false, text)
  })

test('numbers are compared as numbers, not as text', () => {
  const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  fc.assert(
    fc.property(number, number, (wanted, actual) => {
      const of = (name: string) => holds(name, String(wanted), String(actual))
      assert.equal(of('NumericEquals'), actual === wanted)
      assert.equal(of('NumericLessThan'), actual < wanted)
      assert.equal(of('NumericLessThanEquals'), actual <= wanted)
      assert.equal(of('NumericGreaterThan'), actual > wanted)
      assert.equal(of('NumericGreaterThanEquals'), actual >= wanted)
    }),
  )
})

test('dates are compared as times, in every form', () => {
  const seconds = fc.integer({ min: 0, max: 4_000_000_000 })
  const form = fc.constantFrom(String, (at: number) => new Date(at * 1000).toISOString())
  fc.assert(
    fc.property(
      fc.tuple(seconds, form),
      fc.tuple(seconds, form),
      ([wanted, one], [actual, other]) => {
        const of = (name: string) => holds(name, one(wanted), other(actual))
        assert.equal(of('DateEquals'), actual === wanted)
        assert.equal(of('DateLessThan'), actual < wanted)
        assert.equal(of('DateLessThanEquals'), actual <= wanted)
        assert.equal(of('DateGreaterThan'), actual > wanted)
        assert.equal(of('DateGreaterThanEquals'), actual >= wanted)
      },
    ),
  )
})

test('an address is in a range if it starts with the prefix of the range', () => {
  const bits = fc.integer({ min: 0, max: 32 })
  const dotted = (value: bigint) =>
    [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
  const address = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n })
  fc.assert(
    fc.property(
      fc.tuple(address, bits),
      fc.integer({ min: 0, max: 32 }),
      address,
      ([base, prefix], flip, any) => {
        const near = flip === 32 ? base : base ^ (1n << BigInt(31 - flip))
        for (const actual of [near, any]) {
          const expected = base >> BigInt(32 - prefix) === actual >> BigInt(32 - prefix)
          assert.equal(holds('IpAddress', `${dotted(base)}/${prefix}`, dotted(actual)), expected)
        }
      },
    ),
  )
})

test('an IPv4-mapped IPv6 address is in the range of its IPv4 address', () => {
  assert.equal(holds('IpAddress', '192.0.2.0/24', '::ffff:192.0.2.7'), true)
  assert.equal(holds('IpAddress', '192.0.2.0/24', '::ffff:192.0.3.7'), false)
  assert.equal(holds('IpAddress', 'fe80::/10', 'fe80::1%eth0'), true)
})

test('no value makes an operator throw', () => {
  const odd = fc.constantFrom('', '*', 'fe80::1%eth0', '::/0', '1e999', 'arn:', '\0', '-1', '${*}')
  const text = fc.oneof(fc.string(), odd, fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(fc.constantFrom(...operators.values()), text, text, (one, wanted, actual) => {
      if (one.accepts(wanted)) assert.equal(typeof one.holds(wanted, actual), 'boolean')
    }),
    { numRuns: 3000 },
  )
})

test('ranges evicted from the cache are still compared correctly', () => {
  for (let at = 0; at < 10_050; at += 1)
    assert.equal(holds('IpAddress', `10.${at >> 8}.${at & 255}.0/24`, '10.0.7.1'), at === 7)
})

test('ARN parts are matched separately, and the sixth part is the rest of the ARN', () => {
  const part = fc.stringMatching(/^[a-z/]{0,3}$/)
  const six = fc.array(part, { minLength: 6, maxLength: 8 })
  fc.assert(
    fc.property(six, fc.nat({ max: 5 }), (parts, at) => {
      const arn = parts.join(':')
      assert.equal(matchesArn(arn, arn), true)
      assert.equal(matchesArn('*', arn), true)
      assert.equal(matchesArn('*:*:*:*:*:*', arn), true)
      assert.equal(matchesArn('*:*:*:*:*', arn), false)
      const wild = parts.map((text, index) => (index === at ? '*' : text)).join(':')
      assert.equal(matchesArn(wild, arn), true)
      assert.equal(matchesArn(parts.with(at, `${parts[at]}0`).join(':'), arn), false)
    }),
  )
})

/** Runs in a separate process, because the only way to stop a running regular expression is to end its process. */
const longValues = `
  import { operators } from '${new URL('operators.ts', import.meta.url).href}'
  const unit = ['1', '1.', '-', ' ', '0', 'A', 'A=', ':', '/', '2026-', 'T', 'e1']
  for (const text of unit.map((one) => one.repeat(80_000 / one.length) + '!'))
    for (const { accepts } of operators.values()) accepts(text)
`

test('checking a value as long as a whole policy terminates', () => {
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', longValues],
    { encoding: 'utf8', timeout: 5000 },
  )
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' })
})
