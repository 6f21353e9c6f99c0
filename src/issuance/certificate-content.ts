/**
 * Combines a certificate's subject and extensions from the template, API and CSR, in this order of precedence. As in AWS, an
 * extension comes entirely from the source with the highest precedence that contains it (AWS Private CA User Guide, Template
 * order of operations).
 */
import { malformedCsr } from '../errors.ts'
import { DerError } from '../x509/der/error.ts'
import { findExtension, type Extension, nonCritical } from '../x509/extensions/extensions.ts'
import { encodeSubjectKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { encodeKeyUsage, parseKeyUsage } from '../x509/extensions/key-usage.ts'
import { isEmptyName, type Name } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import type { AcceptedCsr } from './accept-csr.ts'
import { pointerExtensions, type CertificatePointers } from './certificate-pointers.ts'
import type { EmptySubjectPolicy } from './issuance-policy.ts'
import { noPassthrough, type Passthrough } from './passthrough.ts'
import type { Template } from './templates.ts'

export interface CertificateContent {
  readonly subject: Name
  /** Extensions in the order in which they appear in the certificate. */
  readonly extensions: readonly Extension[]
}

export interface ContentSources {
  readonly template: Template
  readonly csr: AcceptedCsr
  readonly passthrough: Passthrough
  /** keyIdentifier of the certified key. */
  readonly subjectKeyIdentifier: Uint8Array
  /** authorityKeyIdentifier from the CA; undefined for a self-signed root. */
  readonly authorityKeyIdentifier: Extension | undefined
  /** URLs for the CRL, OCSP and the CA certificate; absent for a root, because a root cannot be revoked. */
  readonly pointers: CertificatePointers
  /** How CSRs with an empty subject are handled; `refuse` by default. */
  readonly emptySubject?: EmptySubjectPolicy | undefined
}

/**
 * Returns the certificate's subject and extensions. Throws MalformedCSRException if both subject and SAN are missing, or if
 * the subject is empty and the CSR's SAN is not critical.
 */
export function certificateContent(sources: ContentSources): CertificateContent {
  const { template, csr } = sources
  const passthrough = template.api ? sources.passthrough : noPassthrough
  const subject = passthrough.subject ?? csr.request.subject
  const own = templateExtensions(sources)
  const fromApi = passthrough.extensions.filter(({ oid }) => mayPass(sources, 'api', oid))
  const fromCsr = csr.request.extensions
    .filter(
      ({ oid }) => oid === oids.subjectAltName || (template.csr && mayPass(sources, 'csr', oid)),
    )
    .map(withMinimalKeyUsage)
  const merged = mergeExtensions([own, fromApi, fromCsr])
  const mayMarkCritical = sources.emptySubject === 'critical-san' ? merged : fromApi
  const extensions = withSubjectAlternativeName(merged, subject, mayMarkCritical)
  requireName(template, subject, findExtension(extensions, oids.subjectAltName))
  return { subject, extensions: inOrder(extensions) }
}

/** Extensions that the template and the CA define. */
function templateExtensions(sources: ContentSources): Extension[] {
  const { template, subjectKeyIdentifier, authorityKeyIdentifier } = sources
  return [
    template.basicConstraints,
    ...(authorityKeyIdentifier === undefined ? [] : [authorityKeyIdentifier]),
    nonCritical(oids.subjectKeyIdentifier, encodeSubjectKeyIdentifier(subjectKeyIdentifier)),
    ...template.usage,
    ...(template.kind === 'root' ? [] : pointerExtensions(sources.pointers)),
  ]
}

/** cRLDistributionPoints come from the CA, unless the template allows other sources or the CA omits the extension. */
function mayPass(
  { template, pointers }: ContentSources,
  source: 'api' | 'csr',
  oid: string,
): boolean {
  return (
    oid !== oids.crlDistributionPoints ||
    template.crlDistributionPoints[source] ||
    pointers.omitsCrl === true
  )
}

/**
 * Encodes a keyUsage without trailing zero bits, which some clients write but DER does not allow (X.690 §11.2.2). A malformed
 * keyUsage is left unchanged, and the lint reports it.
 */
function withMinimalKeyUsage(extension: Extension): Extension {
  if (extension.oid !== oids.keyUsage) return extension
  try {
    return { ...extension, value: encodeKeyUsage(parseKeyUsage(extension.value)) }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return extension
  }
}

/** Returns the first occurrence of each extension. */
function mergeExtensions(sources: readonly (readonly Extension[])[]): Extension[] {
  const merged = new Map<string, Extension>()
  for (const extension of sources.flat())
    if (!merged.has(extension.oid)) merged.set(extension.oid, extension)
  return [...merged.values()]
}

/** Marks the SAN as critical if the subject is empty and the SAN is in `mayMarkCritical` (RFC 5280 §4.2.1.6). */
function withSubjectAlternativeName(
  extensions: readonly Extension[],
  subject: Name,
  mayMarkCritical: readonly Extension[],
): Extension[] {
  const san = findExtension(mayMarkCritical, oids.subjectAltName)
  if (san === undefined || !isEmptyName(subject)) return [...extensions]
  return extensions.map((extension) => (extension === san ? { ...san, critical: true } : extension))
}

function requireName(template: Template, subject: Name, san: Extension | undefined): void {
  if (!isEmptyName(subject)) return
  if (template.kind !== 'end-entity')
    throw malformedCsr('CSR must have a subject: a certificate authority must have a name')
  if (san === undefined) throw malformedCsr('CSR must have a subject or a subject alternative name')
  if (!san.critical)
    throw malformedCsr('CSR must mark the SAN extension critical when it has an empty subject')
}

/** Extensions in AWS's order. All remaining extensions follow in the order of their source. */
const order: readonly string[] = [
  oids.basicConstraints,
  oids.authorityKeyIdentifier,
  oids.subjectKeyIdentifier,
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.crlDistributionPoints,
  oids.authorityInfoAccess,
]

function inOrder(extensions: readonly Extension[]): Extension[] {
  const rank = ({ oid }: Extension): number => {
    const index = order.indexOf(oid)
    return index < 0 ? order.length : index
  }
  return extensions.toSorted((a, b) => rank(a) - rank(b))
}
