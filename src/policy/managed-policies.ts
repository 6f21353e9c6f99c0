/**
 * Identity policies that are stored by name: AWS's managed policies for AWS Private CA (AWS Private CA User Guide, AWS managed
 * policies), and Signet's own templates for policies on certificate content.
 */
import { ConfigurationError } from '../errors.ts'

interface ManagedPolicy {
  readonly takesDomains?: boolean
  /** `domains` are DNS domains; empty for a policy without domains. */
  readonly statements: (domains: readonly string[]) => readonly object[]
}

const managedPolicies = {
  AWSPrivateCAFullAccess: {
    statements: () => [{ Effect: 'Allow', Action: ['acm-pca:*'], Resource: '*' }],
  },
  AWSPrivateCAPrivilegedUser: { statements: () => issuing('*CACertificate*') },
  AWSPrivateCAUser: { statements: () => issuing('EndEntityCertificate') },
  AWSPrivateCAReadOnly: {
    statements: () => [
      {
        Effect: 'Allow',
        Action: [
          'acm-pca:DescribeCertificateAuthority',
          'acm-pca:DescribeCertificateAuthorityAuditReport',
          'acm-pca:ListCertificateAuthorities',
          ...readActions,
        ],
        Resource: '*',
      },
    ],
  },
  AWSPrivateCAAuditor: {
    statements: () => [
      {
        Effect: 'Allow',
        Action: [
          'acm-pca:CreateCertificateAuthorityAuditReport',
          'acm-pca:DescribeCertificateAuthority',
          'acm-pca:DescribeCertificateAuthorityAuditReport',
          ...readActions,
        ],
        Resource: authorities,
      },
      listing,
    ],
  },
  SignetServerCertificates: {
    takesDomains: true,
    statements: (domains) => [
      {
        Effect: 'Allow',
        Action: ['acm-pca:IssueCertificate'],
        Resource: authorities,
        Condition: {
          ArnLike: { 'acm-pca:TemplateArn': templatesNamed('EndEntityServerAuth*') },
          // ForAllValues is satisfied if there is no value, so the condition key must be present.
          Null: { 'signet:DnsName': 'false' },
          'ForAllValues:StringLike': { 'signet:DnsName': namesBelow(domains) },
          'ForAllValues:StringEquals': { 'signet:NameType': 'dNSName' },
          Bool: { 'signet:IsCA': 'false' },
          NumericLessThanEquals: { 'signet:ValidityDays': '398' },
        },
      },
      ...usingWithSignet,
    ],
  },
  SignetClientCertificates: {
    statements: () => [
      {
        Effect: 'Allow',
        Action: ['acm-pca:IssueCertificate'],
        Resource: authorities,
        Condition: {
          ArnLike: { 'acm-pca:TemplateArn': templatesNamed('EndEntityClientAuth*') },
          Null: { 'signet:CommonName': 'false', 'signet:NameType': 'true' },
          'ForAllValues:StringEquals': { 'signet:CommonName': '${aws:username}' },
          Bool: { 'signet:IsCA': 'false' },
          NumericLessThanEquals: { 'signet:ValidityDays': '398' },
        },
      },
      ...usingWithSignet,
    ],
  },
} as const satisfies Readonly<Record<string, ManagedPolicy>>

type ManagedPolicyName = keyof typeof managedPolicies

export const managedPolicyNames = Object.keys(managedPolicies) as ManagedPolicyName[]

/** ARN pattern for the CAs in every partition, Region and account. */
const authorities = 'arn:*:acm-pca:*:*:certificate-authority/*'

const readActions = [
  'acm-pca:GetCertificateAuthorityCsr',
  'acm-pca:GetCertificateAuthorityCertificate',
  'acm-pca:GetCertificate',
  'acm-pca:GetPolicy',
  'acm-pca:ListPermissions',
  'acm-pca:ListTags',
]

const listing = {
  Effect: 'Allow',
  Action: ['acm-pca:ListCertificateAuthorities'],
  Resource: '*',
}

/** Statements for fetching and revoking certificates, and for finding a CA. */
const using: readonly object[] = [
  {
    Effect: 'Allow',
    Action: ['acm-pca:RevokeCertificate', 'acm-pca:GetCertificate', 'acm-pca:ListPermissions'],
    Resource: authorities,
  },
  listing,
]

/** The actions in `using`, and the actions that `signet issue` needs to find the CA by its name. */
const usingWithSignet: readonly object[] = [
  ...using,
  {
    Effect: 'Allow',
    Action: ['acm-pca:DescribeCertificateAuthority', 'acm-pca:GetCertificateAuthorityCertificate'],
    Resource: authorities,
  },
]

function templatesNamed(name: string): string {
  return `arn:*:acm-pca:*:*:template/${name}/V*`
}

/** Statements in AWS's policies that allow issuance with certain templates only. */
function issuing(template: string): object[] {
  const issue = { Action: ['acm-pca:IssueCertificate'], Resource: authorities }
  const templates = { 'acm-pca:TemplateArn': [templatesNamed(template)] }
  return [
    { Effect: 'Allow', ...issue, Condition: { ArnLike: templates } },
    { Effect: 'Deny', ...issue, Condition: { ArnNotLike: templates } },
    ...using,
  ]
}

const domainForm =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

function namesBelow(domains: readonly string[]): string[] {
  return domains.flatMap((domain) => [domain.toLowerCase(), `*.${domain.toLowerCase()}`])
}

/**
 * Returns a managed policy as JSON. Throws ConfigurationError for an unknown name, missing or unexpected domains, and a domain
 * that is not a DNS name in ASCII.
 *
 * @example
 * managedPolicy('SignetServerCertificates', ['corp.example'])
 */
export function managedPolicy(name: string, domains: readonly string[] = []): string {
  const known: Readonly<Record<string, ManagedPolicy>> = managedPolicies
  const policy = Object.hasOwn(known, name) ? known[name] : undefined
  if (policy === undefined)
    throw new ConfigurationError(`--managed must be one of ${managedPolicyNames.join(', ')}`)
  const { takesDomains = false, statements } = policy
  if (takesDomains && domains.length === 0)
    throw new ConfigurationError(`the policy ${name} needs --domain, such as --domain corp.example`)
  if (!takesDomains && domains.length > 0)
    throw new ConfigurationError(`--domain: the policy ${name} has no domains`)
  const invalid = domains.find((domain) => !domainForm.test(domain.toLowerCase()))
  if (invalid !== undefined)
    throw new ConfigurationError(
      `--domain: '${invalid}' is not a DNS domain in ASCII, such as corp.example`,
    )
  return JSON.stringify({ Version: '2012-10-17', Statement: statements(domains) })
}
