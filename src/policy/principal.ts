/** Principal and NotPrincipal elements of resource and trust policies (IAM JSON policy elements: Principal). */
import { isObject, textsOf } from '../text/json.ts'

/** A parsed Principal element; `'*'` means everyone. */
export interface Principals {
  readonly negated: boolean
  readonly everyone: boolean
  /** Account IDs, written as `123456789012` or `arn:aws:iam::123456789012:root`. */
  readonly accounts: readonly string[]
  /** ARNs of users, roles, sessions, endpoints and identity providers, and service names. */
  readonly names: readonly string[]
}

/** A caller's identifiers that a Principal element can contain. */
export interface PrincipalIdentity {
  /** Account ID; undefined for callers without an account, which are services and holders of a web identity token. */
  readonly accountId: string | undefined
  /**
   * Identifiers of the caller: the ARN of the user, endpoint or identity provider, the ARNs of the session and its role, or the
   * service's name.
   */
  readonly names: readonly string[]
}

const accountForm = /^\d{12}$/
const rootForm = /^arn:[a-z0-9-]+:iam::(\d{12}):root$/
export const identityForm =
  /^arn:[a-z0-9-]+:(?:iam|sts)::(\d{12}):(?:user|role|assumed-role)\/[^*?\s]+$/
/** ARN of an enrollment endpoint. AWS has no endpoints as principals, so PutPolicy does not accept an endpoint's ARN. */
const endpointForm = /^arn:[a-z0-9-]+:signet:[a-z0-9-]+:\d{12}:(?:acme|est)\/[a-z0-9-]{1,64}$/
const serviceForm = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/
const providerForm = /^arn:[a-z0-9-]+:iam::\d{12}:(?:oidc|saml)-provider\/[^*?\s]+$/

/** Checks whether a value is valid, for each type of principal. */
const kinds: Readonly<Record<string, (text: string) => boolean>> = {
  AWS: (text) => text === '*' || isPrincipal(text),
  Service: (text) => serviceForm.test(text),
  Federated: (text) => providerForm.test(text),
}

interface Problems {
  readonly name: string
  readonly faults: string[]
  readonly unclear: string[]
}

/**
 * Parses the Principal or NotPrincipal element of a statement. Messages about errors are appended to `faults`, and messages
 * about unknown parts to `unclear`.
 */
export function parsePrincipals(
  statement: Readonly<Record<string, unknown>>,
  { name, faults, unclear }: Problems,
): Principals | undefined {
  const negated = statement['NotPrincipal'] !== undefined
  const value = statement[negated ? 'NotPrincipal' : 'Principal']
  const isBoth = negated && statement['Principal'] !== undefined
  if (isBoth) {
    faults.push(`${name}: Principal and NotPrincipal cannot be combined.`)
    return undefined
  }
  if (negated && statement['Effect'] === 'Allow')
    unclear.push(`${name}: NotPrincipal can only be combined with Effect Deny.`)
  if (value === '*') return { ...nobody, negated, everyone: true }
  if (!isObject(value)) {
    faults.push(`${name}: Principal or NotPrincipal must be '*' or an object.`)
    return undefined
  }
  const named = new Map(
    Object.keys(value).map((kind) => [kind, namesOf(kind, value[kind], { name, unclear })]),
  )
  const known = named.get('AWS') ?? []
  return {
    negated,
    everyone: known.includes('*'),
    accounts: known.flatMap((text) => accountOf(text) ?? []),
    names: [...named.values()]
      .flat()
      .filter((text) => text !== '*' && accountOf(text) === undefined),
  }
}

const nobody = { accounts: [], names: [] }

/** Parses the values for one type of principal. Messages about unknown parts are appended to `unclear`. */
function namesOf(
  kind: string,
  value: unknown,
  { name, unclear }: Omit<Problems, 'faults'>,
): readonly string[] {
  const isOne = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  const texts = textsOf(value)
  if (isOne === undefined || texts === undefined) {
    unclear.push(`${name}: the principal '${kind}' is not supported by Signet.`)
    return []
  }
  for (const text of texts)
    if (!isOne(text)) unclear.push(`${name}: '${text}' is not a valid principal.`)
  return texts
}

function isPrincipal(text: string): boolean {
  return accountOf(text) !== undefined || identityForm.test(text) || endpointForm.test(text)
}

/** Returns the account ID if the principal is an entire account; otherwise undefined. */
export function accountOf(text: string): string | undefined {
  return accountForm.test(text) ? text : rootForm.exec(text)?.[1]
}

/**
 * Returns whether a statement applies to the caller. An account in NotPrincipal does not exempt its users (IAM JSON policy
 * elements: NotPrincipal). In an Allow statement, `*` matches only callers with an account; services and identity
 * providers must be listed explicitly.
 */
export function matchesPrincipal(
  principals: Principals,
  identity: PrincipalIdentity,
  effect: 'Allow' | 'Deny',
): boolean {
  if (principals.negated) return !principals.everyone && !isNamed(principals, identity)
  const { accountId } = identity
  if (accountId === undefined)
    return isNamed(principals, identity) || (principals.everyone && effect === 'Deny')
  return principals.accounts.includes(accountId) || namesDirectly(principals, identity)
}

/** Returns whether a statement names the caller itself or everyone, rather than only the caller's account. */
export function namesDirectly(principals: Principals, identity: PrincipalIdentity): boolean {
  return !principals.negated && (principals.everyone || isNamed(principals, identity))
}

function isNamed({ names }: Principals, identity: PrincipalIdentity): boolean {
  return identity.names.some((name) => names.includes(name))
}
