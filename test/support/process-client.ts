/** Calls to a server that is a process of its own, in the same form as to a TestService. */
import { join } from 'node:path'
import type { ServerProcess } from './process.ts'
import { readCredentials, type Answer, type ApiCaller } from './service.ts'
import { signedHeaders } from './signed-request.ts'

/** A client with the administrator's key of that data folder. */
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

/** The status of `GET /healthz`, of the API listener and of the public one. */
export async function healthOf({ url, publicUrl }: ServerProcess): Promise<[number, number]> {
  const [api, open] = await Promise.all([fetch(`${url}/healthz`), fetch(`${publicUrl}/healthz`)])
  return [api.status, open.status]
}
