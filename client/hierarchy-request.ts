/** The input, output and error of `client.createHierarchy`. */
import {
  abortSignalRule,
  checkOptions,
  objectRule,
  oneOf,
  textRule,
  type OptionRule,
  type OptionRules,
} from './check-options.ts'
import type { KeyAlgorithm, SigningAlgorithm, Subject, CertificateValidity } from './inputs.ts'
import { checkSubject } from './inputs.ts'
import type { KeyStorageSecurityStandard } from './enumerations.ts'
import type { RevocationConfiguration } from './shapes.ts'
import { readValidity } from './validity.ts'
import { checkWaiterConfig, type WaiterConfig } from './waiters.ts'

/** A CA that createHierarchy creates. */
export interface AuthorityRequest {
  readonly subject: Subject
  /** Key algorithm; `EC_prime256v1` by default. */
  readonly keyAlgorithm?: KeyAlgorithm
  /** Signing algorithm; by default, the algorithm that matches the key's type and size, such as `SHA256WITHECDSA`. */
  readonly signingAlgorithm?: SigningAlgorithm
  /** Validity of the CA certificate; by default, 10 years for a root and 5 years for an issuing CA. */
  readonly validity?: CertificateValidity
  /** CRL and OCSP settings. By default, the CA publishes no revocations, and its certificates contain no CRL or OCSP URLs. */
  readonly revocation?: RevocationConfiguration
  readonly keyStorageSecurityStandard?: KeyStorageSecurityStandard
  /** Tags to add. Each CA also gets the tag `signet-hierarchy`, by which later calls find the CA. */
  readonly tags?: Readonly<Record<string, string>>
}

/** The issuing CA to create. */
export interface IssuingAuthorityRequest extends AuthorityRequest {
  /** Maximum number of CA levels below the issuing CA, from 0 to 3; 0 by default. */
  readonly pathLength?: 0 | 1 | 2 | 3
}

/**
 * A request to `client.createHierarchy`.
 *
 * @example
 * const request: HierarchyRequest = {
 *   root: { subject: { CommonName: 'Example Root' } },
 *   issuing: { subject: { CommonName: 'Example Issuing CA' } },
 * }
 */
export interface HierarchyRequest {
  /** Key that identifies the hierarchy within its account and Region. By default, the two subjects identify the hierarchy. */
  readonly name?: string
  readonly root: AuthorityRequest
  readonly issuing: IssuingAuthorityRequest
  /** Polling options for each step. The default is `{ Delay: 0.5, MaxAttempts: 360 }`, which is three minutes. */
  readonly waiter?: WaiterConfig
  /** Signal that stops createHierarchy once the current call has finished. */
  readonly abortSignal?: AbortSignal
}

/** An ACTIVE CA of a hierarchy. Every PEM string ends with a newline. */
export interface HierarchyAuthority {
  readonly arn: string
  /** The certificate of the CA, in PEM. */
  readonly certificate: string
  /** The CA certificates between this CA and the root, in PEM; an empty string for both CAs in a hierarchy. */
  readonly chain: string
  /** The root certificate, in PEM. */
  readonly root: string
}

/** The two CAs in a hierarchy. */
export interface Hierarchy {
  readonly root: HierarchyAuthority
  readonly issuing: HierarchyAuthority
}

/** The role of a CA in a hierarchy. */
export type Role = keyof Hierarchy

/**
 * Thrown if a hierarchy is incomplete. The next call to createHierarchy skips the completed steps and continues.
 *
 * @example
 * if (error instanceof HierarchyError) console.error(error.role, error.certificateAuthorityArn, error.cause)
 */
export class HierarchyError extends Error {
  override readonly name = 'HierarchyError'
  /** Role of the CA that is not ACTIVE. */
  readonly role: Role
  /** ARN of the CA; undefined if the CA does not exist. */
  readonly certificateAuthorityArn: string | undefined

  constructor(
    { role, arn }: { readonly role: Role; readonly arn?: string | undefined },
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${role} CA${arn === undefined ? '' : ` ${arn}`}: ${reason}`, options)
    this.role = role
    this.certificateAuthorityArn = arn
  }
}

const subject: OptionRule = {
  expected: "an object, such as { CommonName: 'Example' }",
  accepts: objectRule.accepts,
  isRequired: true,
}

const authorityRules: OptionRules<AuthorityRequest> = {
  subject,
  keyAlgorithm: textRule,
  signingAlgorithm: textRule,
  validity: objectRule,
  revocation: objectRule,
  keyStorageSecurityStandard: textRule,
  tags: objectRule,
}
const rulesByRole = {
  root: authorityRules,
  issuing: { ...authorityRules, pathLength: oneOf(0, 1, 2, 3) },
}

const authority: OptionRule = {
  expected: "an object, such as { subject: { CommonName: 'Example' } }",
  accepts: objectRule.accepts,
  isRequired: true,
}
const requestRules: OptionRules<HierarchyRequest> = {
  name: textRule,
  root: authority,
  issuing: authority,
  waiter: objectRule,
  abortSignal: abortSignalRule,
}

/** Throws TypeError for an invalid request. */
export function checkHierarchyRequest(request: HierarchyRequest): void {
  checkOptions('createHierarchy', request, requestRules)
  if (request.waiter !== undefined) checkWaiterConfig('createHierarchy: waiter', request.waiter)
  for (const role of ['root', 'issuing'] as const) {
    const place = `createHierarchy: ${role}`
    checkOptions(place, request[role], rulesByRole[role])
    checkSubject(place, request[role].subject)
    const { validity } = request[role]
    if (validity !== undefined) readValidity(place, validity)
  }
}
