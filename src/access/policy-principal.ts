/** Principal and NotPrincipal (IAM JSON policy elements: Principal): whom a statement of a resource or trust policy is about. */
import { isObject, textsOf } from '../policy-json.ts'

/** What a Principal element names; `'*'` is everyone. */
export interface Principals {
  readonly negated: boolean
  readonly everyone: boolean
  /** Account ids, from `123456789012` and `arn:aws:iam::123456789012:root`. */
  readonly accounts: readonly string[]
  /** ARNs of users, roles and sessions. */
  readonly arns: readonly string[]
}

/** Who asks, as Principal elements name it. */
export interface PrincipalIdentity {
  readonly accountId: string
  /** Of the user. */
  readonly arn: string
}

const accountForm = /^\d{12}$/
const rootForm = /^arn:[a-z0-9-]+:iam::(\d{12}):root$/
const identityForm = /^arn:[a-z0-9-]+:(?:iam|sts)::\d{12}:(?:user|role|assumed-role)\/[^*?\s]+$/
/** Services and identity providers may be named; nobody who calls is one. */
const kinds = ['AWS', 'Service', 'Federated']

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
  for (const kind of Object.keys(value))
    if (!kinds.includes(kind) || textsOf(value[kind]) === undefined)
      unclear.push(`${name}: the principal '${kind}' is not known here.`)
  const named = textsOf(value['AWS']) ?? []
  const unknown = named.filter((text) => text !== '*' && !isPrincipal(text))
  for (const text of unknown) unclear.push(`${name}: '${text}' is no principal.`)
  return {
    negated,
    everyone: named.includes('*'),
    accounts: named.flatMap((text) => accountOf(text) ?? []),
    arns: named.filter((text) => identityForm.test(text)),
  }
}

const nobody = { accounts: [], arns: [] }

function isPrincipal(text: string): boolean {
  return accountOf(text) !== undefined || identityForm.test(text)
}

function accountOf(text: string): string | undefined {
  return accountForm.test(text) ? text : rootForm.exec(text)?.[1]
}

/**
 * Whether a statement is about a caller. An account in NotPrincipal leaves out nobody in it (IAM JSON policy elements:
 * NotPrincipal).
 */
export function matchesPrincipal(principals: Principals, caller: PrincipalIdentity): boolean {
  if (principals.negated) return !namesItself(principals, caller)
  return principals.accounts.includes(caller.accountId) || namesItself(principals, caller)
}

/** Whether a statement names a caller itself, or everyone, and not only its account. */
export function namesDirectly(principals: Principals, caller: PrincipalIdentity): boolean {
  return !principals.negated && namesItself(principals, caller)
}

function namesItself({ everyone, arns }: Principals, { arn }: PrincipalIdentity): boolean {
  return everyone || arns.includes(arn)
}
