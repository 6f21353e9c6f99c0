/**
 * A short run of the fuzzer (run.ts). Every mutated request must receive a response, no response may be 5xx, and no process may
 * exit.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Campaign } from './campaign.ts'

const seed = Number(process.env['SIGNET_FUZZ_SEED'] ?? 15)
const batchSize = 250

async function fuzz(t: TestContext, workers: string, first: number): Promise<void> {
  const flags = ['--workers', workers, '--auth-failures', '0']
  const campaign = new Campaign({ seed, flags, inFlight: 8 })
  await campaign.start()
  try {
    for (const [kind, batches] of [
      ['signed', 2],
      ['open', 2],
      ['csr', 1],
    ] as const)
      for (let batch = 0; batch < batches; batch += 1)
        await campaign.batch(kind, first + batch * batchSize, batchSize)
  } finally {
    await campaign.close()
  }
  const { findings, outcomes, longestBlock } = campaign
  t.diagnostic(`SIGNET_FUZZ_SEED=${seed} ${JSON.stringify([...outcomes])}`)
  t.diagnostic(`longest blocks in milliseconds: ${JSON.stringify(longestBlock)}`)
  // The duration of a request depends on the machine, so only run.ts checks durations.
  const failures = findings.all.filter(({ problem }) => !problem.startsWith('blocks '))
  assert.deepEqual(failures, [])
  for (const status of ['200', '400', '403', '404'])
    assert.ok((outcomes.get(status) ?? 0) > 0, `no response had status ${status}`)
}

test('a single-process server responds to every mutated request', (t) => fuzz(t, '1', 0))

test('a server with workers responds to every mutated request', (t) => fuzz(t, '2', 10_000))
