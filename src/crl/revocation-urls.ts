import type { Authority } from '../authority/authority.ts'
import type { CurrentCrl } from '../authority/crl.ts'
import { cnameUrl } from '../authority/custom-cname.ts'
import { firstIdentity, identityFileName } from '../chain/issuer-identity.ts'
import type { EnabledCrl } from '../authority/revocation-configuration.ts'
import type { CertificatePointers } from '../issuance/certificate-pointers.ts'
import { pathOfKey } from '../objects/object-url.ts'
import { crlKey, customCrlUrl } from './location.ts'
import type { Services } from '../services.ts'

type PointerServices = Pick<Services, 'objects' | 'publicUrl' | 'revocationPolicy'>

/** Where what a CA issues says that its revocation can be looked up, and the CA's certificate be had. */
export function certificatePointers(
  services: PointerServices,
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

/** File name of the CA certificate with the present identity: one with another identity would not fit issued certificates. */
function certificateFileName({ id, certificate }: Authority): string {
  return identityFileName(id, certificate?.issuerIdentity ?? firstIdentity)
}

function crlPointers(
  services: PointerServices,
  authority: Authority,
  { crl, CrlConfiguration }: { crl: CurrentCrl | undefined; CrlConfiguration: EnabledCrl },
): CertificatePointers {
  const omits = CrlConfiguration.CrlDistributionPointExtensionConfiguration?.OmitExtension === true
  if (omits) return { omitsCrl: true }
  return crl === undefined ? {} : { crlUri: crlUrl(services, authority, crl.name) }
}

/** The URL of a CRL of a CA whose CRLs are on, as certificates and partitions say it. */
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
