/** The command `signet renew`, which issues a new certificate with a new key for each folder that `signet issue` has written. */
import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ConfigurationError } from '../errors.ts'
import { csrFile, readMetadata, type Metadata } from './certificate-folder.ts'
import type { Connection, Progress } from './connection.ts'
import { issueAndWrite, requestIn, type IssueRequest } from './issue.ts'
import { isInstant, keyAlgorithms } from './issuance-options.ts'
import type { Pkcs12Options } from './pkcs12-file.ts'
import type { Random } from '../random.ts'
import { problemText } from '../text/system-error.ts'

/**
 * When certificates are renewed: on every run, when the remaining validity falls to a number of milliseconds, or in the last
 * third of the lifetime.
 */
export type RenewalTime = 'always' | 'last-third' | number

export interface RenewalRequest {
  readonly when: RenewalTime
  /**
   * Reference to the CA that issues the new certificates, for chooseAuthority; if undefined, the CA in each metadata.json is
   * used.
   */
  readonly ca: string | undefined
  /** Validity in the format of parseValidity; by default, the validity in the last request. */
  readonly validity: string | undefined
  /** Program and arguments to run after each renewal, without a shell. */
  readonly hook: readonly string[]
  /** Environment variables for the hook, in addition to those that describe the renewal. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface Renewal {
  readonly folder: string
  readonly result: 'renewed' | 'not due' | 'failed'
  /** Expiry of the certificate that is now in the folder, in ISO 8601; null if unknown. */
  readonly notAfter: string | null
  readonly problem?: string
  /** Set if the certificate was renewed and only the hook failed. */
  readonly hookFailed?: true
}

export interface RenewalTools {
  /** Connects to the server specified in the metadata. */
  readonly connect: (
    metadata: Metadata,
    work: (connection: Connection) => Promise<Metadata>,
  ) => Promise<Metadata>
  /**
   * Reads the password for a PKCS #12 file. `recorded` is the password file that `signet issue` used. Rejects with
   * ConfigurationError if no password is available.
   */
  readonly readPkcs12Password: (
    path: string,
    recorded: string | undefined,
  ) => Promise<Pick<Pkcs12Options, 'password' | 'passwordFile'>>
  readonly random: Random
  readonly now: Date
  readonly progress: Progress
}

/** Renews folders sequentially. After a failure, the renewal continues with the next folder. The promise never rejects. */
export async function renewAll(
  folders: readonly string[],
  request: RenewalRequest,
  tools: RenewalTools,
): Promise<Renewal[]> {
  const renewals: Renewal[] = []
  for (const [index, folder] of folders.entries()) {
    if (folders.length > 1) tools.progress(`${index + 1} of ${folders.length}: ${folder}`)
    renewals.push(await renewOne(folder, request, tools))
  }
  return renewals
}

/** Renews a single folder if its certificate is due. The promise never rejects. */
export async function renewOne(
  folder: string,
  request: RenewalRequest,
  tools: RenewalTools,
): Promise<Renewal> {
  let notAfter: string | null = null
  try {
    const metadata = await readMetadata(folder)
    ;({ notAfter } = metadata)
    if (!(await isDue(folder, metadata, { when: request.when, now: tools.now })))
      return { folder, result: 'not due', notAfter }
    const options = {
      ...(await optionsOf(folder, metadata, request)),
      pkcs12: await pkcs12Of(metadata, tools),
    }
    const renewed = await tools.connect(metadata, (connection) =>
      issueAndWrite(connection, options, { folder, now: tools.now, progress: tools.progress }),
    )
    ;({ notAfter } = renewed)
    await runHook(folder, request, tools.progress)
    return { folder, result: 'renewed', notAfter }
  } catch (error) {
    const problem = problemText(error as Error)
    const hookFailed = error instanceof HookError && ({ hookFailed: true } as const)
    return { folder, result: 'failed', notAfter, problem, ...hookFailed }
  }
}

/** Returns the time from which a certificate is due for renewal. */
export function dueTime(
  { notBefore, notAfter }: Pick<Metadata, 'notBefore' | 'notAfter'>,
  when: RenewalTime,
): Date {
  const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)]
  if (when === 'always') return new Date(start)
  return new Date(when === 'last-third' ? end - (end - start) / 3 : end - when)
}

/**
 * A key that does not match its certificate is left over from an interrupted renewal. A certificate without a matching key
 * is always due for renewal.
 */
async function isDue(
  folder: string,
  metadata: Metadata,
  { when, now }: { readonly when: RenewalTime; readonly now: Date },
): Promise<boolean> {
  if (when === 'always' || dueTime(metadata, when) <= now) return true
  return metadata.keyAlgorithm !== null && !(await isMatchingPair(folder))
}

async function isMatchingPair(folder: string): Promise<boolean> {
  try {
    const [certificate, key] = await Promise.all(
      ['cert.pem', 'key.pem'].map((name) => readFile(join(folder, name))),
    )
    return new X509Certificate(certificate ?? '').checkPrivateKey(createPrivateKey(key ?? ''))
  } catch {
    // A missing or unreadable key file does not match the certificate.
    return false
  }
}

async function optionsOf(
  folder: string,
  metadata: Metadata,
  request: RenewalRequest,
): Promise<IssueRequest> {
  const validity = request.validity ?? metadata.validity
  if (request.validity === undefined && isInstant(validity))
    throw new ConfigurationError(
      `the previous certificate was requested with a fixed end date, ${validity}: specify the validity of the new certificate with --validity`,
    )
  const keyAlgorithm = keyAlgorithms.find((name) => name === metadata.keyAlgorithm)
  if (metadata.keyAlgorithm !== null && keyAlgorithm === undefined)
    throw new ConfigurationError(
      `metadata.json: keys of algorithm ${metadata.keyAlgorithm} cannot be generated`,
    )
  const csr = join(folder, csrFile)
  return {
    ca: request.ca ?? {
      arn: metadata.certificateAuthorityArn,
      name: metadata.certificateAuthorityName,
    },
    subject:
      keyAlgorithm === undefined
        ? { csr: requestIn(await readFile(csr, 'utf8'), csr) }
        : { names: metadata.names, keyAlgorithm },
    validity,
    template: metadata.template ?? undefined,
  }
}

/** Returns the PKCS #12 file to replace, or undefined if the folder has none. */
async function pkcs12Of(
  { pkcs12: path, pkcs12PasswordFile }: Metadata,
  { readPkcs12Password, random }: RenewalTools,
): Promise<Pkcs12Options | undefined> {
  if (path === undefined) return undefined
  return { path, random, ...(await readPkcs12Password(path, pkcs12PasswordFile)) }
}

/** The error from a hook that failed after a successful renewal. */
class HookError extends Error {}

const run = promisify(execFile)
/** Maximum duration of a hook. */
const hookMilliseconds = 300_000

/** Runs the renewal hook. The environment variable RENEWED_DIRECTORY contains the path of the renewed folder. */
async function runHook(
  folder: string,
  { hook: [program, ...args], environment }: RenewalRequest,
  progress: Progress,
): Promise<void> {
  if (program === undefined) return
  progress(`Running ${program}`)
  try {
    await run(program, args, {
      env: { ...environment, RENEWED_DIRECTORY: folder },
      timeout: hookMilliseconds,
    })
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string }
    const message = problemText(error as Error)
    const detail = message.includes(stderr.trim()) ? '' : `: ${stderr.trim()}`
    throw new HookError(
      `the certificate was renewed, but the hook failed: ${message.trim()}${detail}`,
      { cause: error },
    )
  }
}
