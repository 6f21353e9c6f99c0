/** Generates requests to the public listener: OCSP, CRLs, CA certificates, and invalid targets. */
import type { Choices } from '../chaos/choices.ts'
import { ocspRequest } from '../support/ocsp-requests.ts'
import { encodeRequest, type FuzzRequest, type Sending } from './http.ts'
import { mutateBytes, strangeTexts } from './mutate/bytes.ts'
import { mutateDer } from './mutate/der.ts'
import { malformed, mutateHead, wellFormed, strangeTargets } from './mutate/head.ts'
import type { World } from './world.ts'

const ocspType = 'application/ocsp-request'

export function publicRequest(
  world: World,
  choices: Choices,
): { readonly sending: Sending; readonly label: string } {
  const base = requestOf(world, choices)
  const kind = choices.below(6)
  if (kind === 0) {
    const { sending, mutation } = mutateHead(base.request, choices)
    return { sending, label: `public ${mutation} ${base.label}` }
  }
  if (kind === 1) {
    const headers = [...base.request.headers, strangeHeader(choices)]
    return {
      sending: wellFormed({ ...base.request, headers }),
      label: `public header ${base.label}`,
    }
  }
  if (kind === 2 && base.request.target.includes('/')) {
    const { target } = base.request
    const mutated = mutateBytes(Buffer.from(target), choices).toString('latin1')
    const bytes = encodeRequest({ ...base.request, target: mutated })
    return { sending: malformed(bytes), label: `public target ${base.label}` }
  }
  return { sending: wellFormed(base.request), label: `public ${base.label}` }
}

function strangeHeader(choices: Choices): readonly [string, string] {
  const name = choices.of([
    'range',
    'if-none-match',
    'if-modified-since',
    'if-match',
    'accept',
    'content-type',
    'x-forwarded-host',
    'forwarded',
    'accept-encoding',
    'cache-control',
  ])
  const value = choices.of([
    'bytes=0-0',
    'bytes=-5',
    'bytes=5-1',
    `bytes=${'0-0,'.repeat(500)}1-1`,
    '*',
    'W/"x"',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    '99999',
    ...strangeTexts,
  ])
  const text = Buffer.from(value).toString('latin1')
  return [name, text.replaceAll(/[\r\n\0]/g, ' ')]
}

function requestOf(
  world: World,
  choices: Choices,
): { readonly request: FuzzRequest; readonly label: string } {
  const id = world.issuing.arn.slice(world.issuing.arn.lastIndexOf('/') + 1)
  const host = choices.of([
    `127.0.0.1:${world.publicPort}`,
    `127.0.0.1:${world.publicPort}`,
    'crl.example.com',
    `${world.bucket}.s3.amazonaws.com`,
    '[::1]:8081',
    'EXAMPLE.com.',
  ])
  const get = (target: string): FuzzRequest => ({
    method: choices.of(['GET', 'GET', 'HEAD', 'POST']),
    target,
    headers: [['host', host]],
    body: Buffer.alloc(0),
  })
  const der = ocspDer(world, choices)
  switch (choices.below(5)) {
    case 0:
      return {
        label: 'OCSP POST',
        request: {
          method: 'POST',
          target: '/',
          headers: [
            ['host', host],
            ['content-type', choices.below(8) === 0 ? 'text/plain' : ocspType],
          ],
          body: der,
        },
      }
    case 1: {
      const base64 = der.toString('base64')
      const escaped = choices.below(2) === 0 ? encodeURIComponent(base64) : base64
      return { label: 'OCSP GET', request: get(`${choices.of(['/', '//', '/ocsp/'])}${escaped}`) }
    }
    case 2:
      return { label: 'strange target', request: get(choices.of(strangeTargets)) }
    case 3:
      return {
        label: 'CA certificate',
        request: get(choices.of([`/certificates/${id}.crt`, `/${id}.cer`, `/ca/${id}`, `/${id}`])),
      }
    default:
      return {
        label: 'object',
        request: get(
          choices.of([
            `/${world.bucket}/crl/${id}.crl`,
            `/${world.bucket}/crl/${id}.crl?versionId=x`,
            `/${world.bucket}/`,
            `/${world.bucket}`,
            `/${world.bucket}/%2e%2e/%2e%2e/master.key`,
            `/${world.bucket}/../signet.sqlite`,
            `/crl/${id}.crl`,
            `http://crl.example.com/${world.bucket}/crl/${id}.crl`,
          ]),
        ),
      }
  }
}

function ocspDer(world: World, choices: Choices): Buffer {
  const serial = world.certificateArn.slice(world.certificateArn.lastIndexOf('/') + 1)
  const request = {
    issuer: world.issuing.certificate,
    serial,
    hash: choices.of(['sha1', 'sha256']),
  }
  const requests = Array.from(
    { length: choices.of([1, 1, 1, 2, 100]) },
    () => request as typeof request & { hash: 'sha1' },
  )
  const der = ocspRequest(requests, choices.below(4) === 0 ? { nonce: Buffer.alloc(16, 7) } : {})
  if (choices.below(5) === 0) return der
  return choices.below(2) === 0 ? mutateBytes(der, choices) : mutateDer(der, choices)
}
