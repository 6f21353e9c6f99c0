/**
 * Sends the requests of a run in batches of one class, with several in flight, and judges after each batch: what answered 5xx
 * or not at all, whether a process ended, and which requests blocked an event loop.
 *
 * Several requests are in flight when a loop is blocked, so each of them is sent again alone: what blocks three times out of
 * three is a finding.
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
  /** Flags of `signet serve`. */
  readonly flags: readonly string[]
  readonly inFlight: number
}

/** Milliseconds of processor time that one request may keep an event loop from others. */
const blockLimits: Readonly<Record<CampaignClass, number>> = { open: 20, signed: 250, csr: 250 }

interface Sent {
  readonly number: number
  readonly generated: Generated
  /** Epoch milliseconds. */
  readonly sentAt: number
  answeredAt: number
  /** Why there was no answer to a request that should have one. */
  unanswered?: string
}

const largeOctets = 65_536
const crashesMax = 12
const replays = 3

export class Campaign {
  readonly findings = new Findings()
  readonly memory = new MemoryLog()
  /** Answers by status, and what did not answer. */
  readonly outcomes = new Map<string, number>()
  /** Longest blocks that were seen, whoever caused them. */
  readonly longestBlock: Record<CampaignClass, number> = { open: 0, signed: 0, csr: 0 }
  /** ARNs of certificates that were issued for CSRs. */
  readonly issued: string[] = []
  readonly #options: CampaignOptions
  /** Kinds that end a server are not sent again. */
  readonly #deadly = new Set<string>()
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

  get isHopeless(): boolean {
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

  /** Sends the requests of those numbers and judges them. */
  async batch(kind: CampaignClass, first: number, count: number): Promise<void> {
    const sent: Sent[] = []
    let next = first
    let isOver = false
    const work = async (): Promise<void> => {
      while (next < first + count && !isOver) {
        const number = next
        next += 1
        const generated = this.request(kind, number)
        if (this.#deadly.has(keyOf(generated))) continue
        const sentAt = Date.now()
        const one: Sent = { number, generated, sentAt, answeredAt: Number.POSITIVE_INFINITY }
        sent.push(one)
        const outcome = await this.#send(generated)
        if (isUnanswered(generated, outcome)) one.unanswered = outcome.kind
        this.#judge(`${kind}:${number}`, generated, outcome)
        one.answeredAt = Date.now()
        isOver ||= this.#server.failure() !== undefined
      }
    }
    await Promise.all(Array.from({ length: this.#options.inFlight }, work))
    const reports = await this.#server.reports()
    const failure = this.#server.failure()
    if (failure !== undefined) return this.#afterCrash(kind, sent, failure)
    // A crash would have been why.
    for (const { number, generated, unanswered } of sent)
      if (unanswered !== undefined) {
        const problem = `no answer: ${unanswered}`
        this.findings.add({ request: `${kind}:${number}`, what: generated.what, problem })
      }
    for (const { rss } of reports) this.memory.noteRss(rss)
    await this.#judgeBlocks(kind, sent, blocksOf(reports))
  }

  /** Has every process collect its garbage, and notes what it holds then. */
  async measureMemory(): Promise<void> {
    this.memory.note(await this.#server.reports(true))
  }

  /** One request alone: its outcome, and the longest block while it ran. */
  async alone(
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
    const { what } = generated
    const name = outcome.kind === 'answered' ? String(outcome.status) : outcome.kind
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1)
    if (outcome.kind !== 'answered') return
    if (outcome.status >= 500)
      this.findings.add({ request, what, problem: `answered ${name}: ${outcome.body}` })
    const arn = what.startsWith('CSR') && /"CertificateArn":"([^"]+)"/.exec(outcome.body)?.[1]
    if (arn) this.issued.push(arn)
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
        (one) =>
          one.sentAt <= endedAt &&
          one.answeredAt >= endedAt - wall - 50 &&
          !this.#blocking.has(one.generated.what),
      )
      for (const { number, generated } of suspects) {
        const shortest = await this.#shortestBlock(generated, limit)
        if (shortest <= limit) continue
        this.#blocking.add(generated.what)
        const problem = `blocks an event loop for ${shortest.toFixed(0)} ms (limit ${limit})`
        this.findings.add({ request: `${kind}:${number}`, what: generated.what, problem })
      }
    }
  }

  async #shortestBlock(generated: Generated, limit: number): Promise<number> {
    let shortest = Number.POSITIVE_INFINITY
    for (let count = 0; count < replays && shortest > limit; count += 1)
      shortest = Math.min(shortest, (await this.alone(generated)).block)
    return shortest
  }

  /** Starts a new server, and finds out which request it was. */
  async #afterCrash(kind: CampaignClass, sent: readonly Sent[], failure: string): Promise<void> {
    const inFlight = sent.slice(-4 * this.#options.inFlight).toReversed()
    await this.#restart()
    for (const { number } of inFlight) {
      const generated = this.request(kind, number)
      await this.#send(generated)
      await delay(100)
      await this.#server.reports()
      if (this.#server.failure() === undefined) continue
      this.#deadly.add(keyOf(generated))
      this.findings.add({ request: `${kind}:${number}`, what: generated.what, problem: failure })
      return this.#restart()
    }
    const numbers = inFlight.map(({ number }) => number).join(', ')
    this.findings.add({ request: `${kind}:${numbers}`, what: 'not repeatable', problem: failure })
  }

  async #restart(): Promise<void> {
    this.#crashes += 1
    this.#disconnect()
    await this.#server.close()
    await this.start()
  }
}

/** A server may refuse a large body and close while it is still being sent: the answer is lost with the reset. */
function isUnanswered({ isBroken, octets }: Generated, { kind }: Outcome): boolean {
  if (kind === 'answered' || isBroken) return false
  return kind === 'silent' || octets.length < largeOctets
}

/** The target if that was mutated, and otherwise what was. */
function keyOf({ octets, what }: Generated): string {
  const target = octets.toString('latin1', 0, octets.indexOf(' HTTP/')).split(' ')[1] ?? '/'
  return target === '/' ? what : target
}

function blocksOf(reports: readonly ProbeReport[]): Block[] {
  return reports.flatMap(({ blocks }) => blocks)
}
