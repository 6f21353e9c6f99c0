/** The command `signet ca show`, which displays the complete description of a CA. */
import { hash } from 'node:crypto'
import type {
  CertificateAuthority,
  Client,
  DescribeRevocationOutput,
} from '../../../client/index.ts'
import { nameWords, signedSerialWords } from '../../inspect/value-texts.ts'
import { isoSeconds } from '../../text/iso-time.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { oidName, oids } from '../../x509/der/oid.ts'
import { parseBasicConstraints } from '../../x509/extensions/basic-constraints.ts'
import { parseCrlDistributionPoints } from '../../x509/extensions/distribution-points.ts'
import { findExtension } from '../../x509/extensions/extensions.ts'
import { parseInfoAccess } from '../../x509/extensions/info-access.ts'
import type { GeneralName } from '../../x509/names/general-name.ts'
import { describeSignatureAlgorithm } from '../../x509/algorithm-identifier.ts'
import type { AuthoritySummary } from '../authorities.ts'
import { certificatesIn, certifiedAuthority } from './ca-certificate.ts'
import { revocationState } from './revocation-state.ts'

/** A CA in the command's output form: keys are in PascalCase, times are in ISO 8601, and absent values are null. */
export interface AuthorityDetails {
  readonly Name: string
  readonly Arn: string
  readonly Type: string
  readonly Status: string
  readonly FailureReason: string | null
  readonly UsageMode: string | null
  readonly KeyAlgorithm: string
  readonly SigningAlgorithm: string | null
  readonly CreatedAt: string | null
  readonly LastStateChangeAt: string | null
  readonly RestorableUntil: string | null
  readonly Certificate: CaCertificateDetails | null
  /** CA certificates from the issuer to the root. */
  readonly Chain: readonly { readonly Subject: string; readonly NotAfter: string }[]
  readonly RevocationConfiguration: CertificateAuthority['RevocationConfiguration'] | null
  /** Null if the CA has no certificate, or if the API does not return the revocation state to the caller. */
  readonly RevocationState: DescribeRevocationOutput | null
  /**
   * URLs in the certificates that the CA currently issues; null if the CA has not issued a certificate with its
   * current configuration.
   */
  readonly Urls: CertificateUrls | null
  readonly Tags: Readonly<Record<string, string>>
}

interface CaCertificateDetails {
  readonly Subject: string
  readonly Issuer: string
  readonly SerialNumber: string
  readonly NotBefore: string
  readonly NotAfter: string
  readonly PathLength: number | null
  readonly SignatureAlgorithm: string
  readonly FingerprintSha256: string
}

interface CertificateUrls {
  readonly Crl: readonly string[]
  readonly Ocsp: readonly string[]
  readonly CaIssuers: readonly string[]
}

export async function describeAuthority(
  client: Client,
  summary: AuthoritySummary,
): Promise<AuthorityDetails> {
  const { CertificateAuthority: authority = {} } = await client.describeCertificateAuthority({
    CertificateAuthorityArn: summary.arn,
  })
  const found = await certifiedAuthority(client, summary)
  const time = (date: Date | undefined): string | null =>
    date === undefined ? null : isoSeconds(date)
  return {
    Name: summary.name,
    Arn: summary.arn,
    Type: summary.type,
    Status: authority.Status ?? summary.status,
    FailureReason: authority.FailureReason ?? null,
    UsageMode: authority.UsageMode ?? null,
    KeyAlgorithm: summary.keyAlgorithm,
    SigningAlgorithm: authority.CertificateAuthorityConfiguration?.SigningAlgorithm ?? null,
    CreatedAt: time(authority.CreatedAt),
    LastStateChangeAt: time(authority.LastStateChangeAt),
    RestorableUntil: time(authority.RestorableUntil),
    Certificate: found === undefined ? null : certificateDetails(found.certificate),
    Chain: (found?.chain ?? []).map(({ subject, notAfter }) => ({
      Subject: nameWords(subject),
      NotAfter: isoSeconds(notAfter),
    })),
    RevocationConfiguration: authority.RevocationConfiguration ?? null,
    RevocationState: found === undefined ? null : await revocationState(client, summary.arn),
    Urls: found === undefined ? null : await currentUrls(client, summary.arn, authority),
    Tags: await tagsOf(client, summary),
  }
}

function certificateDetails(certificate: Certificate): CaCertificateDetails {
  const { subject, issuer, serialNumber, notBefore, notAfter, extensions, der } = certificate
  const constraints = findExtension(extensions, oids.basicConstraints)
  return {
    Subject: nameWords(subject),
    Issuer: nameWords(issuer),
    SerialNumber: signedSerialWords(serialNumber),
    NotBefore: isoSeconds(notBefore),
    NotAfter: isoSeconds(notAfter),
    PathLength: (constraints && parseBasicConstraints(constraints.value).pathLenConstraint) ?? null,
    SignatureAlgorithm: describeSignatureAlgorithm(certificate.signatureAlgorithm),
    FingerprintSha256: (hash('sha256', der).toUpperCase().match(/../g) ?? []).join(':'),
  }
}

/** The tags of a deleted CA cannot be read. */
async function tagsOf(
  client: Client,
  { arn, status }: AuthoritySummary,
): Promise<Record<string, string>> {
  const tags: Record<string, string> = {}
  if (status === 'CREATING' || status === 'DELETED' || status === 'FAILED') return tags
  const pages = client.getPaginator('listTags').paginate({ CertificateAuthorityArn: arn })
  for await (const { Key, Value = '' } of pages.items()) tags[Key] = Value
  return tags
}

/** Reads the URLs from a certificate issued since the CA's last change, because the API does not return them. */
async function currentUrls(
  client: Client,
  arn: string,
  { LastStateChangeAt }: CertificateAuthority,
): Promise<CertificateUrls | null> {
  try {
    const { Certificates } = await client.listCertificates({
      CertificateAuthorityArn: arn,
      ...(LastStateChangeAt && { IssuedAfter: LastStateChangeAt }),
      MaxResults: 1,
    })
    const [first] = Certificates
    if (first === undefined) return null
    const { Certificate: pem = '' } = await client.getCertificate({
      CertificateAuthorityArn: arn,
      CertificateArn: first.CertificateArn,
    })
    const [certificate] = certificatesIn(pem)
    return certificate === undefined ? null : urlsIn(certificate)
  } catch {
    // ListCertificates may be unavailable, as in AWS, or the caller may lack permission for it.
    return null
  }
}

/** Returns the URLs of CRLs, OCSP responders and CA certificates in a certificate. */
function urlsIn({ extensions }: Pick<Certificate, 'extensions'>): CertificateUrls {
  const points = findExtension(extensions, oids.crlDistributionPoints)
  const access = findExtension(extensions, oids.authorityInfoAccess)
  const locations = (method: string): string[] =>
    (access === undefined ? [] : parseInfoAccess(access.value, oidName(oids.authorityInfoAccess)))
      .filter(({ accessMethod }) => accessMethod === method)
      .flatMap(({ accessLocation }) => uriOf(accessLocation))
  return {
    Crl: points === undefined ? [] : parseCrlDistributionPoints(points.value).flatMap(uriOf),
    Ocsp: locations(oids.ocsp),
    CaIssuers: locations(oids.caIssuers),
  }
}

function uriOf({ kind, content }: GeneralName): string[] {
  return kind === 'uniformResourceIdentifier' ? [Buffer.from(content).toString('latin1')] : []
}
