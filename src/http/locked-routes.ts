/** The routes of a server that waits for shares of its master key. */
import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import type { PublicObjects } from '../objects/object-store.ts'
import type { Log } from '../telemetry/log.ts'
import { notFound, publicFailure, textAnswer } from './answer.ts'
import { errorAnswer } from './aws-answer.ts'
import { createHealthHandler } from './health.ts'
import { answerObject } from './public-objects.ts'
import { publicPaths, publicSite } from './request.ts'
import type { Route } from './route.ts'

const reads = ['GET', 'HEAD'] as const
const every = (): string => ''

interface LockedOptions {
  readonly log: Log
  /** The reason for `/healthz` and for clients of the API. */
  readonly reason: () => string
}

export function lockedApiRoutes(options: LockedOptions): readonly Route[] {
  return [
    healthRoute(options),
    {
      path: every,
      handler: {
        answer: (_request, { requestId }) => errorAnswer(lockedError(options), requestId),
        fail: (error, _head, requestId) => errorAnswer(error, requestId),
      },
    },
  ]
}

/** Serves CRLs in the buckets of the server. Everything else needs the master key or the database. */
export function lockedPublicRoutes(
  options: LockedOptions & {
    readonly publicUrl: string
    readonly publicObjects: PublicObjects | undefined
    readonly clock: Clock
    readonly ocsp: Route
  },
): readonly Route[] {
  const { publicObjects, publicUrl, clock, ocsp } = options
  const site = publicSite(publicUrl)
  return [
    healthRoute(options),
    ocsp,
    {
      path: every,
      handler: {
        async answer(request) {
          for (const localPath of publicObjects === undefined ? [] : publicPaths(request, site)) {
            if (publicObjects === undefined) break
            const services = { publicObjects, clock }
            const answer = await answerObject(services, { ...request, localPath })
            if (answer !== notFound) return answer
          }
          return textAnswer(503, options.reason())
        },
        fail: publicFailure,
      },
    },
  ]
}

function healthRoute(options: LockedOptions): Route {
  const health = () => Promise.resolve(lockedError(options))
  return { methods: reads, path: '/healthz', handler: createHealthHandler({ ...options, health }) }
}

function lockedError({ reason }: LockedOptions): ServiceError {
  return new ServiceError('ServiceUnavailable', reason())
}
