/**
 * The extensions of a certificate that point to its CRL, OCSP responder and CA certificate (RFC 5280 §4.2.1.13, §4.2.2.1).
 * crl/revocation-urls.ts decides the URLs.
 */
import { encodeCrlDistributionPoints } from '../x509/extensions/distribution-points.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { uriName } from '../x509/names/general-name.ts'
import { encodeInfoAccess } from '../x509/extensions/info-access.ts'
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

/** cRLDistributionPoints and authorityInfoAccess, neither critical. */
export function pointerExtensions({
  crlUri,
  ocspUri,
  caIssuersUri,
}: CertificatePointers): Extension[] {
  const extensions: Extension[] = []
  if (crlUri !== undefined)
    extensions.push({
      oid: oids.crlDistributionPoints,
      critical: false,
      value: encodeCrlDistributionPoints(crlUri),
    })
  if (ocspUri !== undefined)
    extensions.push({
      oid: oids.authorityInfoAccess,
      critical: false,
      value: encodeInfoAccess([
        { accessMethod: oids.ocsp, accessLocation: uriName(ocspUri) },
        ...(caIssuersUri === undefined
          ? []
          : [{ accessMethod: oids.caIssuers, accessLocation: uriName(caIssuersUri) }]),
      ]),
    })
  return extensions
}
