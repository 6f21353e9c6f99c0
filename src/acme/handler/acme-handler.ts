/** Handles ACME requests: finds the endpoint and the resource, verifies the request, and sends the response. */
import { endpointNameForm, type AcmeEndpoint } from '../../enrollment/endpoint.ts'
import type { TextAnswer } from '../../http/answer.ts'
import { deadlineOf } from '../../http/deadline.ts'
import type { EnrollSite } from '../../http/enroll-site.ts'
import { refusedBodyError, refusedBodyStatuses } from '../../http/refused-body.ts'
import { headerValue, type HttpRequest, type RequestHead } from '../../http/request.ts'
import type { ConnectionInfo, Handler, RefusedBody } from '../../http/route.ts'
import { emptyQuery } from '../../wire/sigv4/query-string.ts'
import { quoted } from '../../text/visible-text.ts'
import { AcmeProblem } from '../problem.ts'
import type { Nonces } from '../requests/nonces.ts'
import { malformed, parseJsonObject } from '../requests/parse-json.ts'
import { countingRefusals, verifyRequest } from '../requests/verify-request.ts'
import type { AcmeAnswer, AcmeServices } from '../resource.ts'
import { problemOfError } from '../service-errors.ts'
import { urlsOf } from '../urls.ts'
import { httpAnswer, problemAnswer } from './answers.ts'
import { logRequest, type RequestTrace } from './log-request.ts'
import type { PayloadKind, ResourceRow } from './resource-table.ts'

/** Maximum size of a request's body. The longest valid payload is a CSR or a certificate. */
const bodyBytesMax = 64 * 1024

interface HandlerServices extends AcmeServices {
  readonly site: Pick<EnrollSite, 'originOf'>
  readonly nonces: Nonces
  readonly findEndpoint: (name: string) => Promise<AcmeEndpoint | undefined>
  readonly resources: Readonly<Record<string, ResourceRow>>
}

export const acmePrefix = '/acme/'

export function createAcmeHandler(services: HandlerServices): Handler {
  return {
    body: {
      bytesMax: ({ method }) => (method === 'POST' ? bodyBytesMax : 0),
      refuse: (refused, head, connection) =>
        respond(services, { head, connection }, async (trace) => {
          await findRequested(services, head, trace)
          throw refusedProblem(refused)
        }),
    },
    answer: (request, connection) =>
      respond(services, { head: request, connection }, (trace) =>
        answerRequest(services, request, trace),
      ),
    fail: (error) => httpAnswer(problemAnswer(problemOfError(error)), {}),
  }
}

interface Received {
  readonly head: RequestHead
  readonly connection: ConnectionInfo
}

/** Answers a request and logs it. An error is returned as a problem document. */
async function respond(
  services: HandlerServices,
  { head, connection }: Received,
  work: (trace: RequestTrace) => Promise<AcmeAnswer>,
): Promise<TextAnswer> {
  const { api, site, nonces } = services
  const [endpointName = '', resource = '', ...ids] = head.localPath
    .slice(acmePrefix.length)
    .split('/')
  const trace: RequestTrace = {
    ...connection,
    startedAt: api.clock.now().getTime(),
    endpointName,
    resource: ids.length === 0 ? resource : `${resource}/ID`,
    id: ids.join('/'),
    origin: site.originOf(head),
    endpoint: undefined,
    accountId: undefined,
    isKnown: false,
  }
  const deadline = deadlineOf(api, connection.requestId)
  let answer: AcmeAnswer
  try {
    answer = await deadline.within(work(trace))
    logRequest(api, trace, { status: answer.status })
  } catch (error) {
    const problem = problemOfError(error)
    answer = problemAnswer(problem)
    logRequest(api, trace, { status: answer.status, problem: problem.type, error })
  } finally {
    deadline.clear()
  }
  const isIndex = trace.resource === 'directory'
  const { origin, endpoint } = trace
  return httpAnswer(answer, {
    ...(origin !== undefined &&
      endpoint !== undefined &&
      !isIndex && { index: urlsOf(origin, endpoint.name).directory }),
    ...((head.method === 'POST' || trace.resource === 'new-nonce') && { nonce: nonces.issue() }),
  })
}

async function answerRequest(
  services: HandlerServices,
  request: HttpRequest,
  trace: RequestTrace,
): Promise<AcmeAnswer> {
  const { endpoint, origin, row } = await findRequested(services, request, trace)
  const urls = urlsOf(origin, endpoint.name)
  const { requestId, sourceIp, id } = trace
  const userAgent = request.headers.get('user-agent')?.[0]
  const common = { endpoint, urls, id, requestId, sourceIp, userAgent }
  if (row.signer === 'none') return row.answer(services, { ...common, method: request.method })
  const { api, nonces } = services
  const { db, issuancePolicy: keyPolicy } = api.services
  const { failureLimiter } = api
  const verified = await verifyRequest(
    { db, nonces, failureLimiter, keyPolicy },
    {
      ...common,
      body: request.body,
      contentType: headerValue(request.headers, 'content-type'),
      url: `${origin}${request.localPath}`,
      endpointName: endpoint.name,
      signer: row.signer,
    },
  )
  const { signer } = verified
  if ('account' in signer) trace.accountId = signer.account.id
  const payload = payloadOf(verified.payload, row.payload)
  const answer = () => row.answer(services, { ...common, ...signer, payload })
  return 'account' in signer
    ? answer()
    : countingRefusals(failureLimiter, { sourceIp, key: signer.key }, answer)
}

/** IDs are base64url; certificate IDs (RFC 9773 §4.1) also contain a dot. A chain number or page number can follow the ID. */
const idForm = /^[A-Za-z0-9_.-]{1,200}(?:\/[1-9][0-9]{0,14})?$/

function findResource(
  { resources }: HandlerServices,
  { localPath, query }: RequestHead,
  trace: RequestTrace,
): ResourceRow {
  const row = Object.hasOwn(resources, trace.resource) ? resources[trace.resource] : undefined
  const hasId = trace.resource.endsWith('/ID')
  if (row === undefined || (hasId && !idForm.test(trace.id)))
    throw notFound(
      `The endpoint has no resource ${quoted(localPath)}. Its directory lists the URLs.`,
    )
  trace.isKnown = true
  // A query string would be part of the signed URL (RFC 8555 §6.4).
  if (query !== emptyQuery)
    throw notFound(
      'The URLs of this endpoint must not have a query. Remove the query from the URL.',
    )
  return row
}

interface Requested {
  readonly endpoint: AcmeEndpoint
  readonly origin: string
  readonly row: ResourceRow
}

/** Finds the endpoint and the resource of a request, and checks its method. */
async function findRequested(
  services: HandlerServices,
  head: RequestHead,
  trace: RequestTrace,
): Promise<Requested> {
  const { origin, endpointName } = trace
  if (origin === undefined)
    throw new AcmeProblem(
      'malformed',
      `The host ${quoted(head.host ?? '')} is not a name of this server. Use a host name from the server's certificate.`,
      { status: 421 },
    )
  const endpoint = endpointNameForm.test(endpointName)
    ? await services.findEndpoint(endpointName)
    : undefined
  if (endpoint === undefined)
    throw notFound(`No ACME endpoint has the name ${quoted(endpointName)}.`)
  trace.endpoint = endpoint
  const row = findResource(services, head, trace)
  requireMethod(row, head.method)
  return { endpoint, origin, row }
}

function requireMethod({ signer }: ResourceRow, method: string): void {
  const allowed = signer === 'none' ? ['GET', 'HEAD'] : ['POST']
  if (allowed.includes(method)) return
  const advice = signer === 'none' ? '' : ' Read the resource with POST-as-GET, a signed request.'
  throw new AcmeProblem(
    'malformed',
    `The resource does not support the method ${quoted(method)}, only ${allowed.join(' and ')}.${advice}`,
    { status: 405, headers: { allow: allowed.join(', ') } },
  )
}

/** Maximum number of values in a payload; an order for 1,000 names has 3,000 values. */
const payloadValuesMax = 10_000

/** Decodes the kind of payload that the resource requires (RFC 8555 §6.2, §6.3). */
function payloadOf(payload: Buffer, kind: PayloadKind): object | undefined {
  if (payload.length > 0) {
    if (kind === 'empty') throw malformed('The payload must be empty (POST-as-GET).')
    return parseJsonObject(payload, 'payload', payloadValuesMax)
  }
  if (kind === 'object') throw malformed('The payload must be a JSON object, and not empty.')
  return undefined
}

function notFound(detail: string): AcmeProblem {
  return new AcmeProblem('malformed', detail, { status: 404 })
}

function refusedProblem(refused: RefusedBody): AcmeProblem {
  const type = refused.reason === 'no-room' ? 'serverInternal' : 'malformed'
  const status = refusedBodyStatuses[refused.reason]
  return new AcmeProblem(type, refusedBodyError(refused).message, { status })
}
