/** Commands `signet trust install` and `remove`, which change the chosen trust stores one at a time. */
import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import type { Root } from './roots.ts'
import { nssDatabases, nssStore } from './nss-stores.ts'
import { systemStore, type AdministratorCommand } from './system-store.ts'
import type { Machine, ProgramResult, TrustResult, TrustStore } from './trust-store.ts'

export type StoreName = TrustResult['Store']

export interface TrustChange {
  readonly action: 'install' | 'remove'
  readonly roots: readonly Root[]
  readonly stores: readonly StoreName[]
  readonly administratorCommand: AdministratorCommand
}

/**
 * Changes the chosen trust stores. If a trust store rejects the change, its result contains the reason, and the promise
 * does not reject.
 */
export async function changeTrust(
  { action, roots, stores, administratorCommand }: TrustChange,
  machine: Machine,
): Promise<TrustResult[]> {
  const results: TrustResult[] = []
  for (const name of stores) {
    const found: readonly TrustStore[] =
      name === 'nss'
        ? nssDatabases(machine).map((folder) => nssStore(machine, folder))
        : [systemStore(machine, administratorCommand)].filter((store) => store !== undefined)
    if (found.length === 0) results.push(missingStore(name, machine))
    for (const store of found)
      for (const root of roots) results.push(await changeOne(store, action, { name, root }))
  }
  return results
}

async function changeOne(
  store: TrustStore,
  action: 'install' | 'remove',
  { name, root }: { readonly name: StoreName; readonly root: Root },
): Promise<TrustResult> {
  try {
    return await store[action](root)
  } catch (error) {
    const Problem = (error as Error).message
    return { Store: name, Location: null, Root: root.subject, Result: 'failed', Problem }
  }
}

function missingStore(Store: StoreName, { platform, home }: Machine): TrustResult {
  const Problem =
    Store === 'nss'
      ? `no NSS database of Chromium or Firefox exists in ${home}`
      : platform === 'linux'
        ? 'there is no folder for additional roots: install the ca-certificates package'
        : `the trust store of ${platform} is not supported`
  return { Store, Location: null, Root: null, Result: 'skipped', Problem }
}

/** Timeout after which a program is terminated. */
const programMilliseconds = 60_000

/** Returns the machine on which the process runs. */
export function thisMachine(environment: Readonly<Record<string, string | undefined>>): Machine {
  return {
    platform: process.platform,
    rootFolder: '/',
    home: environment['HOME'] ?? homedir(),
    isAdministrator: process.getuid?.() === 0,
    run: runProgram,
  }
}

function runProgram(program: string, args: readonly string[]): Promise<ProgramResult | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: programMilliseconds }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') resolve(undefined)
      else resolve({ isSuccess: error === null, text: stderr.trim() === '' ? stdout : stderr })
    })
  })
}
