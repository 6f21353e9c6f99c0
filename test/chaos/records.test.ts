/**
 * No answer without its record, even if its process is killed as it answers, in the middle of a batch: its certificate is in the
 * database, its line in the log, and its call in the call log.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { TestFolder } from '../support/database.ts'
import { createRoot, issueInput } from '../support/hierarchy.ts'
import { KeepAlive, postBytes } from '../support/keep-alive.ts'
import { signet, startServerOn, type ServerProcess } from '../support/process.ts'
import { clientOf } from '../support/process-client.ts'
import { lastOf } from '../support/revocation.ts'
import { readCredentials } from '../support/service.ts'
import { signedHeaders } from '../support/signed-request.ts'
import { readSqlite } from './run.ts'

interface Heard {
  readonly requestId: string
  readonly serial: string
}

/** Issues on so many connections, two at a time on each, until there is no server. Returns answers other than 200, and broken ones. */
async function issueAll(
  { url, connections }: { readonly url: string; readonly connections: number },
  request: Buffer,
  onAnswer: (heard: Heard) => void,
): Promise<string[]> {
  const strange: string[] = []
  const issue = async (connection: KeepAlive): Promise<void> => {
    for (;;) {
      const { status, headers, body } = await connection.send(request)
      if (status !== 200) strange.push(`${status} ${String(body)}`)
      else {
        const { CertificateArn } = JSON.parse(String(body))
        onAnswer({
          requestId: headers.get('x-amzn-requestid') ?? '',
          serial: lastOf(CertificateArn),
        })
      }
    }
  }
  const client = async (): Promise<void> => {
    for (;;) {
      const connection = await KeepAlive.open(url)
      const ends = await Promise.allSettled([issue(connection), issue(connection)])
      for (const end of ends)
        if (end.status === 'rejected' && end.reason.message !== 'the connection ended')
          strange.push(String(end.reason.message))
    }
  }
  await Promise.allSettled(Array.from({ length: connections }, client))
  return strange
}

function issueRequest({ url }: ServerProcess, data: string, arn: string): Buffer {
  const body = JSON.stringify(issueInput(arn, csr('ec-server')))
  const headers = signedHeaders({
    url,
    target: 'ACMPrivateCA.IssueCertificate',
    body,
    region: 'eu-west-1',
    credentials: readCredentials(join(data, 'credentials')),
    date: new Date(),
  })
  return postBytes({ host: new URL(url).host, ...headers }, body)
}

/** Ids of the requests that lines of JSON are about, by the name of the member that has them. */
function idsIn(text: string, member: string): Set<unknown> {
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
  return new Set(lines.map((line) => JSON.parse(line)[member]))
}

/** The lines of ten requests are written together: none is written before the first of them is answered. */
const dying = {
  connections: 5,
  environment: {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/dies-answering.ts')}`,
    DIES_ANSWERING: '60',
  },
}
/** So many answers are heard before the signal, if one is sent. One of two workers is dead by then, and the other one not. */
const heardMin = 130

const ends = [
  { what: 'a process dies', workers: '1', to: 'pipe', ...dying },
  { what: 'a process dies', workers: '1', to: 'file', ...dying },
  {
    what: 'a worker dies, and then its primary',
    workers: '2',
    to: 'pipe',
    ...dying,
    signal: 'SIGKILL',
  },
  {
    what: 'a server is told to stop',
    workers: '2',
    to: 'file',
    connections: 32,
    environment: {},
    signal: 'SIGTERM',
  },
] as const

for (const { what, to, workers, connections, environment, ...end } of ends)
  test(`nothing was answered that is not recorded when ${what} under load, with its log in a ${to}`, async (t) => {
    using folder = new TestFolder()
    const data = folder.file('data')
    const [log, calls] = [folder.file('log'), folder.file('calls')]
    const callLog = ['--call-log', calls, '--call-log-required']
    const flags = ['--workers', workers, '--log-level', 'info', ...callLog]
    const file = to === 'file' ? openSync(log, 'w') : undefined
    const server = await startServerOn([process.execPath, signet], {
      data,
      flags,
      environment,
      ...(file !== undefined && { stderrTo: file }),
    })
    if (file !== undefined) closeSync(file)
    const { child, url } = server
    t.after(() => server.stop('SIGKILL'))
    const { arn } = await createRoot(clientOf(server, data))
    const signal = 'signal' in end ? end.signal : undefined
    const heard: Heard[] = []
    const closed = once(child, 'close')
    const strange = await issueAll(
      { url, connections },
      issueRequest(server, data, arn),
      (answer) => {
        heard.push(answer)
        if (signal !== undefined && heard.length === heardMin) child.kill(signal)
      },
    )
    if (signal !== undefined && heard.length < heardMin) child.kill(signal)
    await closed
    assert.ok(heard.length > 40, `${heard.length} heard`)

    const lines = idsIn(to === 'file' ? readFileSync(log, 'utf8') : server.stderr(), 'requestId')
    const records = idsIn(readFileSync(calls, 'utf8'), 'requestID')
    const rows = await readSqlite(join(data, 'signet.sqlite'))(
      'select serial_number from certificates',
    )
    const serials = new Set(
      rows.map((row) => Buffer.from(row['serial_number'] as Uint8Array).toString('hex')),
    )
    const missing = (where: ReadonlySet<unknown>, of: keyof Heard): string[] =>
      heard.map((one) => one[of]).filter((one) => !where.has(one))
    assert.deepEqual(missing(lines, 'requestId'), [], 'not in the log')
    assert.deepEqual(missing(records, 'requestId'), [], 'not in the call log')
    assert.deepEqual(missing(serials, 'serial'), [], 'not in the database')
    if (signal === 'SIGTERM') assert.deepEqual([child.exitCode, strange], [0, []])
    else assert.equal(child.signalCode, 'SIGKILL')
  })
