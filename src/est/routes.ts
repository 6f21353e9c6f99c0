/** The routes of EST endpoints: /.well-known/est/NAME/OPERATION (RFC 7030 §3.2.2). */
import { endpointNameForm } from '../enrollment/endpoint.ts'
import { publicFailure, textAnswer, type Answer, type TextAnswer } from '../http/answer.ts'
import { encodingProblem } from '../http/body/encoding.ts'
import { refusedBodyError, refusedBodyStatuses } from '../http/refused-body.ts'
import type { HttpRequest, RequestHead } from '../http/request.ts'
import type { ConnectionInfo, RefusedBody, Route } from '../http/route.ts'
import { findAuthorityByNumber } from '../store/authorities.ts'
import { findEndpoint } from '../store/enrollment/endpoints.ts'
import { parsePem } from '../x509/pem.ts'
import { encodeCertsOnly } from '../x509/pkcs7.ts'
import { encodeBase64Body } from './base64-body.ts'
import { simpleEnroll, simpleReenroll } from './enroll.ts'
import { EstError, notFound, resultOf } from './est-error.ts'
import type { EstRequest, EstServices } from './est-request.ts'
import { serverKeyGeneration } from './server-key.ts'

/** Maximum size of a request's body. The longest CSR that IssueCertificate accepts has about 32,000 characters. */
const bodyBytesMax = 64 * 1024

const prefix = '/.well-known/est/'

interface EstOperation {
  readonly method: 'GET' | 'POST'
  answer(services: EstServices, request: EstRequest): Answer | Promise<Answer>
}

const operations: Readonly<Record<string, EstOperation>> = {
  cacerts: { method: 'GET', answer: (_services, request) => caCertificates(request) },
  // The endpoint requires no attribute, so the response has no content (RFC 7030 §4.5.2).
  csrattrs: { method: 'GET', answer: () => ({ status: 204, headers: {}, body: undefined }) },
  simpleenroll: { method: 'POST', answer: simpleEnroll },
  simplereenroll: { method: 'POST', answer: simpleReenroll },
  serverkeygen: { method: 'POST', answer: answerServerKeyGeneration },
  fullcmc: {
    method: 'POST',
    answer: () => {
      throw new EstError(501, 'Full CMC is not supported. Use simpleenroll.')
    },
  },
}

/** Returns the routes of all EST endpoints. */
export function estRoutes(services: EstServices): readonly Route[] {
  return [
    {
      path: ({ localPath }) =>
        localPath.startsWith(prefix) ? localPath.slice(prefix.length) : undefined,
      handler: {
        body: {
          bytesMax: ({ method }) => (method === 'POST' ? bodyBytesMax : 0),
          refuse: (refused, head, connection) =>
            refuseBody(services, { refused, head, connection }),
        },
        answer: (request, connection, path) =>
          answerLogged(services, { request, connection, path }),
        fail: publicFailure,
      },
    },
  ]
}

interface ReceivedRequest {
  readonly request: HttpRequest
  readonly connection: ConnectionInfo
  /** The path below `/.well-known/est/`. */
  readonly path: string
}

function refuseBody(
  services: EstServices,
  {
    refused,
    head,
    connection,
  }: {
    readonly refused: RefusedBody
    readonly head: RequestHead
    readonly connection: ConnectionInfo
  },
): TextAnswer {
  const answer = textAnswer(refusedBodyStatuses[refused.reason], refusedBodyError(refused).message)
  const path = head.localPath.slice(prefix.length)
  logRequest(services, { path, connection, status: answer.status, startedAt: undefined })
  return answer
}

/** Answers a request, logs it and counts it. Unexpected errors are logged by the listener. */
async function answerLogged(services: EstServices, received: ReceivedRequest): Promise<Answer> {
  const { connection, path } = received
  const startedAt = services.api.clock.now().getTime()
  const clients: string[] = []
  const { answer, error } = await settle(services, received, (client) => {
    clients.push(client)
  })
  const client = clients.length === 0 ? undefined : clients.join(', ')
  logRequest(services, { path, connection, status: answer.status, startedAt, client, error })
  return answer
}

async function settle(
  services: EstServices,
  received: ReceivedRequest,
  noteClient: EstRequest['noteClient'],
): Promise<{ readonly answer: Answer; readonly error?: unknown }> {
  try {
    return { answer: await dispatch(services, received, noteClient) }
  } catch (error) {
    if (error instanceof EstError)
      return { answer: textAnswer(error.status, error.message, error.headers), error }
    return { answer: publicFailure(error), error }
  }
}

async function dispatch(
  services: EstServices,
  { request, connection, path }: ReceivedRequest,
  noteClient: EstRequest['noteClient'],
): Promise<Answer> {
  const { endpointName, operationName } = namesIn(path)
  const operation = Object.hasOwn(operations, operationName) ? operations[operationName] : undefined
  if (operation === undefined || !endpointNameForm.test(endpointName)) throw notFound()
  const { method } = request
  const isMatching =
    method === operation.method || (method === 'HEAD' && operation.method === 'GET')
  if (!isMatching)
    throw new EstError(
      405,
      `The operation ${operationName} requires the method ${operation.method}.`,
      {
        headers: { allow: operation.method === 'GET' ? 'GET, HEAD' : 'POST' },
      },
    )
  if (operation.method === 'POST') requirePkcs10(request)
  const { db } = services.api.services
  const endpoint = await findEndpoint(db, 'est', endpointName)
  const authority = endpoint && (await findAuthorityByNumber(db, endpoint.authorityNumber))
  if (endpoint === undefined || authority === undefined) throw notFound()
  return operation.answer(services, { endpoint, authority, request, connection, noteClient })
}

function namesIn(path: string) {
  const [endpointName = '', operationName = '', ...rest] = path.split('/')
  return rest.length === 0 ? { endpointName, operationName } : { endpointName: '', operationName }
}

/** Requires a CSR in the body. Content-Transfer-Encoding is ignored (RFC 8951 §3). */
function requirePkcs10(request: HttpRequest): void {
  const [type = '', ...others] = request.headers.get('content-type') ?? []
  const mediaType = (type.split(';', 1)[0] ?? '').trim().toLowerCase()
  if (others.length > 0 || mediaType !== 'application/pkcs10')
    throw new EstError(415, 'The Content-Type must be application/pkcs10.')
  const problem = encodingProblem(request)
  if (problem !== undefined) throw new EstError(415, problem)
}

/** Returns the certificate of the CA and its chain, with the root (RFC 7030 §4.1.3). */
function caCertificates({ authority }: EstRequest): Answer {
  const { certificate } = authority
  if (certificate === undefined)
    throw new EstError(503, 'The CA of the endpoint does not have a certificate yet.')
  const chain = parsePem(certificate.chainPem ?? '').map(({ der }) => der)
  return {
    status: 200,
    headers: { 'content-type': 'application/pkcs7-mime', 'content-transfer-encoding': 'base64' },
    body: encodeBase64Body(encodeCertsOnly([certificate.certificateDer, ...chain])),
  }
}

function answerServerKeyGeneration(services: EstServices, request: EstRequest): Promise<Answer> {
  if (!request.endpoint.configuration.serverKeyGeneration)
    throw new EstError(501, 'The endpoint does not generate keys. Use simpleenroll.')
  return serverKeyGeneration(services, request)
}

interface CompletedRequest extends Pick<ReceivedRequest, 'path' | 'connection'> {
  readonly status: number
  readonly startedAt: number | undefined
  readonly client?: string | undefined
  readonly error?: unknown
}

/** Counts a request and writes its log line, which contains no password and no key. */
function logRequest(
  { api: { log, clock, services } }: EstServices,
  { path, connection, status, startedAt, client, error }: CompletedRequest,
): void {
  const { requestId, sourceIp } = connection
  const { endpointName, operationName } = namesIn(path)
  const operation = Object.hasOwn(operations, operationName) ? operationName : 'unknown'
  const result = resultOf(status)
  const endpoint = endpointNameForm.test(endpointName) ? endpointName : undefined
  const milliseconds = startedAt === undefined ? undefined : clock.now().getTime() - startedAt
  const fields = { requestId, endpoint, operation, status, milliseconds, client, sourceIp }
  services.metrics.estRequest(operation, result)
  if (status < 500 || error instanceof EstError)
    log.info(
      { ...fields, reason: error instanceof EstError ? error.message : undefined },
      'EST request',
    )
  else log.error({ ...fields, err: error }, 'EST request failed')
}
