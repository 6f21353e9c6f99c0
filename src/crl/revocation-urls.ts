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
 * The CRL, OCSP and CA Issuers URLs of the certificates that a CA issues now. issuance/certificate-pointers.ts encodes them as
 * extensions.
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

/** File name of the CA certificate with the current identity: one with another identity would not verify issued certificates. */
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

/** The URL of a CRL, as in certificates and in partitions. Only for a CA whose CRLs are enabled. */
export function crlUrl(
  { objects }: Pick<Services, 'objects'>,
  authority: Authority,
  name: string,
): string {
  const { CrlConfiguration } = authority.revocation
  if (!CrlConfiguration.Enabled) throw new TypeError('the CRLs of the CA are off')
  const key = crlKey(CrlConfiguration, name)
  return (
    customCrlUrl(CrlConfiguration, pathOfKey(key)) ??
    objects.urlOf({ bucket: CrlConfiguration.S3BucketName, key }, authority)
  )
}
