/** Servers that are killed and restarted on the same ports. */
import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../support/free-port.ts'
import { startServer, type ServerProcess } from '../support/process.ts'

const run = promisify(execFile)
/** Time limit for starting a server. A server cannot start while its database is unavailable. */
const startSeconds = 60
/** Time limit for a server to exit after a signal; a slower server is killed. */
const stopSeconds = 60
/** Public URL in the certificates from every server. */
const publicUrl = 'http://pki.example.test'

export interface ProcessExit {
  readonly code: number | NodeJS.Signals | null
  readonly stderr: string
}

export interface Member {
  readonly process: ServerProcess
  readonly url: string
  readonly publicUrl: string
}

interface Ports {
  readonly api: number
  readonly public: number
}

export class Fleet {
  readonly #data: string
  readonly #flags: readonly string[]
  /** Fixed ports of the two listeners. A port chosen by the system would change if all workers exited at the same time. */
  readonly #ports: readonly Ports[]
  readonly #members: (Member | undefined)[] = []
  /** Exit codes and standard error of servers that exited without a signal from the test. */
  readonly crashes: string[] = []

  private constructor(data: string, flags: readonly string[], ports: readonly Ports[]) {
    this.#data = data
    this.#flags = flags
    this.#ports = ports
  }

  /** Starts servers that share a data folder, one after the other. */
  static async start(data: string, flags: readonly string[], count: number): Promise<Fleet> {
    const ports = await Promise.all(
      Array.from({ length: count }, async () => ({
        api: await freePort(),
        public: await freePort(),
      })),
    )
    const fleet = new Fleet(data, flags, ports)
    for (const index of ports.keys()) await fleet.#start(index)
    return fleet
  }

  /** Servers that have been started and not stopped. */
  get members(): readonly Member[] {
    return this.#members.filter((member) => member !== undefined)
  }

  /** The number of servers, including stopped servers. */
  get size(): number {
    return this.#ports.length
  }

  /** Sends a signal to a server and waits until it exits. */
  async stop(index: number, signal: NodeJS.Signals): Promise<ProcessExit> {
    const member = this.#require(index)
    this.#members[index] = undefined
    if (member.process.child.exitCode !== null)
      this.crashes.push(`exit code ${member.process.child.exitCode}: ${member.process.stderr()}`)
    const kill = setTimeout(() => member.process.child.kill('SIGKILL'), stopSeconds * 1000)
    const code = await member.process.stop(signal)
    clearTimeout(kill)
    return { code, stderr: member.process.stderr() }
  }

  /** Starts a stopped server again. */
  async startAgain(index: number): Promise<void> {
    const giveUpAt = Date.now() + startSeconds * 1000
    for (;;)
      try {
        return await this.#start(index)
      } catch (error) {
        if (Date.now() > giveUpAt) throw error
        await delay(200)
      }
  }

  async #start(index: number): Promise<void> {
    const ports = this.#ports[index]
    if (ports === undefined) throw new Error(`server ${index} does not exist`)
    const address = `127.0.0.1:${ports.public}`
    const listen = ['--listen', `127.0.0.1:${ports.api}`, '--public-listen', address]
    const flags = [...listen, '--public-url', publicUrl, ...this.#flags]
    const process = await startServer(this.#data, flags)
    this.#members[index] = { process, url: process.url, publicUrl: `http://${address}` }
  }

  signal(index: number, signal: NodeJS.Signals): void {
    this.#require(index).process.child.kill(signal)
  }

  /** Returns the process IDs of a server's workers. */
  async workers(index: number): Promise<number[]> {
    const { stdout } = await run('pgrep', ['-P', String(this.#require(index).process.child.pid)])
    return stdout.trim().split('\n').map(Number)
  }

  killAll(): void {
    for (const { process } of this.members) process.child.kill('SIGKILL')
  }

  #require(index: number): Member {
    const member = this.#members[index]
    if (member === undefined) throw new Error(`server ${index} is not running`)
    return member
  }
}
