/** Templates that the form offers, each with an explanation and the CSR contents that the template copies. */
import { requireTemplate, templateNames } from '../../../src/issuance/templates.ts'
import { oids } from '../../../src/x509/der/oid.ts'
import { describeExtension } from '../../../src/inspect/describe-extensions.ts'
import type { RevocationConfiguration } from '../../api/types.ts'

const purposes: readonly (readonly [RegExp, string])[] = [
  [/^EndEntityCertificate/, 'TLS servers and clients'],
  [/^EndEntityServerAuth/, 'TLS servers only'],
  [/^EndEntityClientAuth/, 'TLS clients only'],
  [/^CodeSigning/, 'Code signing'],
  [/^OCSPSigning/, "The CA's OCSP responder"],
  [
    /^BlankEndEntityCertificate_CriticalBasicConstraints/,
    'No key usage from the template, and critical basic constraints',
  ],
  [/^BlankEndEntity/, 'No key usage from the template'],
  [/^(?:Blank)?SubordinateCA/, 'A subordinate CA'],
]

const sources: readonly (readonly [RegExp, string])[] = [
  [/_APICSRPassthrough$/, 'also takes extensions from the CSR and the API'],
  [/_CSRPassthrough$/, 'also takes extensions from the CSR'],
]

/**
 * Templates that the form offers. The form omits root templates, which sign only the CA itself. The form has no input for API
 * passthrough values, so it also omits APIPassthrough templates.
 */
export const offeredTemplates = templateNames
  .filter((name) => !/RootCA/.test(name) && !/_APIPassthrough$|_APICSRPassthrough$/.test(name))
  .map((name) => ({ value: name, label: name, description: templateText(name) }))

function templateText(name: string): string {
  const purpose = purposes.find(([form]) => form.test(name))?.[1]
  const source = sources.find(([form]) => form.test(name))?.[1]
  return [purpose, source].filter(Boolean).join('; ')
}

export interface TemplateFacts {
  readonly purpose: string
  readonly basicConstraints: string
  readonly keyUsage: string
  readonly extendedKeyUsage: string
  /** The CSR contents that the template copies to the certificate. */
  readonly fromCsr: string
}

/** Describes the extensions that a template adds to a certificate. */
export function templateFacts(name: string): TemplateFacts {
  const { basicConstraints, usage, csr } = requireTemplate(name)
  const values = (oid: string): string => {
    const extension = usage.find((one) => one.oid === oid)
    if (extension !== undefined) return describeExtension(extension).values.join(', ')
    return csr ? 'as in the CSR' : 'none'
  }
  return {
    purpose: purposes.find(([form]) => form.test(name))?.[1] ?? '',
    basicConstraints: describeExtension(basicConstraints).values.join(', '),
    keyUsage: values(oids.keyUsage),
    extendedKeyUsage: values(oids.extendedKeyUsage),
    fromCsr: csr
      ? 'Key, subject, alternative names, and extensions that neither the template nor the CA sets'
      : 'Key, subject and alternative names; other extensions are dropped',
  }
}

/**
 * How a template treats an extension in a CSR. `template` and `ca` mean that the template or the CA
 * replaces the extension with its own.
 */
export type ExtensionOutcome = 'copied' | 'template' | 'ca' | 'dropped'

/**
 * Returns how a template treats an extension in a CSR. With any template, the CA sets its own URLs and key identifiers
 * (src/issuance/certificate-content.ts).
 */
export function extensionOutcome(
  template: string,
  oid: string,
  revocation: RevocationConfiguration = {},
): ExtensionOutcome {
  const { csr, usage } = requireTemplate(template)
  if (oid === oids.subjectAltName) return 'copied'
  if (oid === oids.basicConstraints || usage.some((one) => one.oid === oid)) return 'template'
  if (setByAuthority.has(oid)) return 'ca'
  const { CrlConfiguration: crl } = revocation
  const omits = crl?.CrlDistributionPointExtensionConfiguration?.OmitExtension === true
  if (oid === oids.crlDistributionPoints && crl?.Enabled === true && !omits) return 'ca'
  return csr ? 'copied' : 'dropped'
}

const setByAuthority: ReadonlySet<string> = new Set([
  oids.authorityKeyIdentifier,
  oids.subjectKeyIdentifier,
  oids.authorityInfoAccess,
])
