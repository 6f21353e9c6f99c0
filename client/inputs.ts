/** Inputs that callers have beside those of the API. */
import type { Validity } from './shapes.ts'

export type { KeyAlgorithm, SigningAlgorithm, ASN1Subject as Subject } from './shapes.ts'
export type { Blob } from './requests.ts'

export interface CallOptions {
  /** Gives the call up. */
  readonly abortSignal?: AbortSignal
}

/** How long something is to be valid: AWS's form, days or years from now, or until a moment. */
export type CertificateValidity =
  | { readonly days: number }
  | { readonly years: number }
  | { readonly until: Date }
  | Readonly<Validity>
