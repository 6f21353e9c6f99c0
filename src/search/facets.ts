/**
 * Under which numbers a certificate is in the search tables. A facet is what a search asks for (an account's certificates
 * with that template); its number is the beginning of a hash, so that no table of them is needed. Two facets with one
 * number only cost time: what is found is always looked at (filter.ts).
 */
import { createHash } from 'node:crypto'
import type { FoundCertificate } from '../store/certificate-search.ts'
import type { SearchEntries } from '../store/search-progress.ts'
import { readCertificateNames } from './certificate-names.ts'
import { reversedKey, searchKey } from './name-pattern.ts'

/** Whose certificates: those of one CA, or the names of those of an account in a Region. */
export type Owner =
  | { readonly accountId: string; readonly region: string }
  | { readonly authorityNumber: number }

/** Ordered by notAfter, `issue` by when they were issued; `template` and `requester` have a value. */
export type PositionFacet = 'expiry' | 'issue' | 'template' | 'requester'
export type NameFacet = 'subject' | 'name' | 'reversed-name'

/** 32 bits, as SQLite keeps in four octets. */
export function facetNumber(
  facet: PositionFacet | NameFacet,
  owner: Owner,
  value?: string,
): number {
  const ownerParts =
    'accountId' in owner ? [owner.accountId, owner.region] : [String(owner.authorityNumber)]
  const text = JSON.stringify([facet, ...ownerParts, ...(value === undefined ? [] : [value])])
  return createHash('sha256').update(text).digest().readInt32BE(0)
}

/** Era of entries of versions that had none. */
export const noEra = -1

/**
 * Names are sorted within eras of 65,536 certificate numbers, so that a batch of certificates changes few pages of their
 * table. An insertion into the sorted names of all certificates changes a page for each name.
 */
export function eraOf(certificateNumber: number): number {
  return Math.floor(certificateNumber / 65_536)
}

/** Number of a facet of names in an era; 32 bits. */
export function facetInEra(facet: number, era: number): number {
  return (facet + 1 + era) | 0
}

/** Entries of certificates; the facets of those that have the same are numbered once. */
export function searchEntriesOf(certificates: readonly FoundCertificate[]): SearchEntries {
  const known = new Map<string, FacetNumbers>()
  const entries: SearchEntries = { positions: [], names: [] }
  for (const certificate of certificates) {
    const { number, authority, templateName, requester } = certificate
    const era = eraOf(number)
    const key = `${era} ${authority.number} ${templateName} ${requester.accountId ?? ''} ${requester.name ?? ''}`
    let facets = known.get(key)
    if (facets === undefined) {
      facets = facetNumbersOf(certificate, { authorityNumber: authority.number }, era)
      known.set(key, facets)
    }
    addEntries(entries, certificate, facets)
  }
  return entries
}

/** Entries that earlier versions inserted instead: positions of the account, and names without an era. */
export function formerEntriesOf(certificate: FoundCertificate): SearchEntries {
  const entries: SearchEntries = { positions: [], names: [] }
  const { accountId, region } = certificate.authority
  addEntries(entries, certificate, facetNumbersOf(certificate, { accountId, region }, noEra))
  return entries
}

/** Facets that a certificate has entries under. */
interface FacetNumbers {
  /** In the order of notAfter. */
  readonly expiring: readonly number[]
  /** In the order of issue. */
  readonly issued: number
  readonly subject: number
  readonly name: number
  readonly reversedName: number
}

function facetNumbersOf(
  { authority, templateName, requester }: FoundCertificate,
  owner: Owner,
  era: number,
): FacetNumbers {
  const { accountId, region } = authority
  const ofNames = (facet: NameFacet): number =>
    facetInEra(facetNumber(facet, { accountId, region }), era)
  return {
    expiring: [
      facetNumber('expiry', owner),
      facetNumber('template', owner, templateName),
      ...requestersOf(requester).map((one) => facetNumber('requester', owner, one)),
    ],
    issued: facetNumber('issue', owner),
    subject: ofNames('subject'),
    name: ofNames('name'),
    reversedName: ofNames('reversed-name'),
  }
}

function addEntries(
  { positions, names }: SearchEntries,
  { number, notAfter, issuedAt, certificateDer }: FoundCertificate,
  { expiring, issued, subject, name, reversedName }: FacetNumbers,
): void {
  for (const facet of expiring) positions.push([facet, notAfter.getTime() / 1000, number])
  positions.push([issued, Math.floor(issuedAt.getTime() / 1000), number])
  const { commonNames, alternativeNames } = readCertificateNames(certificateDer)
  for (const key of new Set(commonNames.map(searchKey))) names.push([subject, key, number])
  for (const text of new Set(alternativeNames)) {
    names.push([name, searchKey(text), number])
    names.push([reversedName, reversedKey(text), number])
  }
}

const sessionForm = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/

/** What a requester is found by: its account, its ARN or name, and of the session of a role also that of the role. */
export function requestersOf({ accountId, name }: FoundCertificate['requester']): string[] {
  const [, partition, account, role] = sessionForm.exec(name ?? '') ?? []
  const roleArn = role === undefined ? undefined : `arn:${partition}:iam::${account}:role/${role}`
  return [accountId, name, roleArn].filter((requesterText) => requesterText !== undefined)
}
