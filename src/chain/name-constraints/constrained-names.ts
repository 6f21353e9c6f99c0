/** Collects the names in a certificate to which name constraints apply (RFC 5280 §4.2.1.10, §6.1.3 b and c). */
import { formatAddressRange } from '../../text/ip-address.ts'
import type { GeneralName } from '../../x509/names/general-name.ts'
import { formatName, isEmptyName, parseName, type Name } from '../../x509/names/name.ts'
import { encodeOidElement, oids } from '../../x509/der/oid.ts'
import { isAscii } from '../../x509/der/strings.ts'

export interface CertificateNames {
  readonly subject: Name
  readonly subjectAlternativeNames: readonly GeneralName[]
  /** Whether the commonName is treated as a host name; true by default, and false for a CA certificate. */
  readonly endEntity?: boolean
}

/** A name, with its description for error messages. */
export interface ConstrainedName {
  readonly name: GeneralName
  readonly shown: string
}

/**
 * Returns every name to which a name constraint can apply.
 *
 * The result contains the names in the SAN, the subject, and the subject's emailAddress attributes (as rfc822Name). If the SAN
 * has no dNSName, a commonName that looks like a host name is included (as dNSName). RFC 5280 requires emailAddress to be checked
 * only if the SAN is absent, but OpenSSL always checks it and would reject the certificate.
 */
export function constrainedNames(names: CertificateNames): ConstrainedName[] {
  const { subject, subjectAlternativeNames } = names
  return [
    ...subjectAlternativeNames.map((name) => ({ name, shown: showName(name) })),
    ...utf8Mailboxes(subjectAlternativeNames),
    ...(isEmptyName(subject) ? [] : [subjectName(subject)]),
    ...attributes(subject, oids.emailAddress).map((text) =>
      subjectAttribute('rfc822Name', 'emailAddress', text),
    ),
    ...commonNames(names).map((text) => subjectAttribute('dNSName', 'commonName', text)),
  ]
}

function subjectName(subject: Name): ConstrainedName {
  const name = { kind: 'directoryName', content: subject.der } as const
  return { name, shown: `subject ${formatName(subject)}` }
}

/** Converts a subject attribute to a name. Non-ASCII text is converted to an empty name, which violates every constraint. */
function subjectAttribute(
  kind: 'rfc822Name' | 'dNSName',
  type: string,
  text: string,
): ConstrainedName {
  const content = isAscii(text) ? Buffer.from(text, 'latin1') : new Uint8Array()
  return { name: { kind, content }, shown: `${type} '${shorten(text)}' in the subject` }
}

/** SmtpUTF8Mailbox is an email address in an otherName, to which rfc822Name constraints apply (RFC 9598 §6). */
const utf8MailboxOid = encodeOidElement('1.3.6.1.5.5.7.8.9')

/**
 * Returns an empty rfc822Name for each SmtpUTF8Mailbox. The empty name is invalid, so it violates every rfc822Name constraint.
 */
function utf8Mailboxes(names: readonly GeneralName[]): ConstrainedName[] {
  return names
    .filter(
      ({ kind, content }) =>
        kind === 'otherName' &&
        Buffer.compare(content.subarray(0, utf8MailboxOid.length), utf8MailboxOid) === 0,
    )
    .map(() => ({
      name: { kind: 'rfc822Name', content: new Uint8Array() },
      shown: 'otherName of type SmtpUTF8Mailbox',
    }))
}

/** A host name with at least two labels, optionally with a wildcard. */
const hostLike = /^(?:\*\.)?[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})+$/

/**
 * Returns the common names that look like host names. TLS clients fall back to the commonName if the SAN has no dNSName (RFC
 * 6125 §6.4.4), so a commonName could bypass dNSName constraints. OpenSSL and GnuTLS therefore check the commonName like a
 * dNSName, and a CA must do the same.
 */
function commonNames({ subject, subjectAlternativeNames, endEntity }: CertificateNames): string[] {
  if (endEntity === false) return []
  if (subjectAlternativeNames.some(({ kind }) => kind === 'dNSName')) return []
  return attributes(subject, oids.commonName).filter((text) => hostLike.test(text))
}

function attributes({ rdns }: Name, type: string): string[] {
  return rdns.flat().flatMap((attribute) => (attribute.type === type ? [attribute.value] : []))
}

/** Formats a name or base for error messages, with at most about 200 characters. */
export function showName({ kind, content }: GeneralName): string {
  switch (kind) {
    case 'dNSName':
    case 'rfc822Name':
    case 'uniformResourceIdentifier':
      return `${kind} '${shorten(Buffer.from(content).toString('latin1'))}'`
    case 'iPAddress':
      return `iPAddress ${formatAddressRange(content)}`
    case 'directoryName':
      return `directoryName ${formatName(parseName(content))}`
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return kind
  }
}

/** Truncates a string for error messages. */
export function shorten(text: string): string {
  return text.slice(0, 80)
}
