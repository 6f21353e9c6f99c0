/** HTTP responses of ACME endpoints (RFC 8555 §6). */
import type { TextAnswer } from '../../http/answer.ts'
import type { AcmeProblem } from '../problem.ts'
import type { AcmeAnswer } from '../resource.ts'

interface CommonHeaders {
  /** URL of the directory. */
  readonly index?: string
  readonly nonce?: string
}

export function problemAnswer({ status, headers, document }: AcmeProblem): AcmeAnswer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/problem+json' },
    body: document,
  }
}

/**
 * Adds the common headers to a response. A response with a nonce must not be cached, because the nonce can be used only once
 * (RFC 8555 §6.5.1, §7.2).
 */
export function httpAnswer(
  { status, headers = {}, body }: AcmeAnswer,
  { index, nonce }: CommonHeaders,
): TextAnswer {
  const { link, ...others } = headers
  const links = [link, index && `<${index}>;rel="index"`].filter((value) => value !== undefined)
  const isJson = typeof body === 'object'
  return {
    status,
    headers: {
      ...(isJson && { 'content-type': 'application/json' }),
      ...others,
      ...(nonce !== undefined && { 'replay-nonce': nonce, 'cache-control': 'no-store' }),
    },
    body: isJson ? JSON.stringify(body) : (body ?? ''),
    links,
  }
}
