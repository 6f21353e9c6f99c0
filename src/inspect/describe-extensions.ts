/** Describes certificate extensions in readable form. */
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { parsePolicyIdentifiers } from '../x509/extensions/certificate-policies.ts'
import { DerError } from '../x509/der/error.ts'
import {
  parseCrlDistributionPoints,
  parseIssuingDistributionPoint,
} from '../x509/extensions/distribution-points.ts'
import { parseExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import { parseInfoAccess } from '../x509/extensions/info-access.ts'
import {
  parseAuthorityKeyIdentifier,
  parseSubjectKeyIdentifier,
} from '../x509/extensions/key-identifiers.ts'
import { parseKeyUsage } from '../x509/extensions/key-usage.ts'
import { parseNameConstraints } from '../x509/extensions/name-constraints.ts'
import { oidName, oids } from '../x509/der/oid.ts'
import { generalNameWords, hexOf } from './value-texts.ts'

export interface ExtensionDescription {
  /** Name of the extension in RFC 5280, or its object identifier. */
  readonly name: string
  readonly oid: string
  readonly critical: boolean
  /** Readable values of the extension; for an unknown extension, its value in hexadecimal. */
  readonly values: readonly string[]
  /** Reason why the extension's value could not be parsed. */
  readonly problem?: string
}

const readers: ReadonlyMap<string, (value: Uint8Array) => readonly string[]> = new Map<
  string,
  (value: Uint8Array) => readonly string[]
>([
  [oids.basicConstraints, basicConstraintsWords],
  [oids.keyUsage, parseKeyUsage],
  [oids.extendedKeyUsage, (value) => parseExtendedKeyUsage(value).map(oidName)],
  [oids.subjectAltName, (value) => parseGeneralNames(value).map(generalNameWords)],
  [oids.subjectKeyIdentifier, (value) => [hexOf(parseSubjectKeyIdentifier(value))]],
  [oids.authorityKeyIdentifier, authorityKeyWords],
  [oids.nameConstraints, nameConstraintsWords],
  [oids.certificatePolicies, (value) => parsePolicyIdentifiers(value).map(oidName)],
  [oids.crlDistributionPoints, (value) => parseCrlDistributionPoints(value).map(generalNameWords)],
  [
    oids.issuingDistributionPoint,
    (value) => parseIssuingDistributionPoint(value).map(generalNameWords),
  ],
  [oids.authorityInfoAccess, infoAccessWords(oidName(oids.authorityInfoAccess))],
  [oids.subjectInfoAccess, infoAccessWords(oidName(oids.subjectInfoAccess))],
])

/**
 * Describes an extension without throwing. A malformed extension value is described as a `problem`, so that the other extensions
 * are still displayed.
 */
export function describeExtension({ oid, critical, value }: Extension): ExtensionDescription {
  const about = { name: oidName(oid), oid, critical }
  const read = readers.get(oid)
  if (read === undefined) return { ...about, values: [hexOf(value)] }
  try {
    return { ...about, values: read(value) }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return { ...about, values: [hexOf(value)], problem: error.message }
  }
}

function basicConstraintsWords(value: Uint8Array): string[] {
  const { ca, pathLenConstraint } = parseBasicConstraints(value)
  if (!ca) return ['not a CA']
  return pathLenConstraint === undefined
    ? ['a CA']
    : ['a CA', `at most ${pathLenConstraint} CAs below it`]
}

function authorityKeyWords(value: Uint8Array): string[] {
  const identifier = parseAuthorityKeyIdentifier(value)
  return identifier === undefined ? [] : [hexOf(identifier)]
}

function nameConstraintsWords(value: Uint8Array): string[] {
  const { permitted, excluded } = parseNameConstraints(value)
  return [
    ...permitted.map((name) => `permitted ${generalNameWords(name)}`),
    ...excluded.map((name) => `excluded ${generalNameWords(name)}`),
  ]
}

function infoAccessWords(label: string): (value: Uint8Array) => string[] {
  return (value) =>
    parseInfoAccess(value, label).map(
      ({ accessMethod, accessLocation }) =>
        `${oidName(accessMethod)} ${generalNameWords(accessLocation)}`,
    )
}
