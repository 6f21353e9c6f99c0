/** moto as a peer: a server that plays AWS, also its Private CA, for tests; it neither authenticates nor stores. */
import { execFile, spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../test/support/free-port.ts'

const run = promisify(execFile)

export interface Moto {
  readonly url: string
  stop(): void
}

/** moto's own server, with a thread for each request; undefined where moto is not installed. */
export async function startMoto(): Promise<Moto | undefined> {
  const installed = await run('python3', ['-c', 'import moto.server']).then(
    () => true,
    () => false,
  )
  if (!installed) return undefined
  const port = await freePort()
  const child = spawn('python3', ['-m', 'moto.server', '-p', String(port)], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const served = await fetch(`${url}/moto-api/`).then(
      () => true,
      () => false,
    )
    if (served) return { url, stop: () => void child.kill() }
    await setTimeout(100)
  }
  child.kill()
  throw new Error('moto does not serve')
}
