/**
 * The chaos test of a fleet of servers. Clients issue, fetch and revoke certificates and fetch CRLs, each time through a random
 * server. The clients record every response in a ledger. If a response is lost, the request's outcome is unknown. A lost response
 * is not an error. During the load, servers are killed, stopped and disconnected, in an order that is reproducible from the seed.
 * After the load, the checker compares the ledger with the database, the certificates, all fetched CRL versions and OCSP
 * responses. The checker uses none of the server's code. The test fails on any difference: each acknowledged write must exist
 * exactly once, and no CRL may lack an earlier revocation.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { command } from '../support/process.ts'
import { readCredentials } from '../support/service.ts'
import { findProblems, type Evidence, type Row } from './checker.ts'
import { choicesOf, type Choices } from './choices.ts'
import { createClient } from './client.ts'
import { injectFaults, type Fault } from './faults.ts'
import type { Fleet } from './fleet.ts'
import { createAuthorities, crlBucket } from './hierarchy.ts'
import { newLedger, type Ledger } from './ledger.ts'
import { pollCrls, pollMilliseconds, runLoad, tagsOf } from './load.ts'

/** Duration of fault injection, and the seed for all random choices. */
const seconds = Number(process.env['SIGNET_CHAOS_SECONDS'] ?? 10)
const seed = Number(process.env['SIGNET_CHAOS_SEED'] ?? Date.now() % 1_000_000)
/** Time limit for publishing all CRLs, longer than a killed server's lease. */
const publicationSeconds = 60

export interface Chaos {
  readonly data: string
  readonly fleet: Fleet
  /** Flags with which commands open the same database. */
  readonly commandFlags: readonly string[]
  readonly faults: (choices: Choices) => Record<string, Fault>
  readonly pauseMilliseconds: number
  /** Reads the database with SQL. */
  readonly rows: (text: string) => Promise<Row[]>
}

export async function runChaos(t: TestContext, chaos: Chaos): Promise<void> {
  const { data, fleet, faults, pauseMilliseconds, rows, commandFlags } = chaos
  t.diagnostic(`SIGNET_CHAOS_SEED=${seed} SIGNET_CHAOS_SECONDS=${seconds}`)
  const ledger = newLedger()
  const client = createClient({
    fleet,
    credentials: readCredentials(join(data, 'credentials')),
    choices: choicesOf(seed + 1),
    onUnexpected: (text) => ledger.unexpected.push(text),
  })
  const bucket = await command(['bucket', 'create', crlBucket, '--data', data, ...commandFlags])
  assert.equal(bucket.code, 0, bucket.stderr)
  const authorities = await createAuthorities(client)
  const endAt = Date.now() + seconds * 1000
  const order: string[] = []
  let faultsHaveEnded = false
  let pollingEnds = false
  const load = { client, choices: choicesOf(seed + 2), ledger, authorities }
  // Polling also ends when the test fails.
  using cleanup = new DisposableStack()
  cleanup.defer(() => (pollingEnds = true))
  const polling = pollCrls({ ...load, isOver: () => pollingEnds })
  const injection = injectFaults({
    choices: choicesOf(seed + 3),
    faults: faults(choicesOf(seed + 4)),
    pauseMilliseconds,
    isOver: () => Date.now() > endAt,
    onFault: (name) => order.push(name),
  }).finally(() => (faultsHaveEnded = true))
  const loading = runLoad({
    ...load,
    isOver: () => faultsHaveEnded && (isEnough(ledger) || Date.now() > endAt + extraMilliseconds),
  })
  // Both fault injection and load must have ended, so that no server is started after the test.
  await Promise.allSettled([injection, loading])
  const [counts] = await Promise.all([injection, loading])
  assert.deepEqual(fleet.crashes, [], 'servers exited without a signal')
  const secondsUntilPublished = await untilPublished(rows)
  pollingEnds = true
  await polling
  t.diagnostic(JSON.stringify({ ...figuresOf(ledger), ...counts, secondsUntilPublished }))
  const evidence = {
    rows,
    ledger,
    authorities,
    publicUrls: fleet.members.map(({ publicUrl }) => publicUrl),
  }
  await check({ ...evidence, tags: await tagsOf(client, authorities[0]?.arn ?? '') }, counts, order)
  const { code, stdout, stderr } = await command(['verify', '--data', data, ...commandFlags])
  assert.equal(code, 0, stdout + stderr)
}

async function check(
  evidence: Evidence,
  counts: Record<string, number>,
  order: readonly string[],
): Promise<void> {
  const problems = await findProblems(evidence)
  const lines = [...problems.slice(0, 40), `after ${order.join(', ')}`]
  assert.equal(
    problems.length,
    0,
    `seed ${seed}, ${problems.length} problems:\n${lines.join('\n')}`,
  )
  assert.ok(isEnough(evidence.ledger), JSON.stringify(figuresOf(evidence.ledger)))
  for (const [name, count] of Object.entries(counts))
    assert.ok(count > 0, `no ${name}; increase SIGNET_CHAOS_SECONDS`)
}

/**
 * Maximum duration of the load after the last fault. The load ends sooner if there is enough evidence. A busy machine needs this
 * additional time.
 */
const extraMilliseconds = 60_000

function isEnough(ledger: Ledger): boolean {
  const { issued, revoked, created } = figuresOf(ledger)
  return issued > 50 && revoked > 10 && created > 0
}

function figuresOf({ issuances, creations, crls }: Ledger): Record<string, number> & {
  issued: number
  revoked: number
  created: number
} {
  return {
    requested: issuances.length,
    issued: issuances.filter(({ arns }) => arns.size > 0).length,
    unclear: issuances.filter(({ unclear }) => unclear).length,
    revoked: issuances.filter(({ revocation }) => revocation?.acknowledgedAt !== undefined).length,
    created: creations.filter(({ csrs }) => csrs.size > 0).length,
    crlVersions: crls.length,
  }
}

/** Waits until every CRL has been published completely and has been polled. Returns the duration of the wait in seconds. */
export async function untilPublished(rows: Chaos['rows']): Promise<number> {
  const startedAt = Date.now()
  for (;;) {
    const unpublished = await rows(
      'select name, changes, published_changes, lease, failures from crls where changes <> published_changes',
    )
    const elapsed = (Date.now() - startedAt) / 1000
    assert.ok(elapsed < publicationSeconds, `unpublished CRLs: ${JSON.stringify(unpublished)}`)
    await delay(5 * pollMilliseconds)
    if (unpublished.length === 0) return Math.round(elapsed)
  }
}

/** Returns a function that reads rows from a SQLite file while a server has it open. */
export function readSqlite(path: string): Chaos['rows'] {
  // oxlint-disable-next-line typescript/require-await -- the equivalent function for PostgreSQL is asynchronous
  return async (text) => {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
    try {
      return db.prepare(text).all()
    } finally {
      db.close()
    }
  }
}
