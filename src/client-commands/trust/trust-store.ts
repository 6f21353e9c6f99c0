/** The interface of trust stores, which the system store and NSS databases implement. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '../../files/durable-file.ts'
import type { Root } from './roots.ts'

/** The parts of the machine that trust stores use. Tests replace them. */
export interface Machine {
  readonly platform: NodeJS.Platform
  /** Root folder of the file system: `/`, or a temporary folder in tests. */
  readonly rootFolder: string
  /** Home folder of the current user. */
  readonly home: string
  readonly isAdministrator: boolean
  /** Runs a program without a shell and waits until it exits. Resolves to undefined if the program is not installed. */
  readonly run: (program: string, args: readonly string[]) => Promise<ProgramResult | undefined>
}

export interface ProgramResult {
  readonly isSuccess: boolean
  /** Standard error of the program, or its standard output if standard error is empty. */
  readonly text: string
}

/** A result in the command's output form, with keys in PascalCase. */
export interface TrustResult {
  readonly Store: 'system' | 'nss'
  /** File or folder of the trust store; null if the trust store was not found. */
  readonly Location: string | null
  /** Subject of the root; null for a result that applies to all roots. */
  readonly Root: string | null
  readonly Result:
    | 'installed'
    | 'already installed'
    | 'removed'
    | 'not installed'
    | 'failed'
    | 'skipped'
  /** The reason why the trust store failed or was skipped, and what to do. */
  readonly Problem?: string
}

export interface TrustStore {
  install(root: Root): Promise<TrustResult>
  remove(root: Root): Promise<TrustResult>
}

/** Returns the first line of a program's output. */
export function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}

/** Number of fingerprint digits in file names and certificate names, which is enough to distinguish roots. */
export const shortFingerprintLength = 16

/** Calls `work` with a file that contains the root, and then removes the file. */
export async function withRootFile<T>(
  { pem }: Root,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-root-'))
  try {
    const path = join(folder, 'root.pem')
    await replaceFile({ path, content: pem, mode: 0o600 })
    return await work(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
