/**
 * The route tables. A request is handled by the first route that matches. In each table, a new route must precede the last
 * route, which matches all requests.
 */
import type { PublicObjects } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { coalesce } from '../turns/coalesce.ts'
import { createApiHandler } from './api-handler.ts'
import { createCertificateHandler, findCertificateName } from './authority-certificates.ts'
import { createHealthHandler, type Health } from './health.ts'
import { errorAnswer } from './aws-answer.ts'
import { landingRoute } from './landing-page.ts'
import type { ApiServices } from './protocol.ts'
import { createLogRoute } from './public-log.ts'
import { createObjectHandler } from './public-objects.ts'
import { publicSite } from './request.ts'
import type { Handler, Route } from './route.ts'

const reads = ['GET', 'HEAD'] as const
const every = (): string => ''

export interface ApiRouteServices extends ApiServices {
  /** Whether a separate listener serves the metrics. */
  readonly hasMetricsListener?: boolean
  /** The health check; undefined if no part of the server can become unavailable. */
  readonly health?: Health
  /** The routes of the web console, or undefined if the console is turned off. */
  readonly console?: readonly Route[]
}

/** Returns the routes of the API listener. */
export function apiRoutes(api: ApiRouteServices): readonly Route[] {
  return [
    { methods: reads, path: '/healthz', handler: createHealthHandler(api) },
    {
      methods: reads,
      path: '/metrics',
      handler:
        api.hasMetricsListener === true
          ? notFound('Metrics are served at the address of --metrics-listen.\n')
          : createMetricsHandler(api.services.metrics),
    },
    ...(api.console ?? []),
    landingRoute('api'),
    { path: every, handler: createApiHandler(api) },
  ]
}

export interface PublicRouteServices {
  readonly services: Services
  readonly health?: Health
  readonly ocsp: Route
  /** Whether witnesses can read the checkpoints and tiles of the record. */
  readonly isLogPublic?: boolean
  /** Objects that the public listener serves, or undefined if the object store serves its objects itself. */
  readonly publicObjects: PublicObjects | undefined
}

/** Returns the routes of the public listener. */
export function publicRoutes(parts: PublicRouteServices): readonly Route[] {
  const { services, health, isLogPublic } = parts
  const { log, publicUrl } = services
  const site = publicSite(publicUrl)
  return [
    { methods: reads, path: '/healthz', handler: createHealthHandler({ health, log }) },
    landingRoute('public'),
    parts.ocsp,
    ...(isLogPublic === true ? [createLogRoute(services.db, site)] : []),
    {
      path: (head) => findCertificateName(site, head),
      handler: createCertificateHandler(services),
    },
    { path: every, handler: createObjectHandler(services, parts.publicObjects, site) },
  ]
}

/** Returns the routes of the `--metrics-listen` listener. */
export function metricsRoutes(metrics: MetricsText): readonly Route[] {
  return [
    { methods: reads, path: '/metrics', handler: createMetricsHandler(metrics) },
    { path: every, handler: notFound('Metrics are at /metrics.\n') },
  ]
}

type MetricsText = Pick<Services['metrics'], 'contentType' | 'text'>

function notFound(body: string): Handler {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return {
    answer: () => ({ status: 404, headers, body }),
    fail: (error, _head, requestId) => errorAnswer(error, requestId),
  }
}

/** Allows only one read of the metrics at a time, because anyone who can reach the listener may request the metrics. */
function createMetricsHandler(metrics: MetricsText): Handler {
  const readText = coalesce(() => metrics.text())
  return {
    answer: async () => ({
      status: 200,
      headers: { 'content-type': metrics.contentType },
      body: await readText(),
    }),
    fail: (error, _head, requestId) => errorAnswer(error, requestId),
  }
}
