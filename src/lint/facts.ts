/** The context of lint rules: the certificate, its issuer, and the facts that rules about several extensions need. */
import type { KeyUsageBit } from '../x509/extensions/key-usage.ts'
import type { Name } from '../x509/names/name.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import type { Report, RuleName } from './rules.ts'

/** The parts of an issuer with which a certificate is compared. */
export interface LintIssuer {
  readonly keyIdentifier: Uint8Array
  readonly notAfter: Date
}

/** The values in a certificate, before encoding or after parsing. */
export interface LintedCertificate {
  /** The serial number, which is positive and big-endian. Leading zero bytes of the serial number are ignored. */
  readonly serialNumber: Uint8Array
  /** Issuer name in DER, copied from the CA certificate. */
  readonly issuerDer: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Name
  /** Key identifier of the certified public key. */
  readonly keyIdentifier: Uint8Array
  readonly extensions: readonly Extension[]
}

export interface LintContext {
  readonly certificate: LintedCertificate
  /** The issuer; undefined for a self-signed root. */
  readonly issuer: LintIssuer | undefined
  readonly report: Report
  readonly facts: ExtensionFacts
}

/** Facts about extensions, recorded while the extensions are checked. */
export interface ExtensionFacts {
  /** Whether the certificate is a CA certificate: false without basic constraints, and undefined if they are malformed. */
  ca: boolean | undefined
  basicConstraintsCritical: boolean
  /** Key usage bits; undefined if the extension is missing or malformed. */
  keyUsage: readonly KeyUsageBit[] | undefined
  /** Whether the subject alternative name is critical; undefined if the extension is missing. */
  subjectAltNameCritical: boolean | undefined
  hasSubjectKeyIdentifier: boolean
  hasAuthorityKeyIdentifier: boolean
  hasNameConstraints: boolean
  /** Name of the first extension among policyMappings, policyConstraints and inhibitAnyPolicy; undefined if there is none. */
  policyExtension: string | undefined
}

/** A check for one type of extension. */
export interface ExtensionCheck {
  /** Rule to report, with the error message, if `check` throws DerError. */
  readonly rule: RuleName
  /** Required criticality; undefined if the standard does not restrict it. */
  readonly critical?: Criticality
  /**
   * Whether `check` depends only on the extension and records no facts. A self-contained check runs only once for a constant
   * extension.
   */
  readonly isSelfContained?: boolean
  readonly check: (extension: Extension, context: LintContext) => void
}

export type Criticality = 'must' | 'must not' | 'should' | 'should not'
