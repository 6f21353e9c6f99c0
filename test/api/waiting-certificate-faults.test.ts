/** Tests of waiting certificates whose server is killed or restored from a backup. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { after, before, beforeEach, suite, test } from 'node:test'
import { createClient } from '../../client/index.ts'
import { BackupFolder } from '../support/backups.ts'
import { csr } from '../support/csrs.ts'
import { createRoot } from '../support/hierarchy.ts'
import { KmsServer, kmsEnvironment, useKmsCredentials } from '../support/kms-server.ts'
import { clientOf } from '../support/process-client.ts'
import { startServer, type ServerProcess } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import { readCredentials, TestService, type ApiCaller } from '../support/service.ts'
import { hasSerialOf, request, retry } from '../support/waiting.ts'

useKmsCredentials()
let kms: KmsServer
const folder = new BackupFolder()
const started: ServerProcess[] = []

before(async () => {
  kms = await KmsServer.start()
})
beforeEach(() => {
  kms.fault = () => undefined
})
after(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  await kms[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const isSign = (operation: string): boolean => operation === 'Sign'

function deny(operation: string): 'deny' | undefined {
  return isSign(operation) ? 'deny' : undefined
}

async function serve(
  name: string,
  { endpoint, region }: KmsServer,
  workers = '1',
): Promise<ServerProcess> {
  const keys = ['--ca-keys', 'kms', '--kms-endpoint', endpoint, '--kms-region', region]
  const flags = [...keys, '--workers', workers]
  const server = await startServer(folder.file(name), flags, kmsEnvironment)
  started.push(server)
  return server
}

type Arns = Awaited<ReturnType<typeof request>>

/** Waits until the certificate is issued, like the AWS waiter CertificateIssued. Returns the certificate in PEM. */
async function issued(client: ApiCaller, arns: Arns): Promise<string> {
  return eventually(async () => {
    const { status, json, text } = await client.call('GetCertificate', arns)
    if (status === 200) return json['Certificate'] as string
    assert.equal(json['__type'], 'RequestInProgressException', text)
    return undefined
  }, 'the certificate')
}

suite('a server that is killed', { concurrency: true }, () => {
  for (const [moment, atSignature] of [
    ['after the acknowledgement', undefined],
    ['while the key signs', 'before'],
    ['when the signature arrives', 'after'],
  ] as const)
    test(`${moment} issues the certificate after its restart, under the same serial number`, async (t) => {
      const ownKms = await KmsServer.start()
      t.after(() => ownKms[Symbol.asyncDispose]())
      const first = await serve(moment, ownKms)
      const client = clientOf(first, folder.file(moment))
      const root = await createRoot(client)
      ownKms.fault = deny
      const waiting = [await request(client, root.arn), await request(client, root.arn)]
      const exited = once(first.child, 'exit')
      const kill = (): void => void first.child.kill('SIGKILL')
      if (atSignature === undefined) kill()
      else
        ownKms.fault = (operation) => {
          if (!isSign(operation)) return undefined
          if (atSignature === 'before') kill()
          else setImmediate(kill)
          return undefined
        }
      await exited
      ownKms.fault = () => undefined
      const second = await serve(moment, ownKms)
      const again = clientOf(second, folder.file(moment))
      const issuer = new X509Certificate(root.certificate)
      for (const arns of waiting) {
        const certificate = await issued(again, arns)
        assert.ok(hasSerialOf(certificate, arns.CertificateArn))
        assert.ok(new X509Certificate(certificate).verify(issuer.publicKey))
        assert.equal(await issued(again, arns), certificate)
      }
      assert.notEqual(waiting[0]?.CertificateArn, waiting[1]?.CertificateArn)
      assert.equal(await second.stop('SIGTERM'), 0)
    })
})

test('with workers, the primary issues waiting certificates, and the waiter of a client receives them', async (t) => {
  const server = await serve('workers', kms, '2')
  const root = await createRoot(clientOf(server, folder.file('workers')))
  const credentials = readCredentials(folder.file('workers/credentials'))
  const client = createClient({ region: 'eu-west-1', endpoint: server.url, credentials })
  t.after(() => client.close())
  let denied = 0
  kms.fault = (operation) => {
    if (!isSign(operation)) return undefined
    denied += 1
    // The outage affects the request and the job's first run.
    return denied <= 2 ? 'deny' : undefined
  }
  const issuedCertificate = await client.issue({
    ca: root.arn,
    csr: csr('ec-server'),
    validity: { days: 30 },
  })
  assert.ok(denied > 2)
  assert.ok(hasSerialOf(issuedCertificate.certificate, issuedCertificate.arn))
  assert.equal(await server.stop('SIGTERM'), 0)
})

test('waiting certificates are in backups, and a restored server issues them', async (t) => {
  const flags = { caKeys: 'kms', kmsEndpoint: kms.endpoint, kmsRegion: kms.region }
  const service = await TestService.start(flags)
  t.after(() => service.close())
  const root = await createRoot(service)
  kms.fault = deny
  const arns = await request(service, root.arn)
  await folder.backUp('waiting', ['--data', service.config.dataDirectory])
  const data = folder.file('restored')
  await folder.restore('waiting', ['--data', data])
  kms.fault = () => undefined
  const restored = await TestService.start({ ...flags, data }, { clock: service.clock })
  t.after(() => restored.close())
  await retry(restored)
  const { Certificate } = await restored.must('GetCertificate', arns)
  assert.ok(hasSerialOf(Certificate, arns.CertificateArn))
})
