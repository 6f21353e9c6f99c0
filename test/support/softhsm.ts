/** A PKCS #11 token of SoftHSM in a temporary folder. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { tool } from './foreign-tools.ts'

const run = promisify(execFile)

const modules = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
]

const userPin = '271828'

/** A token, and the settings with which a server uses it. */
export class SoftHsm {
  /** Path of the module. */
  readonly module: string
  readonly label: string
  readonly folder: string
  readonly pin = userPin

  private constructor(module: string, label: string, folder: string) {
    this.module = module
    this.label = label
    this.folder = folder
  }

  /**
   * Creates a token, which is removed after the test. Undefined if SoftHSM is not installed: the test is then skipped. The module
   * reads the variable SOFTHSM2_CONF of this process, so all tokens of a process are in one folder.
   */
  static async create(
    t: Pick<TestContext, 'after' | 'diagnostic' | 'skip'>,
    label = 'signet test',
  ): Promise<SoftHsm | undefined> {
    const module = modules.find((path) => existsSync(path))
    const command = await tool(t as TestContext, 'softhsm2-util', { probe: ['--version'] })
    if (command === undefined || module === undefined) return undefined
    const folder = await mkdtemp(join(tmpdir(), 'signet-hsm-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const hsm = new SoftHsm(module, label, folder)
    await mkdir(hsm.#tokens, { mode: 0o700 })
    await writeFile(
      hsm.environment.SOFTHSM2_CONF,
      `directories.tokendir = ${hsm.#tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    )
    await writeFile(hsm.pinFile, `${userPin}\n`, { mode: 0o600 })
    process.env['SOFTHSM2_CONF'] = hsm.environment.SOFTHSM2_CONF
    await hsm.addToken(label)
    return hsm
  }

  get pinFile(): string {
    return join(this.folder, 'pin')
  }

  get #tokens(): string {
    return join(this.folder, 'tokens')
  }

  /** For processes that use the token. */
  get environment(): { readonly SOFTHSM2_CONF: string } {
    return { SOFTHSM2_CONF: join(this.folder, 'softhsm2.conf') }
  }

  get location() {
    return { module: this.module, token: this.label, pinFile: this.pinFile }
  }

  /** Settings of a server whose new CAs have their keys in the token. */
  get flags() {
    const { module, label, pinFile } = this
    return {
      caKeys: 'pkcs11',
      pkcs11Module: module,
      pkcs11Token: label,
      pkcs11PinFile: pinFile,
    } as const
  }

  /** Initializes another token in the same folder. */
  async addToken(label: string): Promise<void> {
    const pins = ['--pin', userPin, '--so-pin', '314159']
    await this.#run('softhsm2-util', ['--init-token', '--free', '--label', label, ...pins])
  }

  /** Removes the tokens, as if the device were unplugged. */
  async remove(): Promise<void> {
    await rename(this.#tokens, `${this.#tokens}-removed`)
  }

  /** Brings the removed tokens back. */
  async restore(): Promise<void> {
    await rename(`${this.#tokens}-removed`, this.#tokens)
  }

  /**
   * Builds a module in front of SoftHSM whose signatures do not return while the file `hangs` exists. Undefined, and the test is
   * skipped, without a C compiler.
   */
  async slowModule(
    t: TestContext,
  ): Promise<{ readonly module: string; readonly hangs: string } | undefined> {
    const compiler = await tool(t, 'cc')
    if (compiler === undefined) return undefined
    const module = join(this.folder, 'slow-token.so')
    const source = join(import.meta.dirname, 'slow-token.c')
    await run(compiler, ['-shared', '-fPIC', '-O1', '-o', module, source, '-ldl'])
    const hangs = join(this.folder, 'hangs')
    process.env['REAL_MODULE'] = this.module
    process.env['HANG_FILE'] = hangs
    return { module, hangs }
  }

  /** Runs pkcs11-tool on the token, with the user logged in. Returns its standard output. */
  async tool(...args: readonly string[]): Promise<string> {
    const token = [
      '--module',
      this.module,
      '--token-label',
      this.label,
      '--login',
      '--pin',
      userPin,
    ]
    return this.#run('pkcs11-tool', [...token, ...args])
  }

  async #run(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(command, [...args], {
      env: { ...process.env, ...this.environment },
    })
    return stdout
  }
}
