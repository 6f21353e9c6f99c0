/**
 * The extensions that point to a certificate's CRL, OCSP responder and CA certificate (RFC 5280 §4.2.1.13, §4.2.2.1). The URLs
 * are determined in crl/revocation-urls.ts.
 */
import { createBoundedCache } from '../bounded-cache.ts'
import { constantExtension, nonCritical, type Extension } from '../x509/extensions/extensions.ts'
import { encodeCrlDistributionPoints } from '../x509/extensions/distribution-points.ts'
import { uriName } from '../x509/names/general-name.ts'
import { encodeInfoAccess, type AccessDescription } from '../x509/extensions/info-access.ts'
import { oids } from '../x509/der/oid.ts'

/** Absolute URLs; the extension is omitted if there are none. */
export interface CertificatePointers {
  readonly crlUri?: string
  /** Whether the CA omits cRLDistributionPoints, so that passthrough can supply it. */
  readonly omitsCrl?: boolean
  readonly ocspUri?: string
  /** URL of the CA certificate in DER, used only together with `ocspUri`. */
  readonly caIssuersUri?: string
}

/** Encoded extensions, keyed by their URLs, because a CA uses the same URLs in thousands of certificates. */
const encoded = createBoundedCache<readonly Extension[]>(1000)

/** Encodes cRLDistributionPoints and authorityInfoAccess, which are not critical. */
export function pointerExtensions(pointers: CertificatePointers): readonly Extension[] {
  // URLs in certificates contain no control characters, so the cache key is unambiguous.
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
