/** The routes of the enrollment listener. */
import type { Log } from '../telemetry/log.ts'
import { ServiceError } from '../errors.ts'
import { renderError } from '../wire/errors.ts'
import { isUnavailable, problemAnswer, problemFailure, type TextAnswer } from './answer.ts'
import type { EnrollSite } from './enroll-site.ts'
import { createHealthHandler, type Health } from './health.ts'
import { landingRoute } from './landing-page.ts'
import type { Handler, Route } from './route.ts'

const reads = ['GET', 'HEAD'] as const

/** The routes of each enrollment protocol. */
export interface ProtocolRoutes {
  readonly acme: readonly Route[]
  readonly est: readonly Route[]
}

export interface EnrollRouteServices extends ProtocolRoutes {
  readonly log: Log
  readonly health: Health
  readonly site: EnrollSite
}

/**
 * Returns the routes of the enrollment listener. Only the health check ignores the Host header, because load balancers send an
 * IP address in it.
 */
export function enrollRoutes({ log, health, site, acme, est }: EnrollRouteServices): Route[] {
  return [
    { methods: reads, path: '/healthz', handler: createHealthHandler({ health, log }) },
    { path: (head) => (site.originOf(head) === undefined ? '' : undefined), handler: misdirected },
    landingRoute('enroll'),
    ...acme,
    ...est,
    { path: () => '', handler: nothing },
  ]
}

/**
 * Creates the response to a request that fails before it reaches a route. The request's protocol is unknown. The response is a
 * problem document because ACME clients expect that format.
 */
export function enrollErrorAnswer(error: unknown): TextAnswer {
  return error instanceof ServiceError && !isUnavailable(error)
    ? problemAnswer(renderError(error).status, error.message)
    : problemFailure(error)
}

const misdirected = constantProblem(
  421,
  'The host of the request is not a name of this listener. Use one of its names, or ask the administrator to add the host to --enroll-names.',
)

const nothing = constantProblem(
  404,
  'Nothing is served at this URL. ACME directories are at /acme/NAME/directory, and EST endpoints at /.well-known/est/NAME.',
)

function constantProblem(status: number, detail: string): Handler {
  const answer = problemAnswer(status, detail)
  return { answer: () => answer, fail: problemFailure }
}
