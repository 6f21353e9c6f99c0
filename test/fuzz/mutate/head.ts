/** Request heads that no client library would send. */
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

/** Request targets, exactly as they are sent. */
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

/** Mutates a request's head, and returns the request and the name of the mutation. */
export function mutateHead(
  request: FuzzRequest,
  choices: Choices,
): { readonly sending: Sending; readonly mutation: string } {
  switch (choices.below(8)) {
    case 0:
    case 1: {
      const target = choices.of(strangeTargets)
      const method = choices.of(['GET', 'POST', 'HEAD'])
      // A request without X-Amz-Target and without a body belongs to the Query protocol or to no protocol.
      const bare = { headers: request.headers.slice(0, 1), body: Buffer.alloc(0) }
      return {
        mutation: `${method} ${target.slice(0, 60)}`,
        sending: wellFormed({ ...request, ...(choices.below(3) > 0 && bare), method, target }),
      }
    }
    case 2: {
      const method = choices.of(methods)
      return { mutation: method, sending: wellFormed({ ...request, method }) }
    }
    case 3:
      return { mutation: 'bytes', sending: malformed(mutateBytes(encodeRequest(request), choices)) }
    case 4: {
      const head = encodeRequest({ ...request, body: Buffer.alloc(0) })
      const bytes = Buffer.concat([mutateBytes(head, choices), request.body])
      return { mutation: 'head', sending: malformed(bytes) }
    }
    case 5:
      return {
        mutation: 'framing',
        sending: malformed(encodeRequest(withFraming(request, choices))),
      }
    case 6: {
      const value = choices.of(strangeTexts).replaceAll(/[\r\n\0]/g, '')
      const headers = request.headers.map(
        ([name, old]) =>
          [name, name === 'host' ? Buffer.from(value).toString('latin1') : old] as const,
      )
      return { mutation: 'host', sending: malformed(encodeRequest({ ...request, headers })) }
    }
    default: {
      const many = Array.from(
        { length: choices.of([50, 500, 2500]) },
        (_, at) => [`x-${at}`, 'v'] as const,
      )
      const headers = [...request.headers, ...many]
      return { mutation: 'many headers', sending: wellFormed({ ...request, headers }) }
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

export function wellFormed(request: FuzzRequest): Sending {
  return { bytes: encodeRequest(request), isMalformed: false, isHead: request.method === 'HEAD' }
}

/** Request bytes without a clear end, so that the server may wait for more. */
export function malformed(bytes: Buffer): Sending {
  return { bytes, isMalformed: true, isHead: false }
}
