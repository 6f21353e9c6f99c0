/**
 * Facets in the search tables. A facet is a search condition, such as a combination of an account and a template. A facet is
 * identified by the first 32 bits of a hash, so no table of facets is needed. A collision only costs time, because every
 * certificate that is found is checked against the filter (filter.ts).
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

/** Owner of certificates: one CA, or an account in a Region. */
export type Owner =
  | { readonly accountId: string; readonly region: string }
  | { readonly authorityNumber: number }

/**
 * The facet `issue` sorts certificates by the time of issue, and all other facets sort them by notAfter. The facets `template`
 * and `requester` have a value.
 */
export type PositionFacet = 'expiry' | 'issue' | 'template' | 'requester'
export type NameFacet = 'subject' | 'name' | 'reversed-name'

/** Returns the numeric ID of a facet. The ID has 32 bits, so SQLite stores it in four bytes. */
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

/** Era of the name entries from earlier versions, which did not use eras. */
export const noEra = -1

/**
 * Returns the era of a certificate number. Names are sorted only within eras of 65,536 certificates, so that inserting a batch of
 * certificates changes few pages of the table. If all names were sorted together, almost every insertion would change a different
 * page.
 */
export function eraOf(certificateNumber: number): number {
  return Math.floor(certificateNumber / 65_536)
}

/** Returns the 32-bit number that identifies a name facet in an era. */
export function facetInEra(facet: number, era: number): number {
  return (facet + 1 + era) | 0
}

/** Builds search entries for certificates. The certificates must be added in ascending order of their numbers. */
export class CertificateEntries implements SearchEntries {
  readonly positions = new Map<number, FacetEntries<number>>()
  readonly names = new Map<number, FacetEntries<string>>()
  /** Facet entries, grouped by their common values, so that each facet number is computed only once. */
  readonly #places = new Map<string, Places>()

  add(certificate: UnsearchableCertificate): void {
    const { number, authority, templateName, requester } = certificate
    const era = eraOf(number)
    const key = `${era} ${authority.number} ${templateName} ${requester.accountId ?? ''} ${requester.name ?? ''}`
    let places = this.#places.get(key)
    if (places === undefined) {
      // Most certificates are requested by their CA's account. Such certificates have no requester entry, so a search for the
      // account as requester scans all certificates of the account (index-scans.ts).
      const requesters = requestersOf(requester).filter((one) => one !== authority.accountId)
      const owner = { authorityNumber: authority.number }
      places = this.#placesOf(certificate, { owner, era, requesters })
      this.#places.set(key, places)
    }
    addTo(places, certificate)
  }

  /** Adds a certificate's entries in the form used by earlier versions. */
  addFormer(certificate: UnsearchableCertificate): void {
    const { accountId, region, number } = certificate.authority
    const requesters = requestersOf(certificate.requester)
    // Earlier versions also inserted requester entries for the CA's own account, and inserted names without an era.
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

/** Facet entries to which a certificate is added. */
interface Places {
  /** Entries sorted by notAfter. */
  readonly expiring: readonly FacetEntries<number>[]
  /** Entries sorted by time of issue. */
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

/** Adds names. A name that occurs twice in a certificate is added twice but inserted only once. */
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

/** Returns the values by which a requester is found: the account, the ARN or name, and the role ARN of a role session. */
export function requestersOf({ accountId, name }: Requester): string[] {
  const [, partition, account, role] = sessionForm.exec(name ?? '') ?? []
  const roleArn = role === undefined ? undefined : `arn:${partition}:iam::${account}:role/${role}`
  return [accountId, name, roleArn].filter((requesterText) => requesterText !== undefined)
}
