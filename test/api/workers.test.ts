/** Tests of a server with several workers: crashes, signals, and metrics, rates and logs across all workers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { csr } from '../support/csrs.ts'
import { authorityInput, issueInput } from '../support/hierarchy.ts'
import { startServer, type ServerProcess } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import { readCredentials, type Members } from '../support/service.ts'
import { signedHeaders } from '../support/signed-request.ts'
import { makeCertificate } from '../support/tls.ts'

const run = promisify(execFile)
let folder: string
let rates: string
let server: ServerProcess
/** Servers to kill at the end. If a failed test left a server running, this process would not exit. */
const started: ServerProcess[] = []
let authorityArn: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-workers-'))
  rates = join(folder, 'rates.json')
  await writeFile(rates, '{}')
  await mkdir(join(folder, 'log'))
  const callLog = ['--call-log', join(folder, 'log', 'calls'), '--call-log-required']
  const flags = ['--workers', '3', '--rates-file', rates, ...callLog]
  server = await startServer(join(folder, 'data'), flags)
  started.push(server)
  authorityArn = await createRoot()
})
after(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly json: Members
}

/** Sends a request over a new connection, so that any worker may receive it. */
async function call(operation: string, input: object): Promise<Answer> {
  const body = JSON.stringify(input)
  const headers = signedHeaders({
    url: server.url,
    target: `ACMPrivateCA.${operation}`,
    body,
    region: 'eu-west-1',
    credentials: readCredentials(join(folder, 'data', 'credentials')),
    date: new Date(),
  })
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { ...headers, connection: 'close' },
    body,
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? {} : JSON.parse(text) }
}

async function must(operation: string, input: object): Promise<Members> {
  const { status, json } = await call(operation, input)
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

async function createRoot(): Promise<string> {
  const { CertificateAuthorityArn: arn } = await must(
    'CreateCertificateAuthority',
    authorityInput(),
  )
  const authority = { CertificateAuthorityArn: arn }
  const { Csr } = await eventually(async () => {
    const { status, json } = await call('GetCertificateAuthorityCsr', authority)
    return status === 200 ? json : undefined
  }, 'the CSR')
  const input = issueInput(arn, Csr, {
    template: 'RootCACertificate',
    validity: { Value: 10, Type: 'YEARS' },
  })
  const { CertificateArn } = await must('IssueCertificate', input)
  const { Certificate } = await must('GetCertificate', { ...authority, CertificateArn })
  const pem = Buffer.from(Certificate).toString('base64')
  await must('ImportCertificateAuthorityCertificate', { ...authority, Certificate: pem })
  return arn
}

const workers = (): Promise<number[]> => workersOf(server)

async function workersOf({ child }: ServerProcess): Promise<number[]> {
  const { stdout } = await run('pgrep', ['-P', String(child.pid)])
  return stdout.trim().split('\n').map(Number)
}

test('a worker returns the number of workers and the jobs of its primary', async () => {
  const { json } = await call('DescribeServer', {})
  assert.equal(json.Server.Workers, 3)
  assert.ok(json.Server.StartedAt <= json.Server.CurrentTime)
  const jobs = (await call('ListJobs', {})).json.Jobs as Members[]
  const job = jobs.find(({ Name }) => Name === 'publish-crls')
  assert.ok(job.LastStartedAt <= job.NextRunAt)
  assert.equal(job.EverySeconds, 1)
})

test('acknowledged certificates survive the crash of a worker, and the other workers continue', async () => {
  const before_ = await eventually(async () => {
    const found = await workers()
    return found.length === 3 ? found : undefined
  }, 'three workers')
  const acknowledged: string[] = []
  let failures = 0
  let timeouts = 0
  const issueSome = async (): Promise<void> => {
    for (let number = 0; number < 25; number += 1)
      try {
        const { json } = await call('IssueCertificate', issueInput(authorityArn, csr('ec-server')))
        acknowledged.push(json.CertificateArn)
      } catch (error) {
        if ((error as Error).name === 'TimeoutError') timeouts += 1
        failures += 1
      }
  }
  const load = Array.from({ length: 8 }, issueSome)
  await eventually(async () => (acknowledged.length > 20 ? true : undefined), 'some certificates')
  process.kill(before_[0] ?? 0, 'SIGKILL')
  await Promise.all(load)
  assert.ok(acknowledged.length > 100, `${acknowledged.length} issued, ${failures} cut off`)
  assert.equal(timeouts, 0, 'calls without a response or a closed connection')
  assert.equal(new Set(acknowledged).size, acknowledged.length)
  for (const CertificateArn of acknowledged)
    await must('GetCertificate', { CertificateAuthorityArn: authorityArn, CertificateArn })
  await eventually(async () => {
    const found = await workers()
    return found.length === 3 && !found.includes(before_[0] ?? 0) ? found : undefined
  }, 'another worker')
})

/** A connection with one request, and the part of the response received so far. */
interface Exchange {
  readonly socket: Socket
  text: string
}

async function open(url: string): Promise<Exchange> {
  const { hostname, port } = new URL(url)
  const exchange: Exchange = { socket: connect(Number(port), hostname), text: '' }
  const { socket } = exchange
  socket.on('data', (data: Buffer) => (exchange.text += data.toString('latin1')))
  // A reset also closes the connection.
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`GET /healthz HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
  return exchange
}

for (const isTls of [false, true])
  test(`a connection in transfer to a killed worker is closed${isTls ? ', over TLS too' : ''}`, async () => {
    const data = join(folder, `handed-${isTls}`)
    const { cert, key } = await makeCertificate(folder, 'handed')
    const tls = isTls ? ['--tls-cert', cert, '--tls-key', key] : []
    const target = await startServer(data, ['--workers', '3', ...tls])
    started.push(target)
    const pids = await workersOf(target)
    const [stuck = 0] = pids
    // Like a worker that is about to exit, a suspended worker does not accept connections.
    process.kill(stuck, 'SIGSTOP')
    const exchanges: Exchange[] = []
    for (let count = 0; count < 12; count += 1) exchanges.push(await open(target.url))
    const waiting = (): Exchange[] => exchanges.filter(({ text, socket }) => isOpen(socket, text))
    // The remaining workers respond. Over TLS, the workers close a connection without a handshake.
    await eventually(
      async () => (waiting().length === 1 ? true : undefined),
      'responses of the other workers',
    )
    process.kill(stuck, 'SIGKILL')
    await eventually(async () => (waiting().length === 0 ? true : undefined), 'a closed connection')
    await eventually(async () => {
      const found = await workersOf(target)
      return found.length === 3 && !found.includes(stuck) ? true : undefined
    }, 'another worker')
    for (const { socket } of exchanges) socket.destroy()
    assert.equal(await target.stop('SIGTERM'), 0)
  })

function isOpen(socket: Socket, text: string): boolean {
  return text === '' && !socket.closed && !socket.readableEnded
}

test('a change by one worker is immediately visible to all workers', async () => {
  const authority = { CertificateAuthorityArn: authorityArn }
  for (const Value of ['a', 'b', 'c']) {
    await must('TagCertificateAuthority', { ...authority, Tags: [{ Key: 'k', Value }] })
    for (let time = 0; time < 6; time += 1)
      assert.deepEqual((await must('ListTags', authority)).Tags, [{ Key: 'k', Value }])
  }
})

test('the metrics are the sums over all processes', async () => {
  const count = async (): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const line = /^signet_requests_total\{operation="ListPermissions",result="success"\} (\d+)$/m
    return Number(line.exec(text)?.[1] ?? 0)
  }
  const before_ = await count()
  for (let time = 0; time < 9; time += 1)
    await must('ListPermissions', { CertificateAuthorityArn: authorityArn })
  assert.equal(await count(), before_ + 9)
})

test('a request rate applies across all workers, and SIGHUP reloads it', async () => {
  await writeFile(rates, JSON.stringify({ GetPolicy: 0.001 }))
  server.child.kill('SIGHUP')
  const code = async (): Promise<string> =>
    String((await call('GetPolicy', { ResourceArn: authorityArn })).json.__type)
  await eventually(async () => {
    const codes = await Promise.all(Array.from({ length: 6 }, code))
    return codes.every((one) => one === 'ThrottlingException') ? true : undefined
  }, 'the limit, in all workers')
  await writeFile(rates, '{}')
  server.child.kill('SIGHUP')
  await eventually(async () => {
    const codes = await Promise.all(Array.from({ length: 6 }, code))
    return codes.every((one) => one === 'ResourceNotFoundException') ? true : undefined
  }, 'no limit')
})

test('all workers write to one call log', async () => {
  const { headers } = await fetch(server.url, { method: 'POST' })
  const id = headers.get('x-amzn-requestid') ?? ''
  await eventually(async () => {
    const text = await readFile(join(folder, 'log', 'calls'), 'utf8')
    return text.includes(id) ? true : undefined
  }, 'the record')
})

test('all workers refuse calls while the call log cannot be written', async () => {
  const describe = (): Promise<Answer> =>
    call('DescribeCertificateAuthority', { CertificateAuthorityArn: authorityArn })
  const statuses = async (): Promise<number[]> => {
    const answers = await Promise.all(Array.from({ length: 9 }, describe))
    return answers.map(({ status }) => status)
  }
  const all = (expected: number) => async () =>
    (await statuses()).every((status) => status === expected) ? true : undefined
  await eventually(all(200), 'answers')
  await rename(join(folder, 'log'), join(folder, 'elsewhere'))
  await eventually(all(503), 'refusals')
  await rename(join(folder, 'elsewhere'), join(folder, 'log'))
  server.child.kill('SIGHUP')
  await eventually(all(200), 'answers again')
})

test('a worker that fails to start for any reason ends, and is replaced once workers can start', async () => {
  const before_ = await workers()
  using db = new DatabaseSync(join(folder, 'data', 'signet.sqlite'), { timeout: 5000 })
  // This failure is not a configuration error.
  db.exec('alter table settings rename to mislaid')
  const attempts = new Set<number>()
  try {
    process.kill(before_[0] ?? 0, 'SIGKILL')
    await eventually(async () => {
      for (const pid of await workers()) if (!before_.includes(pid)) attempts.add(pid)
      return attempts.size > 1 ? true : undefined
    }, 'a second attempt')
  } finally {
    db.exec('alter table mislaid rename to settings')
  }
  await eventually(async () => ((await workers()).length === 3 ? true : undefined), 'a worker')
  assert.match(server.stderr(), /no such table: settings.*a worker cannot be replaced yet/)
})

test('SIGTERM ends all processes, and aggregated calls are still written to the call log', async () => {
  const reject = (): Promise<string> =>
    fetch(server.url, { method: 'POST', headers: { connection: 'close' }, body: '{' }).then(
      (answer) => answer.text(),
    )
  for (let n = 0; n < 30; n += 1) await reject()
  const before_ = await workers()
  assert.equal(await server.stop('SIGTERM'), 0)
  for (const pid of before_) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  const records = (await readFile(join(folder, 'log', 'calls'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line): Members => JSON.parse(line))
  const unknown = records.filter(({ userIdentity }) => userIdentity.type === 'Unknown')
  const counts = unknown.map(({ additionalEventData }) => additionalEventData?.aggregatedCalls ?? 1)
  assert.ok(unknown.length < 30)
  assert.ok(counts.reduce((sum: number, count: number) => sum + count, 0) >= 30)
})

test('a port in use is reported once, and workers do not outlive their primary', async () => {
  const data = join(folder, 'other')
  const other = await startServer(data, ['--workers', '2'])
  started.push(other)
  const { stdout } = await run('pgrep', ['-P', String(other.child.pid)])
  const pids = stdout.trim().split('\n').map(Number)
  const port = new URL(other.url).port
  await assert.rejects(
    startServer(join(folder, 'third'), ['--workers', '2', '--listen', `127.0.0.1:${port}`]),
    /server ended with 2: signet: cannot listen on 127\.0\.0\.1:\d+/,
  )
  await other.stop('SIGKILL')
  await eventually(async () => {
    const alive = pids.filter((pid) => {
      try {
        process.kill(pid, 0)
        return true
      } catch {
        return false
      }
    })
    return alive.length === 0 ? true : undefined
  }, 'the end of the workers')
})
