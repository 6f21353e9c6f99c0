/** The command `signet init-hierarchy`, which creates a root CA and an issuing CA unless they exist. */
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { isoSeconds } from '../text/iso-time.ts'
import { createHierarchy, type HierarchyClient } from '../../client/hierarchy.ts'
import type {
  HierarchyAuthority,
  HierarchyRequest,
  KeyStorageSecurityStandard,
} from '../../client/index.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { ConfigurationError } from '../errors.ts'
import { parsePem } from '../x509/pem.ts'
import { nameWords } from '../inspect/value-texts.ts'
import { visibleText } from '../text/visible-text.ts'
import { listAuthorities } from './authorities.ts'
import type { Connection, Progress } from './connection.ts'
import { parseValidity, type KeyAlgorithmName } from './issuance-options.ts'

export interface InitHierarchyOptions {
  /** Organization in both subjects, which identifies the hierarchy in later runs. */
  readonly name: string
  /** CommonName of the root; `NAME Root CA` by default. */
  readonly rootName?: string
  /** CommonName of the issuing CA; `NAME Issuing CA` by default. */
  readonly issuingName?: string
  readonly keyAlgorithm: KeyAlgorithmName
  readonly keyStorageStandard?: KeyStorageSecurityStandard
  /** Validity in the format of parseValidity, such as `10y`. */
  readonly rootValidity: string
  readonly issuingValidity: string
  /** Bucket for the CRLs of both CAs. */
  readonly crlBucket?: string
  /** Whether OCSP is enabled for both CAs. */
  readonly ocsp: boolean
}

export interface AuthorityResult {
  readonly role: 'root' | 'issuing'
  readonly arn: string
  readonly subject: string
  readonly notAfter: string
  readonly status: string
  /** Whether this run of the command created the CA. */
  readonly created: boolean
  /** The revocation services whose URLs are in the CA's certificates. */
  readonly revocation: readonly ('OCSP' | 'CRL')[]
}

export interface HierarchyResult {
  readonly authorities: readonly AuthorityResult[]
  /** Root certificate in PEM. */
  readonly rootCertificate: string
  /** Whether the account has other ACTIVE subordinate CAs, so that `signet issue` requires `--ca`. */
  readonly hasOtherIssuers: boolean
}

/** Validity of CRLs in days. */
const crlDays = 7

/**
 * Creates the hierarchy. A repeated run continues after the steps that are already complete. Rejects with HierarchyError if a
 * step fails, and with ConfigurationError if a name is blank.
 */
export async function initHierarchy(
  { client }: Pick<Connection, 'client'>,
  request: InitHierarchyOptions,
  { now, progress }: { readonly now: Date; readonly progress: Progress },
): Promise<HierarchyResult> {
  requireNames(request)
  const hierarchy = hierarchyRequestOf(request, now)
  progress('Checking for an existing hierarchy')
  const authorities = await listAuthorities(client)
  const certified = new Set(
    authorities
      .filter(({ status }) => status === 'ACTIVE' || status === 'DISABLED')
      .map(({ arn }) => arn),
  )
  const { root, issuing } = await createHierarchy(withProgress(client, progress), hierarchy)
  const summaries = new Map((await listAuthorities(client)).map((each) => [each.arn, each]))
  const resultOf = (
    role: AuthorityResult['role'],
    authority: HierarchyAuthority,
  ): AuthorityResult => {
    const [block] = parsePem(authority.certificate)
    const summary = summaries.get(authority.arn)
    const { ocsp = false, crlDays: publishedDays = null, status = 'ACTIVE' } = summary ?? {}
    const { subject, notAfter } = parseCertificate(block?.der ?? new Uint8Array())
    return {
      role,
      arn: authority.arn,
      subject: nameWords(subject),
      notAfter: isoSeconds(notAfter),
      status,
      created: !certified.has(authority.arn),
      revocation: [
        ...(ocsp ? (['OCSP'] as const) : []),
        ...(publishedDays === null ? [] : (['CRL'] as const)),
      ],
    }
  }
  return {
    authorities: [resultOf('root', root), resultOf('issuing', issuing)],
    rootCertificate: root.certificate,
    hasOtherIssuers: [...summaries.values()].some(
      ({ arn, type, status }) =>
        arn !== issuing.arn && type === 'SUBORDINATE' && status === 'ACTIVE',
    ),
  }
}

/**
 * Throws ConfigurationError if the file contains anything except the root certificate of an earlier hierarchy with the same
 * names. Without this check, another hierarchy's root could be overwritten.
 */
export function requireOwnRoot(
  file: string,
  names: Pick<InitHierarchyOptions, 'name' | 'rootName'>,
): void {
  if (!existsSync(file) || !statSync(file).isFile()) return
  const content = readFileSync(file)
  if (content.length === 0) return
  const { name, rootName = rootNameOf(name) } = names
  const { O: organization, CN: commonName } = subjectIn(content, file)
  if (organization !== name || commonName !== rootName)
    throw new ConfigurationError(
      `--out: ${file} contains the certificate of ${visibleText(String(commonName))}, not of ${rootName}; specify another file`,
    )
}

function subjectIn(content: Uint8Array, file: string) {
  try {
    return new X509Certificate(content).toLegacyObject().subject
  } catch (error) {
    throw new ConfigurationError(
      `--out: ${file} exists, and is not a certificate; specify another file`,
      { cause: error },
    )
  }
}

function rootNameOf(name: string): string {
  return `${name} Root CA`
}

function requireNames({ name, rootName, issuingName }: InitHierarchyOptions): void {
  const names = { '--name': name, '--root-name': rootName, '--issuing-name': issuingName }
  const blank = Object.entries(names).find(([, text]) => text?.trim() === '')
  if (blank !== undefined) throw new ConfigurationError(`${blank[0]} must not be blank`)
}

function hierarchyRequestOf(request: InitHierarchyOptions, now: Date): HierarchyRequest {
  const { name, keyAlgorithm, keyStorageStandard, crlBucket, ocsp } = request
  const revocation = {
    ...(crlBucket !== undefined && {
      CrlConfiguration: { Enabled: true, ExpirationInDays: crlDays, S3BucketName: crlBucket },
    }),
    ...(ocsp && { OcspConfiguration: { Enabled: true } }),
  }
  const authority = (commonName: string, validity: string): HierarchyRequest['root'] => ({
    subject: { Organization: name, CommonName: commonName },
    keyAlgorithm,
    ...(keyStorageStandard && { keyStorageSecurityStandard: keyStorageStandard }),
    validity: parseValidity(validity, now),
    ...(Object.keys(revocation).length > 0 && { revocation }),
  })
  return {
    name,
    root: authority(request.rootName ?? rootNameOf(name), request.rootValidity),
    issuing: authority(request.issuingName ?? `${name} Issuing CA`, request.issuingValidity),
  }
}

/** Wraps the client so that each step is reported. */
function withProgress(client: Connection['client'], progress: Progress): HierarchyClient {
  return {
    ...client,
    createCertificateAuthority(input, options) {
      const { CommonName = '' } = input.CertificateAuthorityConfiguration.Subject ?? {}
      progress(`Creating ${CommonName} and its key`)
      return client.createCertificateAuthority(input, options)
    },
    issueCertificate(input, options) {
      progress('Issuing the CA certificate')
      return client.issueCertificate(input, options)
    },
    importCertificateAuthorityCertificate(input, options) {
      progress('Activating the CA')
      return client.importCertificateAuthorityCertificate(input, options)
    },
  }
}
