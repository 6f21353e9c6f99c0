/** Tests that acknowledged writes survive SIGKILL. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  ACMPCAClient,
  CreateCertificateAuthorityCommand,
  DescribeCertificateAuthorityCommand,
  GetCertificateAuthorityCsrCommand,
  GetCertificateCommand,
  ImportCertificateAuthorityCertificateCommand,
  IssueCertificateCommand,
} from '@aws-sdk/client-acm-pca'
import { csr } from '../support/csrs.ts'
import { startServer } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import { readCredentials } from '../support/service.ts'

function clientOf(url: string, data: string): ACMPCAClient {
  return new ACMPCAClient({
    endpoint: url,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: readCredentials(join(data, 'credentials')),
  })
}

async function createCa(client: ACMPCAClient): Promise<string> {
  const { CertificateAuthorityArn = '' } = await client.send(
    new CreateCertificateAuthorityCommand({
      CertificateAuthorityType: 'ROOT',
      CertificateAuthorityConfiguration: {
        KeyAlgorithm: 'EC_prime256v1',
        SigningAlgorithm: 'SHA256WITHECDSA',
        Subject: { CommonName: 'durable' },
      },
    }),
  )
  return CertificateAuthorityArn
}

async function csrOf(client: ACMPCAClient, arn: string): Promise<string> {
  for (;;) {
    try {
      const { Csr = '' } = await client.send(
        new GetCertificateAuthorityCsrCommand({ CertificateAuthorityArn: arn }),
      )
      return Csr
    } catch (error) {
      if ((error as Error).name !== 'RequestInProgressException') throw error
      await setTimeout(20)
    }
  }
}

async function issue(
  client: ACMPCAClient,
  { arn, pem, template }: { arn: string; pem: string; template?: string },
): Promise<string> {
  const { CertificateArn = '' } = await client.send(
    new IssueCertificateCommand({
      CertificateAuthorityArn: arn,
      Csr: Buffer.from(pem),
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'DAYS', Value: template === undefined ? 1 : 100 },
      ...(template && { TemplateArn: `arn:aws:acm-pca:::template/${template}/V1` }),
    }),
  )
  return CertificateArn
}

test('every acknowledged CA and certificate still exists after three SIGKILLs under load', async () => {
  const data = await mkdtemp(join(tmpdir(), 'signet-kill-'))
  const acknowledged: { authority: string; certificate?: string }[] = []
  let ca: string | undefined
  for (let round = 0; round < 3; round += 1) {
    const server = await startServer(data)
    const client = clientOf(server.url, data)
    if (ca === undefined) {
      ca = await createCa(client)
      const rootArn = await issue(client, {
        arn: ca,
        pem: await csrOf(client, ca),
        template: 'RootCACertificate',
      })
      const { Certificate = '' } = await client.send(
        new GetCertificateCommand({ CertificateAuthorityArn: ca, CertificateArn: rootArn }),
      )
      await client.send(
        new ImportCertificateAuthorityCertificateCommand({
          CertificateAuthorityArn: ca,
          Certificate: Buffer.from(Certificate),
        }),
      )
    }
    const authority = ca
    const load = { running: true }
    const issuing = Array.from({ length: 8 }, async () => {
      while (load.running) {
        const certificate = await issue(client, { arn: authority, pem: csr('ec-server') }).catch(
          () => undefined,
        )
        if (certificate !== undefined) acknowledged.push({ authority, certificate })
      }
    })
    const creating = (async () => {
      while (load.running) {
        const created = await createCa(client).catch(() => undefined)
        if (created !== undefined) acknowledged.push({ authority: created })
        await setTimeout(20)
      }
    })()
    const target = acknowledged.length + 20
    await eventually(
      () => Promise.resolve(acknowledged.length > target || undefined),
      'certificates under load',
    )
    assert.equal(await server.stop('SIGKILL'), 'SIGKILL')
    load.running = false
    await Promise.all([...issuing, creating])
    client.destroy()
  }
  const server = await startServer(data)
  const client = clientOf(server.url, data)
  assert.ok(acknowledged.length > 30, `${acknowledged.length} acknowledged`)
  for (const { authority, certificate } of acknowledged) {
    if (certificate === undefined) {
      await client.send(
        new DescribeCertificateAuthorityCommand({ CertificateAuthorityArn: authority }),
      )
      assert.match(await csrOf(client, authority), /BEGIN CERTIFICATE REQUEST/)
      continue
    }
    const found = await client.send(
      new GetCertificateCommand({
        CertificateAuthorityArn: authority,
        CertificateArn: certificate,
      }),
    )
    assert.match(found.Certificate ?? '', /BEGIN CERTIFICATE/)
  }
  client.destroy()
  assert.equal(await server.stop('SIGTERM'), 0)
  await rm(data, { recursive: true })
})
