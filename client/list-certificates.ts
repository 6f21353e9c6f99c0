/** ListCertificates, the certificate search of Signet, which AWS does not have. */
import { call } from './call.ts'
import type { CallOptions } from './inputs.ts'
import type { SdkClient } from './sdk-client.ts'

/** Filters, which are combined with AND. */
export interface CertificateSearch {
  /** All CAs of the account in the Region if left out. */
  readonly CertificateAuthorityArn?: string
  /** Hexadecimal, with or without colons. */
  readonly SerialNumber?: string
  /** Common name; `*` at the end stands for any end. */
  readonly Subject?: string
  /** A DNS name, an address, …; `docs/command-line.md` of the server has the patterns. */
  readonly SubjectAlternativeName?: string
  readonly TemplateArn?: string
  /** ARN of a user, role or session, an account, or a service. */
  readonly Requester?: string
  readonly IssuedAfter?: Date
  readonly IssuedBefore?: Date
  readonly ExpiresAfter?: Date
  readonly ExpiresBefore?: Date
  readonly Status?: 'VALID' | 'EXPIRED' | 'REVOKED'
}

export interface ListCertificatesInput extends CertificateSearch {
  readonly MaxResults?: number
  readonly NextToken?: string
}

export interface ListedCertificate {
  readonly CertificateArn: string
  readonly CertificateAuthorityArn: string
  /** As RevokeCertificate takes it. */
  readonly SerialNumber: string
  readonly Subject: string
  readonly SubjectAlternativeNames: readonly string[]
  readonly TemplateArn: string
  readonly Requester?: string
  readonly IssuedAt: Date
  readonly NotBefore: Date
  readonly NotAfter: Date
  readonly Status: 'VALID' | 'EXPIRED' | 'REVOKED'
  readonly RevokedAt?: Date
  readonly RevocationReason?: string
}

export interface ListCertificatesOutput {
  readonly Certificates: readonly ListedCertificate[]
  /** There may be more, also after a page with nothing on it. */
  readonly NextToken?: string
}

/** A page. Rejects with ClientError for an error of the service; AWS has no such operation. */
export async function listCertificates(
  sdk: SdkClient,
  input: ListCertificatesInput = {},
  options: CallOptions = {},
): Promise<ListCertificatesOutput> {
  const output = await call(sdk, 'listCertificates', { input, options })
  const { Certificates = [], NextToken } = output as Partial<ListCertificatesOutput>
  return { Certificates, ...(NextToken !== undefined && { NextToken }) }
}

/** All matching certificates; pages are requested as they are read. */
export async function* searchCertificates(
  sdk: SdkClient,
  search: CertificateSearch = {},
  options: CallOptions = {},
): AsyncGenerator<ListedCertificate, void, void> {
  let token: string | undefined
  do {
    const input = token === undefined ? search : { ...search, NextToken: token }
    const page = await listCertificates(sdk, input, options)
    yield* page.Certificates
    token = page.NextToken
  } while (token !== undefined)
}
