/**
 * Under which numbers a certificate is in the search tables. A facet is what a search asks for (an account's certificates
 * with that template); its number is the beginning of a hash, so that no table of them is needed. Two facets with one
 * number only cost time: what is found is always looked at (filter.ts).
 */
import { createHash } from 'node:crypto'
import type { Requester } from '../store/certificate-search.ts'
import type {
  FacetEntries,
  SearchEntries,
  UnsearchableCertificate,
} from '../store/search-progress.ts'
import { readSearchedNames } from './certificate-names.ts'
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

/** Entries of certificates, which are added in the order of their numbers. */
export class CertificateEntries implements SearchEntries {
  readonly positions = new Map<number, FacetEntries<number>>()
  readonly names = new Map<number, FacetEntries<string>>()
  /** Of certificates that have the same: facets are numbered once. */
  readonly #places = new Map<string, Places>()

  add(certificate: UnsearchableCertificate): void {
    const { number, authority, templateName, requester } = certificate
    const era = eraOf(number)
    const key = `${era} ${authority.number} ${templateName} ${requester.accountId ?? ''} ${requester.name ?? ''}`
    let places = this.#places.get(key)
    if (places === undefined) {
      // Nearly all have the account of their CA as a requester: it is searched for among all (index-scans.ts).
      const requesters = requestersOf(requester).filter((one) => one !== authority.accountId)
      const owner = { authorityNumber: authority.number }
      places = this.#placesOf(certificate, { owner, era, requesters })
      this.#places.set(key, places)
    }
    addTo(places, certificate)
  }

  /** Entries that earlier versions had instead, or besides. */
  addFormer(certificate: UnsearchableCertificate): void {
    const { accountId, region, number } = certificate.authority
    const requesters = requestersOf(certificate.requester)
    // Positions of the account, and names without an era.
    const owner = { accountId, region }
    const places = this.#placesOf(certificate, { owner, era: noEra, requesters })
    const besides = facetNumber('requester', { authorityNumber: number }, accountId)
    const expiring = [...places.expiring, listIn(this.positions, besides)]
    addTo({ ...places, expiring }, certificate)
  }

  #placesOf(
    { authority: { accountId, region }, templateName }: UnsearchableCertificate,
    {
      owner,
      era,
      requesters,
    }: { readonly owner: Owner; readonly era: number; readonly requesters: readonly string[] },
  ): Places {
    const position = (facet: PositionFacet, value?: string): FacetEntries<number> =>
      listIn(this.positions, facetNumber(facet, owner, value))
    const name = (facet: NameFacet): FacetEntries<string> =>
      listIn(this.names, facetInEra(facetNumber(facet, { accountId, region }), era))
    return {
      expiring: [
        position('expiry'),
        position('template', templateName),
        ...requesters.map((one) => position('requester', one)),
      ],
      issued: position('issue'),
      subject: name('subject'),
      name: name('name'),
      reversedName: name('reversed-name'),
    }
  }
}

/** Where the entries of a certificate are put. */
interface Places {
  /** In the order of notAfter. */
  readonly expiring: readonly FacetEntries<number>[]
  /** In the order of issue. */
  readonly issued: FacetEntries<number>
  readonly subject: FacetEntries<string>
  readonly name: FacetEntries<string>
  readonly reversedName: FacetEntries<string>
}

function listIn<Key extends number | string>(
  entries: Map<number, FacetEntries<Key>>,
  facet: number,
): FacetEntries<Key> {
  const list = entries.get(facet) ?? { keys: [], numbers: [] }
  entries.set(facet, list)
  return list
}

/** A name that a certificate has twice is added twice, and inserted once. */
function addTo(
  { expiring, issued, subject, name, reversedName }: Places,
  { number, notAfter, issuedAt, certificateDer }: UnsearchableCertificate,
): void {
  for (const list of expiring) put(list, notAfter.getTime() / 1000, number)
  put(issued, Math.floor(issuedAt.getTime() / 1000), number)
  const { commonNames, alternativeNames } = readSearchedNames(certificateDer)
  for (const text of commonNames) put(subject, searchKey(text), number)
  for (const text of alternativeNames) {
    put(name, searchKey(text), number)
    put(reversedName, reversedKey(text), number)
  }
}

function put<Key extends number | string>(
  { keys, numbers }: FacetEntries<Key>,
  key: Key,
  number: number,
): void {
  keys.push(key)
  numbers.push(number)
}

const sessionForm = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/

/** What a requester is found by: its account, its ARN or name, and of the session of a role also that of the role. */
export function requestersOf({ accountId, name }: Requester): string[] {
  const [, partition, account, role] = sessionForm.exec(name ?? '') ?? []
  const roleArn = role === undefined ? undefined : `arn:${partition}:iam::${account}:role/${role}`
  return [accountId, name, roleArn].filter((requesterText) => requesterText !== undefined)
}
