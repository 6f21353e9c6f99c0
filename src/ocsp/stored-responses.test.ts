import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../authority/authority.ts'
import type { ResolvedRequest } from './resolve-request.ts'
import { ocspLife } from './response.ts'
import type { SignedResponse } from './sign-response.ts'
import { currentResponse, rowOf } from './stored-responses.ts'

const now = new Date(Date.UTC(2026, 0))
const response: SignedResponse = {
  der: Uint8Array.of(1),
  life: ocspLife({ now, validitySeconds: 60 }),
}

function request(
  serial: number,
  { status = 'good', certificate = 1, others = 0 } = {},
): ResolvedRequest {
  const certId = { der: Buffer.from(String(serial)) }
  return {
    authority: { certificate: { number: certificate } } as Authority,
    statuses: Array.from({ length: 1 + others }, () => ({ certId, status })),
  } as unknown as ResolvedRequest
}

test('only a response for one certificate has a row', () => {
  assert.equal(rowOf(response, request(1))?.status, 'good')
  assert.equal(rowOf(response, request(1, { others: 1 })), undefined)
})

test('a stored response is used only for the same status and CA certificate', () => {
  const row = {
    certIdSha256: new Uint8Array(32),
    authorityCertificateNumber: 1,
    status: 'good',
    producedAt: now,
    nextUpdate: response.life.nextUpdate,
    response: response.der,
  } as const
  assert.deepEqual(currentResponse(row, request(1)), response)
  assert.equal(currentResponse(row, request(1, { status: 'revoked' })), undefined)
  assert.equal(currentResponse(row, request(1, { certificate: 2 })), undefined)
  assert.equal(currentResponse(undefined, request(1)), undefined)
})
