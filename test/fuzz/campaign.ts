/**
 * Sends a run's requests in batches of the same class, with several requests in flight. After each batch, the campaign
 * checks for 5xx responses, missing responses, processes that have exited, and requests that blocked an event loop.
 *
 * When an event loop is blocked, several requests are in flight, so each request is sent again separately. A request that blocks
 * the event loop in all three attempts is a finding.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { csrRequest } from './csrs.ts'
import { Findings } from './findings.ts'
import { Generator, type FuzzClass, type Generated } from './generate.ts'
import { FuzzConnection, type Outcome } from './http.ts'
import { MemoryLog } from './memory.ts'
import type { Block, ProbeReport } from './probe.ts'
import { startProbedServer, type ProbedServer } from './server.ts'
import { createWorld, type World } from './world.ts'

export type CampaignClass = FuzzClass | 'csr'

export interface CampaignOptions {
  readonly seed: number
  /** Flags for `signet serve`. */
  readonly flags: readonly string[]
  readonly inFlight: number
}

/** Milliseconds of processor time for which a single request may block an event loop. */
const blockLimits: Readonly<Record<CampaignClass, number>> = { open: 20, signed: 250, csr: 250 }

interface Sent {
  readonly number: number
  readonly generated: Generated
  /** Time in milliseconds since 1970. */
  readonly sentAt: number
  respondedAt: number
  /** Outcome of a request that should have received a response but did not. */
  failedOutcome?: string
}

const largeBodyBytes = 65_536
const crashesMax = 12
const replays = 3

export class Campaign {
  readonly findings = new Findings()
  readonly memory = new MemoryLog()
  /** Number of requests by status code, or by outcome if no response was received. */
  readonly outcomes = new Map<string, number>()
  /** Longest observed blocks of an event loop, including blocks that cannot be attributed to a request. */
  readonly longestBlock: Record<CampaignClass, number> = { open: 0, signed: 0, csr: 0 }
  /** ARNs of the certificates that were issued for mutated CSRs. */
  readonly issuedArns: string[] = []
  readonly #options: CampaignOptions
  /** Keys of requests that crash the server and are not sent again. */
  readonly #crashing = new Set<string>()
  readonly #blocking = new Set<string>()
  #connections: FuzzConnection[] = []
  #crashes = 0
  #server!: ProbedServer
  #world!: World
  #generator!: Generator

  constructor(options: CampaignOptions) {
    this.#options = options
  }

  get world(): World {
    return this.#world
  }

  get server(): ProbedServer {
    return this.#server
  }

  get hasTooManyCrashes(): boolean {
    return this.#crashes > crashesMax
  }

  async start(): Promise<void> {
    this.#server = await startProbedServer(this.#options.flags)
    this.#world = await createWorld(this.#server)
    this.#generator = new Generator(this.#world, this.#options.seed)
    await this.#server.reports()
  }

  async close(): Promise<void> {
    this.#disconnect()
    await this.#server.close()
  }

  request(kind: CampaignClass, number: number): Generated {
    return kind === 'csr'
      ? csrRequest(this.#world, this.#options.seed, number)
      : this.#generator.request(number, kind)
  }

  /** Sends the requests numbered `first` and up, and checks their outcomes. */
  async batch(kind: CampaignClass, first: number, count: number): Promise<void> {
    const sent: Sent[] = []
    let next = first
    let isOver = false
    const work = async (): Promise<void> => {
      while (next < first + count && !isOver) {
        const number = next
        next += 1
        const generated = this.request(kind, number)
        if (this.#crashing.has(keyOf(generated))) continue
        const sentAt = Date.now()
        const entry: Sent = { number, generated, sentAt, respondedAt: Number.POSITIVE_INFINITY }
        sent.push(entry)
        const outcome = await this.#send(generated)
        if (lacksResponse(generated, outcome)) entry.failedOutcome = outcome.kind
        this.#judge(`${kind}:${number}`, generated, outcome)
        entry.respondedAt = Date.now()
        isOver ||= this.#server.failure() !== undefined
      }
    }
    await Promise.all(Array.from({ length: this.#options.inFlight }, work))
    const reports = await this.#server.reports()
    const failure = this.#server.failure()
    if (failure !== undefined) return this.#afterCrash(kind, sent, failure)
    // Missing responses after a crash are not reported, because the crash explains them.
    for (const { number, generated, failedOutcome } of sent)
      if (failedOutcome !== undefined) {
        const problem = `no response: ${failedOutcome}`
        this.findings.add({ request: `${kind}:${number}`, label: generated.label, problem })
      }
    for (const { rss } of reports) this.memory.recordRss(rss)
    await this.#judgeBlocks(kind, sent, blocksOf(reports))
  }

  /** Runs a garbage collection in every process and records the memory that is still in use. */
  async measureMemory(): Promise<void> {
    this.memory.record(await this.#server.reports(true))
  }

  /** Sends a single request, and returns its outcome and the longest event loop block during the request. */
  async sendAlone(
    generated: Generated,
  ): Promise<{ readonly outcome: Outcome; readonly block: number }> {
    await this.#server.reports()
    const outcome = await this.#send(generated)
    await delay(20)
    const blocks = blocksOf(await this.#server.reports())
    return { outcome, block: Math.max(0, ...blocks.map(({ cpu }) => cpu)) }
  }

  async #send(generated: Generated): Promise<Outcome> {
    const free = this.#connections.findIndex(({ port }) => port === generated.port)
    const [found] = free < 0 ? [] : this.#connections.splice(free, 1)
    const connection = found ?? new FuzzConnection(generated.port)
    const outcome = await connection.send(generated)
    this.#connections.push(connection)
    return outcome
  }

  #disconnect(): void {
    for (const connection of this.#connections) connection.close()
    this.#connections = []
  }

  #judge(request: string, generated: Generated, outcome: Outcome): void {
    const { label } = generated
    const name = outcome.kind === 'answered' ? String(outcome.status) : outcome.kind
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1)
    if (outcome.kind !== 'answered') return
    if (outcome.status >= 500)
      this.findings.add({ request, label, problem: `answered ${name}: ${outcome.body}` })
    const arn = label.startsWith('CSR') && /"CertificateArn":"([^"]+)"/.exec(outcome.body)?.[1]
    if (arn) this.issuedArns.push(arn)
  }

  async #judgeBlocks(
    kind: CampaignClass,
    sent: readonly Sent[],
    blocks: readonly Block[],
  ): Promise<void> {
    const limit = blockLimits[kind]
    for (const { endedAt, cpu, wall } of blocks) {
      this.longestBlock[kind] = Math.max(this.longestBlock[kind], cpu)
      if (cpu <= limit) continue
      const suspects = sent.filter(
        (entry) =>
          entry.sentAt <= endedAt &&
          entry.respondedAt >= endedAt - wall - 50 &&
          !this.#blocking.has(entry.generated.label),
      )
      for (const { number, generated } of suspects) {
        const shortest = await this.#shortestBlock(generated, limit)
        if (shortest <= limit) continue
        this.#blocking.add(generated.label)
        const problem = `blocks an event loop for ${shortest.toFixed(0)} ms (limit ${limit})`
        this.findings.add({ request: `${kind}:${number}`, label: generated.label, problem })
      }
    }
  }

  async #shortestBlock(generated: Generated, limit: number): Promise<number> {
    let shortest = Number.POSITIVE_INFINITY
    for (let count = 0; count < replays && shortest > limit; count += 1)
      shortest = Math.min(shortest, (await this.sendAlone(generated)).block)
    return shortest
  }

  /** Starts a new server and repeats the last requests individually to find the request that caused the crash. */
  async #afterCrash(kind: CampaignClass, sent: readonly Sent[], failure: string): Promise<void> {
    const inFlight = sent.slice(-4 * this.#options.inFlight).toReversed()
    await this.#restart()
    for (const { number } of inFlight) {
      const generated = this.request(kind, number)
      await this.#send(generated)
      await delay(100)
      await this.#server.reports()
      if (this.#server.failure() === undefined) continue
      this.#crashing.add(keyOf(generated))
      this.findings.add({ request: `${kind}:${number}`, label: generated.label, problem: failure })
      return this.#restart()
    }
    const numbers = inFlight.map(({ number }) => number).join(', ')
    this.findings.add({
      request: `${kind}:${numbers}`,
      label: 'not reproducible',
      problem: failure,
    })
  }

  async #restart(): Promise<void> {
    this.#crashes += 1
    this.#disconnect()
    await this.#server.close()
    await this.start()
  }
}

/**
 * A server may reject a large body and close the connection while the body is still being sent. The response is lost if the
 * connection is reset.
 */
function lacksResponse({ isMalformed, bytes }: Generated, { kind }: Outcome): boolean {
  if (kind === 'answered' || isMalformed) return false
  return kind === 'silent' || bytes.length < largeBodyBytes
}

/** The request's target if the target is mutated; otherwise the request's label. */
function keyOf({ bytes, label }: Generated): string {
  const target = bytes.toString('latin1', 0, bytes.indexOf(' HTTP/')).split(' ')[1] ?? '/'
  return target === '/' ? label : target
}

function blocksOf(reports: readonly ProbeReport[]): Block[] {
  return reports.flatMap(({ blocks }) => blocks)
}
