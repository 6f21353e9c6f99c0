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
  const of =
    'accountId' in owner ? [owner.accountId, owner.region] : [String(owner.authorityNumber)]
  const text = JSON.stringify([facet, ...of, ...(value === undefined ? [] : [value])])
  return createHash('sha256').update(text).digest().readInt32BE(0)
}

/** What is put into the search tables. */
export interface SearchEntries {
  readonly positions: SearchEntry<number>[]
  readonly names: SearchEntry<string>[]
}

/** Entries of certificates; facets that they share are hashed once. */
export function searchEntriesOf(certificates: readonly FoundCertificate[]): SearchEntries {
  const known = new Map<string, number>()
  const numberOf: typeof facetNumber = (facet, owner, value = '') => {
    const whose =
      'accountId' in owner ? `${owner.accountId} ${owner.region}` : owner.authorityNumber
    const key = `${facet} ${whose} ${value}`
    const found = known.get(key)
    if (found !== undefined) return found
    const number = facetNumber(facet, owner, value === '' ? undefined : value)
    known.set(key, number)
    return number
  }
  const entries: SearchEntries = { positions: [], names: [] }
  for (const certificate of certificates) addEntries(entries, certificate, numberOf)
  return entries
}

function addEntries(
  { positions, names }: SearchEntries,
  { number, authority, ...certificate }: FoundCertificate,
  numberOf: typeof facetNumber,
): void {
  const account = { accountId: authority.accountId, region: authority.region }
  const notAfter = certificate.notAfter.getTime() / 1000
  const issuedAt = Math.floor(certificate.issuedAt.getTime() / 1000)
  const requesters = requestersOf(certificate.requester)
  for (const owner of [account, { authorityNumber: authority.number }]) {
    positions.push([numberOf('expiry', owner), notAfter, number])
    positions.push([numberOf('issue', owner), issuedAt, number])
    positions.push([numberOf('template', owner, certificate.templateName), notAfter, number])
    for (const who of requesters)
      positions.push([numberOf('requester', owner, who), notAfter, number])
  }
  const { commonNames, alternativeNames } = readCertificateNames(certificate.certificateDer)
  for (const key of new Set(commonNames.map(searchKey)))
    names.push([numberOf('subject', account), key, number])
  for (const name of new Set(alternativeNames)) {
    names.push([numberOf('name', account), searchKey(name), number])
    names.push([numberOf('reversed-name', account), reversedKey(name), number])
  }
}

const sessionForm = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/

/** What a requester is found by: its account, its ARN or name, and of the session of a role also that of the role. */
export function requestersOf({ accountId, name }: FoundCertificate['requester']): string[] {
  const [, partition, account, role] = sessionForm.exec(name ?? '') ?? []
  const roleArn = role === undefined ? undefined : `arn:${partition}:iam::${account}:role/${role}`
  return [accountId, name, roleArn].filter((who) => who !== undefined)
}
