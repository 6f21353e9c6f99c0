/** Checks extensions related to certificate policies (RFC 5280 §4.2.1.4, §4.2.1.5, §4.2.1.11, §4.2.1.14). */
import { parseCertificatePolicies } from '../x509/extensions/certificate-policies.ts'
import { DerError } from '../x509/der/error.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { oids } from '../x509/der/oid.ts'
import {
  parseInhibitAnyPolicy,
  parsePolicyConstraints,
  parsePolicyMappings,
} from '../x509/extensions/policy-extensions.ts'
import type { ExtensionCheck, LintContext } from './facts.ts'
import { uriFault } from './host-names.ts'
import { lintString } from './name-strings.ts'
import { lintOid } from './object-identifiers.ts'

/** Maximum length of DisplayText (RFC 5280 §4.2.1.4). */
const noticeLengthMax = 200

function checkPolicies({ value }: Extension, { report }: LintContext): void {
  const policies = parseCertificatePolicies(value)
  const identifiers = policies.map(({ policyIdentifier }) => policyIdentifier)
  if (new Set(identifiers).size < identifiers.length)
    throw new DerError('the certificatePolicies contain a policy twice')
  for (const { policyIdentifier, cpsUris, noticeTexts } of policies) {
    const place = (): string => `certificatePolicies, policy ${policyIdentifier}`
    lintOid(policyIdentifier, place, report)
    for (const uri of cpsUris) {
      const fault = uriFault(uri)
      if (fault !== undefined) report.add('cps-uri', `${place()} has a CPS pointer that ${fault}`)
      lintString({ tag: 0, text: uri, place }, report)
    }
    for (const { tag, text } of noticeTexts) {
      lintString({ tag, text, place }, report)
      if (Array.from(text).length > noticeLengthMax)
        throw new DerError(`${place()} has a notice of more than ${noticeLengthMax} characters`)
    }
  }
}

function checkPolicyMappings({ value }: Extension, { facts }: LintContext): void {
  facts.policyExtension ??= 'policyMappings'
  for (const { issuerDomainPolicy, subjectDomainPolicy } of parsePolicyMappings(value))
    if ([issuerDomainPolicy, subjectDomainPolicy].includes(oids.anyPolicy))
      throw new DerError('policyMappings contains anyPolicy')
}

/** Checks of extensions, keyed by object identifier. */
export const policyChecks: Readonly<Record<string, ExtensionCheck>> = {
  [oids.certificatePolicies]: { rule: 'certificate-policies', check: checkPolicies },
  [oids.microsoftApplicationPolicies]: {
    rule: 'vendor-extension',
    check: ({ value }) => {
      parseCertificatePolicies(value)
    },
  },
  [oids.policyMappings]: {
    rule: 'policy-mappings',
    critical: 'should',
    check: checkPolicyMappings,
  },
  [oids.policyConstraints]: {
    rule: 'policy-constraints',
    critical: 'must',
    check: ({ value }, { facts }) => {
      facts.policyExtension ??= 'policyConstraints'
      parsePolicyConstraints(value)
    },
  },
  [oids.inhibitAnyPolicy]: {
    rule: 'policy-constraints',
    critical: 'must',
    check: ({ value }, { facts }) => {
      facts.policyExtension ??= 'inhibitAnyPolicy'
      parseInhibitAnyPolicy(value)
    },
  },
}
