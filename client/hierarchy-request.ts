/** Which hierarchy is to be made, what it is then, and what went wrong. */
import type { KeyStorageSecurityStandard, RevocationConfiguration } from './shapes.ts'
import type { KeyAlgorithm, SigningAlgorithm, Subject, CertificateValidity } from './inputs.ts'
import type { WaiterConfig } from './waiters.ts'

export interface AuthorityRequest {
  readonly subject: Subject
  /** EC_prime256v1 unless given. */
  readonly keyAlgorithm?: KeyAlgorithm
  /** That of the key unless given. */
  readonly signingAlgorithm?: SigningAlgorithm
  /** Of its certificate; ten years for a root, five for one below it, unless given. */
  readonly validity?: CertificateValidity
  /** Where it says what it revokes; nowhere unless given. */
  readonly revocation?: RevocationConfiguration
  readonly keyStorageSecurityStandard?: KeyStorageSecurityStandard
  /** Beside the one by which it is found again. */
  readonly tags?: Readonly<Record<string, string>>
}

export interface HierarchyRequest {
  /** Which hierarchy of the account this is; the two subjects unless given. The same one is made once. */
  readonly name?: string
  readonly root: AuthorityRequest
  readonly issuing: AuthorityRequest & {
    /** How many CAs may be below it; 0 unless given. */
    readonly pathLength?: 0 | 1 | 2 | 3
  }
  readonly waiter?: WaiterConfig
  readonly abortSignal?: AbortSignal
}

/** An ACTIVE CA. */
export interface HierarchyAuthority {
  readonly arn: string
  /** PEM, with a line end. */
  readonly certificate: string
  /** PEM of the CAs above it; empty for a root. */
  readonly chain: string
}

export interface Hierarchy {
  readonly root: HierarchyAuthority
  readonly issuing: HierarchyAuthority
}

/** Which CA of a hierarchy. */
export type Role = keyof Hierarchy

/** A hierarchy could not be completed. What is done already is found again by the next try. */
export class HierarchyError extends Error {
  override readonly name = 'HierarchyError'
  readonly role: Role
  /** ARN of the CA, if it is there. */
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
