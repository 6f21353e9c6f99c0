/**
 * A stand-in for AWS KMS. The stand-in checks the signature and every parameter of each request. Tests can make the stand-in
 * respond slowly, throttle or reject requests, close connections, or sign with a wrong key.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { indexHeaders, splitTarget } from '../../src/wire/sigv4/request.ts'
import {
  checkClaim,
  deriveSigningKey,
  isSignatureValid,
  parseSignature,
} from '../../src/wire/sigv4/verify.ts'
import { KmsFailure, KmsOperations, type KmsInput } from './kms-operations.ts'

/** Fault that replaces or precedes the response to a request. */
export type KmsFault =
  | 'throttle'
  | 'internal'
  | 'disconnect'
  | 'deny'
  | 'wrong-signature'
  | { readonly until: Promise<unknown> }

export const kmsCredentials = {
  accessKeyId: 'AKIAKMSSTANDIN000000',
  secretAccessKey: 'kms-stand-in-secret-0123456789abcdefghij',
}

/** The credentials as environment variables for the SDK. */
export const kmsEnvironment = {
  AWS_ACCESS_KEY_ID: kmsCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: kmsCredentials.secretAccessKey,
}

/** Makes the credentials available to the SDK in this process. */
export function useKmsCredentials(): void {
  Object.assign(process.env, kmsEnvironment)
}

const failures: Partial<Record<string, KmsFailure>> = {
  throttle: new KmsFailure('ThrottlingException', 400, 'Rate exceeded'),
  internal: new KmsFailure('KMSInternalException', 500, 'The request failed.'),
  deny: new KmsFailure(
    'AccessDeniedException',
    400,
    'User: arn:aws:iam::111122223333:user/signet is not authorized to perform this action',
  ),
}

export class KmsServer implements AsyncDisposable {
  readonly operations: KmsOperations
  /** Names of the operations that were requested, in order. */
  readonly calls: string[] = []
  /** Returns the fault for a request. */
  fault: (operation: string, input: KmsInput) => KmsFault | undefined = () => undefined
  readonly region: string
  readonly #server: Server
  #port = 0

  private constructor(region: string) {
    this.region = region
    this.operations = new KmsOperations(region)
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start(region = 'eu-central-1'): Promise<KmsServer> {
    const server = new KmsServer(region)
    await server.#listen()
    return server
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Environment variables that make the AWS CLI and Signet use the KMS stand-in. */
  get clientEnvironment(): Record<string, string> {
    return {
      ...kmsEnvironment,
      AWS_DEFAULT_REGION: this.region,
      AWS_ENDPOINT_URL_KMS: this.endpoint,
      SIGNET_KMS_ENDPOINT: this.endpoint,
    }
  }

  /** Stops listening and closes every connection, but keeps the keys. */
  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** Listens again on the same port. */
  async resume(): Promise<void> {
    await this.#listen()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop()
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    try {
      this.#requireSigned(request, body)
      const output = await this.#run(request, body, response)
      if (output !== undefined) send(response, 200, output)
    } catch (error) {
      const failure =
        error instanceof KmsFailure ? error : new KmsFailure('Bug', 500, (error as Error).message)
      send(response, failure.status, { __type: failure.code, message: failure.message })
    }
  }

  /**
   * Throws KmsFailure unless the request has a current signature for KMS in the right Region, created with the only access key.
   */
  #requireSigned(request: IncomingMessage, body: Uint8Array): void {
    const { method = '', url = '' } = request
    const headers = indexHeaders(request.rawHeaders)
    const signed = { method, ...splitTarget(url), headers, body }
    try {
      const claim = parseSignature(signed)
      checkClaim(claim, { service: 'kms', now: new Date() })
      const key = deriveSigningKey(kmsCredentials.secretAccessKey, claim)
      if (claim.accessKeyId !== kmsCredentials.accessKeyId)
        throw new KmsFailure('UnrecognizedClientException', 400, 'The security token is invalid.')
      if (claim.region !== this.region || !isSignatureValid(signed, claim, key))
        throw new KmsFailure('InvalidSignatureException', 400, 'The signature does not match.')
    } catch (error) {
      if (error instanceof KmsFailure) throw error
      throw new KmsFailure('InvalidSignatureException', 400, (error as Error).message)
    }
    if (method !== 'POST' || url !== '/' || headers.get('content-type')?.[0] !== jsonType)
      throw new KmsFailure('UnknownOperationException', 400, '')
  }

  async #run(
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): Promise<object | undefined> {
    const target = String(request.headers['x-amz-target'])
    const operation = target.replace(/^TrentService\./, '')
    const input = JSON.parse(body.toString()) as KmsInput
    this.calls.push(operation)
    const fault = this.fault(operation, input)
    if (fault === 'disconnect') {
      response.destroy()
      return undefined
    }
    if (typeof fault === 'object') await fault.until
    if (typeof fault === 'string' && failures[fault] !== undefined) throw failures[fault]
    return this.operations.run(operation, input, fault === 'wrong-signature')
  }
}

const jsonType = 'application/x-amz-json-1.1'

function send(response: ServerResponse, status: number, output: object): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': jsonType })
  response.end(JSON.stringify(output))
}
