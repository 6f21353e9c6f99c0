/**
 * Measures how a server with default settings serves a well-behaved client during an attack. Run by hand:
 *
 *   node test/fuzz/hostile-load.ts [--seconds 30] [--rate 10] [--kind PART-OF-A-NAME] [--workers N]
 *
 * Hostile requests of each kind are sent at a fixed rate while a well-behaved client sends signed requests. The exit code is 1 if
 * the client's 99th percentile latency reaches 100 ms, if one of the client's requests fails, if the server exits, or if the
 * server's memory reaches 1 GiB.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { csr } from '../support/csrs.ts'
import { issueInput } from '../support/hierarchy.ts'
import { encodeRequest, FuzzConnection } from './http.ts'
import { hostileKinds, type HostileKind } from './hostile-kinds.ts'
import { atRate, type HostileJob } from './hostile-thread.ts'
import { mebibytes } from './memory.ts'
import { startProbedServer, type ProbedServer } from './server.ts'
import { signInHeader } from './sign.ts'
import { createWorld, region, type World } from './world.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string', default: '10' },
    kind: { type: 'string', default: '' },
    /** The number of workers; by default, the same as for `signet serve`. */
    workers: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const rate = Number(values.rate)
/** Number of requests per second from the well-behaved client. */
const goodRate = 50
const latencyMax = 100
const rssBytesMax = 2 ** 30

interface Result {
  /** Sorted latencies in milliseconds. */
  readonly latencies: readonly number[]
  /** Outcomes other than status 200. */
  readonly failures: readonly string[]
  readonly rssMax: number
  /** Longest block of an event loop, in milliseconds of processor time. */
  readonly block: number
  readonly crash: string | undefined
  /** Number of hostile requests, by status code or outcome. */
  readonly outcomes: ReadonlyMap<string, number>
}

function goodRequest(world: World, number: number): Buffer {
  const isIssue = number % 5 === 0
  const operation = isIssue ? 'IssueCertificate' : 'DescribeCertificateAuthority'
  const input = isIssue
    ? issueInput(world.issuing.arn, csr('ec-server'))
    : { CertificateAuthorityArn: world.issuing.arn }
  return encodeRequest(
    signInHeader(
      {
        method: 'POST',
        target: '/',
        headers: [
          ['host', `127.0.0.1:${world.apiPort}`],
          ['content-type', 'application/x-amz-json-1.1'],
          ['x-amz-target', `ACMPrivateCA.${operation}`],
        ],
        body: Buffer.from(JSON.stringify(input)),
      },
      { credentials: world.credentials, service: 'acm-pca', region, date: new Date() },
    ),
  )
}

/** Sends the hostile requests from a separate thread. Returns their number by status code or outcome. */
async function attack(
  { apiPort, publicPort }: World,
  kind: HostileKind | undefined,
): Promise<ReadonlyMap<string, number>> {
  if (kind === undefined) return new Map()
  const world = { apiPort, publicPort }
  const job: HostileJob = { world, kind: kind.name, perSecond: rate, seconds }
  const thread = new Worker(new URL('hostile-thread.ts', import.meta.url), { workerData: job })
  const [outcomes] = (await once(thread, 'message')) as [ReadonlyMap<string, number>]
  await thread.terminate()
  return outcomes
}

async function measure(kind: HostileKind | undefined): Promise<Result> {
  const workers = values.workers === undefined ? [] : ['--workers', values.workers]
  const server = await startProbedServer([...workers, ...(kind?.flags ?? [])])
  try {
    return await measureOn(server, kind)
  } finally {
    await server.close()
  }
}

async function measureOn(server: ProbedServer, kind: HostileKind | undefined): Promise<Result> {
  const world = await createWorld(server)
  // Blocks that occurred during startup are discarded.
  await server.reports()
  const latencies: number[] = []
  const failures: string[] = []
  let rssMax = 0
  let block = 0
  const idle: FuzzConnection[] = []
  const good = atRate({ perSecond: goodRate, seconds }, async (number) => {
    const connection = idle.pop() ?? new FuzzConnection(world.apiPort)
    const bytes = goodRequest(world, number)
    // Latency is measured from the scheduled time, because a client also waits for its connection.
    const dueAt = performance.now()
    const outcome = await connection.send({ bytes, isMalformed: false, isHead: false })
    latencies.push(performance.now() - dueAt)
    if (outcome.kind !== 'answered' || outcome.status !== 200)
      failures.push(JSON.stringify(outcome))
    idle.push(connection)
  })
  const sampling = atRate({ perSecond: 2, seconds }, async () => {
    for (const { rss, blocks } of await server.reports()) {
      rssMax = Math.max(rssMax, rss)
      block = Math.max(block, ...blocks.map(({ cpu }) => cpu))
    }
  })
  const [outcomes] = await Promise.all([attack(world, kind), good, sampling])
  for (const connection of idle) connection.close()
  const crash = server.failure()
  latencies.sort((a, b) => a - b)
  return { latencies, failures, rssMax, block, crash, outcomes }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** Prints a result, and returns whether the well-behaved client was served as required. */
function report(name: string, result: Result): boolean {
  const { latencies, failures, rssMax, block, crash, outcomes } = result
  const p99 = percentile(latencies, 0.99)
  const isGood =
    p99 < latencyMax && rssMax < rssBytesMax && failures.length === 0 && crash === undefined
  console.log(
    `${isGood ? 'pass' : 'FAIL'}  ${name}: p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ` +
      `RSS ${mebibytes(rssMax)} MiB, longest block ${block.toFixed(0)} ms, ` +
      `${failures.length} of ${latencies.length} requests failed, hostile requests: ` +
      ([...outcomes].map(([one, count]) => `${one} ${count}`).join(', ') || 'none'),
  )
  if (crash !== undefined) console.log(`      ${crash.slice(0, 400)}`)
  if (failures[0] !== undefined) console.log(`      first failure: ${failures[0].slice(0, 300)}`)
  return isGood
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const kinds = hostileKinds.filter(({ name }) => name.includes(values.kind))
let isGood = report('no attack', await measure(undefined))
if (!isGood) console.log('      the machine is too busy; the results below are meaningless')
for (const kind of kinds) isGood = report(kind.name, await measure(kind)) && isGood
process.exitCode = isGood ? 0 : 1
