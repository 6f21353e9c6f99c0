/** cRLDistributionPoints and issuingDistributionPoint of one full name (RFC 5280 §4.2.1.13, §5.2.5). */
import { contextTag } from './der-reader.ts'
import { encodeElement, encodeSequence } from './der-writer.ts'
import { encodeGeneralName, uriName } from './general-name.ts'

/** DistributionPoint.distributionPoint and IssuingDistributionPoint.distributionPoint have the same tag. */
const distributionPointTag = contextTag(0, true)
const fullNameTag = contextTag(0, true)

/** DER of CRLDistributionPoints: one DistributionPoint, whose fullName is one URI. */
export function encodeCrlDistributionPoints(uri: string): Uint8Array {
  return encodeSequence(encodeSequence(distributionPointName(uri)))
}

/** DER of IssuingDistributionPoint: the URI as its distributionPoint, every other member at its default. */
export function encodeIssuingDistributionPoint(uri: string): Uint8Array {
  return encodeSequence(distributionPointName(uri))
}

function distributionPointName(uri: string): Uint8Array {
  const fullName = encodeElement(fullNameTag, encodeGeneralName(uriName(uri)))
  return encodeElement(distributionPointTag, fullName)
}
