/** Heads of requests that no client library would send. */
import type { Choices } from '../../chaos/choices.ts'
import { encodeRequest, type FuzzRequest, type Sending } from '../http.ts'
import { mutateBytes, strangeTexts } from './bytes.ts'

const methods = [
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'PROPFIND',
  'M-SEARCH',
  'QUERY',
]

/** Targets as they are sent. */
export const strangeTargets: readonly string[] = [
  '/?Action=x&%',
  '/?Action=GetCallerIdentity&Version=%E0%A4%A',
  '/?%=%',
  '/?Action=%00',
  '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&%zz=1',
  '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%ff%fe',
  `/?${'&'.repeat(4000)}`,
  `/?${'a=b&'.repeat(2000)}Action=x`,
  `/?Action=x${'+'.repeat(4000)}`,
  '/%',
  '/%2e%2e/%2e%2e/etc/passwd',
  '//',
  '/healthz',
  '/healthz?%',
  '/healthz/',
  '/metrics',
  '/metrics?x=%',
  '/METRICS',
  '*',
  'http://example.com/',
  'http://[::1/',
  'http://127.0.0.1/?Action=x&%',
  'example.com:443',
  '/\u0080\u00ff',
  `/${'a'.repeat(9000)}`,
  '?',
  '/#fragment',
]

/** The octets of a request whose head is changed, and how. */
export function mutateHead(
  request: FuzzRequest,
  choices: Choices,
): { readonly sending: Sending; readonly how: string } {
  switch (choices.below(8)) {
    case 0:
    case 1: {
      const target = choices.of(strangeTargets)
      const method = choices.of(['GET', 'POST', 'HEAD'])
      // Without a target and a body a request is one of the Query protocol, or of none.
      const bare = { headers: request.headers.slice(0, 1), body: Buffer.alloc(0) }
      return {
        how: `${method} ${target.slice(0, 60)}`,
        sending: soundly({ ...request, ...(choices.below(3) > 0 && bare), method, target }),
      }
    }
    case 2: {
      const method = choices.of(methods)
      return { how: method, sending: soundly({ ...request, method }) }
    }
    case 3:
      return { how: 'octets', sending: brokenly(mutateBytes(encodeRequest(request), choices)) }
    case 4: {
      const head = encodeRequest({ ...request, body: Buffer.alloc(0) })
      const octets = Buffer.concat([mutateBytes(head, choices), request.body])
      return { how: 'head', sending: brokenly(octets) }
    }
    case 5:
      return { how: 'framing', sending: brokenly(encodeRequest(withFraming(request, choices))) }
    case 6: {
      const value = choices.of(strangeTexts).replaceAll(/[\r\n\0]/g, '')
      const headers = request.headers.map(
        ([name, old]) =>
          [name, name === 'host' ? Buffer.from(value).toString('latin1') : old] as const,
      )
      return { how: 'host', sending: brokenly(encodeRequest({ ...request, headers })) }
    }
    default: {
      const many = Array.from(
        { length: choices.of([50, 500, 2500]) },
        (_, at) => [`x-${at}`, 'v'] as const,
      )
      const headers = [...request.headers, ...many]
      return { how: 'many headers', sending: soundly({ ...request, headers }) }
    }
  }
}

function withFraming(request: FuzzRequest, choices: Choices): FuzzRequest {
  const framing = choices.of([
    [['content-length', '999999999']],
    [['content-length', '-1']],
    [['content-length', '0x10']],
    [['content-length', '5, 5']],
    [
      ['content-length', '5'],
      ['content-length', '6'],
    ],
    [['transfer-encoding', 'chunked']],
    [
      ['transfer-encoding', 'chunked'],
      ['content-length', '3'],
    ],
    [['transfer-encoding', 'gzip, chunked']],
    [['expect', '100-continue']],
    [['expect', 'x']],
    [
      ['connection', 'upgrade'],
      ['upgrade', 'h2c'],
    ],
    [['content-encoding', 'gzip']],
  ] as const)
  return { ...request, headers: [...request.headers, ...framing] }
}

export function soundly(request: FuzzRequest): Sending {
  return { octets: encodeRequest(request), isBroken: false, isHead: request.method === 'HEAD' }
}

/** Nobody can know where such a request ends. */
export function brokenly(octets: Buffer): Sending {
  return { octets, isBroken: true, isHead: false }
}
