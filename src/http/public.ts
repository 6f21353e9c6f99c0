/** What the public listener has beside OCSP: certificates of CAs, and objects. */
import type { PublicObjects } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { answerAuthorityCertificate, authorityCertificatePath } from './authority-certificates.ts'
import { findCustomCrl } from './custom-crls.ts'
import { notFound, type PublicAnswer, type PublicRequest } from './public-answer.ts'
import { answerObject } from './public-objects.ts'
import { withoutPrefix } from './request-target.ts'

export interface PublicServices {
  readonly services: Services
  /** Undefined if the store serves its objects itself. */
  readonly publicObjects: PublicObjects | undefined
}

/** Answers a request. Rejects when the record or a disk fails. */
export async function answerPublic(
  { services, publicObjects }: PublicServices,
  request: PublicRequest,
): Promise<PublicAnswer> {
  const below = pathBelowUrl(request.path, services.publicUrl)
  // A proxy in front may have removed the path of the public URL already.
  const requests = below === undefined ? [request] : [{ ...request, path: below }, request]
  for (const { path } of requests) {
    const file = authorityCertificatePath(path)
    if (file !== undefined) return answerAuthorityCertificate(services, request, file)
  }
  if (publicObjects === undefined) return notFound
  const stores = { publicObjects, clock: services.clock }
  const byBucket = requests.map((each) => () => answerObject(stores, each))
  const byHost = async (): Promise<PublicAnswer> => {
    const at = await findCustomCrl(services, request)
    return at === undefined ? notFound : answerObject(stores, request, at)
  }
  // Below the public URL, CRLs are found without the database, so they are served while it is away.
  const isOwn = request.headers['host'] === hostOf(services.publicUrl)
  return firstFound(isOwn ? [...byBucket, byHost] : [byHost, ...byBucket])
}

/** The first answer that is not 404. Rejects if there is none and an attempt failed. */
async function firstFound(
  attempts: readonly (() => Promise<PublicAnswer>)[],
): Promise<PublicAnswer> {
  const failures: unknown[] = []
  for (const attempt of attempts)
    try {
      const answer = await attempt()
      if (answer !== notFound) return answer
    } catch (error) {
      failures.push(error)
    }
  if (failures.length > 0) throw failures[0]
  return notFound
}

/** The part of a path below the path of the public URL; undefined if the URL has none, or the path is elsewhere. */
function pathBelowUrl(path: string, publicUrl: string): string | undefined {
  if (!URL.canParse(publicUrl)) return undefined
  const below = withoutPrefix(path, new URL(publicUrl).pathname.replace(/\/+$/, ''))
  return below === path ? undefined : below
}

function hostOf(publicUrl: string): string | undefined {
  return URL.canParse(publicUrl) ? new URL(publicUrl).host : undefined
}
