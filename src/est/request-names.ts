/** Checks the names in a CSR against patterns, and compares them with the names in a certificate. */
import { canonicalIdentifier, type Identifier } from '../enrollment/identifier.ts'
import { isPermitted } from '../enrollment/permitted-names.ts'
import { formatIpAddress } from '../text/ip-address.ts'
import { quoted } from '../text/visible-text.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { CertificationRequest } from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import { isStringTag } from '../x509/der/strings.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames, type GeneralName } from '../x509/names/general-name.ts'
import { formatName, type Name } from '../x509/names/name.ts'
import { EstError } from './est-error.ts'

/** A subject with a list of extensions: a CSR or a certificate. */
type Named = Pick<Certificate, 'subject' | 'extensions'>

/** Attributes of a subject that are names, but not DNS names or addresses. */
const otherNameAttributes: readonly string[] = [oids.emailAddress, oids.userId]

/** Limit on the number of names that are compared with patterns. */
const namesMax = 100

/**
 * Requires that every list of patterns permits all of a CSR's common names and the names in its SAN. An empty list permits
 * everything. A nonempty list requires at least one name, and permits only DNS names and addresses. Throws EstError with status
 * 403; throws DerError for a malformed SAN.
 */
export function requirePermittedNames(
  request: CertificationRequest,
  lists: readonly (readonly string[])[],
): void {
  const restrictions = lists.filter((patterns) => patterns.length > 0)
  if (restrictions.length === 0) return
  const identifiers = [...commonNamesOf(request.subject), ...alternativeNamesOf(request)]
  if (identifiers.length === 0)
    throw notPermitted('The CSR contains no name, but a permitted name is required.')
  if (identifiers.length > namesMax)
    throw notPermitted(`The CSR contains more than ${namesMax} names.`)
  for (const identifier of identifiers)
    if (!restrictions.every((patterns) => isPermitted(patterns, identifier)))
      throw notPermitted(`The name ${identifier.value} is not permitted.`)
}

function commonNamesOf({ rdns }: Name): Identifier[] {
  const attributes = rdns.flat()
  if (attributes.some(({ type }) => otherNameAttributes.includes(type)))
    throw notPermitted(
      'Only DNS names and IP addresses are permitted, but the subject contains an email address or a user ID.',
    )
  return attributes
    .filter(({ type }) => type === oids.commonName)
    .map(({ value }) => identifierOf(value))
}

function alternativeNamesOf(named: Named): Identifier[] {
  return generalNamesOf(named).map(({ kind, content }) => {
    if (kind === 'iPAddress') return { type: 'ip', value: formatIpAddress(content) }
    if (kind === 'dNSName') return identifierOf(Buffer.from(content).toString('latin1'))
    throw notPermitted(
      `Only DNS names and IP addresses are permitted, but the SAN contains a ${kind}.`,
    )
  })
}

function identifierOf(text: string): Identifier {
  const identifier = canonicalIdentifier('ip', text) ?? canonicalIdentifier('dns', text)
  if (identifier === undefined)
    throw notPermitted(
      `Only DNS names and IP addresses are permitted, but the CSR contains the name ${quoted(text)}.`,
    )
  return identifier
}

function generalNamesOf({ extensions }: Named): readonly GeneralName[] {
  const extension = findExtension(extensions, oids.subjectAltName)
  return extension === undefined ? [] : parseGeneralNames(extension.value)
}

function notPermitted(message: string): EstError {
  return new EstError(403, message)
}

/**
 * Requires a CSR's subject and SAN to equal those of a certificate (RFC 7030 §4.2.2). String types of the subject and the order
 * in the SAN may differ. Throws EstError with status 403; throws DerError for a malformed SAN.
 */
export function requireSameNames(request: CertificationRequest, certificate: Certificate): void {
  if (comparableSubject(request.subject) !== comparableSubject(certificate.subject))
    throw notPermitted(
      `The subject of the CSR is ${quoted(formatName(request.subject))}, but the client certificate is for ` +
        `${quoted(formatName(certificate.subject))}. Both must be equal.`,
    )
  if (comparableAlternativeNames(request) !== comparableAlternativeNames(certificate))
    throw notPermitted(
      'The SAN of the CSR must contain exactly the names in the SAN of the client certificate.',
    )
}

function comparableSubject({ rdns }: Name): string {
  return JSON.stringify(
    rdns.map((rdn) => rdn.map(({ type, tag, value }) => [type, isStringTag(tag), value])),
  )
}

function comparableAlternativeNames(named: Named): string {
  const names = generalNamesOf(named).map(
    ({ kind, content }) => `${kind}:${Buffer.from(content).toString('hex')}`,
  )
  return [...new Set(names)].sort().join(' ')
}
