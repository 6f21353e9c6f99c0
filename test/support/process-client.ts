/** A client for a server in a separate process, with the same interface as TestService. */
import { join } from 'node:path'
import type { ServerProcess } from './process.ts'
import { readCredentials, type Answer, type ApiCaller } from './service.ts'
import { signedHeaders } from './signed-request.ts'

/** Returns a client that signs requests with the administrator's access key in a data folder. */
export function clientOf({ url }: ServerProcess, data: string): ApiCaller {
  const credentials = readCredentials(join(data, 'credentials'))
  async function call(operation: string, input: unknown): Promise<Answer> {
    const body = JSON.stringify(input)
    const target = `ACMPrivateCA.${operation}`
    const date = new Date()
    const headers = signedHeaders({ url, target, body, region: 'eu-west-1', credentials, date })
    const response = await fetch(`${url}/`, { method: 'POST', headers, body })
    const text = await response.text()
    const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    return { status: response.status, headers: response.headers, text, json }
  }
  return {
    call,
    async must(operation, input) {
      const answer = await call(operation, input)
      if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${answer.text}`)
      return answer.json
    },
  }
}

/** Returns the status codes of `GET /healthz` on the API listener and on the public listener. */
export async function healthOf({ url, publicUrl }: ServerProcess): Promise<[number, number]> {
  const [api, publicHealth] = await Promise.all([
    fetch(`${url}/healthz`),
    fetch(`${publicUrl}/healthz`),
  ])
  return [api.status, publicHealth.status]
}
