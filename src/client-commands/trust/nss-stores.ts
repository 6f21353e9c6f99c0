/** NSS trust databases: Chromium's database, and one database for each of the user's Firefox profiles. */
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Root } from './roots.ts'
import {
  firstLine,
  shortFingerprintLength,
  withRootFile,
  type Machine,
  type TrustResult,
  type TrustStore,
} from './trust-store.ts'

/** Folders of NSS databases, relative to the user's home folder. */
const databasePatterns: readonly string[] = [
  '.pki/nssdb/cert9.db',
  'snap/chromium/current/.pki/nssdb/cert9.db',
  '.mozilla/firefox/*/cert9.db',
  'snap/firefox/common/.mozilla/firefox/*/cert9.db',
  '.var/app/org.mozilla.firefox/.mozilla/firefox/*/cert9.db',
  'Library/Application Support/Firefox/Profiles/*/cert9.db',
]

/** Returns the folders of the existing NSS databases. */
export function nssDatabases({ home }: Pick<Machine, 'home'>): string[] {
  return databasePatterns
    .flatMap((pattern) => globSync(pattern, { cwd: home }))
    .map((file) => dirname(join(home, file)))
    .toSorted()
}

const certutilMissing =
  'certutil is not installed: install libnss3-tools (Debian, Ubuntu), nss-tools (Fedora) or nss (Homebrew)'

/** Returns the name of a root certificate in an NSS database. */
function nicknameOf({ subject, fingerprint }: Root): string {
  return `Signet ${subject} ${fingerprint.slice(0, shortFingerprintLength)}`
}

/** Creates the trust store for an NSS database. */
export function nssStore({ run }: Pick<Machine, 'run'>, folder: string): TrustStore {
  const database = `sql:${folder}`
  const resultOf = (root: Root, Result: TrustResult['Result'], Problem?: string): TrustResult => ({
    Store: 'nss',
    Location: folder,
    Root: root.subject,
    Result,
    ...(Problem !== undefined && { Problem }),
  })
  const isInstalled = async (root: Root): Promise<boolean | undefined> =>
    (await run('certutil', ['-L', '-d', database, '-n', nicknameOf(root)]))?.isSuccess
  const changed = async (
    root: Root,
    result: 'installed' | 'removed',
    args: readonly string[],
  ): Promise<TrustResult> => {
    const outcome = await run('certutil', args)
    return outcome?.isSuccess === true
      ? resultOf(root, result)
      : resultOf(root, 'failed', `certutil failed: ${firstLine(outcome?.text ?? '')}`)
  }
  return {
    async install(root) {
      const installed = await isInstalled(root)
      if (installed === undefined) return resultOf(root, 'skipped', certutilMissing)
      if (installed) return resultOf(root, 'already installed')
      return withRootFile(root, (file) =>
        changed(root, 'installed', [
          '-A',
          '-d',
          database,
          '-t',
          'C,,',
          '-n',
          nicknameOf(root),
          '-i',
          file,
        ]),
      )
    },
    async remove(root) {
      const installed = await isInstalled(root)
      if (installed === undefined) return resultOf(root, 'skipped', certutilMissing)
      if (!installed) return resultOf(root, 'not installed')
      return changed(root, 'removed', ['-D', '-d', database, '-n', nicknameOf(root)])
    },
  }
}
