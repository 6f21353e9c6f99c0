/** A client that sends each request to a random server, and records whether the request's outcome is unknown. */
import { setTimeout as delay } from 'node:timers/promises'
import { KeepAlive, postBytes } from '../support/keep-alive.ts'
import type { Members } from '../support/service.ts'
import { signedHeaders, type Credentials } from '../support/signed-request.ts'
import type { Choices } from './choices.ts'
import type { Fleet } from './fleet.ts'

/** Timeout for a response. A server that is suspended for a few seconds still responds in time. */
const responseMilliseconds = 8000
/** Total time limit for all attempts at a request, longer than any fault. */
const retryMilliseconds = 90_000

export interface ApiResponse {
  readonly status: number
  readonly json: Members
}

export interface FinalResponse extends ApiResponse {
  /** Whether an earlier attempt received no response or ServiceUnavailable, and may therefore have been executed. */
  readonly unclear: boolean
}

export interface Client {
  /** Sends a request once, to a random server. Returns undefined if it is unknown whether the request was executed. */
  attempt(operation: string, input: object): Promise<ApiResponse | undefined>
  /** Repeats a request to random servers until its outcome is known. */
  retry(operation: string, input: object): Promise<FinalResponse>
  /** Repeats a request like `retry`, and returns the request's output. Throws if the request fails. */
  call(operation: string, input: object): Promise<Members>
  /**
   * Sends a read repeatedly, with four pipelined requests at a time, and ignores the responses. The client reconnects if a
   * server exits.
   */
  readRepeatedly(operation: string, input: object, isOver: () => boolean): Promise<void>
  /** Fetches a path from a random server's public listener, and returns undefined unless the status is 200. */
  fetchPublic(path: string): Promise<Buffer | undefined>
}

export interface ClientOptions {
  readonly fleet: Fleet
  readonly credentials: Credentials
  readonly choices: Choices
  /** Called with every response that indicates a bug in the service. */
  readonly onUnexpected: (text: string) => void
}

export function createClient({ fleet, credentials, choices, onUnexpected }: ClientOptions): Client {
  function signed(url: string, operation: string, body: string): Record<string, string> {
    const target = `ACMPrivateCA.${operation}`
    const date = new Date()
    return signedHeaders({ url, target, body, region: 'eu-west-1', credentials, date })
  }

  async function attempt(operation: string, input: object): Promise<ApiResponse | undefined> {
    const { members } = fleet
    if (members.length === 0) return undefined
    const { url } = choices.of(members)
    const body = JSON.stringify(input)
    const headers = signed(url, operation, body)
    try {
      const signal = AbortSignal.timeout(responseMilliseconds)
      const response = await fetch(url, { method: 'POST', headers, body, signal })
      const text = await response.text()
      const json: Members = text === '' ? {} : JSON.parse(text)
      if (response.status < 500) return { status: response.status, json }
      if (json.__type !== 'ServiceUnavailable')
        onUnexpected(`${operation}: ${response.status} ${text}`)
    } catch {
      // The connection was interrupted or refused.
    }
    return undefined
  }

  async function retry(operation: string, input: object): Promise<FinalResponse> {
    const giveUpAt = Date.now() + retryMilliseconds
    for (let unclear = false; ; unclear = true) {
      const response = await attempt(operation, input)
      if (response !== undefined) return { ...response, unclear }
      if (Date.now() > giveUpAt) throw new Error(`${operation} has no response`)
      await delay(20 + choices.below(150))
    }
  }

  return {
    attempt,
    retry,
    async call(operation, input) {
      const { status, json } = await retry(operation, input)
      if (status !== 200) throw new Error(`${operation}: ${status} ${JSON.stringify(json)}`)
      return json
    },
    async readRepeatedly(operation, input, isOver) {
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
          // The server exited.
        }
      }
    },
    async fetchPublic(path) {
      const { members } = fleet
      if (members.length === 0) return undefined
      try {
        const signal = AbortSignal.timeout(responseMilliseconds)
        const response = await fetch(`${choices.of(members).publicUrl}${path}`, { signal })
        const body = Buffer.from(await response.arrayBuffer())
        return response.status === 200 ? body : undefined
      } catch {
        return undefined
      }
    },
  }
}
