/** A SoftHSM PKCS #11 token in a temporary folder. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { TokenLocation } from '../../src/keys/pkcs11/connection.ts'
import { tool } from './foreign-tools.ts'

const run = promisify(execFile)

const modules = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
]

const userPin = '271828'

/** A token, and the settings that a server needs to use the token. */
export class SoftHsm {
  /** Path of the PKCS #11 module. */
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
   * Creates a token, which is removed after the test. If SoftHSM is not installed, skips the test and returns undefined. The
   * module reads this process's environment variable SOFTHSM2_CONF, so all of a process's tokens are in one folder.
   */
  static async create(
    t: Pick<TestContext, 'after' | 'diagnostic' | 'skip'>,
    label = 'signet test',
  ): Promise<SoftHsm | undefined> {
    const module = modules.find((path) => existsSync(path))
    const command = await tool(t as TestContext, 'softhsm2-util', { probe: ['--version'] })
    if (command === undefined || module === undefined) return undefined
    const folder = await mkdtemp(join(tmpdir(), 'signet-hsm-'))
    // A service that is closed only afterwards may still create files in the folder. An error here would leave the service
    // running.
    t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
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

  /** Environment variables for processes that use the token. */
  get environment(): { readonly SOFTHSM2_CONF: string } {
    return { SOFTHSM2_CONF: join(this.folder, 'softhsm2.conf') }
  }

  get location() {
    return { module: this.module, token: this.label, pinFile: this.pinFile }
  }

  /** Settings for a server whose new CAs have their keys in the token. */
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

  /** Removes the tokens, as if the device had been unplugged. */
  async remove(): Promise<void> {
    await rename(this.#tokens, `${this.#tokens}-removed`)
  }

  /** Restores the removed tokens. */
  async restore(): Promise<void> {
    await rename(`${this.#tokens}-removed`, this.#tokens)
  }

  /** Builds a module that wraps SoftHSM and injects faults. Without a C compiler, skips the test and returns undefined. */
  async faultyModule(t: TestContext): Promise<FaultyModule | undefined> {
    const module = await this.#compile(t, 'faulty-token')
    if (module === undefined) return undefined
    const faulty = new FaultyModule(module, this)
    Object.assign(process.env, faulty.environment)
    return faulty
  }

  /** Builds a module that wraps SoftHSM and adds ML-DSA keys. Without a C compiler, skips the test and returns undefined. */
  async mlDsaModule(t: TestContext): Promise<{ readonly location: TokenLocation } | undefined> {
    const module = await this.#compile(t, 'ml-dsa-token')
    if (module === undefined) return undefined
    process.env['REAL_MODULE'] = this.module
    return { location: { ...this.location, module } }
  }

  /** Compiles a module in this folder. */
  async #compile(t: TestContext, name: string): Promise<string | undefined> {
    const compiler = await tool(t, 'cc')
    if (compiler === undefined) return undefined
    const module = join(this.folder, `${name}.so`)
    const source = join(import.meta.dirname, `${name}.c`)
    await run(compiler, ['-shared', '-fPIC', '-O1', '-o', module, source, '-ldl'])
    return module
  }

  /** Runs pkcs11-tool on the token as the logged-in user, and returns its standard output. */
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

  /** Sets CKA_SIGN of a private key to false, in a separate process. */
  async forbidSigning(label: string): Promise<void> {
    const script = `
      const library = require('pkcs11js')
      const module = new library.PKCS11()
      module.load(${JSON.stringify(this.module)})
      module.C_Initialize()
      const slot = module.C_GetSlotList(true)
        .find((each) => module.C_GetTokenInfo(each).label.trim() === ${JSON.stringify(this.label)})
      const session = module.C_OpenSession(slot, library.CKF_SERIAL_SESSION | library.CKF_RW_SESSION)
      module.C_Login(session, library.CKU_USER, ${JSON.stringify(userPin)})
      module.C_FindObjectsInit(session, [
        { type: library.CKA_CLASS, value: library.CKO_PRIVATE_KEY },
        { type: library.CKA_LABEL, value: ${JSON.stringify(label)} },
      ])
      const [key] = module.C_FindObjects(session, 1)
      module.C_FindObjectsFinal(session)
      module.C_SetAttributeValue(session, key, [{ type: library.CKA_SIGN, value: false }])
      module.C_Finalize()`
    await this.#run(process.execPath, ['-e', script])
  }

  async #run(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(command, [...args], {
      env: { ...process.env, ...this.environment },
    })
    return stdout
  }
}

/** A module that wraps SoftHSM and whose calls can hang or fail. */
export class FaultyModule {
  /** Path of the PKCS #11 module. */
  readonly module: string
  /** Environment variables for processes that use the module. */
  readonly environment
  readonly #hsm: SoftHsm

  constructor(module: string, hsm: SoftHsm) {
    const file = (name: string): string => join(hsm.folder, name)
    this.module = module
    this.#hsm = hsm
    this.environment = {
      REAL_MODULE: hsm.module,
      HANG_FILE: file('hangs'),
      FAULT_FILE: file('fault'),
      LOGIN_FILE: file('logins'),
    } as const
  }

  get location() {
    return { ...this.#hsm.location, module: this.module }
  }

  /** Makes signing calls hang, or ends the hang. */
  async hang(hangs: boolean): Promise<void> {
    const { HANG_FILE } = this.environment
    await (hangs ? writeFile(HANG_FILE, '') : rm(HANG_FILE))
  }

  /** Makes signing with the labelled key fail with the given return value. */
  async fail(returnValue: number, label: string): Promise<void> {
    const { FAULT_FILE } = this.environment
    await writeFile(`${FAULT_FILE}.new`, `${returnValue.toString(16)} ${label}`)
    await rename(`${FAULT_FILE}.new`, FAULT_FILE)
  }

  /** Makes all signing calls succeed. */
  async repair(): Promise<void> {
    await rm(this.environment.FAULT_FILE, { force: true })
  }

  /** Number of attempts to log in. */
  async logins(): Promise<number> {
    const text = await readFile(this.environment.LOGIN_FILE, 'utf8').catch(() => '')
    return text.split('\n').length - 1
  }
}
