/** The subject of a leaf: a CA, an account, a principal, an endpoint, or the server. */
import type { Leaf } from '../record/leaf.ts'
import type { AuthorityReference, EndpointReference } from '../store/record-subjects.ts'

export type LeafSubject =
  | { readonly kind: 'authority'; readonly authority: AuthorityReference }
  | { readonly kind: 'account'; readonly accountId: string }
  /** A user or role, identified by its unique ID. */
  | { readonly kind: 'principal'; readonly id: string }
  /** An enrollment endpoint, or one of its keys, accounts and passwords. */
  | ({ readonly kind: 'endpoint' } & EndpointReference)
  /** The server, or a deleted row whose account is unknown. */
  | { readonly kind: 'none' }

type Key = readonly unknown[]

/**
 * The tables whose rows belong to an endpoint, with the endpoint's protocol. The state of a row that belongs to an endpoint
 * begins with the endpoint's name.
 */
const protocolsByTable: Readonly<Record<string, string>> = {
  acme_binding_keys: 'acme',
  acme_accounts: 'acme',
  est_passwords: 'est',
}

/** How a row's key identifies the subject, by table. The keys of rows in all other tables start with their account. */
const subjectsByTable: Readonly<Record<string, (key: Key) => LeafSubject>> = {
  authorities: ([id]) => ofAuthority({ id: String(id) }),
  tags: ([id]) => ofAuthority({ id: String(id) }),
  authority_certificates: ([number]) => ofNumber(number),
  certificate_intents: ([number]) => ofNumber(number),
  permissions: ([number]) => ofNumber(number),
  resource_policies: ([number]) => ofNumber(number),
  share_authorities: ([, number]) => ofNumber(number),
  crls: ([name]) => ofAuthority({ crl: String(name) }),
  accounts: ([accountId]) => ofAccount(accountId),
  approval_policies: ([accountId]) => ofAccount(accountId),
  identity_providers: ([accountId]) => ofAccount(accountId),
  identity_policies: ([id]) => ({ kind: 'principal', id: String(id) }),
  enrollment_endpoints: ([protocol, name]) => ofEndpoint(protocol, name),
}

function ofAuthority(authority: AuthorityReference): LeafSubject {
  return { kind: 'authority', authority }
}

function ofNumber(number: unknown): LeafSubject {
  return Number.isSafeInteger(number) ? ofAuthority({ number: number as number }) : { kind: 'none' }
}

function ofEndpoint(protocol: unknown, name: unknown): LeafSubject {
  return { kind: 'endpoint', protocol: String(protocol), name: String(name) }
}

function ofAccount(accountId: unknown): LeafSubject {
  return typeof accountId === 'string' && /^\d{12}$/.test(accountId)
    ? { kind: 'account', accountId }
    : { kind: 'none' }
}

/** `stateHead` is the start of the row's state. If the table's rows belong to accounts, the state begins with the account. */
export function subjectOf(leaf: Leaf, stateHead: string | undefined): LeafSubject {
  const { authority, table, key, kind, detail } = leaf
  if (authority !== undefined) return ofAuthority({ number: authority })
  if (kind === 'event') return ofAccount(membersOf(detail)['accountId'])
  if (table === undefined) return { kind: 'none' }
  const ofKey = Object.hasOwn(subjectsByTable, table) ? subjectsByTable[table] : undefined
  if (ofKey !== undefined) return ofKey(keyOf(key))
  if (Object.hasOwn(protocolsByTable, table)) {
    const name = /^endpoint_name=\d+:([a-z0-9-]+)(?:,|$)/.exec(stateHead ?? '')?.[1]
    return name === undefined ? { kind: 'none' } : ofEndpoint(protocolsByTable[table], name)
  }
  return ofAccount(/^account_id=12:(\d{12})/.exec(stateHead ?? '')?.[1])
}

/** Returns the account of the principal that caused a leaf; undefined for services, jobs and operating-system users. */
export function actorAccountOf({ principal = '' }: Leaf): string | undefined {
  return /^arn:[^:]+:(?:iam|sts|signet):[^:]*:(\d{12}):/.exec(principal)?.[1]
}

function keyOf(text: string | undefined): Key {
  const value = parsed(text)
  return Array.isArray(value) ? (value as Key) : []
}

function membersOf(text: string | undefined): Readonly<Record<string, unknown>> {
  const value = parsed(text)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A leaf that was altered in the database can contain any text. */
function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return undefined
  }
}
