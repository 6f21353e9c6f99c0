/**
 * Under which numbers a certificate is in the search tables. A facet is what a search asks for (an account's certificates
 * with that template); its number is the beginning of a hash, so that no table of them is needed. Two facets with one
 * number only cost time: what is found is always looked at (filter.ts).
 */
import { createHash } from 'node:crypto'
import type { FoundCertificate } from '../store/certificate-search.ts'
import type { SearchEntry } from '../store/search-progress.ts'
import { readCertificateNames } from './certificate-names.ts'
import { reversedKey, searchKey } from './name-pattern.ts'

/** Whose certificates: those of an account in a Region, or of one CA. */
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

/** What is put into the search tables. */
export interface SearchEntries {
  readonly positions: SearchEntry<number>[]
  readonly names: SearchEntry<string>[]
}

/** Entries of certificates; the facets of those that have the same are numbered once. */
export function searchEntriesOf(certificates: readonly FoundCertificate[]): SearchEntries {
  const known = new Map<string, FacetNumbers>()
  const entries: SearchEntries = { positions: [], names: [] }
  for (const certificate of certificates) {
    const { authority, templateName, requester } = certificate
    const key = `${authority.number} ${templateName} ${requester.accountId ?? ''} ${requester.name ?? ''}`
    const facets = known.get(key) ?? facetNumbersOf(certificate)
    known.set(key, facets)
    addEntries(entries, certificate, facets)
  }
  return entries
}

/** Under what a certificate is, but for its position or name. */
interface FacetNumbers {
  /** In the order of notAfter. */
  readonly expiring: readonly number[]
  /** In the order of issue. */
  readonly issued: readonly number[]
  readonly subject: number
  readonly name: number
  readonly reversedName: number
}

function facetNumbersOf({ authority, templateName, requester }: FoundCertificate): FacetNumbers {
  const account = { accountId: authority.accountId, region: authority.region }
  const owners = [account, { authorityNumber: authority.number }]
  const expiring = owners.flatMap((owner) => [
    facetNumber('expiry', owner),
    facetNumber('template', owner, templateName),
    ...requestersOf(requester).map((requesterText) =>
      facetNumber('requester', owner, requesterText),
    ),
  ])
  return {
    expiring,
    issued: owners.map((owner) => facetNumber('issue', owner)),
    subject: facetNumber('subject', account),
    name: facetNumber('name', account),
    reversedName: facetNumber('reversed-name', account),
  }
}

function addEntries(
  { positions, names }: SearchEntries,
  {
    number,
    ...certificate
  }: Pick<FoundCertificate, 'number' | 'notAfter' | 'issuedAt' | 'certificateDer'>,
  { expiring, issued, subject, name, reversedName }: FacetNumbers,
): void {
  const notAfter = certificate.notAfter.getTime() / 1000
  const issuedAt = Math.floor(certificate.issuedAt.getTime() / 1000)
  for (const facet of expiring) positions.push([facet, notAfter, number])
  for (const facet of issued) positions.push([facet, issuedAt, number])
  const { commonNames, alternativeNames } = readCertificateNames(certificate.certificateDer)
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
