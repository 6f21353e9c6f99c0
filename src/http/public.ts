/** What the public listener has: OCSP, certificates of CAs, and objects. */
import type { PublicObjects } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { answerAuthorityCertificate, authorityCertificatePath } from './authority-certificates.ts'
import { createOcspResponder } from './ocsp-responder.ts'
import { answerOcsp, ocspPath } from './ocsp.ts'
import { notFound, type PublicAnswer, type PublicRequest } from './public-answer.ts'
import { answerObject } from './public-objects.ts'

export interface PublicServices {
  readonly services: Services
  /** Undefined if the store serves its objects itself. */
  readonly publicObjects: PublicObjects | undefined
}

/** Answers one request after the other. Rejects when the record, a key or a disk fails. */
export function createPublicAnswers({
  services,
  publicObjects,
}: PublicServices): (request: PublicRequest) => Promise<PublicAnswer> {
  const { clock } = services
  const responder = createOcspResponder(services)
  return async (request) => {
    const encoded = ocspPath(request.path)
    if (encoded !== undefined) return answerOcsp({ responder, clock }, request, encoded)
    const authorityId = authorityCertificatePath(request.path)
    if (authorityId !== undefined) return answerAuthorityCertificate(services, request, authorityId)
    if (publicObjects === undefined) return notFound
    return answerObject({ publicObjects, clock }, request)
  }
}
