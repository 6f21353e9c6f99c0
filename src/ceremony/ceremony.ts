/** Ceremonies for an offline root: checking and running a script, and verifying a transcript. */
import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import { generateKey } from '../keys/generate-key.ts'
import type { Random } from '../random.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { issuerTolerance } from '../x509/der/tolerance.ts'
import { planCeremony, type CeremonyPlan } from './plan.ts'
import { importKey, openKey, sealKey } from './root-key.ts'
import {
  ceremonyPath,
  keyPath,
  readCeremonies,
  readFilesBeside,
  readSmallFile,
  writeCeremony,
} from './root-folder.ts'
import { readState } from './root-state.ts'
import { nameKey, parseScript, type CeremonyScript } from './script/parse-script.ts'
import { signPlan, type SignedCeremony } from './sign-plan.ts'
import { rootFile, type Confirmation, type Participant } from './transcript.ts'
import { derOf, verifyCeremony, type VerifiedCeremony } from './verify-transcript.ts'
import { systemErrorText } from '../text/system-error.ts'

export interface CeremonyOptions {
  /** Path of the ceremony script. The CSRs are in the same folder as the script. */
  readonly script: string
  /** Folder of the offline root. */
  readonly folder: string
  readonly clock: Clock
  readonly random: Random
}

export interface RunOptions extends CeremonyOptions {
  /** Name and version of the program. */
  readonly program: string
  /** Displays the plan and asks for confirmations. Rejects if the plan is not confirmed. */
  readonly confirm: (plan: CeremonyPlan) => Promise<Confirmed>
  /** Returns the passphrase for the root's key. */
  readonly passphrase: (purpose: 'new' | 'existing') => Promise<string>
  /** Base-2 logarithm of the scrypt work factor for a new key. */
  readonly workFactor?: number
}

export interface Confirmed {
  readonly confirmation: Confirmation
  readonly participants: readonly Participant[]
}

export interface CompletedCeremony extends SignedCeremony {
  /** Folder that contains the ceremony's files. */
  readonly path: string
}

/** Computes the plan of a script, without signing or writing anything. Throws a ConfigurationError that lists every problem. */
export async function checkCeremony(options: CeremonyOptions): Promise<CeremonyPlan> {
  const scriptBytes = await readSmallFile(options.script)
  const script = parseScript(scriptBytes)
  const ceremonies = await readCeremonies(options.folder)
  const state = await readState(ceremonies, (number) => ceremonyPath(options.folder, number))
  const isNew = script.root.kind === 'new' && state === undefined
  return planCeremony({
    script,
    scriptBytes,
    state,
    csrs: await readCsrs(script, dirname(options.script)),
    newKey: isNew ? await newKeyOf(script) : undefined,
    now: options.clock.now(),
    random: options.random,
  })
}

function newKeyOf({ root }: CeremonyScript): ReturnType<typeof generateKey> {
  if (root.kind !== 'new') throw new TypeError('an existing root already has a key')
  return generateKey(root.configuration.KeyAlgorithm)
}

async function readCsrs(
  { sign }: CeremonyScript,
  folder: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const csrs = new Map<string, Uint8Array>()
  for (const { csr } of sign) {
    const path = join(folder, csr)
    if (existsSync(path)) csrs.set(csr, await readSmallFile(path))
  }
  return csrs
}

/**
 * Runs a ceremony script: computes the plan, obtains the confirmations and the passphrase, signs, and writes the ceremony's
 * files. Nothing is written before the last step, so an interrupted run can be repeated. Throws ConfigurationError.
 */
export async function runCeremony(options: RunOptions): Promise<CompletedCeremony> {
  const { folder, clock } = options
  const plan = await checkCeremony(options)
  const created = plan.root.created?.key
  try {
    const confirmed = requireConfirmed(plan, await options.confirm(plan))
    const { key, sealedKey } = await openRootKey(plan, options)
    const { program } = options
    const signed = await signPlan(plan, key, { ...confirmed, program, signedAt: clock.now() })
    await requireVerified(signed, plan)
    await write(folder, plan, { signed, sealedKey })
    return { ...signed, path: ceremonyPath(folder, plan.number) }
  } finally {
    created?.privateKey.fill(0)
  }
}

/** Throws ConfigurationError unless two people permitted by the script have confirmed the plan. */
function requireConfirmed({ script }: CeremonyPlan, confirmed: Confirmed): Confirmed {
  const names = confirmed.participants.map(({ name }) => nameKey(name))
  if (new Set(names).size < 2 || new Set(names).size < names.length)
    throw new ConfigurationError('two different people must confirm the script; nothing was signed')
  const permitted = script.participants.map(nameKey)
  const other = confirmed.participants.find(({ name }) => !permitted.includes(nameKey(name)))
  if (permitted.length > 0 && other !== undefined)
    throw new ConfigurationError(
      `${other.name} is not one of the participants in the script: ${script.participants.join(', ')}; nothing was signed`,
    )
  return confirmed
}

async function openRootKey(
  { root }: CeremonyPlan,
  { folder, passphrase, workFactor }: RunOptions,
): Promise<{ readonly key: KeyObject; readonly sealedKey: Uint8Array | undefined }> {
  if (root.created !== undefined) {
    const { privateKey } = root.created.key
    const options = { passphrase: await passphrase('new'), workFactor }
    return { key: importKey(privateKey), sealedKey: await sealKey(privateKey, options) }
  }
  const path = keyPath(folder)
  const key = await openKey(await readSmallFile(path), {
    passphrase: await passphrase('existing'),
    subjectPublicKeyInfo: root.certificate.subjectPublicKeyInfo.der,
    path,
  })
  return { key, sealedKey: undefined }
}

/** Verifies the ceremony's result in the same way as `signet ceremony verify`, before anything is written. */
async function requireVerified({ files }: SignedCeremony, { root }: CeremonyPlan): Promise<void> {
  const pem = files.get(rootFile) ?? new Uint8Array()
  const certificate = root.created === undefined ? root.certificate : parseCertificate(derOf(pem))
  const { problems } = await verifyCeremony(files, certificate)
  if (problems.length > 0)
    throw new Error(`the verification of the ceremony failed: ${problems.join('; ')}`)
}

async function write(
  folder: string,
  { number }: CeremonyPlan,
  { signed, sealedKey }: { signed: SignedCeremony; sealedKey: Uint8Array | undefined },
): Promise<void> {
  try {
    await writeCeremony(folder, { number, files: signed.files, sealedKey })
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(
      `the ceremony cannot be written to ${folder}: ${systemErrorText(error)}; nothing was saved, so repeat the run`,
      { cause: error },
    )
  }
}

/**
 * Verifies a transcript and the files in the same folder. `root` is the path of the root certificate in PEM. Throws
 * ConfigurationError.
 */
export async function verifyCeremonyFile(
  transcript: string,
  { root }: { readonly root: string },
): Promise<VerifiedCeremony & { readonly certificate: Certificate }> {
  const certificate = readRoot(root, await readSmallFile(root))
  await readSmallFile(transcript)
  const files = await readFilesBeside(transcript, dirname(transcript))
  return { ...(await verifyCeremony(files, certificate)), certificate }
}

function readRoot(path: string, pem: Uint8Array): Certificate {
  try {
    return parseCertificate(derOf(pem), issuerTolerance)
  } catch (error) {
    throw new ConfigurationError(
      `${path} is not a certificate in PEM: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
}
