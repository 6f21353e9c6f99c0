/** Which names of a certificate the name constraints above it apply to (RFC 5280 §4.2.1.10, §6.1.3 b and c). */
import { formatAddressRange } from '../../text/ip-address.ts'
import type { GeneralName } from '../../x509/names/general-name.ts'
import { formatName, isEmptyName, parseName, type Name } from '../../x509/names/name.ts'
import { encodeOidElement, oids } from '../../x509/der/oid.ts'
import { isAscii } from '../../x509/der/strings.ts'

export interface CertificateNames {
  readonly subject: Name
  readonly subjectAlternativeNames: readonly GeneralName[]
  /** False for a CA certificate, whose commonName is no server's name; true if left out. */
  readonly endEntity?: boolean
}

/** A name and what it is called in messages. */
export interface ConstrainedName {
  readonly name: GeneralName
  readonly shown: string
}

/**
 * Every name that a constraint can apply to.
 *
 * Beside the SAN these are the subject, its emailAddress attributes as rfc822Name and, without a dNSName in the SAN,
 * its commonName as dNSName if it looks like one. RFC 5280 asks for the emailAddress only when there is no SAN;
 * OpenSSL checks it always, and a certificate that it refuses is of no use.
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

/** Text that is not ASCII becomes the empty name, which no form allows, so that it fails where it is constrained. */
function subjectAttribute(
  kind: 'rfc822Name' | 'dNSName',
  type: string,
  text: string,
): ConstrainedName {
  const content = isAscii(text) ? Buffer.from(text, 'latin1') : new Uint8Array()
  return { name: { kind, content }, shown: `${type} '${shorten(text)}' of the subject` }
}

/** SmtpUTF8Mailbox is a mail address in an otherName, and constraints of rfc822Name apply to it (RFC 9598 §6). */
const utf8MailboxOid = encodeOidElement('1.3.6.1.5.5.7.8.9')

/** Its text is not compared: as an rfc822Name that is none, it fails under every constraint of that form. */
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

/** At least two labels, with a wildcard or without. */
const hostLike = /^(?:\*\.)?[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})+$/

/**
 * TLS clients fall back to the commonName when the SAN has no dNSName (RFC 6125 §6.4.4). A host there would be out of
 * reach of the dNSName constraints, so OpenSSL and GnuTLS check it like a dNSName, and so must a CA.
 */
function commonNames({ subject, subjectAlternativeNames, endEntity }: CertificateNames): string[] {
  if (endEntity === false) return []
  if (subjectAlternativeNames.some(({ kind }) => kind === 'dNSName')) return []
  return attributes(subject, oids.commonName).filter((text) => hostLike.test(text))
}

function attributes({ rdns }: Name, type: string): string[] {
  return rdns.flat().flatMap((attribute) => (attribute.type === type ? [attribute.value] : []))
}

/** A name or base as text for messages, at most about 200 characters. */
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

/** Text for messages. */
export function shorten(text: string): string {
  return text.slice(0, 80)
}
