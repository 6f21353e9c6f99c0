/** ListCertificates, which Signet has and AWS has not: what was issued, searched. */
import { ListTagsCommand, type ACMPCAClient } from '@aws-sdk/client-acm-pca'
import { clientErrorOf } from './errors.ts'
import type { CallOptions } from './inputs.ts'

/** What to look for; all of it must be so. */
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

/** A page. Rejects with ClientError for what the service refuses; AWS itself knows no such operation. */
export async function listCertificates(
  sdk: ACMPCAClient,
  input: ListCertificatesInput = {},
  { abortSignal }: CallOptions = {},
): Promise<ListCertificatesOutput> {
  try {
    const output: unknown = await sdk.send(commandOf(input), abortSignal && { abortSignal })
    const { Certificates = [], NextToken } = output as {
      readonly Certificates?: readonly Record<string, unknown>[]
      readonly NextToken?: string
    }
    return {
      Certificates: Certificates.map(withDates),
      ...(NextToken !== undefined && { NextToken }),
    }
  } catch (error) {
    throw clientErrorOf(error, 'ListCertificates')
  }
}

/** All that is found, page by page as it is asked for. */
export async function* searchCertificates(
  sdk: ACMPCAClient,
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

/** The SDK has no command of that name: that of another operation, whose members it takes as they are, under it. */
function commandOf(input: ListCertificatesInput): ListTagsCommand {
  const members = Object.entries(input).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Date ? value.getTime() / 1000 : value,
  ])
  const command = new ListTagsCommand(Object.fromEntries(members) as never)
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['x-amz-target'] = 'ACMPrivateCA.ListCertificates'
      return next(args)
    },
    { step: 'build', name: 'listCertificates' },
  )
  return command
}

const times = ['IssuedAt', 'NotBefore', 'NotAfter', 'RevokedAt'] as const

/** Times are seconds on the wire. */
function withDates(certificate: Record<string, unknown>): ListedCertificate {
  const dated = { ...certificate }
  for (const name of times)
    if (typeof dated[name] === 'number') dated[name] = new Date(dated[name] * 1000)
  return dated as unknown as ListedCertificate
}
