/**
 * The program in the layout of the package. The program is built once per test run. The built program starts twice as fast as the
 * program from source files.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundleProgram } from '../../tools/program-bundle.ts'
import { builtProgramVariable } from './process.ts'

const root = resolve(import.meta.dirname, '../..')

/** Builds the program for all test files of the run, and removes it when this process exits. */
export async function buildProgramForRun(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-program-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await bundleProgram(join(folder, 'dist'))
  for (const name of ['bin', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['node_modules', 'dist/console'])
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(folder, name))
  process.env[builtProgramVariable] = folder
}
