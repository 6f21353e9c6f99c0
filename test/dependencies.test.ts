/**
 * Tests that a production installation contains only the necessary packages, that no package has a known vulnerability, and
 * that all packages are in the SBOM.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempDisposableSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { findVulnerable } from '../tools/advisories.ts'
import {
  packageName,
  productionEntries,
  readLockFile,
  root,
  type LockFile,
} from '../tools/lock-file.ts'

const lock = readLockFile()
const production = productionEntries(lock).filter(([path]) => path !== '')
/**
 * Maximum number of packages in a production installation. A larger number reveals a new dependency with many transitive
 * dependencies.
 */
const packagesMax = 74

/** A lock file with a single package. */
function lockWith(path: string, version: string, more: object = {}): LockFile {
  return { ...lock, packages: { [path]: { version, ...more } } }
}

test(`a production installation has at most ${packagesMax} packages`, () => {
  assert.ok(production.length <= packagesMax, `${production.length} packages`)
})

test('one version of each package of the AWS SDK is installed', () => {
  const names = production
    .map(([path]) => packageName(path))
    .filter((name) => /^@(aws|smithy)/.test(name))
  assert.ok(names.length > 10)
  assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted())
})

test('no package has a known vulnerable version', () => {
  assert.deepEqual(findVulnerable(lock), [])
})

for (const [version, ids] of [
  [
    '4.2.5',
    ['GHSA-mpg4-rc92-vx8v', 'GHSA-m7jm-9gc2-mpf2', 'GHSA-8gc5-j5rx-235r', 'GHSA-gh4j-gqv2-49f6'],
  ],
  [
    '4.4.1-beta.1',
    ['GHSA-mpg4-rc92-vx8v', 'GHSA-m7jm-9gc2-mpf2', 'GHSA-8gc5-j5rx-235r', 'GHSA-gh4j-gqv2-49f6'],
  ],
  ['4.5.4', ['GHSA-8gc5-j5rx-235r', 'GHSA-gh4j-gqv2-49f6']],
  ['5.10.0', ['CVE-2026-73569']],
  ['5.12.1', []],
] as const)
  test(`fast-xml-parser ${version} has ${ids.length} advisories`, () => {
    const path = 'node_modules/@aws-sdk/client-sts/node_modules/fast-xml-parser'
    const found = findVulnerable(lockWith(path, version))
    assert.deepEqual(
      found.map(({ advisory }) => advisory.id),
      ids,
    )
    assert.deepEqual(findVulnerable(lockWith(path, version, { dev: true })), [])
  })

test('the lock file contains no registry, and a hash of every package', () => {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8')
  assert.doesNotMatch(text, /"resolved"|registry/)
  for (const [path, entry] of Object.entries(lock.packages))
    if (path !== '') assert.ok('integrity' in entry, path)
})

interface Sbom {
  readonly bomFormat: string
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } }
  readonly components: readonly {
    readonly name: string
    readonly version: string
    readonly purl: string
  }[]
}

test('the SBOM lists the production dependencies of the lock file, and nothing else', async () => {
  // The SBOM is not written to dist/, because another test may be building there at the same time.
  using folder = mkdtempDisposableSync(join(tmpdir(), 'signet-sbom-test-'))
  const file = join(folder.path, 'sbom.json')
  await promisify(execFile)('npm', ['run', '--silent', 'sbom', '--', file], { cwd: root })
  const text = readFileSync(file, 'utf8')
  const sbom = JSON.parse(text) as Sbom
  assert.equal(sbom.bomFormat, 'CycloneDX')
  const { name, version } = sbom.metadata.component
  assert.deepEqual([name, version], [lock.name, lock.version])
  assert.deepEqual(
    sbom.components.map((component) => `${component.name} ${component.version}`).toSorted(),
    production.map(([path, locked]) => `${packageName(path)} ${locked.version}`).toSorted(),
  )
  for (const { purl } of sbom.components) assert.match(purl, /^pkg:npm\//)
  assert.doesNotMatch(text, /registry|resolved/)
})
