/** The package as packed by npm, installed in an empty project. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const minutes = 60_000

export const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

/** Returns the path of a program from one of this checkout's development dependencies. */
export const ownBinary = (name: string): string => join(root, 'node_modules/.bin', name)

/** The TypeScript compiler that `@arethetypeswrong/cli` depends on. */
const typeScript5 = join(
  root,
  'node_modules/@arethetypeswrong/core/node_modules/typescript/bin/tsc',
)

/** A project in a temporary folder. */
export class PackageProject {
  /** Folder with the project, the package tarball and other versions of Node.js. */
  readonly folder: string
  readonly tarball: string
  /** The reason why the package could not be installed; undefined if it is installed. */
  readonly failure: Error | undefined

  private constructor(folder: string, tarball: string, failure: Error | undefined) {
    this.folder = folder
    this.tarball = tarball
    this.failure = failure
  }

  static async create(): Promise<PackageProject> {
    const folder = await mkdtemp(join(tmpdir(), 'signet-package-'))
    try {
      return await PackageProject.#createIn(folder)
    } catch (error) {
      await rm(folder, { recursive: true })
      throw error
    }
  }

  static async #createIn(folder: string): Promise<PackageProject> {
    const pack = ['pack', '--silent', '--pack-destination', folder]
    const { stdout } = await run('npm', pack, { cwd: root, timeout: 2 * minutes })
    const tarball = join(folder, stdout.trim().split('\n').at(-1) ?? '')
    const path = join(folder, 'project')
    await mkdir(path)
    await writeFile(join(path, 'package.json'), '{ "private": true }\n')
    const types = `@types/node@${packageJson.devDependencies['@types/node']}`
    return new PackageProject(folder, tarball, await install(path, [tarball, types]))
  }

  get path(): string {
    return join(this.folder, 'project')
  }

  /** Installs packages, and returns the reason if that fails. */
  async install(...packages: readonly string[]): Promise<Error | undefined> {
    return this.failure ?? install(this.path, packages)
  }

  /** Returns whether the packages are installed. If the packages are missing, the test is skipped, or fails in CI. */
  isReady(t: TestContext, failure: Error | undefined = this.failure): boolean {
    if (failure === undefined) return true
    const message = `NOT TESTED: the package cannot be installed here: ${failure.message}`
    if (process.env['CI'] !== undefined) throw new Error(message, { cause: failure })
    console.error(message)
    t.skip(message)
    return false
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name)
    await mkdir(resolve(path, '..'), { recursive: true })
    await writeFile(path, text)
    return path
  }

  /** Runs a program in the project and returns its standard output. */
  async output(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(command, [...args], { cwd: this.path, timeout: minutes })
    return stdout.trim()
  }

  /** Compiles a program against the type declarations that it imports. */
  async compile(file: string, { flags, version = 7 }: CompileOptions): Promise<void> {
    const strict = ['--strict', '--noEmit', '--exactOptionalPropertyTypes']
    const target = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node']
    const args = [...strict, '--skipLibCheck', 'false', ...flags, ...target, file]
    const compiler = version === 7 ? ownBinary('tsc') : typeScript5
    await this.output(compiler, version === 7 ? ['--ignoreConfig', ...args] : args).catch(
      (error: { stdout: string }) => assert.fail(error.stdout),
    )
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

interface CompileOptions {
  /** Compiler flags for the module system. */
  readonly flags: readonly string[]
  /** The major version of TypeScript: 7 by default, or 5, which supports module resolution node10. */
  readonly version?: 5 | 7
}

async function install(cwd: string, packages: readonly string[]): Promise<Error | undefined> {
  const flags = ['--prefer-offline', '--no-audit', '--no-fund']
  try {
    await run('npm', ['install', ...flags, ...packages], { cwd, timeout: 4 * minutes })
    return undefined
  } catch (error) {
    return error as Error
  }
}
