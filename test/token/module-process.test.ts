/**
 * Tests of a PKCS #11 module that runs in a separate process, as with network HSMs and p11-kit. The process is killed under load.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { tool } from '../support/foreign-tools.ts'
import { createRoot } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import { SoftHsm } from '../support/softhsm.ts'
import { assertAllIssued, request, retry } from '../support/waiting.ts'

const clientModules = [
  '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so',
  '/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so',
]

/** SoftHSM in a p11-kit process. */
class ModuleProcess {
  readonly #hsm: SoftHsm
  #child: ChildProcess | undefined

  constructor(hsm: SoftHsm) {
    this.#hsm = hsm
  }

  get #socket(): string {
    return join(this.#hsm.folder, 'p11-kit.sock')
  }

  get environment(): { readonly P11_KIT_SERVER_ADDRESS: string } {
    return { P11_KIT_SERVER_ADDRESS: `unix:path=${this.#socket}` }
  }

  async start(): Promise<void> {
    await rm(this.#socket, { force: true })
    const { module, label, environment } = this.#hsm
    const token = `pkcs11:token=${encodeURIComponent(label)}`
    const args = ['server', '--foreground', '--provider', module, '--name', this.#socket, token]
    this.#child = spawn('p11-kit', args, {
      env: { ...process.env, ...environment },
      stdio: 'ignore',
      // p11-kit forks a process for each connection. A signal to the process group reaches all processes.
      detached: true,
    })
    while (!existsSync(this.#socket)) await setTimeout(10)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined || child.exitCode !== null) return
    const exited = once(child, 'exit')
    process.kill(-child.pid, 'SIGKILL')
    await exited
    this.#child = undefined
  }
}

/** Starts a module process. Without SoftHSM or p11-kit, skips the test and returns undefined. */
async function startModule(t: TestContext) {
  const hsm = await SoftHsm.create(t)
  const p11Kit = await tool(t, 'p11-kit')
  const module = clientModules.find((path) => existsSync(path))
  if (hsm === undefined || p11Kit === undefined) return undefined
  if (module === undefined) throw new Error('p11-kit is installed without its client module')
  const processOfModule = new ModuleProcess(hsm)
  t.after(() => processOfModule.kill())
  await processOfModule.start()
  Object.assign(process.env, processOfModule.environment)
  return { module, hsm, processOfModule }
}

test('while the process of the module is killed under load, nothing acknowledged is lost, and no serial number is repeated', async (t) => {
  const started = await startModule(t)
  if (started === undefined) return
  const { module, hsm, processOfModule } = started
  const service = await TestService.start({ ...hsm.flags, pkcs11Module: module })
  t.after(() => service.close())
  const root = await createRoot(service)
  const acknowledged: Awaited<ReturnType<typeof request>>[] = []
  const stop = new AbortController()
  const client = async (): Promise<void> => {
    while (!stop.signal.aborted) acknowledged.push(await request(service, root.arn))
  }
  const clients = Promise.all(Array.from({ length: 8 }, client))
  const more = async (count: number): Promise<void> => {
    const enough = acknowledged.length + count
    while (acknowledged.length < enough) await setTimeout(10)
  }
  for (let round = 0; round < 3; round += 1) {
    await more(40)
    await processOfModule.kill()
    await more(8)
    await processOfModule.start()
    await more(40)
  }
  stop.abort()
  await clients
  await retry(service)
  await assertAllIssued(service, acknowledged, root.certificate)
})
