/** A Ceph RADOS Gateway for a single test: a real S3 service on loopback, with one monitor and one in-memory object store. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { tool } from './foreign-tools.ts'

export interface RadosGateway {
  /** URL of the gateway, without a trailing slash. */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Stops the gateway's process, but keeps the stored data. */
  stop(): Promise<void>
  /** Starts the gateway on the same port, and waits until it responds. */
  startAgain(): Promise<void>
  /** Stops all processes and removes the folder. */
  close(): Promise<void>
}

interface Cluster {
  readonly folder: string
  readonly configuration: string
  readonly monitorPorts: readonly [number, number]
  readonly gatewayPort: number
}

const run = promisify(execFile)
const readySeconds = 40
const commands = ['radosgw', 'radosgw-admin', 'ceph', 'ceph-mon', 'ceph-osd', 'setpriv']

/** Starts a gateway. If Ceph is not installed, prints a line, skips the test and returns undefined, or throws in CI. */
export async function startRadosGateway(t: TestContext): Promise<RadosGateway | undefined> {
  for (const command of commands)
    if ((await tool(t, command, { probe: ['--version'] })) === undefined) return undefined
  const cluster = await writeCluster()
  const daemons: ChildProcess[] = []
  try {
    await startMonitor(cluster, daemons)
    await startStore(cluster, daemons)
    const keys = await createUser(cluster)
    const gateway = await startGateway(cluster)
    return gatewayOf(cluster, { gateway, daemons, keys })
  } catch (error) {
    const log = await readFile(join(cluster.folder, 'log'), 'utf8').catch(() => '')
    await endAll(cluster, daemons)
    throw new Error(`the RADOS Gateway did not start:\n${log.slice(-4000)}`, { cause: error })
  }
}

async function writeCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'rados-gateway-'))
  const [first, second, gatewayPort] = await freePorts()
  await Promise.all(['mon', 'osd', 'rgw'].map((name) => mkdir(join(folder, name))))
  await writeFile(join(folder, 'keyring'), '')
  const cluster: Cluster = {
    folder,
    configuration: join(folder, 'ceph.conf'),
    monitorPorts: [first, second],
    gatewayPort,
  }
  await writeFile(cluster.configuration, configurationText(cluster))
  return cluster
}

/** Configuration for a single monitor and a single in-memory store, without authentication and without delays for a quorum. */
function configurationText({ folder, monitorPorts, gatewayPort }: Cluster): string {
  return `[global]
fsid = ${randomUUID()}
mon host = ${monitorAddress(monitorPorts)}
mon initial members = a
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
rgw rados pool pg num min = 1
mon allow pool size one = true
mon tick interval = 1
paxos propose interval = 0.05
paxos min wait = 0.01
osd heartbeat interval = 1
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
mon data = ${folder}/mon
osd data = ${folder}/osd
osd journal = ${folder}/journal
rgw data = ${folder}/rgw
keyring = ${folder}/keyring
run dir = ${folder}
crash dir = ${folder}
log file = ${folder}/log
mon cluster log file = ${folder}/log
admin socket = ${folder}/$name.$pid.asok
pid file =
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
ms mon client mode = crc secure
`
}

function monitorAddress([first, second]: Cluster['monitorPorts']): string {
  return `[v2:127.0.0.1:${first},v1:127.0.0.1:${second}]`
}

async function startMonitor(cluster: Cluster, daemons: ChildProcess[]): Promise<void> {
  const map = join(cluster.folder, 'monmap')
  const address = monitorAddress(cluster.monitorPorts)
  await cephRun(cluster, 'monmaptool', ['--create', '--addv', 'a', address, map])
  const keyring = join(cluster.folder, 'keyring')
  const files = ['--monmap', map, '--keyring', keyring]
  await cephRun(cluster, 'ceph-mon', ['--mkfs', '-i', 'a', ...files])
  daemons.push(startDaemon(cluster, 'ceph-mon', ['-i', 'a']))
}

async function startStore(cluster: Cluster, daemons: ChildProcess[]): Promise<void> {
  const uuid = randomUUID()
  const wait = ['--connect-timeout', String(readySeconds)]
  await cephRun(cluster, 'ceph', [...wait, 'osd', 'new', uuid, '0'])
  await cephRun(cluster, 'ceph-osd', ['--mkfs', '-i', '0', '--osd-uuid', uuid])
  daemons.push(startDaemon(cluster, 'ceph-osd', ['-i', '0']))
}

async function createUser(
  cluster: Cluster,
): Promise<Pick<RadosGateway, 'accessKeyId' | 'secretAccessKey'>> {
  const accessKeyId = randomUUID()
  const secretAccessKey = randomUUID()
  await cephRun(cluster, 'radosgw-admin', [
    '--ms_mon_client_mode=crc',
    'user',
    'create',
    '--uid=tester',
    '--display-name=tester',
    `--access-key=${accessKeyId}`,
    `--secret-key=${secretAccessKey}`,
  ])
  return { accessKeyId, secretAccessKey }
}

async function startGateway(cluster: Cluster): Promise<ChildProcess> {
  const gateway = startDaemon(cluster, 'radosgw', ['-n', 'client.rgw.a'])
  const giveUpAt = Date.now() + readySeconds * 1000
  while (!(await responds(cluster.gatewayPort))) {
    if (gateway.exitCode !== null || Date.now() > giveUpAt) {
      await end(gateway)
      throw new Error('the gateway does not respond')
    }
    await delay(50)
  }
  return gateway
}

async function responds(port: number): Promise<boolean> {
  try {
    const response = await fetch(endpointOf(port), { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

function endpointOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

function gatewayOf(
  cluster: Cluster,
  started: {
    readonly gateway: ChildProcess
    readonly daemons: readonly ChildProcess[]
    readonly keys: Pick<RadosGateway, 'accessKeyId' | 'secretAccessKey'>
  },
): RadosGateway {
  let { gateway } = started
  return {
    endpoint: endpointOf(cluster.gatewayPort),
    ...started.keys,
    stop: async () => end(gateway),
    async startAgain() {
      gateway = await startGateway(cluster)
    },
    close: async () => endAll(cluster, [gateway, ...started.daemons]),
  }
}

async function cephRun(cluster: Cluster, name: string, args: readonly string[]): Promise<void> {
  await run(name, [...args], { env: environmentOf(cluster), timeout: readySeconds * 1000 })
}

function environmentOf({ configuration }: Cluster): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], CEPH_CONF: configuration }
}

/** Starts a process that the kernel kills when this process exits, even after SIGKILL. */
function startDaemon(cluster: Cluster, name: string, args: readonly string[]): ChildProcess {
  const output = openSync(join(cluster.folder, 'log'), 'a')
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', name, '-f', ...args], {
    cwd: cluster.folder,
    env: environmentOf(cluster),
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function endAll({ folder }: Cluster, children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(children.map(end))
  await rm(folder, { recursive: true, force: true })
}

/** Returns three ports that have no listener. */
async function freePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()]
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as { port: number }).port)
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports as [number, number, number]
}
