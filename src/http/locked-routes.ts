/** Routes of a locked server, which waits for shares of its master key. */
import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import type { PublicObjects } from '../objects/object-store.ts'
import type { Log } from '../telemetry/log.ts'
import { notFound, problemAnswer, problemFailure, publicFailure, textAnswer } from './answer.ts'
import { errorAnswer } from './aws-answer.ts'
import { createHealthHandler } from './health.ts'
import { answerObject } from './public-objects.ts'
import { publicPaths, publicSite } from './request.ts'
import type { Route } from './route.ts'

const reads = ['GET', 'HEAD'] as const
const every = (): string => ''

/** The response text is public, so it does not contain the number of shares entered so far. */
const locked = 'locked: the server waits for its master key'

export function lockedApiRoutes({ log }: { readonly log: Log }): readonly Route[] {
  return [
    healthRoute(log),
    {
      path: every,
      handler: {
        answer: (_request, { requestId }) => errorAnswer(lockedError(), requestId),
        fail: (error, _head, requestId) => errorAnswer(error, requestId),
      },
    },
  ]
}

export function lockedEnrollRoutes({ log }: { readonly log: Log }): readonly Route[] {
  return [
    healthRoute(log),
    {
      path: every,
      handler: { answer: () => problemAnswer(503, `${locked}.`), fail: problemFailure },
    },
  ]
}

/** Serves OCSP responses and the CRLs in the server's own buckets. All other objects and operations need the master key. */
export function lockedPublicRoutes({
  log,
  publicObjects,
  publicUrl,
  clock,
  ocsp,
}: {
  readonly log: Log
  readonly publicUrl: string
  readonly publicObjects: PublicObjects | undefined
  readonly clock: Clock
  readonly ocsp: Route
}): readonly Route[] {
  const site = publicSite(publicUrl)
  return [
    healthRoute(log),
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
          return textAnswer(503, locked)
        },
        fail: publicFailure,
      },
    },
  ]
}

function healthRoute(log: Log): Route {
  const health = () => Promise.resolve(lockedError())
  return { methods: reads, path: '/healthz', handler: createHealthHandler({ log, health }) }
}

function lockedError(): ServiceError {
  return new ServiceError('ServiceUnavailable', locked)
}
