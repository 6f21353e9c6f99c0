/** The tables of routes: the first route that matches a request answers it. A new route is one line above the last, which matches all. */
import type { PublicObjects } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { createApiHandler } from './api-handler.ts'
import { createCertificateHandler, findCertificateName } from './authority-certificates.ts'
import { createHealthHandler, type Health } from './health.ts'
import { errorAnswer } from './aws-answer.ts'
import { landingRoute } from './landing-page.ts'
import type { ApiServices } from './protocol.ts'
import { createObjectHandler } from './public-objects.ts'
import { publicSite } from './request.ts'
import type { Handler, Route } from './route.ts'

const reads = ['GET', 'HEAD'] as const
const every = (): string => ''

export interface ApiRouteServices extends ApiServices {
  /** Absent where nothing can be unavailable. */
  readonly health?: Health
}

/** The API listener. */
export function apiRoutes(api: ApiRouteServices): readonly Route[] {
  return [
    { methods: reads, path: '/healthz', handler: createHealthHandler(api) },
    { methods: reads, path: '/metrics', handler: createMetricsHandler(api.services.metrics) },
    landingRoute('api'),
    { path: every, handler: createApiHandler(api) },
  ]
}

export interface PublicRouteServices {
  readonly services: Services
  readonly health?: Health
  readonly ocsp: Route
  /** Undefined if the store serves its objects itself. */
  readonly publicObjects: PublicObjects | undefined
}

/** The public listener. */
export function publicRoutes(parts: PublicRouteServices): readonly Route[] {
  const { services, health } = parts
  const { log, publicUrl } = services
  const site = publicSite(publicUrl)
  return [
    { methods: reads, path: '/healthz', handler: createHealthHandler({ health, log }) },
    landingRoute('public'),
    parts.ocsp,
    {
      path: (head) => findCertificateName(site, head),
      handler: createCertificateHandler(services),
    },
    { path: every, handler: createObjectHandler(services, parts.publicObjects, site) },
  ]
}

function createMetricsHandler(metrics: Services['metrics']): Handler {
  return {
    answer: async () => ({
      status: 200,
      headers: { 'content-type': metrics.contentType },
      body: await metrics.text(),
    }),
    fail: (error, _head, requestId) => errorAnswer(error, requestId),
  }
}
