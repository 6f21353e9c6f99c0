/**
 * Parses and compares the name forms to which name constraints apply (RFC 5280 §4.2.1.10).
 *
 * An ambiguous name is rejected rather than compared, because a verifier that interprets it differently would accept a
 * name outside the constraints.
 */
import { shorten } from './constrained-names.ts'
import { mappedPrefix } from '../../text/ip-address.ts'
import { latin1 } from '../../x509/der/strings.ts'
import { DerError } from '../../x509/der/error.ts'
import type { GeneralName } from '../../x509/names/general-name.ts'
import type { GeneralSubtree } from '../../x509/extensions/name-constraints.ts'
import { parseName, sameName, type Name } from '../../x509/names/name.ts'

export type ComparableName =
  /** `wildcard` is true if the name stands for every name with exactly one more label than `host`. */
  | { readonly kind: 'dNSName'; readonly host: string; readonly wildcard: boolean }
  | { readonly kind: 'rfc822Name'; readonly localPart: string; readonly host: string }
  | { readonly kind: 'uniformResourceIdentifier'; readonly host: string }
  | { readonly kind: 'iPAddress'; readonly bytes: Uint8Array }
  | { readonly kind: 'directoryName'; readonly name: Name }

export type ComparableBase =
  /**
   * `below` is true if the base has a leading dot and therefore contains only subdomains of `host`. An empty `host` stands for
   * the empty base.
   */
  | { readonly kind: 'dNSName'; readonly host: string; readonly below: boolean }
  | { readonly kind: 'uniformResourceIdentifier'; readonly host: string; readonly below: boolean }
  | {
      readonly kind: 'rfc822Name'
      readonly localPart: string | undefined
      readonly host: string
      readonly below: boolean
    }
  | { readonly kind: 'iPAddress'; readonly address: Uint8Array; readonly mask: Uint8Array }
  | { readonly kind: 'directoryName'; readonly name: Name }
  /** A name form that cannot be compared. A constraint affects only names of the same form. */
  | { readonly kind: 'otherName' | 'x400Address' | 'ediPartyName' | 'registeredID' }

/**
 * The way in which an ambiguous name is compared. With `certain`, every name that the ambiguous name may stand for must be within
 * the base, as a permitted subtree requires. With `possible`, a single name within the base is enough, as for an excluded
 * subtree.
 */
export type Reading = 'certain' | 'possible'

const hostPattern =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/
/**
 * A local part that consists of dot-atom characters (RFC 5321 §4.1.2). Quoted local parts have too many spellings to be compared.
 */
const localPartPattern = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/
/** Matches the scheme, userinfo, host and port of a URI (RFC 3986 §3), and ignores the rest. */
const uriPattern =
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?([A-Za-z0-9._-]+)(?::[0-9]*)?(?:[/?#]|$)/
/** Matches hosts that resolvers and browsers interpret as an IPv4 address, in any notation. */
const numericHostPattern = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/

/** Parses a name for comparison, and returns undefined if the name is malformed or its form cannot be compared. */
export function readName({ kind, content }: GeneralName): ComparableName | undefined {
  switch (kind) {
    case 'dNSName':
      return readDnsName(latin1(content))
    case 'rfc822Name':
      return readMailbox(latin1(content))
    case 'uniformResourceIdentifier':
      return readUri(latin1(content))
    case 'iPAddress':
      return { kind, bytes: content }
    case 'directoryName':
      return { kind, name: parseName(content) }
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return undefined
  }
}

/**
 * Parses a name constraint base for comparison. Throws DerError for a base that is invalid for its form, such as a dNSName with a
 * wildcard. A leading dot in a dNSName base is accepted, because many CAs include it.
 */
export function readBase({ kind, content }: GeneralSubtree): ComparableBase {
  switch (kind) {
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return { kind, ...readHostBase(latin1(content), kind) }
    case 'rfc822Name':
      return readMailboxBase(latin1(content))
    case 'iPAddress': {
      const half = content.length / 2
      return { kind, address: content.subarray(0, half), mask: content.subarray(half) }
    }
    case 'directoryName':
      return { kind, name: parseName(content) }
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return { kind }
  }
}

/** Returns whether a name is within a base; false if their forms differ. */
export function isWithin(name: ComparableName, base: ComparableBase, reading: Reading): boolean {
  switch (name.kind) {
    case 'dNSName':
      return base.kind === name.kind && dnsWithin(name, base, reading)
    case 'rfc822Name':
      return base.kind === name.kind && mailboxWithin(name, base, reading)
    case 'uniformResourceIdentifier':
      return base.kind === name.kind && hostWithin(name.host, base, reading)
    case 'iPAddress':
      return base.kind === name.kind && addressWithin(name.bytes, base, reading)
    case 'directoryName':
      return base.kind === name.kind && directoryWithin(name.name, base.name)
  }
}

function readDnsName(text: string): ComparableName | undefined {
  const wildcard = text.startsWith('*.')
  const host = readHost(wildcard ? text.slice(2) : text)
  return host === undefined ? undefined : { kind: 'dNSName', host, wildcard }
}

function readMailbox(text: string): (ComparableName & { kind: 'rfc822Name' }) | undefined {
  const at = text.lastIndexOf('@')
  const localPart = text.slice(0, Math.max(0, at))
  const host = readHost(text.slice(at + 1))
  if (host === undefined || !localPartPattern.test(localPart)) return undefined
  return { kind: 'rfc822Name', localPart, host }
}

/**
 * Parses a URI for comparison. If URIs are constrained, a URI is rejected if it has no host or its host is an IP address (RFC
 * 5280 §4.2.1.10).
 */
function readUri(text: string): ComparableName | undefined {
  const host = readHost(uriPattern.exec(text)?.[1] ?? '')
  if (host === undefined || numericHostPattern.test(host)) return undefined
  return { kind: 'uniformResourceIdentifier', host }
}

function readHost(text: string): string | undefined {
  const host = text.toLowerCase()
  return hostPattern.test(host) ? host : undefined
}

function readHostBase(text: string, kind: string): { host: string; below: boolean } {
  if (text === '') return { host: '', below: false }
  const below = text.startsWith('.')
  const host = readHost(below ? text.slice(1) : text)
  if (host === undefined) throw new DerError(`${kind} '${shorten(text)}' is not a host or domain`)
  return { host, below }
}

function readMailboxBase(text: string): ComparableBase {
  if (!text.includes('@'))
    return { kind: 'rfc822Name', localPart: undefined, ...readHostBase(text, 'rfc822Name') }
  const mailbox = readMailbox(text)
  if (mailbox === undefined)
    throw new DerError(`rfc822Name '${shorten(text)}' is not a mailbox, host or domain`)
  return { ...mailbox, below: false }
}

interface HostBase {
  readonly host: string
  readonly below: boolean
}

/** A dNSName base contains its host and all subdomains of the host. The empty base contains every name, as in all verifiers. */
function dnsWithin(
  { host, wildcard }: { readonly host: string; readonly wildcard: boolean },
  base: HostBase,
  reading: Reading,
): boolean {
  if (base.host === '') return true
  if (isBelow(host, base.host)) return true
  // A wildcard for the base's host stands only for subdomains of that host.
  if (host === base.host) return wildcard || !base.below
  if (!wildcard || reading === 'certain' || base.below) return false
  const firstLabel = base.host.indexOf('.')
  return firstLabel >= 0 && base.host.slice(firstLabel + 1) === host
}

/** A base without a leading dot contains only its host, whereas a base with a leading dot contains the subdomains. */
function hostWithin(host: string, base: HostBase, reading: Reading): boolean {
  // Verifiers disagree on whether the empty base contains everything or nothing, so both interpretations must be satisfied.
  if (base.host === '') return reading === 'possible'
  return base.below ? isBelow(host, base.host) : host === base.host
}

function mailboxWithin(
  name: { readonly localPart: string; readonly host: string },
  base: HostBase & { readonly localPart: string | undefined },
  reading: Reading,
): boolean {
  if (!hostWithin(name.host, base, reading)) return false
  if (base.localPart === undefined || base.localPart === name.localPart) return true
  // Local parts that differ in case are different names (RFC 5280 §7.5), but most mail systems treat them as the same mailbox.
  return reading === 'possible' && base.localPart.toLowerCase() === name.localPart.toLowerCase()
}

function isBelow(host: string, domain: string): boolean {
  return host.length > domain.length && host.endsWith(domain) && host.at(-domain.length - 1) === '.'
}

function addressWithin(
  bytes: Uint8Array,
  { address, mask }: { readonly address: Uint8Array; readonly mask: Uint8Array },
  reading: Reading,
): boolean {
  // An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) reaches the same host as the IPv4 address embedded in it.
  const mapped =
    reading === 'possible' &&
    address.length === 4 &&
    bytes.length === 16 &&
    mappedPrefix.every((byte, index) => bytes[index] === byte)
  const compared = mapped ? bytes.subarray(12) : bytes
  return (
    compared.length === address.length &&
    compared.every((byte, index) => ((byte ^ (address[index] ?? 0)) & (mask[index] ?? 0)) === 0)
  )
}

/** A directoryName is within a base if its first RDNs match the base's RDNs (RFC 5280 §7.1). */
function directoryWithin(name: Name, base: Name): boolean {
  const count = base.rdns.length
  if (count > name.rdns.length) return false
  return sameName({ der: new Uint8Array(), rdns: name.rdns.slice(0, count) }, base)
}
