import type { Authority, CurrentCrl } from '../authority/authority.ts'
import { cnameUrl } from '../authority/custom-cname.ts'
import { firstIdentity, identityFileName } from '../chain/issuer-identity.ts'
import type { EnabledCrl } from '../authority/revocation-configuration.ts'
import type { CertificatePointers } from '../issuance/certificate-pointers.ts'
import { pathOfKey } from '../objects/object-url.ts'
import { crlKey, customCrlUrl } from './location.ts'
import type { Services } from '../services.ts'

type UrlServices = Pick<Services, 'objects' | 'publicUrl' | 'revocationPolicy'>

/**
 * Returns the CRL, OCSP and CA Issuers URLs for certificates that a CA currently issues; issuance/certificate-pointers.ts
 * encodes them as extensions.
 */
export function revocationUrls(
  services: UrlServices,
  authority: Authority,
  crl: CurrentCrl | undefined,
): CertificatePointers {
  const { CrlConfiguration, OcspConfiguration } = authority.revocation
  const { publicUrl } = services
  return {
    ...(CrlConfiguration.Enabled && crlPointers(services, authority, { crl, CrlConfiguration })),
    ...(OcspConfiguration.Enabled && {
      ocspUri: cnameUrl(OcspConfiguration.OcspCustomCname) ?? `${publicUrl}/ocsp`,
      ...(services.revocationPolicy.caIssuers && {
        caIssuersUri: `${publicUrl}/ca/${certificateFileName(authority)}.cer`,
      }),
    }),
  }
}

/**
 * Returns the file name of the CA certificate for the CA's current identity. Issued certificates can be verified only with
 * a CA certificate that has the same identity.
 */
function certificateFileName({ id, certificate }: Authority): string {
  return identityFileName(id, certificate?.issuerIdentity ?? firstIdentity)
}

function crlPointers(
  services: UrlServices,
  authority: Authority,
  { crl, CrlConfiguration }: { crl: CurrentCrl | undefined; CrlConfiguration: EnabledCrl },
): CertificatePointers {
  const omits = CrlConfiguration.CrlDistributionPointExtensionConfiguration?.OmitExtension === true
  if (omits) return { omitsCrl: true }
  return crl === undefined ? {} : { crlUri: crlUrl(services, authority, crl.name) }
}

/** Returns the CRL URL to include in certificates and partitions. The CA must have CRLs enabled. */
export function crlUrl(
  { objects }: Pick<Services, 'objects'>,
  authority: Authority,
  name: string,
): string {
  const { CrlConfiguration } = authority.revocation
  if (!CrlConfiguration.Enabled) throw new TypeError('the CA has CRLs disabled')
  const key = crlKey(CrlConfiguration, name)
  return (
    customCrlUrl(CrlConfiguration, pathOfKey(key)) ??
    objects.urlOf({ bucket: CrlConfiguration.S3BucketName, key }, authority)
  )
}
