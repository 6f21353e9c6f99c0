import type { Services } from '../../src/services.ts'

/**
 * A set of services for code that uses only some services. Reading any other service throws an error with the service's name, so
 * that the test's author can provide that service.
 */
export function testServices(some: Partial<Services>): Services {
  return new Proxy(some, {
    get(target, name) {
      if (name in target || typeof name === 'symbol') return Reflect.get(target, name) as unknown
      throw new TypeError(`the test provides no services.${name}`)
    },
  }) as Services
}
