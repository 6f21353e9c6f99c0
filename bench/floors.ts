/** What no server can be faster than: the signatures alone, and HTTP alone. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { LoadResult } from './load.ts'
import type { RawOrder } from './raw-floor.ts'
import type { Against } from './turns.ts'

const run = promisify(execFile)

/** Reading, verifying and signing on all cores. */
export function rawFloor(order: Omit<RawOrder, 'seconds'>, target?: number): Against {
  return {
    name: 'raw crypto',
    ...(target !== undefined && { target }),
    async turn(seconds) {
      const argument = JSON.stringify({ ...order, seconds } satisfies RawOrder)
      const file = join(import.meta.dirname, 'raw-floor.ts')
      const { stdout } = await run(process.execPath, [file, argument])
      return JSON.parse(stdout) as LoadResult
    },
  }
}

export interface EmptyHandler {
  readonly host: string
  readonly port: number
  /** From its start to its first answer. */
  readonly startMilliseconds: number
  stop(): void
}

/** An HTTP server that does nothing, in `processes` processes. */
export async function startEmptyHandler(processes: number): Promise<EmptyHandler> {
  const startedAt = performance.now()
  const file = join(import.meta.dirname, 'empty-handler.ts')
  const child = spawn(process.execPath, [file, String(processes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const port = Number(line)
  await fetch(`http://127.0.0.1:${port}/healthz`)
  return {
    host: '127.0.0.1',
    port,
    startMilliseconds: performance.now() - startedAt,
    stop: () => child.kill(),
  }
}
