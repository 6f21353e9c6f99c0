/** The values entered in the wizard for a new CA. */
import type { AuthorityRequest, KeyAlgorithm } from '../../api/create-authority.ts'
import type { Authority, Subject } from '../../api/types.ts'
import {
  revocationOf,
  revocationProblem,
  type RevocationChoice,
} from '../../widgets/revocation-fields.tsx'

export type AuthorityKind = 'root' | 'signed-here' | 'signed-elsewhere'

export interface AuthorityDraft {
  readonly kind: AuthorityKind
  readonly issuerArn: string
  readonly keyAlgorithm: KeyAlgorithm
  readonly subject: Readonly<Record<string, string>>
  readonly isShortLived: boolean
  readonly revocation: RevocationChoice
  /** Validity in years, as typed by the user. */
  readonly years: string
  readonly pathLength: string
  readonly idempotencyToken: string
}

export const stepNames = ['Kind of CA', 'Subject and key', 'Revocation', 'Review'] as const

export function emptyDraft(): AuthorityDraft {
  return {
    kind: 'root',
    issuerArn: '',
    keyAlgorithm: 'EC_prime256v1',
    subject: {},
    isShortLived: false,
    revocation: { ocsp: true, crl: false, bucket: '', days: '7' },
    years: '10',
    pathLength: '0',
    idempotencyToken: crypto.randomUUID(),
  }
}

const yearsMax = 100

/** Returns what is missing in a wizard step, or undefined if the step is complete. */
export function problemOfStep(index: number, draft: AuthorityDraft): string | undefined {
  if (index === 0 && draft.kind === 'signed-here' && draft.issuerArn === '')
    return 'Select the CA that signs the new CA.'
  if (index === 1) return problemOfSubject(draft)
  return index === 2 ? revocationProblem(draft.revocation) : undefined
}

function problemOfSubject({ subject, years, kind }: AuthorityDraft): string | undefined {
  const { CommonName = '', Country = '' } = subject
  if (CommonName.trim() === '') return 'Enter a common name, which identifies the CA in lists.'
  if (Country !== '' && !/^[A-Za-z]{2}$/.test(Country))
    return 'The country must be a two-letter code, such as DE.'
  if (kind === 'signed-elsewhere') return undefined
  const isValid = /^\d{1,3}$/.test(years) && Number(years) >= 1 && Number(years) <= yearsMax
  return isValid ? undefined : `The validity must be 1 to ${yearsMax} years.`
}

/** Returns the subject attributes that have a value. */
export function subjectOf({ subject }: AuthorityDraft): Subject {
  const filled = Object.entries(subject)
    .map(([name, value]) => [name, value.trim()] as const)
    .filter(([, value]) => value !== '')
  return Object.fromEntries(filled)
}

export function requestOf(draft: AuthorityDraft, issuers: readonly Authority[]): AuthorityRequest {
  const issuer = issuerOf(draft, issuers)
  return {
    type: draft.kind === 'root' ? 'ROOT' : 'SUBORDINATE',
    keyAlgorithm: draft.keyAlgorithm,
    subject: subjectOf(draft),
    usageMode: draft.isShortLived ? 'SHORT_LIVED_CERTIFICATE' : 'GENERAL_PURPOSE',
    revocation: revocationOf(draft.revocation),
    idempotencyToken: draft.idempotencyToken,
    issuer: issuer && {
      arn: issuer.Arn,
      signingAlgorithm: issuer.CertificateAuthorityConfiguration.SigningAlgorithm,
    },
    years: Number(draft.years),
    pathLength: Number(draft.pathLength),
  }
}

export function issuerOf(
  { kind, issuerArn }: AuthorityDraft,
  issuers: readonly Authority[],
): Authority | undefined {
  return kind === 'signed-here' ? issuers.find(({ Arn }) => Arn === issuerArn) : undefined
}
