/**
 * Runs a guide's blocks in a temporary folder, with a running server. Files are written under the names in the guide, and
 * commands run in a single shell, in order. The blocks are changed in only two ways. Addresses are replaced with free addresses.
 * A line with a command that must fail (`! …`) ends the script if the command succeeds.
 */
import { freePort } from '../free-port.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { TestDnsServer } from '../dns-server.ts'
import { enrollUrlOf, signet, startServer, type ServerProcess } from '../process.ts'
import type { Block } from './blocks.ts'

export interface GuideWorld {
  /** The reader's folder, in which `data` is the server's data folder. */
  readonly folder: string
  readonly server: ServerProcess
  /** Addresses in a guide, with their replacements on this machine. */
  readonly addresses: ReadonlyMap<string, string>
  close(): Promise<void>
}

/** Addresses of other servers in guides. A free address replaces each of these addresses. */
const others = ['127.0.0.1:8443', '127.0.0.1:9443'] as const

/** PostgreSQL's port in guides. */
const postgresPort = '5433'

/** Host names in guides that ACME validation resolves. */
const hostNames = ['web.corp.example', 'app.corp.example'] as const

/** A server, and a reader's folder that contains the server's data folder as `data`. */
export interface GuideServer {
  readonly folder: string
  readonly server: ServerProcess
  /** Port to which ACME validation connects for http-01 challenges. */
  readonly acmeHttpPort: number
  close(): Promise<void>
}

export async function startGuideServer(): Promise<GuideServer> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'signet-guide-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const dns = stack.use(await TestDnsServer.start())
  for (const name of hostNames) dns.set(name, { A: ['127.0.0.1'] })
  const acmeHttpPort = await freePort()
  const enrollment = ['--enroll-listen', '127.0.0.1:0', '--enroll-names', 'localhost,127.0.0.1']
  const validation = ['--acme-resolver', dns.address, '--acme-networks', '127.0.0.0/8']
  const flags = [...enrollment, ...validation, '--acme-http-port', `${acmeHttpPort}`]
  const server = await startServer(join(folder, 'data'), flags)
  stack.defer(async () => void (await server.stop('SIGTERM')))
  const resources = stack.move()
  return { folder, server, acmeHttpPort, close: () => resources.disposeAsync() }
}

/** Opens a reader's folder in which the server's data folder appears as `data`. */
export async function openWorld({
  folder: home,
  server,
  acmeHttpPort,
}: GuideServer): Promise<GuideWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-reader-'))
  await symlink(join(home, 'data'), join(folder, 'data'))
  await mkdir(join(folder, '.bin'))
  await writeShim(folder, 'signet', `exec "${process.execPath}" "${signet}" "$@"`)
  const addresses = new Map([
    ['http://127.0.0.1:8080', server.url],
    ['http://127.0.0.1:8081', server.publicUrl],
    ['https://ca.corp.example:8443', enrollUrlOf(server)],
    ['--http-01-port 80', `--http-01-port ${acmeHttpPort}`],
    ['--http.port :80', `--http.port 127.0.0.1:${acmeHttpPort}`],
  ])
  addresses.set(postgresPort, String(await freePort()))
  for (const address of others) addresses.set(address, `127.0.0.1:${await freePort()}`)
  return {
    folder,
    server,
    addresses,
    async close() {
      for (const path of globSync('**/*.pid', { cwd: folder })) stopProcess(join(folder, path))
      await rm(folder, { recursive: true })
    },
  }
}

/** Creates a command on the reader's PATH. */
export async function writeShim(folder: string, name: string, line: string): Promise<void> {
  const path = join(folder, '.bin', name)
  await writeFile(path, `#!/bin/bash\n${line}\n`)
  await chmod(path, 0o755)
}

export interface ScriptResult {
  readonly code: number | null
  /** Standard output and standard error, interleaved as received. */
  readonly text: string
}

/** Writes the files, and then runs the remaining blocks as one script that ends at the first failure. */
export async function runBlocks(
  { folder, addresses }: Pick<GuideWorld, 'folder' | 'addresses'>,
  blocks: readonly Block[],
  environment: NodeJS.ProcessEnv = {},
): Promise<ScriptResult> {
  const steps: string[] = ['set -euo pipefail', `trap 'echo "FAILED in the block at line $at"' ERR`]
  for (const { file, language, line, text } of blocks) {
    const content = withAddresses(text, addresses)
    if (file === undefined) {
      if (language !== 'sh') throw new Error(`line ${line}: a ${language} block cannot be run`)
      steps.push(`at=${line}`, content.replaceAll(/^! .*$/gm, '$& || false'))
      continue
    }
    const staged = join(folder, '.staged', `${line}`)
    await mkdir(dirname(staged), { recursive: true })
    await writeFile(staged, content)
    steps.push(`mkdir -p "$(dirname "${file}")"`, `cp ".staged/${line}" "${file}"`)
  }
  const child = spawn('bash', ['-c', steps.join('\n')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 280_000,
    env: {
      PATH: `${join(folder, '.bin')}:${process.env['PATH']}`,
      HOME: folder,
      SIGNET_ENDPOINT: addresses.get('http://127.0.0.1:8080'),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
      ...environment,
    },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (text += data.toString()))
  // A server that a guide leaves running may keep the output streams open. The script has ended when the shell exits.
  const [code] = (await once(child, 'exit')) as [number | null]
  child.stdout.destroy()
  child.stderr.destroy()
  return { code, text }
}

export function withAddresses(text: string, addresses: ReadonlyMap<string, string>): string {
  let changed = text
  for (const [address, replacement] of addresses) changed = changed.replaceAll(address, replacement)
  return changed
}

/** Stops a process that a guide has started. The PID file may be missing, because a server deletes its PID file when it exits. */
function stopProcess(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ESRCH' && code !== 'ENOENT') throw error
  }
}
