import { certificateMembers } from './certificate-members.ts'
import { ServiceError, validationFailed } from '../../errors.ts'
import { parseCertificateSerial } from '../../x509/serial-number-text.ts'
import { revocationReasons } from '../../authority/revocation-reason.ts'
import { certificateStatuses, type CertificateFilter, type Period } from '../../search/filter.ts'
import {
  parseNamePattern,
  parseSubjectPattern,
  patternCharactersMax,
  type NamePattern,
} from '../../search/name-pattern.ts'
import {
  parseCursor,
  cursorText,
  searchCertificates,
  type SearchCursor,
} from '../../search/search-certificates.ts'
import type { Services } from '../../services.ts'
import type { PageScope } from '../../wire/page-token.ts'
import {
  enumeration,
  type Infer,
  list,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'
import { operation, type ScopedCaller } from '../shared/operation.ts'
import { requireAuthority, requireHiddenAuthorities } from '../shared/require-authority.ts'
import { arn, maxResults, nextToken } from '../shared/shapes.ts'
import { templateOf } from './template-arn.ts'

const pageSize = 100

const namePattern = string({ min: 1, max: patternCharactersMax })

const listCertificatesInput = structure({
  CertificateAuthorityArn: arn,
  SerialNumber: string({ min: 1, max: 128, pattern: '(0[xX])?[0-9a-fA-F:]+' }),
  Subject: namePattern,
  SubjectAlternativeName: namePattern,
  TemplateArn: arn,
  Requester: string({
    min: 12,
    max: 2048,
    pattern: String.raw`[0-9]{12}|arn:[\w+=/,.@:-]+|[a-z0-9.-]+\.amazonaws\.com`,
  }),
  IssuedAfter: timestamp(),
  IssuedBefore: timestamp(),
  ExpiresAfter: timestamp(),
  ExpiresBefore: timestamp(),
  Status: enumeration(certificateStatuses),
  MaxResults: maxResults,
  NextToken: nextToken,
})

type Input = Infer<typeof listCertificatesInput>

const certificate = structure({
  CertificateArn: arn,
  CertificateAuthorityArn: arn,
  SerialNumber: string(),
  Subject: string(),
  SubjectAlternativeNames: list(string()),
  TemplateArn: arn,
  Requester: string(),
  IssuedAt: timestamp(),
  NotBefore: timestamp(),
  NotAfter: timestamp(),
  Status: enumeration(certificateStatuses),
  RevokedAt: timestamp(),
  RevocationReason: enumeration(revocationReasons),
})

/**
 * Lists the certificates issued by one CA, or by all of the account's CAs in the Region, with filters and pagination. AWS has no
 * equivalent operation (docs/decisions/0016-search.md).
 */
export const listCertificates = operation({
  name: 'ListCertificates',
  input: listCertificatesInput,
  output: structure({ NextToken: nextToken, Certificates: list(certificate) }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidArgsException',
    'InvalidNextTokenException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    const { NextToken, MaxResults = pageSize, ...filters } = input
    const filter = await filterOf(services, input, caller)
    const scope: PageScope = {
      operation: 'ListCertificates',
      callerArn: caller.arn,
      region: caller.region,
      resource: JSON.stringify(filters),
    }
    const after = NextToken === undefined ? undefined : openToken(services, scope, NextToken)
    if (filter === 'nothing') return { Certificates: [] }
    const now = services.clock.now()
    const { certificates, next } = await searchCertificates(services.db, filter, {
      after,
      limit: MaxResults,
      now,
    })
    return {
      ...(next && { NextToken: services.pageTokens.seal(scope, cursorText(next)) }),
      Certificates: certificates.map(certificateMembers),
    }
  },
})

function openToken({ pageTokens }: Services, scope: PageScope, token: string): SearchCursor {
  const text = pageTokens.open(scope, token)
  const cursor = text === undefined ? undefined : parseCursor(text)
  if (cursor !== undefined) return cursor
  throw new ServiceError(
    'InvalidNextTokenException',
    'NextToken was not issued by this operation, or was issued for other filters.',
  )
}

/** Parses the filters in the request. Returns `nothing` if no certificate can match. */
async function filterOf(
  services: Services,
  input: Input,
  caller: ScopedCaller,
): Promise<CertificateFilter | 'nothing'> {
  const { CertificateAuthorityArn: authorityArn, TemplateArn, SerialNumber } = input
  const { accountId, region } = caller
  const authority =
    authorityArn === undefined
      ? undefined
      : (await requireAuthority(services, caller, { arn: authorityArn, event: 'describe' }))
          .authority
  const serialNumber = SerialNumber === undefined ? undefined : requireSerial(SerialNumber)
  const filter = {
    accountId: authority?.accountId ?? accountId,
    region,
    authorityNumber: authority?.number,
    hiddenAuthorities: authority === undefined ? await requireHiddenAuthorities(caller) : undefined,
    subject: patternOf('Subject', input.Subject, parseSubjectPattern),
    alternativeName: patternOf('SubjectAlternativeName', input.SubjectAlternativeName),
    templateName:
      TemplateArn === undefined ? undefined : templateOf(TemplateArn, caller.partition).name,
    requester: input.Requester,
    issued: periodOf('Issued', input.IssuedAfter, input.IssuedBefore),
    expires: periodOf('Expires', input.ExpiresAfter, input.ExpiresBefore),
    status: input.Status,
  }
  return serialNumber === 'unknown' ? 'nothing' : { ...filter, serialNumber }
}

function requireSerial(text: string): Uint8Array | 'unknown' {
  const serialNumber = parseCertificateSerial(text)
  if (serialNumber !== undefined) return serialNumber
  throw validationFailed('SerialNumber must be the hexadecimal serial number of a certificate.')
}

function patternOf(
  member: string,
  text: string | undefined,
  parse = parseNamePattern,
): NamePattern | undefined {
  if (text === undefined) return undefined
  const pattern = parse(text)
  if ('problem' in pattern) throw validationFailed(`${member} ${pattern.problem}.`)
  return pattern
}

function periodOf(member: string, after: Date | undefined, before: Date | undefined): Period {
  if (after !== undefined && before !== undefined && after >= before)
    throw validationFailed(`${member}After must be earlier than ${member}Before.`)
  return { after, before }
}
