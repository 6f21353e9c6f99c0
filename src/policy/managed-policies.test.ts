import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './evaluation.ts'
import { managedPolicy, managedPolicyNames } from './managed-policies.ts'
import { parsePolicy } from './policy-document.ts'

const authority = 'arn:aws-cn:acm-pca:cn-north-1:123456789012:certificate-authority/a'
const server = 'EndEntityServerAuthCertificate/V1'

/** The decision about an action, given the condition keys of a request. */
function decisionOf(policy: string, action: string, keys: Record<string, string | string[]> = {}) {
  return decide(parsePolicy(policy), {
    action: `acm-pca:${action}`,
    resource: authority,
    principal: { accountId: '123456789012', names: [] },
    keys: new Map(
      Object.entries({ 'aws:username': 'alice', ...keys }).map(([key, value]) => [
        key,
        [value].flat(),
      ]),
    ),
  })
}

const domainsOf = (name: string): string[] =>
  name === 'SignetServerCertificates' ? ['corp.example'] : []

test('every managed policy is understood completely', () => {
  assert.equal(managedPolicyNames.length, 7)
  for (const name of managedPolicyNames)
    assert.deepEqual(parsePolicy(managedPolicy(name, domainsOf(name))).problems, [], name)
})

test("AWS's managed policies allow what their names say, in every partition", () => {
  const template = (name: string) => ({
    'acm-pca:templatearn': `arn:aws-cn:acm-pca:::template/${name}`,
  })
  const entity = template('EndEntityCertificate/V1')
  const authorities = template('SubordinateCACertificate_PathLen0/V1')
  const cases: readonly [policy: string, action: string, keys: object, decision: string][] = [
    ['AWSPrivateCAFullAccess', 'DeleteCertificateAuthority', {}, 'allowed'],
    ['AWSPrivateCAUser', 'IssueCertificate', entity, 'allowed'],
    ['AWSPrivateCAUser', 'IssueCertificate', authorities, 'denied'],
    ['AWSPrivateCAUser', 'RevokeCertificate', {}, 'allowed'],
    ['AWSPrivateCAUser', 'PutPolicy', {}, 'not-allowed'],
    ['AWSPrivateCAPrivilegedUser', 'IssueCertificate', authorities, 'allowed'],
    ['AWSPrivateCAPrivilegedUser', 'IssueCertificate', entity, 'denied'],
    ['AWSPrivateCAReadOnly', 'GetCertificate', {}, 'allowed'],
    ['AWSPrivateCAReadOnly', 'CreateCertificateAuthorityAuditReport', {}, 'not-allowed'],
    ['AWSPrivateCAAuditor', 'CreateCertificateAuthorityAuditReport', {}, 'allowed'],
    ['AWSPrivateCAAuditor', 'RevokeCertificate', {}, 'not-allowed'],
  ]
  for (const [name, action, keys, decision] of cases)
    assert.equal(
      decisionOf(managedPolicy(name), action, { ...keys }),
      decision,
      `${name} ${action}`,
    )
})

test('SignetServerCertificates allows DNS names below its domains, and nothing else', () => {
  const policy = managedPolicy('SignetServerCertificates', ['corp.example', 'Lab.example'])
  const good = {
    'acm-pca:templatearn': `arn:aws:acm-pca:::template/${server}`,
    'signet:dnsname': ['a.corp.example', 'lab.example'],
    'signet:nametype': 'dNSName',
    'signet:isca': 'false',
    'signet:validitydays': '90',
  }
  assert.equal(decisionOf(policy, 'IssueCertificate', good), 'allowed')
  const { 'signet:dnsname': _, ...nameless } = good
  const changed: Record<string, string | string[]>[] = [
    nameless,
    { ...good, 'signet:dnsname': ['a.corp.example', 'evil.example'] },
    { ...good, 'signet:dnsname': 'evilcorp.example' },
    { ...good, 'signet:nametype': ['dNSName', 'uniformResourceIdentifier'] },
    { ...good, 'signet:isca': 'true' },
    { ...good, 'signet:validitydays': '399' },
    { ...good, 'acm-pca:templatearn': 'arn:aws:acm-pca:::template/CodeSigningCertificate/V1' },
  ]
  for (const keys of changed)
    assert.equal(decisionOf(policy, 'IssueCertificate', keys), 'not-allowed', JSON.stringify(keys))
})

test('SignetClientCertificates allows a user a certificate with its own name only', () => {
  const policy = managedPolicy('SignetClientCertificates')
  const good = {
    'acm-pca:templatearn': 'arn:aws:acm-pca:::template/EndEntityClientAuthCertificate/V1',
    'signet:commonname': 'alice',
    'signet:isca': 'false',
    'signet:validitydays': '30',
  }
  assert.equal(decisionOf(policy, 'IssueCertificate', good), 'allowed')
  for (const keys of [
    { ...good, 'signet:commonname': 'bob' },
    { ...good, 'signet:commonname': ['alice', 'bob'] },
    { ...good, 'signet:nametype': 'dNSName' },
  ])
    assert.equal(decisionOf(policy, 'IssueCertificate', keys), 'not-allowed', JSON.stringify(keys))
})

test('an unknown policy and unsuitable domains are refused, and the error says what is possible', () => {
  const cases: readonly [name: string, domains: string[], message: RegExp][] = [
    ['Admin', [], /^--managed must be one of AWSPrivateCAFullAccess, /],
    ['toString', [], /^--managed must be one of /],
    ['SignetServerCertificates', [], /needs --domain, such as --domain corp\.example$/],
    [
      'AWSPrivateCAUser',
      ['corp.example'],
      /^--domain: the policy AWSPrivateCAUser has no domains$/,
    ],
    ['SignetServerCertificates', ['*.corp.example'], /'\*\.corp\.example' is not a DNS domain/],
    ['SignetServerCertificates', ['bücher.example'], /is not a DNS domain in ASCII/],
  ]
  for (const [name, domains, message] of cases)
    assert.throws(() => managedPolicy(name, domains), { name: 'ConfigurationError', message })
})
