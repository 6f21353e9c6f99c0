/** The state of a check: the certificate, its issuer, and the facts that rules about several extensions need. */
import type { KeyUsageBit } from '../x509/extensions/key-usage.ts'
import type { TbsCertificate } from '../x509/certificate.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import type { Report, RuleName } from './rules.ts'

/** The parts of an issuer that a certificate is compared with. */
export interface LintIssuer {
  readonly keyIdentifier: Uint8Array
  readonly notAfter: Date
}

export interface LintContext {
  readonly certificate: TbsCertificate
  /** Undefined for a root that signs itself. */
  readonly issuer: LintIssuer | undefined
  readonly report: Report
  readonly facts: ExtensionFacts
}

/** Filled while each extension is read, once. */
export interface ExtensionFacts {
  /** Undefined if the basic constraints cannot be read; false without them. */
  ca: boolean | undefined
  basicConstraintsCritical: boolean
  /** Undefined without a key usage, or for one that cannot be read. */
  keyUsage: readonly KeyUsageBit[] | undefined
  /** Of the subject alternative name; undefined without one. */
  subjectAltNameCritical: boolean | undefined
  hasSubjectKeyIdentifier: boolean
  hasAuthorityKeyIdentifier: boolean
  hasNameConstraints: boolean
  /** The first of policyMappings, policyConstraints and inhibitAnyPolicy. */
  policyExtension: string | undefined
}

/** A check of one kind of extension. */
export interface ExtensionCheck {
  /** The rule that is reported, with the error's message, if `check` throws DerError. */
  readonly rule: RuleName
  /** Requirement on `critical`; undefined if the standard has none. */
  readonly critical?: Criticality
  /** Whether `check` depends only on the value, and most certificates of a CA have the same value. */
  readonly isConstant?: boolean
  readonly check: (extension: Extension, context: LintContext) => void
}

export type Criticality = 'must' | 'must not' | 'should' | 'should not'
