/**
 * Tests that every response has its records, even if the process is killed while it sends a batch of responses. The certificate
 * is in the database, the request is in the log, and the call is in the call log.
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

interface IssueResponse {
  readonly requestId: string
  readonly serial: string
}

/** Issues certificates, two at a time on each connection, until the server exits, and returns the unexpected responses. */
async function issueAll(
  { url, connections }: { readonly url: string; readonly connections: number },
  request: Buffer,
  onResponse: (response: IssueResponse) => void,
): Promise<string[]> {
  const unexpected: string[] = []
  const issue = async (connection: KeepAlive): Promise<void> => {
    for (;;) {
      const { status, headers, body } = await connection.send(request)
      if (status !== 200) unexpected.push(`${status} ${String(body)}`)
      else {
        const { CertificateArn } = JSON.parse(String(body))
        onResponse({
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
          unexpected.push(String(end.reason.message))
    }
  }
  await Promise.allSettled(Array.from({ length: connections }, client))
  return unexpected
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

/** Returns the request IDs in lines of JSON. `member` is the name of the member that contains the request ID. */
function idsIn(text: string, member: string): Set<unknown> {
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
  return new Set(lines.map((line) => JSON.parse(line)[member]))
}

/**
 * A process is killed after its 60th response. At most ten requests are concurrent, and their log lines are written together, so
 * no line is written too early.
 */
const killed = {
  connections: 5,
  environment: {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/dies-answering.ts')}`,
    DIES_ANSWERING: '60',
  },
}
/**
 * Number of responses before the signal is sent. By then, one of the two workers has been killed, and the other worker
 * is still running.
 */
const responsesMin = 130

const ends = [
  { event: 'a process is killed', workers: '1', logTo: 'pipe', ...killed },
  { event: 'a process is killed', workers: '1', logTo: 'file', ...killed },
  {
    event: 'a worker is killed, and then its primary',
    workers: '2',
    logTo: 'pipe',
    ...killed,
    signal: 'SIGKILL',
  },
  {
    event: 'a server receives SIGTERM',
    workers: '2',
    logTo: 'file',
    connections: 32,
    environment: {},
    signal: 'SIGTERM',
  },
] as const

for (const { event, logTo, workers, connections, environment, ...end } of ends)
  test(`every response has its records when ${event} under load, with the log in a ${logTo}`, async (t) => {
    using folder = new TestFolder()
    const data = folder.file('data')
    const [log, calls] = [folder.file('log'), folder.file('calls')]
    const callLog = ['--call-log', calls, '--call-log-required']
    const flags = ['--workers', workers, '--log-level', 'info', ...callLog]
    const file = logTo === 'file' ? openSync(log, 'w') : undefined
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
    const responses: IssueResponse[] = []
    const closed = once(child, 'close')
    const unexpected = await issueAll(
      { url, connections },
      issueRequest(server, data, arn),
      (response) => {
        responses.push(response)
        if (signal !== undefined && responses.length === responsesMin) child.kill(signal)
      },
    )
    if (signal !== undefined && responses.length < responsesMin) child.kill(signal)
    await closed
    assert.ok(responses.length > 40, `${responses.length} responses`)

    const loggedIds = idsIn(
      logTo === 'file' ? readFileSync(log, 'utf8') : server.stderr(),
      'requestId',
    )
    const calledIds = idsIn(readFileSync(calls, 'utf8'), 'requestID')
    const rows = await readSqlite(join(data, 'signet.sqlite'))(
      'select serial_number from certificates',
    )
    const serials = new Set(
      rows.map((row) => Buffer.from(row['serial_number'] as Uint8Array).toString('hex')),
    )
    const missing = (records: ReadonlySet<unknown>, id: keyof IssueResponse): string[] =>
      responses.map((response) => response[id]).filter((value) => !records.has(value))
    assert.deepEqual(missing(loggedIds, 'requestId'), [], 'not in the log')
    assert.deepEqual(missing(calledIds, 'requestId'), [], 'not in the call log')
    assert.deepEqual(missing(serials, 'serial'), [], 'not in the database')
    if (signal === 'SIGTERM') assert.deepEqual([child.exitCode, unexpected], [0, []])
    else assert.equal(child.signalCode, 'SIGKILL')
  })
