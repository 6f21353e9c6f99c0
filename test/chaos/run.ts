/**
 * The chaos test: load, trouble, and the judgement afterwards. Clients issue, fetch, revoke and look at CRLs through any server of
 * a fleet, and note every answer in a ledger; an answer that is lost makes the request unclear, not wrong. Meanwhile servers are
 * killed, stopped and cut off, in an order that the seed repeats. When the trouble is over the checker compares the ledger with
 * the rows, the certificates, every version of the CRLs that was seen, and OCSP, with nothing of the server's code. The test fails
 * on any difference: what was acknowledged must be there, once, and a revocation must never be missing from a later CRL.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { command } from '../support/process.ts'
import { readCredentials } from '../support/service.ts'
import { findFaults, type Evidence, type Row } from './checker.ts'
import { choicesOf, type Choices } from './choices.ts'
import { createClient } from './client.ts'
import { causeTrouble, type Fault } from './faults.ts'
import type { Fleet } from './fleet.ts'
import { createAuthorities, crlBucket } from './hierarchy.ts'
import { newLedger, type Ledger } from './ledger.ts'
import { pollCrls, pollMilliseconds, runLoad, tagsOf } from './load.ts'

/** How long there is trouble, and what is chosen by. */
const seconds = Number(process.env['SIGNET_CHAOS_SECONDS'] ?? 10)
const seed = Number(process.env['SIGNET_CHAOS_SEED'] ?? Date.now() % 1_000_000)
/** A lease that a killed server left is waited for, and then some. */
const quietSeconds = 60

export interface Chaos {
  readonly data: string
  readonly fleet: Fleet
  /** Of commands that look at the same database. */
  readonly commandFlags: readonly string[]
  readonly faults: (choices: Choices) => Record<string, Fault>
  readonly pauseMilliseconds: number
  /** Reads the database itself. */
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
    onStrange: (text) => ledger.strange.push(text),
  })
  const bucket = await command(['bucket', 'create', crlBucket, '--data', data, ...commandFlags])
  assert.equal(bucket.code, 0, bucket.stderr)
  const authorities = await createAuthorities(client)
  const endAt = Date.now() + seconds * 1000
  const order: string[] = []
  let isCalm = false
  let isQuiet = false
  const load = { client, choices: choicesOf(seed + 2), ledger, authorities }
  // Whatever ends the test, nobody goes on looking.
  using ending = new DisposableStack()
  ending.defer(() => (isQuiet = true))
  const polling = pollCrls({ ...load, isOver: () => isQuiet })
  const trouble = causeTrouble({
    choices: choicesOf(seed + 3),
    faults: faults(choicesOf(seed + 4)),
    pauseMilliseconds,
    isOver: () => Date.now() > endAt,
    onFault: (name) => order.push(name),
  }).finally(() => (isCalm = true))
  const loading = runLoad({
    ...load,
    isOver: () => isCalm && (isEnough(ledger) || Date.now() > endAt + extraMilliseconds),
  })
  // Nobody starts a server again after the test.
  await Promise.allSettled([trouble, loading])
  const [counts] = await Promise.all([trouble, loading])
  assert.deepEqual(fleet.crashes, [], 'servers ended by themselves')
  const waited = await untilPublished(rows)
  isQuiet = true
  await polling
  t.diagnostic(JSON.stringify({ ...figuresOf(ledger), ...counts, secondsUntilPublished: waited }))
  const evidence = {
    rows,
    ledger,
    authorities,
    publicUrls: fleet.members.map((one) => one.publicUrl),
  }
  await judge({ ...evidence, tags: await tagsOf(client, authorities[0]?.arn ?? '') }, counts, order)
  const { code, stdout, stderr } = await command(['verify', '--data', data, ...commandFlags])
  assert.equal(code, 0, stdout + stderr)
}

async function judge(
  evidence: Evidence,
  counts: Record<string, number>,
  order: readonly string[],
): Promise<void> {
  const faults = await findFaults(evidence)
  const shown = [...faults.slice(0, 40), `after ${order.join(', ')}`]
  assert.equal(faults.length, 0, `seed ${seed}, ${faults.length} faults:\n${shown.join('\n')}`)
  assert.ok(isEnough(evidence.ledger), JSON.stringify(figuresOf(evidence.ledger)))
  for (const [name, count] of Object.entries(counts))
    assert.ok(count > 0, `no ${name}: the time is too short`)
}

/** On a busy machine the load goes on this long after the last fault, until there is enough evidence. */
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
    asked: issuances.length,
    issued: issuances.filter(({ arns }) => arns.size > 0).length,
    unclear: issuances.filter(({ unclear }) => unclear).length,
    revoked: issuances.filter(({ revocation }) => revocation?.answeredAt !== undefined).length,
    created: creations.filter(({ csrs }) => csrs.size > 0).length,
    crlVersions: crls.length,
  }
}

/** Waits until every CRL lists all that it has to, and whoever looks has seen it; how many seconds that took. */
export async function untilPublished(rows: Chaos['rows']): Promise<number> {
  const startedAt = Date.now()
  for (;;) {
    const waiting = await rows(
      'select name, changes, published_changes, lease, failures from crls where changes <> published_changes',
    )
    const took = (Date.now() - startedAt) / 1000
    assert.ok(took < quietSeconds, `not published: ${JSON.stringify(waiting)}`)
    await delay(5 * pollMilliseconds)
    if (waiting.length === 0) return Math.round(took)
  }
}

/** Rows of a SQLite file that a server has open. */
export function readSqlite(path: string): Chaos['rows'] {
  // oxlint-disable-next-line typescript/require-await -- the other database is asynchronous
  return async (text) => {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
    try {
      return db.prepare(text).all()
    } finally {
      db.close()
    }
  }
}
