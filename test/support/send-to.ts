/** Requests to the public listener with unmodified paths. */
import { request as sendRequest, type IncomingHttpHeaders } from 'node:http'

export interface ReceivedResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface SendOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array
}

/** Sends one request with an unmodified path. `base` is the URL of a listener. */
export function sendTo(
  base: string,
  path: string,
  { method = 'GET', headers = {}, body }: SendOptions,
): Promise<ReceivedResponse> {
  const { hostname, port } = new URL(base)
  const length = body && { 'content-length': String(body.length) }
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path, method, headers: { ...length, ...headers } }
    const request = sendRequest(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0 } = response
        resolve({ status: statusCode, headers: response.headers, body: Buffer.concat(chunks) })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
