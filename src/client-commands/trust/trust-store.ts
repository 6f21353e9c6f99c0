/** The interface of trust stores, which the system store and NSS databases implement. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '../../durable-file.ts'
import type { Root } from './roots.ts'

/** The parts of the machine that trust stores use. Tests replace them. */
export interface Machine {
  readonly platform: NodeJS.Platform
  /** Root folder of the file system: `/`, or a temporary folder in tests. */
  readonly rootFolder: string
  /** Home folder of the user. */
  readonly home: string
  readonly isAdministrator: boolean
  /** Runs a program without a shell, and waits for it. Resolves to undefined if the program is not installed. */
  readonly run: (program: string, args: readonly string[]) => Promise<ProgramResult | undefined>
}

export interface ProgramResult {
  readonly isSuccess: boolean
  /** Standard error, or standard output if standard error is empty. */
  readonly text: string
}

/** A result in output form, with keys in PascalCase. */
export interface TrustResult {
  readonly Store: 'system' | 'nss'
  /** File or folder of the store. Null if the store was not found. */
  readonly Location: string | null
  /** Subject of the root. Null for a result that concerns all roots. */
  readonly Root: string | null
  readonly Result:
    | 'installed'
    | 'already installed'
    | 'removed'
    | 'not installed'
    | 'failed'
    | 'skipped'
  /** Why the store failed or was skipped, and what to do. */
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

/** Number of fingerprint digits in file and certificate names, enough to distinguish roots. */
export const shortFingerprintLength = 16

/** Calls `work` with a file that contains the root, and removes the file afterwards. */
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
