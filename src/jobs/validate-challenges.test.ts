import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { AcmeRows, keyThumbprint } from '../../test/support/acme-rows.ts'
import { TestDatabase } from '../../test/support/database.ts'
import { TestDnsServer } from '../../test/support/dns-server.ts'
import { TestClock } from '../../test/support/service.ts'
import { testServices } from '../../test/support/services.ts'
import { LocalServer } from '../../test/support/validation.ts'
import { systemRandom } from '../random.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createValidator, type ValidationResult, type Validator } from '../validation/validator.ts'
import { createJobs } from './index.ts'
import { createValidateChallenges } from './validate-challenges.ts'

const valid: ValidationResult = { outcome: 'valid' }
const problem = { type: 'dns', detail: 'DNS name a does not exist (NXDOMAIN).' } as const
const refused: ValidationResult = { outcome: 'invalid', problem, isRetryable: false }
const failed: ValidationResult = { outcome: 'invalid', problem, isRetryable: true }
const stored = JSON.stringify({ type: 'urn:ietf:params:acme:error:dns', detail: problem.detail })

class Bench implements AsyncDisposable {
  readonly clock = new TestClock()
  readonly metrics = createMetrics()
  readonly lines: string[] = []
  readonly #database: TestDatabase
  readonly rows: AcmeRows

  private constructor(database: TestDatabase, rows: AcmeRows) {
    this.#database = database
    this.rows = rows
  }

  /** Opens a database with the order `o`, whose authorization `a` has a requested challenge. */
  static async open(): Promise<Bench> {
    const database = await TestDatabase.open()
    const bench = new Bench(database, await AcmeRows.start(database.db))
    await bench.insert('o', ['a'])
    await bench.rows.request('a http-01')
    return bench
  }

  async insert(order: string, names: readonly string[]): Promise<void> {
    const expiresAt = new Date(this.clock.now().getTime() + 86_400_000)
    await this.rows.insertOrder({ order, names, expiresAt })
  }

  run(
    validate: Validator['validate'],
    signal = new AbortController().signal,
  ): Promise<{ done: number; failed: number }> {
    const services = testServices({
      db: this.#database.db,
      clock: this.clock,
      random: systemRandom,
      metrics: this.metrics,
      log: createLog('info', { write: (line: string) => void this.lines.push(line) }),
      wake: () => {},
    })
    return createValidateChallenges({ validate }).run(services, signal)
  }

  async counts(): Promise<string[]> {
    const text = await this.metrics.text()
    return text.split('\n').filter((line) => line.startsWith('signet_acme_validations_total'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database[Symbol.asyncDispose]()
  }
}

test('a valid challenge makes its authorization valid for 30 days, and its order ready', async () => {
  await using bench = await Bench.open()
  const challenges: unknown[] = []
  const result = await bench.run(async (challenge) => {
    challenges.push(challenge)
    return valid
  })
  assert.deepEqual(result, { done: 1, failed: 0 })
  assert.deepEqual(challenges, [
    {
      type: 'http-01',
      identifier: { type: 'dns', value: 'a' },
      token: 'a http-01',
      keyAuthorization: `a http-01.${keyThumbprint}`,
    },
  ])
  assert.deepEqual(await bench.rows.statuses('challenge:a http-01', 'authorization:a', 'order:o'), [
    'valid',
    'valid',
    'ready',
  ])
  const { expires_at_ms } = await bench.rows.authorization('a')
  assert.equal(expires_at_ms, bench.clock.now().getTime() + 30 * 86_400_000)
  assert.deepEqual(await bench.counts(), [
    'signet_acme_validations_total{type="http-01",result="valid"} 1',
  ])
})

test('the identifier of a wildcard authorization is validated with the wildcard', async () => {
  await using bench = await Bench.open()
  const expiresAt = new Date(bench.clock.now().getTime() + 86_400_000)
  await bench.rows.insertOrder({
    order: 'w',
    names: ['w'],
    types: ['dns-01'],
    wildcard: true,
    expiresAt,
  })
  await bench.rows.request('w dns-01')
  const values: string[] = []
  await bench.run(async ({ identifier }) => {
    values.push(identifier.value)
    return valid
  })
  assert.deepEqual(values.toSorted(), ['*.w', 'a'])
})

test('an invalid challenge stores its problem in the challenge and the order', async () => {
  await using bench = await Bench.open()
  await bench.run(async () => refused)
  assert.deepEqual(await bench.rows.statuses('challenge:a http-01', 'authorization:a', 'order:o'), [
    'invalid',
    'invalid',
    'invalid',
  ])
  assert.equal((await bench.rows.challenge('a http-01'))['error'], stored)
  assert.equal((await bench.rows.order('o'))['error'], stored)
  const line = JSON.parse(bench.lines.join('')) as Record<string, unknown>
  assert.equal(line['identifier'], 'a')
  assert.equal(line['problem'], stored)
})

test('a temporary failure is repeated after 5, 10, 20 and 40 seconds, and is then final', async () => {
  await using bench = await Bench.open()
  let attempts = 0
  const attempt = (): Promise<unknown> =>
    bench.run(async () => {
      attempts += 1
      return failed
    })
  for (const [at, seconds] of [5, 10, 20, 40].entries()) {
    await attempt()
    const { status, error } = await bench.rows.challenge('a http-01')
    assert.deepEqual([status, error], ['processing', stored])
    bench.clock.advance({ seconds: seconds - 1 })
    await attempt()
    assert.equal(attempts, at + 1)
    bench.clock.advance({ seconds: 1 })
  }
  await attempt()
  assert.equal(attempts, 5)
  assert.deepEqual(await bench.rows.statuses('challenge:a http-01', 'order:o'), [
    'invalid',
    'invalid',
  ])
  assert.deepEqual(await bench.counts(), [
    'signet_acme_validations_total{type="http-01",result="retry"} 4',
    'signet_acme_validations_total{type="http-01",result="invalid"} 1',
  ])
})

test('a success after a temporary failure removes the error', async () => {
  await using bench = await Bench.open()
  await bench.run(async () => failed)
  bench.clock.advance({ seconds: 5 })
  await bench.run(async () => valid)
  const { status, error } = await bench.rows.challenge('a http-01')
  assert.deepEqual([status, error], ['valid', null])
})

test('challenges of deactivated authorizations and accounts are not validated', async () => {
  await using bench = await Bench.open()
  const never = (): never => assert.fail('the challenge is validated')
  await bench.rows.setAuthorization('a', 'deactivated')
  assert.deepEqual(await bench.run(never), { done: 1, failed: 0 })
  assert.deepEqual(await bench.rows.statuses('challenge:a http-01', 'order:o'), [
    'pending',
    'pending',
  ])
  await bench.insert('p', ['b'])
  await bench.rows.request('b http-01')
  await bench.rows.setAccount({ status: 'deactivated' })
  await bench.run(never)
  assert.deepEqual(await bench.rows.statuses('challenge:b http-01', 'authorization:b'), [
    'pending',
    'pending',
  ])
  assert.deepEqual(await bench.run(never), { done: 0, failed: 0 })
})

test('a result is dropped if the account is deactivated during the validation', async () => {
  for (const result of [valid, refused]) {
    await using bench = await Bench.open()
    await bench.run(async () => {
      await bench.rows.setAccount({ status: 'deactivated' })
      return result
    })
    assert.deepEqual(
      await bench.rows.statuses('challenge:a http-01', 'authorization:a', 'order:o'),
      ['pending', 'pending', 'pending'],
    )
    assert.deepEqual(await bench.counts(), [])
  }
})

test('the result of a node whose lease has expired is dropped', async () => {
  await using bench = await Bench.open()
  await bench.run(async () => {
    bench.clock.advance({ seconds: 60 })
    await bench.run(async () => valid)
    return refused
  })
  assert.deepEqual(await bench.rows.statuses('challenge:a http-01', 'authorization:a', 'order:o'), [
    'valid',
    'valid',
    'ready',
  ])
})

test('an internal error is logged and repeated, and does not stop other challenges', async () => {
  await using bench = await Bench.open()
  await bench.insert('p', ['b'])
  await bench.rows.request('b http-01')
  const result = await bench.run(async ({ identifier }) => {
    if (identifier.value === 'a') throw new TypeError('a bug with secret content')
    return valid
  })
  assert.deepEqual(result, { done: 1, failed: 1 })
  assert.deepEqual(await bench.rows.statuses('order:o', 'order:p'), ['pending', 'ready'])
  const { status, failures, error } = await bench.rows.challenge('a http-01')
  assert.deepEqual([status, failures], ['processing', 1])
  assert.equal(
    error,
    '{"type":"urn:ietf:params:acme:error:serverInternal","detail":"The CA server could not validate the challenge."}',
  )
  assert.match(bench.lines.join(''), /a bug with secret content/)
})

test('a stopping server releases the challenge, which counts no attempt', async () => {
  await using bench = await Bench.open()
  const stopping = new AbortController()
  await bench.run((_challenge, signal) => {
    stopping.abort()
    return Promise.reject(signal.reason as Error)
  }, stopping.signal)
  const { status, failures, lease } = await bench.rows.challenge('a http-01')
  assert.deepEqual([status, failures, lease], ['processing', 0, null])
  assert.equal((await bench.run(async () => valid)).done, 1)
})

test('at most sixteen challenges of a run are validated at the same time', async () => {
  await using bench = await Bench.open()
  const names = Array.from({ length: 31 }, (_, at) => `n${at}`)
  await bench.insert('many', names)
  await bench.rows.request(...names.map((name) => `${name} http-01`))
  let running = 0
  let highest = 0
  const result = await bench.run(async () => {
    running += 1
    highest = Math.max(highest, running)
    await new Promise(setImmediate)
    running -= 1
    return valid
  })
  assert.deepEqual(result, { done: 32, failed: 0 })
  assert.equal(highest, 16)
  assert.deepEqual(await bench.rows.statuses('order:many'), ['ready'])
})

test('a challenge is validated over the network', async () => {
  await using bench = await Bench.open()
  await using dns = await TestDnsServer.start()
  dns.set('a', { A: ['127.0.0.1'] })
  await using web = await LocalServer.start(
    createServer((_request, response) => void response.end(`a http-01.${keyThumbprint}`)),
  )
  const validator = createValidator({
    resolver: [dns.address],
    networks: ['127.0.0.1'],
    httpPort: web.port,
    tlsPort: 443,
    isOwnAddress: () => false,
  })
  await bench.run((challenge, signal) => validator.validate(challenge, signal))
  assert.deepEqual(await bench.rows.statuses('order:o'), ['ready'])
})

test('a server has the job only if it serves ACME', () => {
  const names = (validation?: Parameters<typeof createJobs>[0]['validation']): string[] =>
    createJobs({ eventWebhook: undefined, keepExpiredSeconds: undefined, validation }).map(
      ({ name }) => name,
    )
  const options = { resolver: undefined, networks: [], httpPort: 80, tlsPort: 443 }
  assert.ok(!names().includes('validate-challenges'))
  assert.ok(names({ ...options, isOwnAddress: () => false }).includes('validate-challenges'))
})
