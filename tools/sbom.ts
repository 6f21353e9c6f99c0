/** `npm run sbom [FILE]` writes dist/sbom.json, the software bill of materials (CycloneDX) of a production installation. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { productionEntries, readLockFile, root } from './lock-file.ts'

/**
 * Writes the SBOM file. In npm 11, `npm sbom --omit=dev` also omits production dependencies that a development dependency needs.
 * Therefore, `npm sbom` runs on a copy of the project without development dependencies.
 */
export function writeSbom(file = join(root, 'dist/sbom.json')): void {
  const { devDependencies: _, ...project } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<string, unknown>
  const lock = readLockFile()
  const { devDependencies: __, ...locked } = lock.packages[''] as unknown as Record<string, unknown>
  const packages = { ...Object.fromEntries(productionEntries(lock)), '': locked }
  const folder = mkdtempSync(join(tmpdir(), 'signet-sbom-'))
  try {
    // npm names the project after its folder.
    const copy = join(folder, lock.name)
    mkdirSync(copy)
    writeFileSync(join(copy, 'package.json'), JSON.stringify(project))
    writeFileSync(join(copy, 'package-lock.json'), JSON.stringify({ ...lock, packages }))
    const flags = ['--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only']
    const sbom = execFileSync('npm', ['sbom', ...flags], { cwd: copy, encoding: 'utf8' })
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, sbom)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) writeSbom(process.argv[2])
