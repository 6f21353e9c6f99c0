/** `signet renew`: a new certificate with a new key for each folder of `signet issue`. */
import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ConfigurationError } from '../errors.ts'
import { millisecondsLeft } from '../x509/der/time.ts'
import { csrFile, readMetadata, type Metadata } from './certificate-folder.ts'
import type { Connection, Progress } from './connection.ts'
import { issueAndWrite, requestIn, type IssueRequest } from './issue.ts'
import { isInstant, keyAlgorithms } from './issuance-options.ts'

export interface RenewalRequest {
  /** Milliseconds before the end from which a certificate is renewed; undefined for always. */
  readonly expiringWithin: number | undefined
  /** As parseValidity reads it; the default is the validity of the last request. */
  readonly validity: string | undefined
  /** Program and arguments, run without a shell after each renewal. */
  readonly hook: readonly string[]
  /** Variables that the hook gets beside those about the renewal. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface Renewal {
  readonly folder: string
  readonly result: 'renewed' | 'not due' | 'failed'
  /** ISO 8601, of the certificate that is there now; null if that is not known. */
  readonly notAfter: string | null
  readonly problem?: string
}

export interface RenewalTools {
  /** Connects to the server of the metadata. */
  readonly connect: (
    metadata: Metadata,
    work: (connection: Connection) => Promise<Metadata>,
  ) => Promise<Metadata>
  readonly now: Date
  readonly progress: Progress
}

/** Renews one folder after the other; a failure does not stop the others. Never rejects. */
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

async function renewOne(
  folder: string,
  request: RenewalRequest,
  tools: RenewalTools,
): Promise<Renewal> {
  let notAfter: string | null = null
  try {
    const metadata = await readMetadata(folder)
    ;({ notAfter } = metadata)
    if (!(await isDue(folder, metadata, { ...request, now: tools.now })))
      return { folder, result: 'not due', notAfter }
    const options = await optionsOf(folder, metadata, request)
    const renewed = await tools.connect(metadata, (connection) =>
      issueAndWrite(connection, options, { folder, now: tools.now, progress: tools.progress }),
    )
    ;({ notAfter } = renewed)
    await runHook(folder, request, tools.progress)
    return { folder, result: 'renewed', notAfter }
  } catch (error) {
    return { folder, result: 'failed', notAfter, problem: (error as Error).message }
  }
}

/** A key and a certificate that do not match come from an interrupted renewal: they are always due. */
async function isDue(
  folder: string,
  { notAfter, keyAlgorithm }: Metadata,
  { expiringWithin, now }: Pick<RenewalRequest, 'expiringWithin'> & { readonly now: Date },
): Promise<boolean> {
  if (expiringWithin === undefined) return true
  if (millisecondsLeft(new Date(notAfter), now) <= expiringWithin) return true
  return keyAlgorithm !== null && !(await isMatchingPair(folder))
}

async function isMatchingPair(folder: string): Promise<boolean> {
  try {
    const [certificate, key] = await Promise.all(
      ['cert.pem', 'key.pem'].map((name) => readFile(join(folder, name))),
    )
    return new X509Certificate(certificate ?? '').checkPrivateKey(createPrivateKey(key ?? ''))
  } catch {
    // A file that is missing or unreadable does not match.
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
      `it was to be valid until ${validity}; say with --validity how long the new one is to be`,
    )
  const keyAlgorithm = keyAlgorithms.find((name) => name === metadata.keyAlgorithm)
  if (metadata.keyAlgorithm !== null && keyAlgorithm === undefined)
    throw new ConfigurationError(`no key can be made with ${metadata.keyAlgorithm}`)
  const csr = join(folder, csrFile)
  return {
    ca: metadata.certificateAuthorityArn,
    subject:
      keyAlgorithm === undefined
        ? { csr: requestIn(await readFile(csr, 'utf8'), csr) }
        : { names: metadata.names, keyAlgorithm },
    validity,
    template: metadata.template ?? undefined,
  }
}

const run = promisify(execFile)
/** A hook that takes longer is stopped. */
const hookMilliseconds = 300_000

/** The hook learns the folder from RENEWED_DIRECTORY; no shell reads it. */
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
    const { message, stderr = '' } = error as Error & { readonly stderr?: string }
    const detail = message.includes(stderr.trim()) ? '' : `: ${stderr.trim()}`
    throw new Error(`the certificate is renewed, but the hook failed: ${message.trim()}${detail}`, {
      cause: error,
    })
  }
}
