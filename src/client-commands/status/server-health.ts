/** The health of a server, including the reason if it cannot be reached or cannot serve requests. */
import { fetchErrorText } from '../../text/system-error.ts'
import { explainConnectionError } from '../connection-error.ts'
import { parseMetrics, type Sample } from './read-metrics.ts'

export interface ServerHealth {
  readonly state: 'ok' | 'unavailable' | 'not reachable'
  /** A sentence that states the cause of the problem; undefined for a healthy server. */
  readonly problem: string | undefined
}

const timeoutMilliseconds = 10_000
/** Maximum length of a response. Health responses and metrics are far shorter than this limit. */
const bodyCharactersMax = 64 * 1024 * 1024

/** Requests `/healthz`. The promise never rejects. */
export async function readHealth(endpoint: string): Promise<ServerHealth> {
  try {
    const response = await fetchText(urlOf(endpoint, '/healthz'))
    const text = await response.text()
    if (response.status === 200) return { state: 'ok', problem: undefined }
    return { state: 'unavailable', problem: problemIn(response.status, text) }
  } catch (error) {
    return { state: 'not reachable', problem: reasonOf(error, endpoint) }
  }
}

function reasonOf(error: unknown, endpoint: string): string {
  const explained = explainConnectionError(error, endpoint)
  if (explained !== error) return (explained as Error).message
  return `cannot connect to ${endpoint}: ${fetchErrorText(error)}`
}

/**
 * Reads a server's metrics. Resolves to undefined if the URL does not serve metrics, or if the server is not Signet. The
 * promise never rejects.
 */
export async function readMetrics(url: string): Promise<Sample[] | undefined> {
  try {
    const response = await fetchText(url)
    if (!response.ok) return undefined
    const samples = parseMetrics((await response.text()).slice(0, bodyCharactersMax))
    return samples.some(({ name }) => name.startsWith('signet_')) ? samples : undefined
  } catch {
    return undefined
  }
}

function problemIn(status: number, text: string): string {
  const message = messageIn(text)
  if (message !== undefined) return message
  if (status === 503) return 'The server cannot serve requests now (status 503).'
  return `The health check failed with status ${status}: check that this is the URL of the Signet API.`
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}

/** Returns the URL for a path below an endpoint. The endpoint may itself have a path and a trailing slash. */
export function urlOf(endpoint: string, path: string): string {
  return `${endpoint.replace(/\/$/, '')}${path}`
}

function fetchText(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(timeoutMilliseconds) })
}
