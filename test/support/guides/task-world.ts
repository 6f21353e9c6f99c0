/**
 * The simulated machine on which the pages in docs/tasks are tested: a folder with `signet`, `systemctl` and `journalctl` on
 * PATH. These commands run the server from the checkout. The paths of a Debian installation are mapped to the folder.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import { signet } from '../process.ts'
import type { Block } from './blocks.ts'
import { writeShim } from './run.ts'

const run = promisify(execFile)

export interface TaskWorld {
  readonly folder: string
  /** Texts in a page, with their replacements on this machine. */
  readonly addresses: ReadonlyMap<string, string>
  /** Environment variables for the shell that runs a page's commands. */
  readonly environment: NodeJS.ProcessEnv
  close(): Promise<void>
}

/**
 * Paths of a Debian installation, with the folders that replace them. A page that uses the folder for backups must create that
 * folder.
 */
const paths: Readonly<Record<string, string>> = {
  '/var/lib/signet': 'server-data',
  '/var/backups/signet': 'backups',
  '/var/log/signet': 'log',
  '/etc/signet': 'etc',
}

export async function openTaskWorld(): Promise<TaskWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-task-'))
  for (const name of ['.bin', 'log', 'etc']) await mkdir(join(folder, name))
  const [api, open] = [await freePort(), await freePort()]
  await writeShim(folder, 'signet', `exec "${process.execPath}" "${signet}" "$@"`)
  await writeShim(folder, 'systemctl', systemctl({ folder, api, open }))
  await writeShim(folder, 'journalctl', `exec tail -n "\${!#}" '${folder}/server.log'`)
  const addresses = new Map([
    ['http://127.0.0.1:8080', `http://127.0.0.1:${api}`],
    ['http://127.0.0.1:8081', `http://127.0.0.1:${open}`],
    ['127.0.0.1:8443', `127.0.0.1:${await freePort()}`],
    ...Object.entries(paths).map(([path, name]): [string, string] => [path, join(folder, name)]),
  ])
  return {
    folder,
    addresses,
    environment: { SIGNET_ENDPOINT: `http://127.0.0.1:${api}` },
    async close() {
      await run(join(folder, '.bin', 'systemctl'), ['stop', 'signet'])
      await rm(folder, { recursive: true })
    },
  }
}

interface Machine {
  readonly folder: string
  readonly api: number
  readonly open: number
}

/** Returns a script that replaces systemctl. Like the real unit, `start` returns when the server responds or has exited. */
function systemctl({ folder, api, open }: Machine): string {
  return `cd '${folder}'
running() { test -f signet.pid && kill -0 "$(cat signet.pid)" 2>/dev/null; }
case "$1" in
stop | restart)
  if running; then kill "$(cat signet.pid)"; fi
  while running; do sleep 0.05; done
  rm -f signet.pid ;;
reload) kill -HUP "$(cat signet.pid)" ;;
is-active) running && echo active || { echo inactive; exit 3; } ;;
esac
case "$1" in
start | restart)
  (
    export SIGNET_DATA='${folder}/server-data' SIGNET_WORKERS=1
    export SIGNET_LISTEN=127.0.0.1:${api} SIGNET_PUBLIC_LISTEN=127.0.0.1:${open}
    if [ -f etc/signet.env ]; then set -a; . etc/signet.env; set +a; fi
    exec '${process.execPath}' '${signet}' serve >>server.log 2>&1 </dev/null
  ) &
  echo $! >signet.pid
  # Opening a port is cheaper than a process that sends a request.
  until (: </dev/tcp/127.0.0.1/${open}) 2>/dev/null || ! running; do sleep 0.1; done
  # The API listener starts after the public listener; a locked server with --tls-self has none.
  for _ in {1..50}; do (: </dev/tcp/127.0.0.1/${api}) 2>/dev/null && break; running || break; sleep 0.1; done ;;
esac`
}

/** Returns the lines in a page's output blocks that the page's commands have not printed. `…` matches any text. */
export function missingOutput(blocks: readonly Block[], output: string): string[] {
  const lines = output.split('\n').map((line) => line.trimEnd())
  return blocks
    .filter(({ language, notRun }) => language === 'text' && notRun === undefined)
    .flatMap(({ text }) => text.trimEnd().split('\n'))
    .filter((line) => !lines.some((found) => matches(found, line.trimEnd())))
}

function matches(found: string, documented: string): boolean {
  const parts = documented
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`).test(found)
}
