/** Enrollment endpoints as principals, and the policy that limits endpoints to their configuration. */
import type { Caller } from '../identity/caller.ts'
import { endpointArn } from '../identity/principal-arn.ts'
import { parseIpNetwork } from '../text/ip-network.ts'
import { certificateAuthorityArn, templateArn, type CertificateAuthorityName } from '../wire/arn.ts'
import type { EnrollmentEndpoint } from './endpoint.ts'

/**
 * Returns the caller that issues, reads and revokes certificates of an endpoint's CA. The caller also reads and revokes
 * certificates of former issuers: CAs that the endpoint used before its current CA.
 */
export function endpointCaller(
  endpoint: EnrollmentEndpoint,
  authority: CertificateAuthorityName,
  formerIssuers: readonly CertificateAuthorityName[] = [],
): Caller {
  return callerOf(endpoint, authority, [
    keeping([authority, ...formerIssuers]),
    ...issuing(endpoint, authority),
  ])
}

/** Returns the caller that reads and revokes certificates of an endpoint's former issuer. */
export function formerIssuerCaller(
  endpoint: EnrollmentEndpoint,
  authority: CertificateAuthorityName,
): Caller {
  return callerOf(endpoint, authority, [keeping([authority])])
}

function callerOf(
  { protocol, name }: EnrollmentEndpoint,
  authority: CertificateAuthorityName,
  statements: readonly object[],
): Caller {
  const { partition, region, accountId } = authority
  return {
    partition,
    region,
    accountId,
    organizationId: undefined,
    arn: endpointArn(authority, { protocol, name }),
    accessKeyId: '',
    principal: { kind: 'endpoint', protocol, name },
    policies: [JSON.stringify({ Version: '2012-10-17', Statement: statements })],
    sessionPolicies: undefined,
  }
}

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>

/** Creates the statement that allows reading and revoking the certificates of CAs. */
function keeping(authorities: readonly CertificateAuthorityName[]): object {
  return {
    Effect: 'Allow',
    Action: [
      'acm-pca:DescribeCertificateAuthority',
      'acm-pca:GetCertificate',
      'acm-pca:GetCertificateAuthorityCertificate',
      'acm-pca:RevokeCertificate',
    ],
    Resource: authorities.map(certificateAuthorityArn),
  }
}

/** Creates the statements that allow issuing the certificates for which an endpoint is configured. */
function issuing(endpoint: EnrollmentEndpoint, authority: CertificateAuthorityName): object[] {
  const template = {
    StringEquals: { 'acm-pca:TemplateArn': templateArns(endpoint, authority.partition) },
    Bool: { 'signet:IsCA': 'false' },
  }
  return contentConditions(endpoint).map((content) => ({
    Effect: 'Allow',
    Action: 'acm-pca:IssueCertificate',
    Resource: certificateAuthorityArn(authority),
    Condition: merge(template, content),
  }))
}

function templateArns({ configuration }: EnrollmentEndpoint, partition: string): string[] {
  const profiles = 'profiles' in configuration ? Object.values(configuration.profiles) : []
  const templates = [configuration, ...profiles].map(({ template }) => template)
  return [...new Set(templates)].map((template) => templateArn(partition, template))
}

/**
 * Returns alternative conditions on the content of certificates. ACME certificates contain only validated identifiers (DNS names
 * and addresses), and their subject has no attribute except the common name. An EST endpoint without a list of names permits any
 * subject and any names.
 */
function contentConditions({ protocol, configuration }: EnrollmentEndpoint): Conditions[] {
  const { names } = configuration
  if (names.length === 0) return [protocol === 'acme' ? identifiersOnly : {}]
  const isAddress = (pattern: string): boolean => parseIpNetwork(pattern) !== undefined
  const addresses = names.filter(isAddress)
  const hosts = names.filter((pattern) => !isAddress(pattern)).map((name) => name.toLowerCase())
  const permitted = [
    identifiersOfNames,
    protocol === 'acme' ? commonNameOnly : {},
    // ForAllValues is also satisfied by a certificate without names of the tested type.
    hosts.length > 0
      ? { 'ForAllValues:StringLike': { 'signet:DnsName': hosts } }
      : { Null: { 'signet:DnsName': 'true' } },
    addresses.length > 0
      ? { 'ForAllValues:IpAddress': { 'signet:IpAddress': addresses } }
      : { Null: { 'signet:IpAddress': 'true' } },
  ].reduce(merge)
  // The condition keys for DNS names and addresses also contain common names that are DNS names or addresses, except host names
  // with one label.
  const commonNames: Conditions[] = [
    { 'ForAllValues:StringEquals': { 'signet:CommonNameType': ['dNSName', 'iPAddress'] } },
  ]
  const labels = hosts.filter((name) => !name.includes('.'))
  if (labels.length > 0)
    commonNames.push({ 'ForAllValues:StringEqualsIgnoreCase': { 'signet:CommonName': labels } })
  return commonNames.map((condition) => merge(permitted, condition))
}

const identifiersOfNames: Conditions = {
  'ForAllValues:StringEquals': { 'signet:NameType': ['dNSName', 'iPAddress'] },
  Null: { 'signet:Email': 'true', 'signet:Uri': 'true' },
}

const commonNameOnly: Conditions = {
  'ForAllValues:StringEquals': { 'signet:SubjectAttribute': 'CN' },
}

const identifiersOnly = merge(identifiersOfNames, commonNameOnly)

/** Merges two Condition elements. A condition key must not occur in both elements under the same operator. */
function merge(one: Conditions, other: Conditions): Conditions {
  const operators = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries(
    [...operators].map((operator) => [operator, { ...one[operator], ...other[operator] }]),
  )
}
