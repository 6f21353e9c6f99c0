/** Converts AWS's GeneralName to the GeneralName in RFC 5280 (AWS Private CA API, GeneralName). */
import { required, structure, string } from '../wire/shapes/shape.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import { invalidArgs } from '../errors.ts'
import { parseIpAddress } from '../text/ip-address.ts'
import { contextTag, tags } from '../x509/der/reader.ts'
import { encodeElement } from '../x509/der/writer.ts'
import type { GeneralName } from '../x509/names/general-name.ts'
import { encodeOid, encodeOidElement, isOid } from '../x509/der/oid.ts'
import { findCharacter } from '../x509/der/strings.ts'
import { asn1Subject, customObjectIdentifier, encodeSubject } from './subject.ts'

const string253 = string({ max: 253 })
export const string256 = string({ max: 256 })

const otherName = structure({
  TypeId: required(customObjectIdentifier),
  Value: required(string256),
})

const ediPartyName = structure({
  PartyName: required(string256),
  NameAssigner: string256,
})

export const generalName = structure({
  OtherName: otherName,
  Rfc822Name: string256,
  DnsName: string253,
  DirectoryName: asn1Subject,
  EdiPartyName: ediPartyName,
  UniformResourceIdentifier: string253,
  IpAddress: string({ max: 39 }),
  RegisteredId: customObjectIdentifier,
})

/** A name in the AWS API's form, with exactly one member. */
export type RequestedGeneralName = Encodable<typeof generalName>

const members = Object.keys(generalName.members) as (keyof RequestedGeneralName)[]

/**
 * Converts a name to a GeneralName. `path` identifies the name in error messages. Throws InvalidArgsException unless the
 * name has exactly one member with a valid value for its type.
 */
export function generalNameOf(requested: RequestedGeneralName, path: string): GeneralName {
  const choices = members.filter((member) => requested[member] !== undefined)
  if (choices.length !== 1)
    throw invalidArgs(
      `${path} must have exactly one of ${members.join(', ')}; it has ${choices.length}`,
    )
  const at = `${path}.${choices[0]}`
  const { OtherName, DirectoryName, EdiPartyName, IpAddress, RegisteredId } = requested
  if (OtherName !== undefined) return { kind: 'otherName', content: encodeOtherName(OtherName, at) }
  if (DirectoryName !== undefined)
    return { kind: 'directoryName', content: encodeSubject(DirectoryName, at) }
  if (EdiPartyName !== undefined)
    return { kind: 'ediPartyName', content: encodeEdiPartyName(EdiPartyName, at) }
  if (IpAddress !== undefined) return { kind: 'iPAddress', content: ipAddress(IpAddress, at) }
  if (RegisteredId !== undefined)
    return { kind: 'registeredID', content: encodeOid(requireOid(RegisteredId, at)) }
  return textName(requested, at)
}

function textName(requested: RequestedGeneralName, at: string): GeneralName {
  const { Rfc822Name, DnsName, UniformResourceIdentifier = '' } = requested
  if (Rfc822Name !== undefined) return { kind: 'rfc822Name', content: ascii(Rfc822Name, at) }
  if (DnsName !== undefined) return { kind: 'dNSName', content: ascii(DnsName, at) }
  return { kind: 'uniformResourceIdentifier', content: ascii(UniformResourceIdentifier, at) }
}

/**
 * Encodes visible ASCII characters, the only characters allowed in DNS names, email addresses and URIs (RFC 5280 §4.2.1.6).
 * Internationalized names must be given as A-labels.
 */
function ascii(text: string, at: string): Uint8Array {
  if (!/^[\x20-\x7e]+$/.test(text)) {
    const found = findCharacter(text, (character) => !/^[\x20-\x7e]$/.test(character))
    const fault = found === undefined ? 'it is empty' : `it has ${found}`
    throw invalidArgs(
      `${at} must be visible ASCII and not empty; ${fault}. Write international names as A-labels`,
    )
  }
  return Buffer.from(text, 'latin1')
}

/** Encodes AnotherName: the type-id, and the value as a UTF8String in [0]. */
function encodeOtherName({ TypeId, Value }: Encodable<typeof otherName>, at: string): Uint8Array {
  const typeId = encodeOidElement(requireOid(TypeId, `${at}.TypeId`))
  return Buffer.concat([typeId, encodeElement(contextTag(0, true), utf8(Value))])
}

/** Encodes EDIPartyName. Both parts of an EDIPartyName are non-empty DirectoryStrings with explicit tags. */
function encodeEdiPartyName(
  { PartyName, NameAssigner }: Encodable<typeof ediPartyName>,
  at: string,
): Uint8Array {
  if (PartyName === '') throw invalidArgs(`${at}.PartyName must not be empty`)
  if (NameAssigner === '') throw invalidArgs(`${at}.NameAssigner must not be empty`)
  const assigner =
    NameAssigner === undefined ? [] : [encodeElement(contextTag(0, true), utf8(NameAssigner))]
  return Buffer.concat([...assigner, encodeElement(contextTag(1, true), utf8(PartyName))])
}

function utf8(text: string): Uint8Array {
  return encodeElement(tags.utf8String, Buffer.from(text, 'utf8'))
}

/** Parses an IP address into four or sixteen bytes. */
function ipAddress(text: string, at: string): Uint8Array {
  const bytes = parseIpAddress(text)
  if (bytes === undefined) throw invalidArgs(`${at} '${text}' is not an IPv4 or IPv6 address`)
  return bytes
}

/** Encodes an object identifier. Throws InvalidArgsException if the object identifier is invalid. */
export function requireOid(text: string, at: string): string {
  if (!isOid(text)) throw invalidArgs(`${at} '${text}' is not an object identifier`)
  return text
}
