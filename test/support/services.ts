import type { Services } from '../../src/services.ts'

/** Services for code that uses only some of them. Reading another one throws, which shows what a test has to provide. */
export function testServices(some: Partial<Services>): Services {
  return new Proxy(some, {
    get(target, name) {
      if (name in target || typeof name === 'symbol') return Reflect.get(target, name) as unknown
      throw new TypeError(`the test provides no services.${name}`)
    },
  }) as Services
}
