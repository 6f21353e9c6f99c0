/** The state of a check: the certificate, its issuer, and the facts that rules about several extensions need. */
import type { KeyUsageBit } from '../x509/extensions/key-usage.ts'
import type { Name } from '../x509/names/name.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import type { Report, RuleName } from './rules.ts'

/** The parts of an issuer that a certificate is compared with. */
export interface LintIssuer {
  readonly keyIdentifier: Uint8Array
  readonly notAfter: Date
}

/** The values that the bytes of a certificate are written from, or that were read from them. */
export interface LintedCertificate {
  /** Positive, big-endian; leading zeros do not count. */
  readonly serialNumber: Uint8Array
  /** DER of the Name, copied from the certificate of the CA. */
  readonly issuerDer: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Name
  /** keyIdentifier of the key that is certified. */
  readonly keyIdentifier: Uint8Array
  readonly extensions: readonly Extension[]
}

export interface LintContext {
  readonly certificate: LintedCertificate
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
  /** Whether `check` depends on the extension alone and states no fact. It then sees a constant extension once. */
  readonly isSelfContained?: boolean
  readonly check: (extension: Extension, context: LintContext) => void
}

export type Criticality = 'must' | 'must not' | 'should' | 'should not'
