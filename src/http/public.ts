/** What the public listener has beside OCSP: certificates of CAs, and objects. */
import type { PublicObjects } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { answerAuthorityCertificate, authorityCertificatePath } from './authority-certificates.ts'
import { notFound, type PublicAnswer, type PublicRequest } from './public-answer.ts'
import { answerObject } from './public-objects.ts'

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
  const authorityId = authorityCertificatePath(request.path)
  if (authorityId !== undefined) return answerAuthorityCertificate(services, request, authorityId)
  if (publicObjects === undefined) return notFound
  return answerObject({ publicObjects, clock: services.clock }, request)
}
