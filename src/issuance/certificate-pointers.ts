/**
 * The extensions of a certificate that point to its CRL, OCSP responder and CA certificate (RFC 5280 §4.2.1.13, §4.2.2.1).
 * crl/revocation-urls.ts decides the URLs.
 */
import { createBoundedCache } from '../bounded-cache.ts'
import { constantExtension, nonCritical, type Extension } from '../x509/extensions/extensions.ts'
import { encodeCrlDistributionPoints } from '../x509/extensions/distribution-points.ts'
import { uriName } from '../x509/names/general-name.ts'
import { encodeInfoAccess, type AccessDescription } from '../x509/extensions/info-access.ts'
import { oids } from '../x509/der/oid.ts'

/** Absolute URLs; an extension without any is left out. */
export interface CertificatePointers {
  readonly crlUri?: string
  /** The CA leaves cRLDistributionPoints out on purpose, so that passthrough may bring others. */
  readonly omitsCrl?: boolean
  readonly ocspUri?: string
  /** Of the DER of the CA's own certificate; counts only with an ocspUri. */
  readonly caIssuersUri?: string
}

/** By their URLs: a CA writes the same ones into thousands of certificates. */
const encoded = createBoundedCache<readonly Extension[]>(1000)

/** cRLDistributionPoints and authorityInfoAccess, neither critical. */
export function pointerExtensions(pointers: CertificatePointers): readonly Extension[] {
  // No URL in a certificate has a control character.
  const key = [pointers.crlUri, pointers.ocspUri, pointers.caIssuersUri].join('\n')
  const known = encoded.get(key)
  if (known !== undefined) return known
  const extensions = encodePointers(pointers).map(constantExtension)
  encoded.set(key, extensions)
  return extensions
}

function encodePointers({ crlUri, ocspUri, caIssuersUri }: CertificatePointers): Extension[] {
  const extensions: Extension[] = []
  if (crlUri !== undefined)
    extensions.push(nonCritical(oids.crlDistributionPoints, encodeCrlDistributionPoints(crlUri)))
  if (ocspUri !== undefined) {
    const locations: AccessDescription[] = [
      { accessMethod: oids.ocsp, accessLocation: uriName(ocspUri) },
    ]
    if (caIssuersUri !== undefined)
      locations.push({ accessMethod: oids.caIssuers, accessLocation: uriName(caIssuersUri) })
    extensions.push(nonCritical(oids.authorityInfoAccess, encodeInfoAccess(locations)))
  }
  return extensions
}
