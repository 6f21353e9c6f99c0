/** Performance limits that no server can exceed: signing without HTTP, and HTTP without work. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { onCores } from './machine.ts'
import type { BenchOptions } from './options.ts'
import type { RawOptions } from './raw-floor.ts'
import { names } from './targets.ts'
import { addressOf, type Contender, type LoadTarget, type Measurement } from './turns.ts'

const run = promisify(execFile)

/** Parses and verifies CSRs and signs certificates on all cores. */
export function rawFloor(
  options: Omit<RawOptions, 'seconds'>,
  { cores }: Pick<BenchOptions, 'cores'>,
): Contender {
  const script = join(import.meta.dirname, 'raw-floor.ts')
  return {
    name: names.rawCrypto,
    pids: [],
    async turn({ seconds }) {
      const argument = JSON.stringify({ ...options, seconds } satisfies RawOptions)
      const [program = '', ...args] = onCores(cores, [process.execPath, script, argument])
      return JSON.parse((await run(program, args)).stdout) as Measurement
    },
  }
}

export interface EmptyHandler {
  /** Time from process start to the first response. */
  readonly startMilliseconds: number
  /** Returns a load that sends the requests from `like` to the empty handler. */
  load(like: LoadTarget): LoadTarget
  stop(): void
}

/** Starts one process with an empty HTTP handler, with TLS if `tls` is set. */
export async function startEmptyHandler({
  cores,
  tls,
}: Pick<BenchOptions, 'cores' | 'tls'>): Promise<EmptyHandler> {
  const startedAt = performance.now()
  const script = join(import.meta.dirname, 'empty-handler.ts')
  const files = tls === undefined ? [] : [tls.cert, tls.key]
  const [program = '', ...args] = onCores(cores, [process.execPath, script, ...files])
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  await fetch(`${line}/healthz`)
  return {
    startMilliseconds: performance.now() - startedAt,
    load: ({ requests }) => ({
      name: names.emptyHandler,
      pids: [child.pid ?? 0],
      ...addressOf(line),
      requests,
    }),
    stop: () => child.kill('SIGKILL'),
  }
}
