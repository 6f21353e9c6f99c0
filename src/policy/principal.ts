/** Principal and NotPrincipal (IAM JSON policy elements: Principal): whom a statement of a resource or trust policy is about. */
import { isObject, textsOf } from '../text/json.ts'

/** What a Principal element names; `'*'` is everyone. */
export interface Principals {
  readonly negated: boolean
  readonly everyone: boolean
  /** Account ids, from `123456789012` and `arn:aws:iam::123456789012:root`. */
  readonly accounts: readonly string[]
  /** ARNs of users, roles, sessions and identity providers, and names of services. */
  readonly names: readonly string[]
}

/** Who asks, as Principal elements name it. */
export interface PrincipalIdentity {
  /** Undefined for who belongs to no account: a service, or who brings a token of an identity provider. */
  readonly accountId: string | undefined
  /**
   * ARN of the user; of the session and of its role; of the identity provider; name of the service.
   */
  readonly names: readonly string[]
}

const accountForm = /^\d{12}$/
const rootForm = /^arn:[a-z0-9-]+:iam::(\d{12}):root$/
export const identityForm =
  /^arn:[a-z0-9-]+:(?:iam|sts)::(\d{12}):(?:user|role|assumed-role)\/[^*?\s]+$/
const serviceForm = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/
const providerForm = /^arn:[a-z0-9-]+:iam::\d{12}:(?:oidc|saml)-provider\/[^*?\s]+$/

/** Kinds of principals, and how those are named that have a form. */
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

/** Reads the element of a statement; sentences about what is wrong go into `faults` and `unclear`. */
export function parsePrincipals(
  statement: Readonly<Record<string, unknown>>,
  { name, faults, unclear }: Problems,
): Principals | undefined {
  const negated = statement['NotPrincipal'] !== undefined
  const value = statement[negated ? 'NotPrincipal' : 'Principal']
  const isBoth = negated && statement['Principal'] !== undefined
  if (isBoth) {
    faults.push(`${name}: Principal and NotPrincipal exclude each other.`)
    return undefined
  }
  if (negated && statement['Effect'] === 'Allow')
    unclear.push(`${name}: NotPrincipal goes with Deny only.`)
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

/** What is named of one kind; sentences about what is not understood go into `unclear`. */
function namesOf(
  kind: string,
  value: unknown,
  { name, unclear }: Omit<Problems, 'faults'>,
): readonly string[] {
  const isOne = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  const texts = textsOf(value)
  if (isOne === undefined || texts === undefined) {
    unclear.push(`${name}: the principal '${kind}' is not known here.`)
    return []
  }
  for (const text of texts) if (!isOne(text)) unclear.push(`${name}: '${text}' is no principal.`)
  return texts
}

function isPrincipal(text: string): boolean {
  return accountOf(text) !== undefined || identityForm.test(text)
}

/** The account that a principal names as a whole; undefined for any other principal. */
export function accountOf(text: string): string | undefined {
  return accountForm.test(text) ? text : rootForm.exec(text)?.[1]
}

/**
 * Whether a statement is about who asks. An account in NotPrincipal leaves out nobody in it (IAM JSON policy elements:
 * NotPrincipal). Everyone is allowed who has an account: a service or a token must be named to be allowed anything.
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

/** Whether a statement names who asks itself, or everyone, and not only its account. */
export function namesDirectly(principals: Principals, identity: PrincipalIdentity): boolean {
  return !principals.negated && (principals.everyone || isNamed(principals, identity))
}

function isNamed({ names }: Principals, identity: PrincipalIdentity): boolean {
  return identity.names.some((name) => names.includes(name))
}
