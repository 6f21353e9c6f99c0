/**
 * The plan of a ceremony: everything that the ceremony will sign. The plan is computed and linted before anyone confirms it and
 * before any key is used. The code in this file neither reads the clock nor writes anything.
 */
import { ConfigurationError, ServiceError } from '../errors.ts'
import { acceptCsr } from '../issuance/accept-csr.ts'
import { requireLinted } from '../issuance/issuance-policy.ts'
import { issuerOf, type Issuer } from '../issuance/issuer.ts'
import { newSerialNumber } from '../issuance/new-serial-number.ts'
import { prepareCertificate, type PreparedCertificate } from '../issuance/prepare-certificate.ts'
import { certificatePeriod } from '../issuance/validity.ts'
import type { GeneratedKey } from '../keys/generate-key.ts'
import type { Random } from '../random.ts'
import { isoSeconds } from '../text/iso-time.ts'
import type { Certificate } from '../x509/certificate.ts'
import { nameText } from '../x509/names/name.ts'
import { ceremonyPolicy, prepareRoot, unsignedCertificate } from './plan-root.ts'
import { rootKeyHandle } from './root-key.ts'
import type { RootState } from './root-state.ts'
import type { CeremonyScript, NewRoot } from './script/parse-script.ts'
import type { SignAction } from './script/actions.ts'
import { sha256 } from './script/values.ts'
import type { Transcript } from './transcript.ts'
import { planCrl, planRevocation, type PlannedCrl, type PlannedRevocation } from './plan-crl.ts'

export interface CeremonyPlan {
  readonly script: CeremonyScript
  readonly scriptBytes: Uint8Array
  readonly scriptSha256: string
  readonly startedAt: Date
  readonly number: number
  readonly previousTranscriptSha256: string | null
  readonly root: PlannedRoot
  readonly certificates: readonly PlannedCertificate[]
  readonly revocations: readonly PlannedRevocation[]
  readonly crl: PlannedCrl | undefined
}

interface PlannedRoot {
  readonly subject: string
  readonly keyAlgorithm: Transcript['root']['keyAlgorithm']
  readonly signingAlgorithm: Transcript['root']['signingAlgorithm']
  readonly crlUrl: string | undefined
  /** The signed certificate of an existing root, or the unsigned certificate of a new root. */
  readonly certificate: Certificate
  /** The certificate of a new root, with its key. */
  readonly created:
    | { readonly prepared: PreparedCertificate; readonly key: GeneratedKey }
    | undefined
}

interface PlannedCertificate {
  readonly action: SignAction
  readonly csrBytes: Uint8Array
  readonly prepared: PreparedCertificate
}

export interface PlanInput {
  readonly script: CeremonyScript
  readonly scriptBytes: Uint8Array
  /** State of the existing root; undefined if the folder contains no ceremony. */
  readonly state: RootState | undefined
  /** Contents of the CSR files by file name; missing files are omitted. */
  readonly csrs: ReadonlyMap<string, Uint8Array>
  /** The key for a new root. */
  readonly newKey: GeneratedKey | undefined
  readonly now: Date
  readonly random: Random
}

/** Throws ConfigurationError with every problem on a separate line. */
export async function planCeremony(input: PlanInput): Promise<CeremonyPlan> {
  const { script, scriptBytes, state } = input
  const now = new Date(Math.floor(input.now.getTime() / 1000) * 1000)
  requireState(script, state)
  requireTime(state, now)
  const problems: string[] = []
  const root = await planRoot({ ...input, now })
  const certificates: PlannedCertificate[] = []
  for (const action of script.sign) {
    const planned = await planCertificate(action, { ...input, now, root, problems })
    if (planned !== undefined) certificates.push(planned)
  }
  const revocations = script.revoke.flatMap((action) =>
    planRevocation(action, { state, now, problems }),
  )
  const crl = planCrl(script.crl, { root, revocations, state, now, problems })
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  return {
    script,
    scriptBytes,
    scriptSha256: sha256(scriptBytes),
    startedAt: now,
    number: (state?.number ?? 0) + 1,
    previousTranscriptSha256: state?.transcriptSha256 ?? null,
    root,
    certificates,
    revocations,
    crl,
  }
}

function requireState({ root }: CeremonyScript, state: RootState | undefined): void {
  const problem = stateProblem(root, state)
  if (problem !== undefined) throw new ConfigurationError(problem)
}

function stateProblem(
  root: CeremonyScript['root'],
  state: RootState | undefined,
): string | undefined {
  if (root.kind === 'new')
    return state === undefined
      ? undefined
      : `createRoot: the folder already has the root ${state.root.subject}; use it with useRoot and certificateSha256 ${state.root.certificateSha256}, or specify another --folder`
  if (state === undefined)
    return 'useRoot: the folder has no root; specify its --folder, or create a root with createRoot'
  if (root.certificateSha256 !== state.root.certificateSha256)
    return `useRoot.certificateSha256: the root in the folder, ${state.root.subject}, has the SHA-256 ${state.root.certificateSha256}`
  return transcriptProblem(root.previousTranscriptSha256, state)
}

/**
 * The error messages omit the SHA-256 computed from the folder. If the messages contained the SHA-256, people could copy it into
 * the script, and the script would no longer reveal an outdated folder.
 */
function transcriptProblem(
  expected: string | undefined,
  { number, transcriptSha256 }: RootState,
): string | undefined {
  if (expected === undefined)
    return `useRoot.previousTranscriptSha256 is missing: the folder has ceremony ${number}; add the SHA-256 of its transcript from the minutes of that ceremony`
  return expected === transcriptSha256
    ? undefined
    : `useRoot.previousTranscriptSha256: the transcript of ceremony ${number}, the last in the folder, has a different SHA-256: the folder or the script is outdated, or the script has already run`
}

function requireTime(state: RootState | undefined, now: Date): void {
  if (state !== undefined && now < state.signedAt)
    throw new ConfigurationError(
      `the clock of this machine is wrong: it shows ${isoSeconds(now)}, and the last ceremony was ${isoSeconds(state.signedAt)}; set the clock`,
    )
}

async function planRoot({ script, state, newKey, now, random }: PlanInput): Promise<PlannedRoot> {
  if (state !== undefined) {
    const { root, certificate } = state
    return { ...root, crlUrl: root.crlUrl ?? undefined, certificate, created: undefined }
  }
  if (newKey === undefined) throw new TypeError('a new root requires a key')
  const description = script.root as NewRoot
  try {
    const prepared = await prepareRoot(description, newKey, { now, random })
    const certificate = unsignedCertificate(prepared)
    return {
      subject: nameText(certificate.subject),
      keyAlgorithm: description.configuration.KeyAlgorithm,
      signingAlgorithm: description.configuration.SigningAlgorithm,
      crlUrl: description.crlUrl,
      certificate,
      created: { prepared, key: newKey },
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    throw new ConfigurationError(`createRoot: ${error.message}`, { cause: error })
  }
}

interface CertificateContext extends PlanInput {
  readonly root: PlannedRoot
  readonly problems: string[]
}

/** Plans one certificate of the ceremony. Returns undefined if the script has a problem. */
async function planCertificate(
  action: SignAction,
  { root, csrs, now, random, problems }: CertificateContext,
): Promise<PlannedCertificate | undefined> {
  const csrBytes = csrs.get(action.csr)
  const problem = csrProblem(action, csrBytes)
  if (problem !== undefined) problems.push(`${action.path}.${problem}`)
  if (csrBytes === undefined || problem !== undefined) return undefined
  try {
    const prepared = prepareCertificate(
      {
        template: action.template,
        passthrough: action.passthrough,
        csr: await acceptCsr(csrBytes, ceremonyPolicy),
        period: certificatePeriod({ validity: action.validity }, now),
        issuedAt: now,
        serialNumber: newSerialNumber(random),
        signingAlgorithm: root.signingAlgorithm,
        pointers: root.crlUrl === undefined ? {} : { crlUri: root.crlUrl },
      },
      issuerOfRoot(root),
    )
    requireLinted(prepared.findings, ceremonyPolicy)
    return { action, csrBytes, prepared }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    problems.push(`${action.path}: ${error.message}`)
    return undefined
  }
}

function csrProblem(action: SignAction, csr: Uint8Array | undefined): string | undefined {
  if (csr === undefined) return `csr: the folder of the script does not contain ${action.csr}`
  const digest = sha256(csr)
  if (action.csrSha256 === digest) return undefined
  return action.csrSha256 === undefined
    ? `csrSha256 is missing; compare the following digest with the output of sha256sum on the CA's machine, and add: "csrSha256": "${digest}"`
    : `csrSha256: ${action.csr} has a different SHA-256, ${digest}; it is not the reviewed CSR`
}

function issuerOfRoot({ certificate }: PlannedRoot): Issuer {
  const authority = { usageMode: 'GENERAL_PURPOSE', keyHandle: rootKeyHandle } as const
  return issuerOf({ certificate, chain: [] }, authority)
}
