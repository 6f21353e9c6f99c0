/**
 * Tests that reads are linearizable. A read that starts after a write was acknowledged returns that write or a newer one. The
 * guarantee holds for every connection, every worker and every request in a batch. No later read returns an older state.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { policyOf, sharingStatements } from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { TestFolder } from '../support/database.ts'
import { createRoot, issueInput, templateArn } from '../support/hierarchy.ts'
import { KeepAlive, postBytes, type HttpAnswer } from '../support/keep-alive.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { startServer } from '../support/process.ts'
import { clientOf } from '../support/process-client.ts'
import { lastOf } from '../support/revocation.ts'
import { readCredentials, type Members } from '../support/service.ts'
import { signedHeaders } from '../support/signed-request.ts'

type Listener = 'api' | 'public'
type Sign = (operation: string, input: object) => Buffer

/** A value that the test's clients read and write. Each write creates the next version of the value. */
interface Register {
  readonly listener: Listener
  write(version: number, call: Call, connections: Connections): Promise<unknown>
  /** A request that reads the register; `version` is the newest acknowledged version. */
  read(version: number): Buffer
  /** The state that a read of the given version returns. */
  stateOf(version: number): string
  /** The state in a response. */
  observe(answer: HttpAnswer): string
}

type Call = (operation: string, input: object) => Promise<Members>
type Connections = Readonly<Record<Listener, readonly KeepAlive[]>>

const jsonOf = ({ body }: HttpAnswer): Members =>
  body.length === 0 ? {} : JSON.parse(String(body))

interface Root {
  readonly arn: string
  readonly certificate: string
}

const withOcsp = (more: object = {}): { RevocationConfiguration: object } => ({
  RevocationConfiguration: { OcspConfiguration: { Enabled: true, ...more } },
})

function registersOf(sign: Sign, { arn, certificate }: Root): Register[] {
  const authority = { CertificateAuthorityArn: arn }
  const isAbsent = (version: number): boolean => version % 4 === 0
  const stateOf = (version: number): string => (isAbsent(version) ? 'none' : `v${version}`)
  const tag: Register = {
    listener: 'api',
    write: (version, call) =>
      isAbsent(version)
        ? call('UntagCertificateAuthority', { ...authority, Tags: [{ Key: 'register' }] })
        : call('TagCertificateAuthority', {
            ...authority,
            Tags: [{ Key: 'register', Value: stateOf(version) }],
          }),
    read: always(sign('ListTags', authority)),
    stateOf,
    observe: (answer) => jsonOf(answer).Tags[0]?.Value ?? 'none',
  }
  const configuration: Register = {
    listener: 'api',
    write(version, call) {
      const cname = !isAbsent(version) && { OcspCustomCname: `${stateOf(version)}.example.test` }
      return call('UpdateCertificateAuthority', { ...authority, ...withOcsp({ ...cname }) })
    },
    read: always(sign('DescribeCertificateAuthority', authority)),
    stateOf,
    observe(answer) {
      const { RevocationConfiguration } = jsonOf(answer).CertificateAuthority
      return RevocationConfiguration.OcspConfiguration.OcspCustomCname?.split('.')[0] ?? 'none'
    },
  }
  const [read, issuing] = sharingStatements({ arn })
  const template = { 'acm-pca:TemplateArn': templateArn('EndEntityCertificate') }
  const policy: Register = {
    listener: 'api',
    write(version, call) {
      const organization = { 'aws:PrincipalOrgID': `o-${String(version).padStart(10, '0')}` }
      const grantTo = (more: object): object => ({
        Principal: '*',
        Condition: { StringEquals: { ...organization, ...more } },
      })
      const Policy = policyOf({ ...read, ...grantTo({}) }, { ...issuing, ...grantTo(template) })
      return isAbsent(version)
        ? call('DeletePolicy', { ResourceArn: arn })
        : call('PutPolicy', { ResourceArn: arn, Policy })
    },
    read: always(sign('GetPolicy', { ResourceArn: arn })),
    stateOf,
    observe(answer) {
      const number = /o-0*(\d+)/.exec(String(answer.body))?.[1]
      return number === undefined ? 'none' : `v${number}`
    },
  }
  const permission: Register = {
    listener: 'api',
    write(version, call) {
      const input = { ...authority, Principal: 'acm.amazonaws.com' }
      return version % 2 === 0
        ? call('DeletePermission', input)
        : call('CreatePermission', { ...input, Actions: ['ListPermissions'] })
    },
    read: always(sign('ListPermissions', authority)),
    stateOf: (version) => String(version % 2),
    observe: (answer) => String(jsonOf(answer).Permissions.length),
  }
  return [
    tag,
    configuration,
    policy,
    permission,
    issuedCertificates(sign, arn),
    revocations({ arn, certificate }),
  ]
}

const always = (request: Buffer) => (): Buffer => request

/**
 * In the register of certificates, each version adds a certificate. A read requests the certificate that was acknowledged last.
 */
function issuedCertificates(sign: Sign, arn: string): Register {
  const issued: string[] = []
  const authority = { CertificateAuthorityArn: arn }
  return {
    listener: 'api',
    async write(version, call) {
      const input = issueInput(arn, csr('ec-server'))
      issued[version] = (await call('IssueCertificate', input)).CertificateArn
    },
    read(version) {
      // Before the first certificate is issued, the read requests the CA's own certificate.
      const CertificateArn = issued[version]
      return CertificateArn === undefined
        ? sign('GetCertificateAuthorityCertificate', authority)
        : sign('GetCertificate', { ...authority, CertificateArn })
    },
    stateOf: () => 'found',
    observe: ({ status, body }) => (status === 200 ? 'found' : String(body)),
  }
}

/**
 * In the register of revocations, each version adds a revocation. A read requests the OCSP status of the last certificate whose
 * revocation was acknowledged.
 */
function revocations({ arn, certificate }: Root): Register {
  const revoked: Buffer[] = []
  const statusRequest = (serial: string): Buffer =>
    postBytes(
      { host: 'h', 'content-type': 'application/ocsp-request' },
      ocspRequest([{ issuer: certificate, serial }]),
      '/ocsp',
    )
  const observe = ({ body }: HttpAnswer): string => readOcspAnswer(body).singles[0]?.status ?? ''
  return {
    listener: 'public',
    async write(version, call, connections) {
      const input = issueInput(arn, csr('ec-server'))
      const CertificateSerial = lastOf((await call('IssueCertificate', input)).CertificateArn)
      const request = statusRequest(CertificateSerial)
      // Every responder has now cached a response that the revocation invalidates.
      for (const connection of connections.public)
        assert.equal(observe(await connection.send(request)), 'good')
      const RevocationReason = 'SUPERSEDED'
      const revocation = { CertificateAuthorityArn: arn, CertificateSerial, RevocationReason }
      await call('RevokeCertificate', revocation)
      revoked[version] = request
    },
    read: (version) => revoked[version] ?? statusRequest('01'),
    stateOf: (version) => (version === 0 ? 'unknown' : 'revoked'),
    observe,
  }
}

/** A register with its last known versions. Writes are serialized, so that versions are in order. */
class CheckedRegister {
  readonly register: Register
  #started = 0
  #acknowledged = 0
  /** The newest version that a completed read has returned. */
  #seen = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(register: Register) {
    this.register = register
  }

  async write(call: Call, connections: Connections): Promise<void> {
    const write = async (): Promise<void> => {
      this.#started += 1
      await this.register.write(this.#started, call, connections)
      this.#acknowledged = this.#started
    }
    this.#last = this.#last.then(write)
    await this.#last
  }

  request(): Buffer {
    return this.register.read(this.#acknowledged)
  }

  /**
   * Called when the last byte of a read is sent. Returns a function that checks that the response is not older than the versions
   * known when the read was sent.
   */
  begin(): (answer: HttpAnswer) => void {
    const first = Math.max(this.#acknowledged, this.#seen)
    return (answer) => {
      const { register } = this
      const state = register.observe(answer)
      for (let version = first; version <= this.#started; version += 1)
        if (register.stateOf(version) === state) {
          this.#seen = Math.max(this.#seen, version)
          return
        }
      assert.fail(`read ${state} after version ${first}, which is ${register.stateOf(first)}`)
    }
  }
}

interface Step {
  readonly register: number
  readonly writer: number | undefined
  readonly reads: readonly {
    readonly connection: number
    readonly mode: 'partial' | 'plain' | 'pipelined'
  }[]
}

const connectionsMax = 4
const step: fc.Arbitrary<Step> = fc.record({
  register: fc.nat(5),
  writer: fc.option(fc.nat(connectionsMax - 1), { freq: 3, nil: undefined }),
  reads: fc.array(
    fc.record({
      connection: fc.nat(connectionsMax - 1),
      mode: fc.constantFrom('partial', 'plain', 'pipelined'),
    }),
    { minLength: 1, maxLength: 6, size: 'max' },
  ),
})

/**
 * Performs the step's write, if the step has a writer, and then the reads. Partial requests are sent before the write, and their
 * last bytes after the write.
 */
async function runStep(
  { register, writer, reads }: Step,
  registers: readonly CheckedRegister[],
  { sign, connections }: { readonly sign: Sign; readonly connections: Connections },
): Promise<void> {
  const checked = registers[register] as CheckedRegister
  const own = connections[checked.register.listener]
  const unsent = new Map<number, Buffer>()
  for (const { connection, mode } of reads) {
    if (mode !== 'partial' || unsent.has(connection)) continue
    // The write needs connections without a partial request. Before a revocation, the test sends requests over all public
    // connections.
    if (writer !== undefined && (connection === writer || checked.register.listener === 'public'))
      continue
    const request = checked.request()
    own[connection]?.write(request.subarray(0, -1))
    unsent.set(connection, request.subarray(-1))
  }
  const call: Call = async (operation, input) => {
    const answer = await (connections.api[writer ?? 0] as KeepAlive).send(sign(operation, input))
    assert.equal(answer.status, 200, String(answer.body))
    return jsonOf(answer)
  }
  if (writer !== undefined) await checked.write(call, connections)
  const answers: Promise<void>[] = []
  const finish = (index: number, bytes: Buffer, count: number): void => {
    const connection = own[index] as KeepAlive
    const check = checked.begin()
    connection.write(bytes)
    for (let number = 0; number < count; number += 1) answers.push(connection.answer().then(check))
  }
  for (const [index, lastByte] of unsent) finish(index, lastByte, 1)
  for (const { connection, mode } of reads) {
    if (mode === 'partial') continue
    const copies = mode === 'plain' ? 1 : 4
    finish(connection, Buffer.concat(Array<Buffer>(copies).fill(checked.request())), copies)
  }
  await Promise.all(answers)
}

/**
 * Reads a register until `isOver`. Several requests are pipelined at a time, to keep snapshots open and to make batches large.
 */
async function readContinuously(
  checked: CheckedRegister,
  url: string,
  isOver: () => boolean,
): Promise<void> {
  using connection = await KeepAlive.open(url)
  while (!isOver()) {
    connection.write(Buffer.concat(Array<Buffer>(6).fill(checked.request())))
    for (const answer of Array.from({ length: 6 }, () => connection.answer())) await answer
  }
}

const folder = new TestFolder()
after(() => folder[Symbol.dispose]())

for (const workers of ['1', '2'])
  test(`an acknowledged write is visible on every connection immediately, with --workers ${workers}`, async (t) => {
    const data = folder.file(workers)
    const server = await startServer(data, ['--workers', workers])
    t.after(() => server.stop('SIGKILL'))
    const credentials = readCredentials(`${data}/credentials`)
    const { url } = server
    const sign: Sign = (operation, input) => {
      const body = JSON.stringify(input)
      const target = `ACMPrivateCA.${operation}`
      const request = { url, target, body, region: 'eu-west-1', credentials, date: new Date() }
      return postBytes({ host: new URL(url).host, ...signedHeaders(request) }, body)
    }
    const root = await createRoot(clientOf(server, data), { more: withOcsp() })
    const registers = registersOf(sign, root).map((register) => new CheckedRegister(register))
    const connect = (origin: string): Promise<KeepAlive[]> =>
      Promise.all(Array.from({ length: connectionsMax }, () => KeepAlive.open(origin)))
    const clients: Connections[] = []
    while (clients.length < 4)
      clients.push({ api: await connect(url), public: await connect(server.publicUrl) })
    let isOver = false
    const urls = { api: url, public: server.publicUrl }
    const readers = [...registers, ...registers].map((checked) =>
      readContinuously(checked, urls[checked.register.listener], () => isOver),
    )
    const steps = fc.array(step, { maxLength: 6, size: 'max' })
    const stepsOfClients = fc.tuple(...clients.map(() => steps))
    const property = fc.asyncProperty(stepsOfClients, async (chosen) => {
      const run = async (own: readonly Step[], connections: Connections): Promise<void> => {
        for (const next of own) await runStep(next, registers, { sign, connections })
      }
      await Promise.all(chosen.map((own, index) => run(own, clients[index] as Connections)))
    })
    try {
      await fc.assert(property, { seed: 17, numRuns: 10, endOnFailure: true })
    } finally {
      isOver = true
      await Promise.all(readers)
      for (const client of clients)
        for (const connection of [...client.api, ...client.public]) connection[Symbol.dispose]()
    }
  })
