/** Reads pages of a certificate search. */
import type { Client } from '../../api/client.ts'
import type { CertificateSummary } from '../../api/types.ts'

interface PageRequest {
  readonly input: object
  readonly token: string | undefined
  readonly pageSize: number
  readonly signal: AbortSignal
}

interface CertificatePage {
  readonly certificates: readonly CertificateSummary[]
  readonly nextToken: string | undefined
}

/**
 * Maximum number of calls for one page. A call examines a limited number of certificates, so its result can be short or empty.
 */
const callsMax = 40

/** Reads a page, which is shorter than `pageSize` only at the end of the results, or if few of very many certificates match. */
export async function readPage(
  client: Client,
  { input, token, pageSize, signal }: PageRequest,
): Promise<CertificatePage> {
  const certificates: CertificateSummary[] = []
  let nextToken = token
  for (let calls = 0; calls < callsMax; calls += 1) {
    const MaxResults = pageSize - certificates.length
    const page = { ...input, MaxResults, ...(nextToken && { NextToken: nextToken }) }
    const output = await client.call('ListCertificates', page, { signal })
    certificates.push(...output.Certificates)
    nextToken = output.NextToken
    if (nextToken === undefined || certificates.length >= pageSize) break
  }
  return { certificates, nextToken }
}
