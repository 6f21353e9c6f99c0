/**
 * Determines which record entries a caller may see (decision 0046). A record entry belongs to the account of the row that it
 * describes, and to the account of the principal that caused it. All other entries belong to the account that operates the
 * server. Entries about a CA are visible only in the CA's Region, and only to callers that have permission for the CA.
 */
import { actorAccountOf, subjectOf, type LeafSubject } from '../../ledger/leaf-subject.ts'
import { decodeLeaf, LeafError, type Leaf } from '../../record/leaf.ts'
import type { Services } from '../../services.ts'
import { findOperatorAccount } from '../../store/accounts.ts'
import type { LeafHead } from '../../store/leaves.ts'
import {
  findAuthorityName,
  findEndpointAccount,
  findPrincipalAccount,
  type AuthorityName,
} from '../../store/record-subjects.ts'
import type { ScopedCaller } from '../shared/operation.ts'

/** An entry that the caller may see. */
export interface VisibleEntry {
  readonly number: number
  /** Length of the entry's data in bytes. */
  readonly bytes: number
  /** The decoded entry; undefined if the data was altered and is no longer a leaf. */
  readonly leaf: Leaf | undefined
  /** The CA that the entry describes. */
  readonly authority: AuthorityName | undefined
}

export type EntryFilter = (leaf: Leaf) => boolean

export interface EntryAccess {
  /** Returns the entry if the caller may see it and the filter accepts it. */
  find(head: LeafHead, filter?: EntryFilter): Promise<VisibleEntry | undefined>
}

/** If `only` is defined, access is limited to entries about that CA. */
export async function createEntryAccess(
  { db }: Pick<Services, 'db'>,
  caller: ScopedCaller,
  only: AuthorityName | undefined,
): Promise<EntryAccess> {
  const { accountId, region, partition } = caller
  const isOperator = (await findOperatorAccount(db)) === accountId
  const hidden = only === undefined ? await hiddenFrom(caller) : new Set<number>()
  const accounts = new Map<string, Promise<string | undefined>>()
  const accountOf = (subject: LeafSubject): Promise<string | undefined> => {
    const key = JSON.stringify(subject)
    const account = accounts.get(key) ?? findSubjectAccount(db, subject)
    accounts.set(key, account)
    return account
  }

  /**
   * Returns the CA if the caller may see the entry, `no CA` for an entry about something else, and undefined for an
   * entry that the caller may not see.
   */
  async function access(
    leaf: Leaf,
    stateHead: string | undefined,
  ): Promise<AuthorityName | 'no CA' | undefined> {
    const subject = subjectOf(leaf, stateHead)
    const isOwnAct = actorAccountOf(leaf) === accountId
    if (subject.kind === 'authority') {
      const authority = await findAuthorityName(db, subject.authority)
      if (authority === undefined) return only === undefined && isOperator ? 'no CA' : undefined
      if (only !== undefined) return authority.number === only.number ? authority : undefined
      const isHere = authority.region === region && authority.partition === partition
      const isOwn = authority.accountId === accountId || isOwnAct
      return isHere && isOwn && !hidden.has(authority.number) ? authority : undefined
    }
    if (only !== undefined) return undefined
    const owner = await accountOf(subject)
    const isOfNobody = owner === undefined && actorAccountOf(leaf) === undefined
    return owner === accountId || isOwnAct || (isOfNobody && isOperator) ? 'no CA' : undefined
  }

  return {
    async find({ number, entry, stateHead, bytes }, filter = () => true) {
      const leaf = decoded(entry)
      if (leaf === undefined) {
        // Filters cannot be applied to an altered entry, so it is always displayed.
        if (!isOperator || only !== undefined) return undefined
        return { number, bytes, leaf, authority: undefined }
      }
      if (!filter(leaf)) return undefined
      const found = await access(leaf, stateHead)
      if (found === undefined) return undefined
      return { number, bytes, leaf, authority: found === 'no CA' ? undefined : found }
    },
  }
}

/** Finds the account of a subject that is not a CA. */
async function findSubjectAccount(
  db: Services['db'],
  subject: LeafSubject,
): Promise<string | undefined> {
  if (subject.kind === 'account') return subject.accountId
  if (subject.kind === 'principal') return findPrincipalAccount(db, subject.id)
  return subject.kind === 'endpoint' ? findEndpointAccount(db, subject) : undefined
}

function decoded(entry: Uint8Array): Leaf | undefined {
  try {
    return decodeLeaf(entry)
  } catch (error) {
    if (error instanceof LeafError) return undefined
    throw error
  }
}

async function hiddenFrom({ hiddenAuthorities }: ScopedCaller): Promise<ReadonlySet<number>> {
  if (hiddenAuthorities === undefined)
    throw new Error('a call about the whole account needs hiddenAuthorities')
  return hiddenAuthorities()
}
