/** Mutated CSRs and client certificates are refused with EstError or a reason, and never cause any other error. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  alternativeNames,
  basicConstraints,
  craft,
  ip,
  text,
} from '../../test/support/crafted-certificates.ts'
import { attribute, craftRequest, utf8String } from '../../test/support/crafted-requests.ts'
import type { EstEndpoint } from '../enrollment/endpoint.ts'
import { oids } from '../x509/der/oid.ts'
import { encodeExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import { nonCritical } from '../x509/extensions/extensions.ts'
import { encodeKeyUsage } from '../x509/extensions/key-usage.ts'
import type { EstIdentity } from './authenticate.ts'
import { clientUseFault, parseClientCertificate } from './client-certificate.ts'
import { readRequest } from './enroll.ts'
import { EstError } from './est-error.ts'
import type { EstRequest } from './est-request.ts'

const names = [text('dNSName', 'device-1.corp.example'), ip('0a000001')]
const san = alternativeNames(names)
const extensions = [
  san,
  basicConstraints(undefined, { ca: false }),
  nonCritical(oids.extendedKeyUsage, encodeExtendedKeyUsage([oids.clientAuth])),
  { oid: oids.keyUsage, critical: true, value: encodeKeyUsage(['digitalSignature']) },
]
const { certificate } = craft({ extensions })
const csr = craftRequest({
  subject: certificate.subject.der,
  extensions: [san],
  attributes: [attribute(oids.challengePassword, utf8String('binding'))],
})
const identity: EstIdentity = { password: undefined, client: { certificate, isOwn: true } }

function requestWith(der: Uint8Array, permitted: readonly string[]): EstRequest {
  const endpoint = { configuration: { names: permitted } } as unknown as EstEndpoint
  const body = Buffer.from(Buffer.from(der).toString('base64'))
  const connection = { channelBinding: () => 'binding' }
  return { endpoint, request: { body }, connection } as unknown as EstRequest
}

/** Mutations: a few changed bytes, and a truncated end. */
const mutations = fc.record({
  changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  cut: fc.oneof(fc.constant(0), fc.nat(40)),
})

function mutated(
  der: Uint8Array,
  { changes, cut }: typeof mutations extends fc.Arbitrary<infer M> ? M : never,
) {
  const bytes = Uint8Array.from(der)
  for (const [at, byte] of changes) bytes[at % bytes.length] = byte
  return bytes.subarray(0, bytes.length - cut)
}

test('a mutated CSR is accepted or refused with EstError', () => {
  assert.ok(readRequest(requestWith(csr, []), identity))
  fc.assert(
    fc.property(
      mutations,
      fc.constantFrom([], ['*.corp.example', '10.0.0.0/8']),
      (mutation, permitted) => {
        try {
          readRequest(requestWith(mutated(csr, mutation), permitted), identity)
        } catch (error) {
          assert.ok(error instanceof EstError, String(error))
          assert.ok(error.status === 400 || error.status === 403)
        }
      },
    ),
    { seed: 26, numRuns: 5000 },
  )
})

test('a mutated client certificate is usable or has a fault', () => {
  const now = new Date('2026-06-01T00:00:00Z')
  assert.equal(clientUseFault(certificate, now), undefined)
  fc.assert(
    fc.property(mutations, (mutation) => {
      const parsed = parseClientCertificate(mutated(certificate.der, mutation))
      const fault = parsed && clientUseFault(parsed, now)
      assert.ok(fault === undefined || fault.length > 0)
    }),
    { seed: 27, numRuns: 5000 },
  )
})
