/** A client that goes to any server, and knows which answers leave open what was done. */
import { setTimeout as delay } from 'node:timers/promises'
import { KeepAlive, postBytes } from '../support/keep-alive.ts'
import type { Members } from '../support/service.ts'
import { signedHeaders, type Credentials } from '../support/signed-request.ts'
import type { Choices } from './choices.ts'
import type { Fleet } from './fleet.ts'

/** A server that is stopped for some seconds still answers. */
const answerMilliseconds = 8000
/** Longer than any trouble lasts. */
const patienceMilliseconds = 90_000

export interface Answer {
  readonly status: number
  readonly json: Members
}

export interface Settled extends Answer {
  /** Whether an earlier attempt was not answered, or only that the service is not available. */
  readonly unclear: boolean
}

export interface Client {
  /** One attempt, at any server; undefined if it is not known whether it was done. */
  attempt(operation: string, input: object): Promise<Answer | undefined>
  /** The same call, at one server after the other, until it is answered clearly. */
  settle(operation: string, input: object): Promise<Settled>
  /** A call that must succeed in the end: its output. */
  must(operation: string, input: object): Promise<Members>
  /** Makes a read over and over, four requests in one piece, on one connection after the other; what is answered is nobody's concern. */
  crowd(operation: string, input: object, isOver: () => boolean): Promise<void>
  /** What the public listener of any server has at a path; undefined without an answer of 200. */
  fetchPublic(path: string): Promise<Buffer | undefined>
}

export interface ClientSurroundings {
  readonly fleet: Fleet
  readonly credentials: Credentials
  readonly choices: Choices
  /** Told of every answer that is a fault of the service. */
  readonly onStrange: (text: string) => void
}

export function createClient({
  fleet,
  credentials,
  choices,
  onStrange,
}: ClientSurroundings): Client {
  function signed(url: string, operation: string, body: string): Record<string, string> {
    const target = `ACMPrivateCA.${operation}`
    const date = new Date()
    return signedHeaders({ url, target, body, region: 'eu-west-1', credentials, date })
  }

  async function attempt(operation: string, input: object): Promise<Answer | undefined> {
    const { members } = fleet
    if (members.length === 0) return undefined
    const { url } = choices.of(members)
    const body = JSON.stringify(input)
    const headers = signed(url, operation, body)
    try {
      const signal = AbortSignal.timeout(answerMilliseconds)
      const response = await fetch(url, { method: 'POST', headers, body, signal })
      const text = await response.text()
      const json: Members = text === '' ? {} : JSON.parse(text)
      if (response.status < 500) return { status: response.status, json }
      if (json.__type !== 'ServiceUnavailable')
        onStrange(`${operation}: ${response.status} ${text}`)
    } catch {
      // The connection broke, or nobody listens.
    }
    return undefined
  }

  async function settle(operation: string, input: object): Promise<Settled> {
    const giveUpAt = Date.now() + patienceMilliseconds
    for (let unclear = false; ; unclear = true) {
      const answer = await attempt(operation, input)
      if (answer !== undefined) return { ...answer, unclear }
      if (Date.now() > giveUpAt) throw new Error(`${operation} is never answered`)
      await delay(20 + choices.below(150))
    }
  }

  return {
    attempt,
    settle,
    async must(operation, input) {
      const { status, json } = await settle(operation, input)
      if (status !== 200) throw new Error(`${operation}: ${status} ${JSON.stringify(json)}`)
      return json
    },
    async crowd(operation, input, isOver) {
      while (!isOver()) {
        await delay(100)
        const { members } = fleet
        if (members.length === 0) continue
        const { url } = choices.of(members)
        const body = JSON.stringify(input)
        const headers = { host: new URL(url).host, ...signed(url, operation, body) }
        const requests = Buffer.concat(Array<Buffer>(4).fill(postBytes(headers, body)))
        try {
          using connection = await KeepAlive.open(url)
          for (let count = 0; count < 200 && !isOver(); count += 1) {
            connection.write(requests)
            await Promise.all([1, 2, 3, 4].map(() => connection.answer()))
            await delay(5)
          }
        } catch {
          // The server ended.
        }
      }
    },
    async fetchPublic(path) {
      const { members } = fleet
      if (members.length === 0) return undefined
      try {
        const signal = AbortSignal.timeout(answerMilliseconds)
        const response = await fetch(`${choices.of(members).publicUrl}${path}`, { signal })
        const octets = Buffer.from(await response.arrayBuffer())
        return response.status === 200 ? octets : undefined
      } catch {
        return undefined
      }
    },
  }
}
