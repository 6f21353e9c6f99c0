/**
 * Validates resource policies for a CA (AWS Private CA User Guide, Attach a policy for cross-account access). The resource
 * policies have a fixed form: one statement allows other accounts to read, and another allows them to issue with a single
 * template.
 */
import { accountOf, identityForm } from './principal.ts'
import { ServiceError } from '../errors.ts'
import { hasDuplicateKeys, isObject, listOf, textsOf, parseObject } from '../text/json.ts'

/** Actions in the read statement. */
export const readActions = [
  'acm-pca:DescribeCertificateAuthority',
  'acm-pca:GetCertificate',
  'acm-pca:GetCertificateAuthorityCertificate',
  'acm-pca:ListPermissions',
  'acm-pca:ListTags',
] as const
const lowerCaseReadActions: ReadonlySet<string> = new Set(
  readActions.map((action) => action.toLowerCase()),
)
/** Action of one of Signet's own operations, which the read statement may omit. */
const ownReadAction = 'acm-pca:listcertificates'
const issueAction = 'acm-pca:issuecertificate'
const sharedTemplates = [
  'EndEntityCertificate',
  'EndEntityClientAuthCertificate',
  'EndEntityServerAuthCertificate',
  'BlankEndEntityCertificate_APIPassthrough',
  'BlankEndEntityCertificate_APICSRPassthrough',
  'SubordinateCACertificate_PathLen0',
] as const

/** Templates with which other accounts can be allowed to issue certificates. */
export type SharedTemplate = (typeof sharedTemplates)[number]

interface SharedAuthority {
  readonly arn: string
  readonly partition: string
}

/**
 * Returns the accounts and organizations that the policy allows to read the CA. Throws InvalidPolicyException, which
 * identifies the statement, for any form of policy that AWS does not accept.
 */
export function requireSharingPolicy(text: string, authority: SharedAuthority): string[] {
  const document = parseObject(text)
  if (document === undefined) throw invalid('must be a JSON object')
  if (hasDuplicateKeys(text)) throw invalid('contains a duplicate element')
  for (const name of Object.keys(document))
    if (!['Version', 'Id', 'Statement'].includes(name)) throw invalid(`has the element '${name}'`)
  if (document['Id'] !== undefined && typeof document['Id'] !== 'string')
    throw invalid('must have an Id that is a string')
  if (!['2012-10-17', '2008-10-17', undefined].includes(document['Version'] as string | undefined))
    throw invalid("must have the Version '2012-10-17'")
  const statements = listOf(document['Statement']).map((value, index) =>
    readStatement(value, { name: `Statement ${index + 1}`, authority }),
  )
  for (const kind of ['read', 'issue'] as const)
    if (statements.filter((statement) => statement.kind === kind).length !== 1)
      throw invalid(`must have exactly one statement that allows other accounts to ${kind}`)
  const readers = statements.filter(({ kind }) => kind === 'read')
  return [...new Set(readers.flatMap(({ sharedWith }) => sharedWith))]
}

interface StatementContext {
  /** Description of the statement for messages. */
  readonly name: string
  readonly authority: SharedAuthority
}

interface SharingStatement {
  readonly kind: 'read' | 'issue'
  readonly sharedWith: readonly string[]
}

const elements = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition']

function readStatement(value: unknown, context: StatementContext): SharingStatement {
  const { name, authority } = context
  if (!isObject(value)) throw invalid(`${name} must be an object`)
  for (const element of Object.keys(value))
    if (!elements.includes(element)) throw invalid(`${name} has the element '${element}'`)
  if (value['Sid'] !== undefined && typeof value['Sid'] !== 'string')
    throw invalid(`${name} must have a Sid that is a string`)
  if (value['Effect'] !== 'Allow') throw invalid(`${name} must have the Effect Allow`)
  const resources = textsOf(value['Resource'])
  if (resources?.length !== 1 || resources[0] !== authority.arn)
    throw invalid(`${name} must have the Resource ${authority.arn}`)
  const kind = kindOf(value['Action'], name)
  const conditions = readConditions(value['Condition'], name)
  if (kind === 'issue') requireTemplate(conditions, context)
  else if (conditions.template !== undefined)
    throw invalid(`${name} must not have a condition on acm-pca:TemplateArn`)
  return { kind, sharedWith: principalsOf(value['Principal'], conditions, name) }
}

function kindOf(action: unknown, name: string): SharingStatement['kind'] {
  const actions = new Set((textsOf(action) ?? []).map((text) => text.toLowerCase()))
  if (actions.size === 1 && actions.has(issueAction)) return 'issue'
  const ofAws = [...actions].filter((one) => one !== ownReadAction)
  const isRead =
    ofAws.length === lowerCaseReadActions.size &&
    ofAws.every((one) => lowerCaseReadActions.has(one))
  if (isRead) return 'read'
  throw invalid(
    `${name} must have only the Action acm-pca:IssueCertificate, or all of acm-pca:DescribeCertificateAuthority, ` +
      'GetCertificate, GetCertificateAuthorityCertificate, ListPermissions and ListTags',
  )
}

interface Conditions {
  readonly template: string | undefined
  readonly organization: string | undefined
}

/** Accepts StringEquals on the template and the organization, and StringNotEquals on the account. */
function readConditions(value: unknown, name: string): Conditions {
  const conditions = new Map<string, string>()
  const block = value === undefined ? {} : value
  if (!isObject(block)) throw invalid(`${name}: Condition must be an object`)
  for (const [operator, keys] of Object.entries(block)) {
    if (!isObject(keys)) throw invalid(`${name}: ${operator} must have keys`)
    for (const [key, expected] of Object.entries(keys)) {
      const texts = textsOf(expected)
      const condition = `${operator} ${key.toLowerCase()}`
      if (!allowedConditions.includes(condition) || texts?.length !== 1)
        throw invalid(`${name} must not have the condition ${operator} on ${key} with that value`)
      conditions.set(condition, texts[0] ?? '')
    }
  }
  return {
    template: conditions.get('StringEquals acm-pca:templatearn'),
    organization: conditions.get('StringEquals aws:principalorgid'),
  }
}

const allowedConditions = [
  'StringEquals acm-pca:templatearn',
  'StringEquals aws:principalorgid',
  'StringNotEquals aws:principalaccount',
]

function requireTemplate({ template }: Conditions, { name, authority }: StatementContext): void {
  const allowed = sharedTemplates.map(
    (shared) => `arn:${authority.partition}:acm-pca:::template/${shared}/V1`,
  )
  if (template === undefined || !allowed.includes(template))
    throw invalid(
      `${name} must have the condition StringEquals on acm-pca:TemplateArn with one of ${allowed.join(', ')}`,
    )
}

const organizationForm = /^o-[a-z0-9]{10,32}$/

/** Returns account IDs, or the organization ID if the principal is everyone in an organization. */
function principalsOf(
  value: unknown,
  { organization }: Conditions,
  name: string,
): readonly string[] {
  const named = isObject(value) && Object.keys(value).join() === 'AWS' ? value['AWS'] : value
  const texts = textsOf(named) ?? []
  if (texts.length === 1 && texts[0] === '*') {
    if (organization === undefined || !organizationForm.test(organization))
      throw invalid(
        `${name}: the Principal '*' needs the condition StringEquals on aws:PrincipalOrgID`,
      )
    return [organization]
  }
  const accounts = texts.map((text) => accountOf(text) ?? identityForm.exec(text)?.[1])
  const known = accounts.filter((account) => account !== undefined)
  if (!isObject(value) || texts.length === 0 || known.length < texts.length)
    throw invalid(`${name}: Principal must be { "AWS": … } with account IDs or ARNs`)
  // This function cannot check whether an account belongs to the organization.
  return organization === undefined ? known : []
}

function invalid(problem: string): ServiceError {
  const text = problem.startsWith('Statement') ? problem : `The policy ${problem}`
  return new ServiceError('InvalidPolicyException', `${text}.`)
}
