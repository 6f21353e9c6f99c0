/** `signet init-hierarchy`: a root and an issuing CA, once. */
import { isoSeconds } from '../text/iso-time.ts'
import { createHierarchy, type HierarchyClient } from '../../client/hierarchy.ts'
import type { HierarchyAuthority, HierarchyRequest } from '../../client/index.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { parsePem } from '../x509/pem.ts'
import { nameWords } from '../inspect/value-texts.ts'
import { listAuthorities } from './authorities.ts'
import type { Connection, Progress } from './connection.ts'
import { parseValidity, type KeyAlgorithmName } from './issuance-options.ts'

export interface InitHierarchyOptions {
  /** Organization of both subjects; the same name is the same hierarchy. */
  readonly name: string
  /** CommonName; the name and ` Root CA` unless given. */
  readonly rootName?: string
  readonly issuingName?: string
  readonly keyAlgorithm: KeyAlgorithmName
  /** As parseValidity reads it. */
  readonly rootValidity: string
  readonly issuingValidity: string
  /** Bucket that CRLs are published in. */
  readonly crlBucket?: string
  readonly ocsp?: boolean
}

export interface AuthorityResult {
  readonly role: 'root' | 'issuing'
  readonly arn: string
  readonly subject: string
  readonly notAfter: string
  /** False if it was there before. */
  readonly made: boolean
}

export interface HierarchyResult {
  readonly authorities: readonly AuthorityResult[]
  /** PEM. */
  readonly rootCertificate: string
}

/** Days that a CRL is valid. */
const crlDays = 7

/** Rejects with HierarchyError. The next run finds the finished steps and goes on. */
export async function initHierarchy(
  { client }: Pick<Connection, 'client'>,
  request: InitHierarchyOptions,
  { now, progress }: { readonly now: Date; readonly progress: Progress },
): Promise<HierarchyResult> {
  const hierarchy = hierarchyRequestOf(request, now)
  progress('Looking for what is there')
  const authorities = await listAuthorities(client)
  const active = new Set(
    authorities.filter(({ status }) => status === 'ACTIVE').map(({ arn }) => arn),
  )
  const { root, issuing } = await createHierarchy(withProgress(client, progress), hierarchy)
  const resultOf = (
    role: AuthorityResult['role'],
    authority: HierarchyAuthority,
  ): AuthorityResult => {
    const [block] = parsePem(authority.certificate)
    const { subject, notAfter } = parseCertificate(block?.der ?? new Uint8Array())
    return {
      role,
      arn: authority.arn,
      subject: nameWords(subject),
      notAfter: isoSeconds(notAfter),
      made: !active.has(authority.arn),
    }
  }
  return {
    authorities: [resultOf('root', root), resultOf('issuing', issuing)],
    rootCertificate: root.certificate,
  }
}

function hierarchyRequestOf(request: InitHierarchyOptions, now: Date): HierarchyRequest {
  const { name, keyAlgorithm, crlBucket, ocsp } = request
  const revocation = {
    ...(crlBucket !== undefined && {
      CrlConfiguration: { Enabled: true, ExpirationInDays: crlDays, S3BucketName: crlBucket },
    }),
    ...(ocsp === true && { OcspConfiguration: { Enabled: true } }),
  }
  const authority = (commonName: string, validity: string): HierarchyRequest['root'] => ({
    subject: { Organization: name, CommonName: commonName },
    keyAlgorithm,
    validity: parseValidity(validity, now),
    ...(Object.keys(revocation).length > 0 && { revocation }),
  })
  return {
    name,
    root: authority(request.rootName ?? `${name} Root CA`, request.rootValidity),
    issuing: authority(request.issuingName ?? `${name} Issuing CA`, request.issuingValidity),
  }
}

/** The client, with a report of each step. */
function withProgress(client: Connection['client'], progress: Progress): HierarchyClient {
  return {
    ...client,
    createCertificateAuthority(input, options) {
      const { CommonName = '' } = input.CertificateAuthorityConfiguration.Subject ?? {}
      progress(`Making ${CommonName} and its key`)
      return client.createCertificateAuthority(input, options)
    },
    issueCertificate(input, options) {
      progress('Signing its certificate')
      return client.issueCertificate(input, options)
    },
    importCertificateAuthorityCertificate(input, options) {
      progress('Taking it into use')
      return client.importCertificateAuthorityCertificate(input, options)
    },
  }
}
