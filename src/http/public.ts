/** What the public listener has beside OCSP: certificates of CAs, and objects. */
import type { PublicObjects } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { answerAuthorityCertificate, authorityCertificatePath } from './authority-certificates.ts'
import { findCustomCrl } from './custom-crls.ts'
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
  received: PublicRequest,
): Promise<PublicAnswer> {
  const request = { ...received, path: withoutPrefix(received.path, services.publicUrl()) }
  const file = authorityCertificatePath(request.path)
  if (file !== undefined) return answerAuthorityCertificate(services, request, file)
  if (publicObjects === undefined) return notFound
  const stores = { publicObjects, clock: services.clock }
  const custom = await findCustomCrl(services, received)
  const answer = custom && (await answerObject(stores, request, custom))
  // A proxy may keep the host and put the bucket before the path.
  return answer === undefined || answer === notFound ? answerObject(stores, request) : answer
}

/** The public URL may have a path, which a proxy in front may have removed already. */
function withoutPrefix(path: string, publicUrl: string): string {
  if (!URL.canParse(publicUrl)) return path
  const prefix = new URL(publicUrl).pathname.replace(/\/+$/, '')
  return prefix !== '' && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
}
