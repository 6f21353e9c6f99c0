/** ACME clients' orders and certificates in tests. */
import assert from 'node:assert/strict'
import { createCsr } from './crafted-csrs.ts'
import { expectSuccess, type AcmeClient, type AcmeResponse } from './acme-client.ts'

/**
 * Asserts that a response is a problem document. `problem` is the type of the problem, which may be preceded by the HTTP
 * status: `404 malformed`.
 */
export function assertProblem(response: AcmeResponse, problem: string, detail: RegExp): void {
  const expected = problem.includes(' ') ? problem : `${response.status} ${problem}`
  assert.equal(`${response.status} ${response.problem ?? ''}`, expected, response.text)
  assert.match(String(response.json['detail']), detail)
  assert.equal(response.json['status'], response.status)
}

/** Creates an ACME order that must be accepted. */
export async function ordered(
  client: AcmeClient,
  names: readonly string[],
  members: object = {},
): Promise<AcmeResponse> {
  return expectSuccess(await client.order(names, members))
}

/** Orders a certificate at an endpoint without challenges. Returns the finalized order, and the certificate chain in PEM. */
export async function obtain(
  client: AcmeClient,
  names: readonly string[],
  {
    csr = createCsr({ names }),
    members = {},
  }: { readonly csr?: Uint8Array; readonly members?: object } = {},
): Promise<{ readonly order: AcmeResponse; readonly chain: AcmeResponse }> {
  const order = await ordered(client, names, members)
  const finalized = expectSuccess(await client.finalize(order.json['finalize'] as string, csr))
  const chain = expectSuccess(await client.post(finalized.json['certificate'] as string))
  return { order: finalized, chain }
}

/** Returns the certificates in a chain as DER. */
export function derOf({ text }: Pick<AcmeResponse, 'text'>): Buffer[] {
  return text
    .split('-----BEGIN CERTIFICATE-----')
    .slice(1)
    .map((part) => Buffer.from(part.replace(/-----END[^]*/, ''), 'base64'))
}
