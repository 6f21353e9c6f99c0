/** Inputs shared by several client functions, and checks for them. */
import {
  abortSignalRule,
  checkOptions,
  textRule,
  type OptionRule,
  type OptionRules,
} from './check-options.ts'
import type { ASN1Subject, Validity } from './shapes.ts'

export type { KeyAlgorithm, SigningAlgorithm } from './enumerations.ts'
export type { Blob } from './requests.ts'

/**
 * The subject of a certificate, as a distinguished name. The members of a subject have the same names as in the API.
 *
 * @example
 * const subject: Subject = { Country: 'DE', Organization: 'Example', CommonName: 'Example Root' }
 */
export type Subject = ASN1Subject

/** Options for a single call. */
export interface CallOptions {
  /** Signal that aborts the call, which then rejects with an AbortError. */
  readonly abortSignal?: AbortSignal
}

/**
 * The validity of a certificate: a number of days or years from now, an end date, or the API's own form.
 *
 * @example
 * const validity: CertificateValidity = { days: 90 }
 */
export type CertificateValidity =
  | { readonly days: number }
  | { readonly years: number }
  | { readonly until: Date }
  | Readonly<Validity>

/** Throws TypeError unless the options passed to a call are valid CallOptions. */
export function checkCallOptions(place: string, options: unknown): void {
  checkOptions(place, options, { abortSignal: abortSignalRule } satisfies OptionRules<CallOptions>)
}

const list: OptionRule = { expected: 'an array', accepts: Array.isArray }

const subjectRules: OptionRules<Subject> = {
  Country: textRule,
  Organization: textRule,
  OrganizationalUnit: textRule,
  DistinguishedNameQualifier: textRule,
  State: textRule,
  CommonName: textRule,
  SerialNumber: textRule,
  Locality: textRule,
  Title: textRule,
  Surname: textRule,
  GivenName: textRule,
  Initials: textRule,
  Pseudonym: textRule,
  GenerationQualifier: textRule,
  CustomAttributes: list,
}

/** Throws TypeError for an unknown member of a subject, such as `commonName`, and for a value that is not a string. */
export function checkSubject(place: string, subject: unknown): void {
  checkOptions(`${place}: subject`, subject, subjectRules)
}
