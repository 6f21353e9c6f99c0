/** The extensions cRLDistributionPoints, freshestCRL and issuingDistributionPoint (RFC 5280 §4.2.1.13, §4.2.1.15, §5.2.5). */
import { readNamedBits } from '../der/bit-string.ts'
import { DerError } from '../der/error.ts'
import { contextTag, DerReader, readOnlyNested, tags, type DerElement } from '../der/reader.ts'
import { readAll, readSequenceOf } from '../der/values.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import {
  encodeGeneralName,
  parseGeneralNames,
  uriName,
  type GeneralName,
} from '../names/general-name.ts'
import { parseName, type Name } from '../names/name.ts'

/** Tag of DistributionPoint.distributionPoint and of IssuingDistributionPoint.distributionPoint. */
const distributionPointTag = contextTag(0, true)
const fullNameTag = contextTag(0, true)
const relativeNameTag = contextTag(1, true)
const reasonsTag = contextTag(1, false)
const crlIssuerTag = contextTag(2, true)

/** Encodes CRLDistributionPoints with one DistributionPoint, whose fullName is a single URI. */
export function encodeCrlDistributionPoints(uri: string): Uint8Array {
  return encodeSequence(encodeSequence(distributionPointName(uri)))
}

/** Encodes IssuingDistributionPoint. The URI is the value of distributionPoint, and every other field has its default value. */
export function encodeIssuingDistributionPoint(uri: string): Uint8Array {
  return encodeSequence(distributionPointName(uri))
}

function distributionPointName(uri: string): Uint8Array {
  const fullName = encodeElement(fullNameTag, encodeGeneralName(uriName(uri)))
  return encodeElement(distributionPointTag, fullName)
}

/** Maximum number of distribution points. No certificate in use reaches this number. */
const distributionPointsMax = 64

/**
 * Reads the full names of all distribution points in the value of cRLDistributionPoints. Names relative to the issuer, reasons
 * and CRL issuers are skipped. Throws DerError if the value is malformed.
 */
export function parseCrlDistributionPoints(value: Uint8Array): GeneralName[] {
  const label = 'cRLDistributionPoints'
  const points = readAll(readOnlyNested(value, tags.sequence, label), label, distributionPointsMax)
  return points.flatMap(({ der }) => {
    const reader = readOnlyNested(der, tags.sequence, 'DistributionPoint')
    const point = reader.optional(distributionPointTag)
    reader.optional(reasonsTag)
    reader.optional(crlIssuerTag)
    reader.end()
    return fullNamesOf(point)
  })
}

/** Reads the full names in the value of issuingDistributionPoint. All other fields are skipped. */
export function parseIssuingDistributionPoint(value: Uint8Array): GeneralName[] {
  const reader = readOnlyNested(value, tags.sequence, 'issuingDistributionPoint')
  return fullNamesOf(reader.optional(distributionPointTag))
}

function fullNamesOf(point: DerElement | undefined): GeneralName[] {
  if (point === undefined) return []
  const reader = new DerReader(point.content, 'DistributionPointName')
  const fullName = reader.optional(fullNameTag)
  return fullName === undefined ? [] : parseGeneralNames(encodeSequence(fullName.content))
}

/** Number of bits that ReasonFlags defines. */
const reasonFlagsMax = 9

export interface DistributionPoint {
  /** Names in fullName. The list is empty if the distribution point has no fullName. */
  readonly fullName: readonly GeneralName[]
  /** A Name whose only RDN is the nameRelativeToCRLIssuer. */
  readonly relativeName: Name | undefined
  /** Numbers of the set bits, or undefined if the distribution point has no reasons. */
  readonly reasons: readonly number[] | undefined
  /** Names in cRLIssuer. The list is empty if the distribution point has no cRLIssuer. */
  readonly crlIssuer: readonly GeneralName[]
}

/**
 * Reads the complete value of cRLDistributionPoints or freshestCRL. Throws DerError if the value is malformed, if the list is
 * empty, or if a distribution point has neither a distributionPoint nor a cRLIssuer (RFC 5280 §4.2.1.13).
 */
export function parseDistributionPoints(value: Uint8Array, label: string): DistributionPoint[] {
  const points = readSequenceOf(value, label, distributionPointsMax)
  return points.map(readDistributionPoint)
}

function readDistributionPoint({ der }: DerElement): DistributionPoint {
  const reader = readOnlyNested(der, tags.sequence, 'DistributionPoint')
  const point = reader.optional(distributionPointTag)
  const reasons = reader.optional(reasonsTag)
  const issuer = reader.optional(crlIssuerTag)
  reader.end()
  if (point === undefined && issuer === undefined)
    throw new DerError('DistributionPoint has neither a distributionPoint nor a cRLIssuer')
  return {
    ...readPointName(point),
    reasons: reasons && readNamedBits(reasons, 'reasons', reasonFlagsMax),
    crlIssuer: issuer === undefined ? [] : parseGeneralNames(encodeSequence(issuer.content)),
  }
}

function readPointName(
  point: DerElement | undefined,
): Pick<DistributionPoint, 'fullName' | 'relativeName'> {
  if (point === undefined) return { fullName: [], relativeName: undefined }
  const reader = new DerReader(point.content, 'DistributionPointName')
  if (reader.peek() === fullNameTag) {
    const names = parseGeneralNames(encodeSequence(reader.element(fullNameTag).content))
    reader.end()
    return { fullName: names, relativeName: undefined }
  }
  const rdn = reader.element(relativeNameTag).content
  reader.end()
  return { fullName: [], relativeName: parseName(encodeSequence(encodeElement(tags.set, rdn))) }
}
