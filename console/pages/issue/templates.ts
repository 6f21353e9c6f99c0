/** Templates for end-entity certificates, with explanations, and what each drops from a CSR. */
import { requireTemplate, templateNames } from '../../../src/issuance/templates.ts'
import { oids } from '../../../src/x509/der/oid.ts'
import type { RequestDescription } from '../../x509/describe.ts'

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
 * Templates that the form offers. It omits root templates, which sign only the CA itself, and APIPassthrough templates, because
 * it has no input for ApiPassthrough.
 */
export const offeredTemplates = templateNames
  .filter((name) => !/RootCA/.test(name) && !/_APIPassthrough$|_APICSRPassthrough$/.test(name))
  .map((name) => ({ value: name, label: name, description: templateText(name) }))

function templateText(name: string): string {
  const purpose = purposes.find(([form]) => form.test(name))?.[1]
  const source = sources.find(([form]) => form.test(name))?.[1]
  return [purpose, source].filter(Boolean).join('; ')
}

/** Returns the names of the requested extensions that a certificate from this template will not have. */
export function droppedExtensions(
  template: string,
  { extensions }: Pick<RequestDescription, 'extensions'>,
): string[] {
  if (requireTemplate(template).csr) return []
  return extensions.filter(({ oid }) => oid !== oids.subjectAltName).map(({ name }) => name)
}
