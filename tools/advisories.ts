/**
 * Fails if a package in the production installation has a known vulnerability. The list of vulnerabilities is in the repository,
 * so that the result is the same everywhere, even without an advisory service. If an advisory service is available, `npm audit`
 * finds more vulnerabilities.
 */
import advisories from './advisories.json' with { type: 'json' }
import { packageName, productionEntries, readLockFile, type LockFile } from './lock-file.ts'

export interface Advisory {
  /** ID in the GitHub Advisory Database, or a CVE ID. */
  readonly id: string
  readonly alias: string | null
  readonly package: string
  /** For each vulnerable range, the first vulnerable version (or null) and the first fixed version. */
  readonly vulnerable: readonly (readonly (string | null)[])[]
}

export interface Finding {
  readonly path: string
  readonly version: string
  readonly advisory: Advisory
}

/** Returns every vulnerable package in a production installation. */
export function findVulnerable(lock: LockFile, known: readonly Advisory[] = advisories): Finding[] {
  return productionEntries(lock).flatMap(([path, { version }]) =>
    known
      .filter((advisory) => advisory.package === packageName(path))
      .filter(({ vulnerable }) => vulnerable.some((range) => isIn(version, range)))
      .map((advisory) => ({ path, version, advisory })),
  )
}

function isIn(version: string, [first, fixed]: readonly (string | null)[]): boolean {
  const isFromFirst = typeof first !== 'string' || compare(version, first) >= 0
  return isFromFirst && (typeof fixed !== 'string' || compare(version, fixed) < 0)
}

/** Compares semantic versions by precedence. A prerelease precedes its release, and prereleases of the same version are equal. */
function compare(left: string, right: string): number {
  const [a, b] = [parse(left), parse(right)]
  for (const [index, number] of a.entries())
    if (number !== b[index]) return number - (b[index] ?? 0)
  return 0
}

function parse(version: string): readonly number[] {
  const [, major, minor, patch, prerelease] =
    /^(\d+)\.(\d+)\.(\d+)(-[^+]+)?(?:\+.*)?$/.exec(version) ?? []
  if (patch === undefined) throw new Error(`not a semantic version: ${version}`)
  return [Number(major), Number(minor), Number(patch), prerelease === undefined ? 0 : -1]
}

if (import.meta.main) {
  const findings = findVulnerable(readLockFile())
  for (const { path, version, advisory } of findings)
    process.stderr.write(
      `${path} ${version} is vulnerable: ${advisory.id}; update it, or add a fixed version to "overrides" in package.json\n`,
    )
  if (findings.length > 0) process.exitCode = 1
}
