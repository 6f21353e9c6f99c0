import type { Authority } from '../../authority/authority.ts'
import type { RevocationConfiguration } from '../../authority/revocation-configuration.ts'
import { crlStatus, crlStatuses, isLate, lateSince } from '../../crl/crl-state.ts'
import { thisUpdateOf } from '../../crl/contents.ts'
import { crlUrl, revocationUrls } from '../../crl/revocation-urls.ts'
import type { Services } from '../../services.ts'
import { listCrlStates, readCrlTotals, type CrlState } from '../../store/crl-states.ts'
import { countOcspResponses } from '../../store/ocsp-responses.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import {
  boolean,
  enumeration,
  integer,
  list,
  long,
  required,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { readPage } from '../shared/read-page.ts'
import { arn, maxResults, nextToken } from '../shared/shapes.ts'

const pageSize = 100
/** Maximum number of stored OCSP responses to count. */
const countedMax = 100_000

const crlShape = structure({
  Name: string(),
  CrlType: enumeration(['COMPLETE', 'PARTITION']),
  IsCurrent: boolean(),
  Status: enumeration(crlStatuses),
  IsLate: boolean(),
  Url: string(),
  CrlNumber: long(),
  ThisUpdate: timestamp(),
  NextUpdate: timestamp(),
  Entries: integer(),
  Size: integer(),
  Certificates: integer(),
  DueAt: timestamp(),
  Failures: integer(),
  RetryAt: timestamp(),
})

const crlTotals = structure({
  Enabled: boolean(),
  CrlType: enumeration(['COMPLETE', 'PARTITIONED']),
  ExpirationInDays: integer(),
  S3BucketName: string(),
  Crls: integer(),
  Entries: integer(),
  Size: long(),
  Pending: integer(),
  Failed: integer(),
  Late: integer(),
})

const ocspShape = structure({
  Enabled: boolean(),
  Url: string(),
  Signer: enumeration(['CA', 'DELEGATED']),
  SignerNotAfter: timestamp(),
  ValiditySeconds: integer(),
  StoredResponses: integer(),
})

/**
 * Returns the state of a CA's CRLs and OCSP responses. A CA may have hundreds of partitioned CRLs, so the CRLs are listed in
 * pages, newest first. AWS has no equivalent operation (decision 0048).
 */
export const describeRevocation = authorityOperation({
  name: 'DescribeRevocation',
  actionPrefix: 'signet',
  input: structure({
    CertificateAuthorityArn: required(arn),
    MaxResults: maxResults,
    NextToken: nextToken,
  }),
  output: structure({
    Crl: crlTotals,
    Crls: list(crlShape),
    Ocsp: ocspShape,
    CaIssuersUrl: string(),
    NextToken: nextToken,
  }),
  errors: ['ResourceNotFoundException', 'InvalidArnException', 'InvalidNextTokenException'],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'describe',
  async run(services, input, { authority, now, caller }) {
    const { db } = services
    const { rows, more } = await readPage(services.pageTokens, {
      scope: {
        operation: 'DescribeRevocation',
        callerArn: caller.arn,
        region: caller.region,
        resource: input.CertificateAuthorityArn,
      },
      nextToken: input.NextToken,
      limit: input.MaxResults ?? pageSize,
      errorCode: 'InvalidNextTokenException',
      read: (after, limit) =>
        listCrlStates(db, authority.number, {
          ...(after !== undefined && { after: Number(after) }),
          limit,
        }),
      positionOf: ({ id }) => String(id),
    })
    const totals = await readCrlTotals(db, authority.number, { now, lateSince: lateSince(now) })
    const { caIssuersUri } = revocationUrls(services, authority, undefined)
    return {
      Crl: {
        ...configurationMembers(authority.revocation),
        Crls: totals.crls,
        Entries: totals.entries,
        Size: totals.bytes,
        Pending: totals.pending,
        Failed: totals.failed,
        Late: totals.late,
      },
      Crls: rows.map((crl) => crlMembers(services, authority, { crl, now })),
      Ocsp: await ocspMembers(services, authority),
      ...(caIssuersUri !== undefined && { CaIssuersUrl: caIssuersUri }),
      ...more,
    }
  },
})

function configurationMembers({ CrlConfiguration: crl }: RevocationConfiguration) {
  if (!crl.Enabled) return { Enabled: false }
  const { CrlType, ExpirationInDays, S3BucketName } = crl
  return { Enabled: true, CrlType, ExpirationInDays, S3BucketName }
}

function crlMembers(
  services: Services,
  authority: Authority,
  { crl, now }: { readonly crl: CrlState; readonly now: Date },
): Encodable<typeof crlShape> {
  const { id, name, kind, certificates, dueAt, failures, retryAt, published } = crl
  return {
    Name: name,
    CrlType: kind,
    IsCurrent: authority.crl?.id === id,
    Status: crlStatus(crl),
    IsLate: isLate(crl, now),
    ...(authority.revocation.CrlConfiguration.Enabled && {
      Url: crlUrl(services, authority, name),
    }),
    ...(kind === 'PARTITION' && { Certificates: certificates }),
    ...(published && {
      ...(published.number !== undefined && { CrlNumber: published.number }),
      ThisUpdate: thisUpdateOf(published),
      ...(published.nextUpdate && { NextUpdate: published.nextUpdate }),
      Entries: published.entries,
      Size: published.size,
    }),
    ...(dueAt && { DueAt: dueAt }),
    ...(failures > 0 && { Failures: failures, RetryAt: retryAt }),
  }
}

async function ocspMembers(
  services: Services,
  authority: Authority,
): Promise<Encodable<typeof ocspShape>> {
  const { ocspUri } = revocationUrls(services, authority, undefined)
  const { certificate } = authority
  if (ocspUri === undefined || certificate === undefined)
    return { Enabled: ocspUri !== undefined, ...(ocspUri !== undefined && { Url: ocspUri }) }
  const { kind, notAfter } = services.ocsp.signerOf(authority)
  return {
    Enabled: true,
    Url: ocspUri,
    Signer: kind,
    ...(kind === 'CA' && { SignerNotAfter: certificate.notAfter }),
    ...(notAfter && { SignerNotAfter: notAfter }),
    ValiditySeconds: services.revocationPolicy.ocspValiditySeconds,
    StoredResponses: await countOcspResponses(services.db, certificate.number, countedMax),
  }
}
