/** Headers, including Authorization headers, that no client library would send. */
import type { Choices } from '../chaos/choices.ts'
import type { FuzzRequest } from './http.ts'
import { strangeTexts } from './mutate/bytes.ts'
import { region } from './world.ts'

/** Makes text valid as a header value of at most 4,000 characters. */
function headerText(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[\r\n\0]/g, ' ')
    .slice(0, 4000)
}

export function withStrangeHeader(request: FuzzRequest, choices: Choices): FuzzRequest {
  const value = headerText(choices.of(strangeTexts))
  const name = choices.of([
    'user-agent',
    'x-amz-content-sha256',
    'accept-encoding',
    'x-forwarded-for',
    'x-amz-foo',
    'content-encoding',
    'content-md5',
    'cookie',
    'origin',
    'amz-sdk-request',
    'date',
  ])
  const replaced = choices.of(['content-type', 'x-amz-target'])
  return choices.below(3) === 0
    ? {
        ...request,
        headers: request.headers.map(
          ([key, old]) => [key, key === replaced ? value : old] as const,
        ),
      }
    : { ...request, headers: [...request.headers, [name, value]] }
}

export function withStrangeAuthorization(request: FuzzRequest, choices: Choices): FuzzRequest {
  const algorithm = choices.of([
    'AWS4-HMAC-SHA256',
    'AWS4-ECDSA-P256-SHA256',
    'Basic',
    'Bearer',
    '',
  ])
  const text = headerText(choices.of(strangeTexts))
  const credential = choices.of([
    `AKIAIOSFODNN7EXAMPLE/20260101/${region}/acm-pca/aws4_request`,
    `${text}/20260101/${region}/acm-pca/aws4_request`,
    `A/20260101/${text}/acm-pca/aws4_request`,
    'A/B/C/D/E/F/G',
    text,
  ])
  const names = choices.of(['host;x-amz-date', text, ';'.repeat(1000), 'host;host;host'])
  const signature = choices.of(['0'.repeat(64), text, 'z'.repeat(64)])
  const parts = choices.shuffled([
    `Credential=${credential}`,
    `SignedHeaders=${names}`,
    `Signature=${signature}`,
  ])
  const authorization = `${algorithm} ${parts.slice(choices.below(2)).join(choices.of([', ', ',', ' ', '; ']))}`
  const dates = ['20260101T000000Z', '', text, '99999999T999999Z', new Date().toISOString()]
  return {
    ...request,
    headers: [
      ...request.headers,
      ['authorization', authorization],
      ['x-amz-date', choices.of(dates)],
      ...(choices.below(4) === 0 ? [['x-amz-security-token', text.repeat(3)] as const] : []),
    ],
  }
}
