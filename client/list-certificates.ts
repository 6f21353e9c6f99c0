/** ListCertificates: Signet's certificate search, which does not exist in AWS. */
import { call } from './call.ts'
import {
  checkOptions,
  dateRule,
  numberRule,
  oneOf,
  textRule,
  type OptionRules,
} from './check-options.ts'
import type { CallOptions } from './inputs.ts'
import { pagesOf } from './own-operations.ts'
import type { SdkClient } from './sdk-client.ts'

/**
 * Filters for a certificate search, combined with AND.
 *
 * @example
 * const search: CertificateSearch = { SubjectAlternativeName: '*.example.com', Status: 'VALID' }
 */
export interface CertificateSearch {
  /** ARN of a CA; by default, all of the account's CAs in the Region are searched. */
  readonly CertificateAuthorityArn?: string
  /** Serial number in hexadecimal, with or without colons. */
  readonly SerialNumber?: string
  /** CommonName of the subject. A trailing `*` matches any text. */
  readonly Subject?: string
  /** A DNS name, an IP address, an email address or a URI. A trailing `*` matches any text. */
  readonly SubjectAlternativeName?: string
  /** ARN of the template that the certificate was issued with. */
  readonly TemplateArn?: string
  /** Requester of the certificate: the ARN of a user, role or session, an account ID, or the name of a service. */
  readonly Requester?: string
  readonly IssuedAfter?: Date
  readonly IssuedBefore?: Date
  readonly ExpiresAfter?: Date
  readonly ExpiresBefore?: Date
  readonly Status?: 'VALID' | 'EXPIRED' | 'REVOKED'
}

/** The input of listCertificates: a search and a page. */
export interface ListCertificatesInput extends CertificateSearch {
  /** Maximum number of certificates on the page, from 1 to 1000. */
  readonly MaxResults?: number
  /** NextToken from the previous page. */
  readonly NextToken?: string
}

/** A certificate that a search found. */
export interface ListedCertificate {
  readonly CertificateArn: string
  readonly CertificateAuthorityArn: string
  /** Serial number in hexadecimal, in the form that revokeCertificate accepts. */
  readonly SerialNumber: string
  /** The subject's distinguished name, such as `CN=www.example.com`. */
  readonly Subject: string
  readonly SubjectAlternativeNames: readonly string[]
  readonly TemplateArn: string
  /** ARN of the principal that requested the certificate. */
  readonly Requester?: string
  readonly IssuedAt: Date
  readonly NotBefore: Date
  readonly NotAfter: Date
  readonly Status: 'VALID' | 'EXPIRED' | 'REVOKED'
  /** Revocation time; undefined if the certificate is not revoked. */
  readonly RevokedAt?: Date
  readonly RevocationReason?: string
}

/** A page of certificates that match a search. */
export interface ListCertificatesOutput {
  readonly Certificates: readonly ListedCertificate[]
  /** Token of the next page. An empty page may still have a token; only the last page has none. */
  readonly NextToken?: string
}

const searchRules: OptionRules<CertificateSearch> = {
  CertificateAuthorityArn: textRule,
  SerialNumber: textRule,
  Subject: textRule,
  SubjectAlternativeName: textRule,
  TemplateArn: textRule,
  Requester: textRule,
  IssuedAfter: dateRule,
  IssuedBefore: dateRule,
  ExpiresAfter: dateRule,
  ExpiresBefore: dateRule,
  Status: oneOf('VALID', 'EXPIRED', 'REVOKED'),
}
const pageRules: OptionRules<ListCertificatesInput> = {
  ...searchRules,
  MaxResults: numberRule,
  NextToken: textRule,
}

/**
 * Requests one page of certificates. Rejects with TypeError for an invalid input, and with ClientError for an error from
 * the service.
 */
export async function listCertificates(
  sdk: SdkClient,
  input: ListCertificatesInput = {},
  options: CallOptions = {},
): Promise<ListCertificatesOutput> {
  checkOptions('listCertificates', input, pageRules)
  const output = await call(sdk, 'listCertificates', { input, options })
  const { Certificates = [], NextToken } = output as Partial<ListCertificatesOutput>
  return { Certificates, ...(NextToken !== undefined && { NextToken }) }
}

/** Yields all matching certificates. Each page is requested when its first certificate is read. */
export async function* searchCertificates(
  sdk: SdkClient,
  search: CertificateSearch = {},
  options: CallOptions = {},
): AsyncGenerator<ListedCertificate, void, void> {
  checkOptions('searchCertificates', search, searchRules)
  const pages = pagesOf((input) => listCertificates(sdk, input, options), search)
  for await (const { Certificates } of pages) yield* Certificates
}
