/** Comparison of a CSR's names with an order's identifiers (RFC 8555 §7.4), and the names for the order's certificate. */
import type { CertificationRequest } from '../x509/certification-request.ts'
import { DerError } from '../x509/der/error.ts'
import { oids } from '../x509/der/oid.ts'
import { findExtension, type Extension } from '../x509/extensions/extensions.ts'
import {
  encodeGeneralNames,
  parseGeneralNames,
  type GeneralName,
} from '../x509/names/general-name.ts'
import { encodeName, parseName, type Name } from '../x509/names/name.ts'
import { formatIpAddress, parseIpAddress } from '../text/ip-address.ts'
import { quoted } from '../text/visible-text.ts'
import { canonicalIdentifier, type Identifier } from './identifier.ts'
import { identifierKey } from './requested-identifiers.ts'

/** The parts of a CSR or a certificate that contain names. */
type Named = Pick<CertificationRequest, 'subject' | 'extensions'>

/** The names in a CSR or a certificate, or a sentence that states why they cannot be identifiers of an order. */
type ReadNames = { readonly names: readonly Identifier[] } | { readonly fault: string }

/** Reads the names in the subject alternative name. Any other kind of name is an error. */
export function readAlternativeNames({ extensions }: Named): ReadNames {
  const san = findExtension(extensions, oids.subjectAltName)
  if (san === undefined) return { names: [] }
  const names: Identifier[] = []
  try {
    for (const name of parseGeneralNames(san.value)) {
      const identifier = identifierOf(name)
      if (identifier === undefined)
        return {
          fault: `the subject alternative name contains a name of type ${name.kind} that is not a DNS name or an IP address`,
        }
      names.push(identifier)
    }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return { fault: `the subject alternative name cannot be parsed: ${error.message}` }
  }
  return { names }
}

/** Reads the names in the subject alternative name, and the common names that are DNS names or IP addresses. */
export function readIdentifiers(named: Named): ReadNames {
  const alternative = readAlternativeNames(named)
  if ('fault' in alternative) return alternative
  const commonNames = commonNamesOf(named).map(commonIdentifier)
  return { names: [...alternative.names, ...commonNames.filter((each) => each !== undefined)] }
}

function commonIdentifier(text: string): Identifier | undefined {
  return canonicalIdentifier('ip', text) ?? canonicalIdentifier('dns', text)
}

function identifierOf({ kind, content }: GeneralName): Identifier | undefined {
  if (kind === 'iPAddress') return canonicalIdentifier('ip', formatIpAddress(content))
  return kind === 'dNSName'
    ? canonicalIdentifier('dns', Buffer.from(content).toString('latin1'))
    : undefined
}

/** The subject and the subject alternative name of a certificate. */
export interface CertificateNames {
  readonly subject: Name
  readonly subjectAltName: Extension
}

/**
 * Returns the names for an order's certificate, or the reason why the CSR does not request exactly the order's identifiers. The
 * certificate's subject is the CSR's first common name, or empty. Other attributes of the subject are ignored, because challenges
 * prove only control of DNS names and addresses.
 */
export function certificateNames(
  csr: Named,
  identifiers: readonly Identifier[],
): CertificateNames | { readonly fault: string } {
  const alternative = readAlternativeNames(csr)
  if ('fault' in alternative) return alternative
  const commonNames: Identifier[] = []
  for (const text of commonNamesOf(csr)) {
    const name = commonIdentifier(text)
    if (name === undefined)
      return { fault: `the common name ${quoted(text)} is not a DNS name or an IP address` }
    commonNames.push(name)
  }
  const fault = differenceOf([...alternative.names, ...commonNames], identifiers)
  return fault === undefined ? encodeNames(commonNames[0], identifiers) : { fault }
}

function commonNamesOf({ subject }: Named): string[] {
  return subject.rdns
    .flat()
    .filter(({ type }) => type === oids.commonName)
    .map(({ value }) => value)
}

function differenceOf(
  requested: readonly Identifier[],
  ordered: readonly Identifier[],
): string | undefined {
  const requestedKeys = new Set(requested.map(identifierKey))
  const orderedKeys = new Set(ordered.map(identifierKey))
  const missing = ordered.find((each) => !requestedKeys.has(identifierKey(each)))
  if (missing !== undefined)
    return `${quoted(missing.value)} is an identifier of the order, but the CSR does not contain it`
  const surplus = requested.find((each) => !orderedKeys.has(identifierKey(each)))
  if (surplus === undefined) return undefined
  return `${quoted(surplus.value)} is not an identifier of the order`
}

/** Encodes names. Without a subject, the subject alternative name is critical (RFC 5280 §4.2.1.6). */
function encodeNames(
  commonName: Identifier | undefined,
  identifiers: readonly Identifier[],
): CertificateNames {
  const attributes =
    commonName === undefined ? [] : [{ type: oids.commonName, value: commonName.value }]
  return {
    subject: parseName(encodeName(attributes)),
    subjectAltName: {
      oid: oids.subjectAltName,
      critical: commonName === undefined,
      value: encodeGeneralNames(identifiers.map(generalNameOf)),
    },
  }
}

function generalNameOf({ type, value }: Identifier): GeneralName {
  return type === 'dns'
    ? { kind: 'dNSName', content: Buffer.from(value, 'latin1') }
    : { kind: 'iPAddress', content: parseIpAddress(value) ?? new Uint8Array() }
}
